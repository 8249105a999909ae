// Package settings reads an application's settings into its own struct, and refuses to start on what it does not
// understand.
//
// It protects from settings that silently mean something else: DEBUG="False" taken for true, a misspelt variable that
// leaves a protection off, an environment called "prod" that is served with development's settings, a password with a
// "#" that turns into another host, a secret that ends in a newline; and from secrets in error messages: no error of
// this package holds a value or a part of one.
//
// The struct is the only registry. A field names its variable in a tag, the base value comes from code, one function
// per environment, and sources are laid over it, the first one first:
//
//	type Settings struct {
//		airworthy.Settings
//		Database settings.Database `env:"DATABASE_URL,required" doc:"Where the data is."`
//		PageSize int               `env:"PAGE_SIZE" doc:"Posts on a page."`
//	}
//
//	var environments = settings.Environments[Settings]{"development": development, "production": production}
//
//	cfg, err := environments.Load(ctx, settings.Env(), settings.DotEnv(".env"))
//
// The tag is `env:"NAME"`, followed by options: invert (a bool that is the negation of its variable), required
// (a source sets it, or the base value is not zero), secret (never printed; [secret.Text], and a string whose variable
// says that it is a password, a token, a DSN or a secret, need no option) and json. `doc:"…"` says what the setting is.
// Structs are walked; `prefix:"MAIL_"` on a struct puts the prefix before the variables in it. Fields without a tag are
// left alone. There are no defaults in tags: the base value is the default.
//
// Types: string, bool, numbers, [time.Duration] (Go's syntax, or a bare number of seconds), [Size], [secret.Text],
// [netip.Addr], [netip.Prefix], [url.URL], [Origin], [Database], [Cache], [Email], named strings with a method
// Choices() []string (in any letter case), whatever implements [encoding.TextUnmarshaler], lists of these ("a, b":
// trimmed, an empty element is an error, the empty text is the empty list) and map[string]string ("k=v, k=v").
//
// The package does not watch its sources: a value is read once, at the start of the program; package secrets follows
// those that change. The dialect of .env files is described in docs/dotenv.md.
package settings

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// EnvironmentVariable chooses the environment. Unset means [Development].
const EnvironmentVariable = "AIRWORTHY_ENV"

// Development is the environment of a program that was told none.
const Development = "development"

// Environments holds the base settings of each environment, by its name.
type Environments[T any] map[string]func() T

// Branching returns environments whose base settings come from one function that branches on the name.
func Branching[T any](base func(environment string) T, names ...string) Environments[T] {
	e := Environments[T]{}
	for _, name := range names {
		e[name] = func() T { return base(name) }
	}
	return e
}

// Load reads AIRWORTHY_ENV and the settings from the sources, of which the first that has a variable wins, and lays
// them over the base settings of that environment. A name that is not exactly one of e's is an error, as is every
// fault in a value; the error holds all of them and no value.
func (e Environments[T]) Load(ctx context.Context, sources ...Source) (T, error) {
	l := begin(ctx, reflect.TypeFor[T](), sources)
	var settings T
	name, f := e.choose(ctx, l)
	if f != nil {
		l.fail(f)
		l.blind = true // nobody knows what the base would have had
	} else {
		settings = e[name]()
	}
	return finish(l, settings, name)
}

// choose returns the environment's name. Only exact names count: whoever writes "prod" must not get anything else
// than what was meant, and must not get development.
func (e Environments[T]) choose(ctx context.Context, l *load) (string, *Fault) {
	name, origin := Development, ""
	if v, ok := l.values[EnvironmentVariable]; ok {
		name, origin = v.Text, v.Origin
	} else if l.blind || l.failed[EnvironmentVariable] {
		return "", &Fault{EnvironmentVariable, "", "cannot be read", "see the other errors"}
	}
	if forced, ok := ctx.Value(environmentKey{}).(string); ok {
		name, origin = forced, "the program"
	}
	if e[name] != nil {
		return name, nil
	}
	known := slices.Sorted(maps.Keys(e))
	f := &Fault{EnvironmentVariable, origin, "is not the name of an environment", "use " + strings.Join(known, ", ")}
	if origin == "" {
		f.Rule = "is not set, and there is no environment " + Development
	}
	if meant := nearestEnvironment(name, known); meant != "" {
		f.Remedy += "; did you mean " + meant + "?"
	}
	return "", f
}

type environmentKey struct{}

// WithEnvironment returns a context under which [Environments.Load] takes the environment called name, whatever
// AIRWORTHY_ENV says: for commands that compare environments.
func WithEnvironment(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, environmentKey{}, name)
}

// Load lays what the sources say over base; of the sources that have a variable the first wins. The error holds every
// fault and no value.
func Load[T any](ctx context.Context, base T, sources ...Source) (T, error) {
	return finish(begin(ctx, reflect.TypeFor[T](), sources), base, "")
}

func finish[T any](l *load, settings T, environment string) (T, error) {
	if err := l.fill(reflect.ValueOf(&settings).Elem(), environment); err != nil {
		var none T
		if l.whole {
			err = &unfit{err, func() any { return settings }}
		}
		return none, err
	}
	return settings, nil
}

package settings

import (
	"context"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/airworthy-go/airworthy/secret"
)

// EnvUnset returns the process environment as a source, as [Env] does, and takes secrets out of it: when a Load has
// succeeded, the variables of secrets that it read from here are unset, so that programs which this one starts do not
// inherit them, and what dumps the environment does not show them. A variable is one of a secret if a secret was found
// in its value, a URL's password say, or if it configures a source and is a secret there. NAME_FILE stays: it holds a
// path.
//
// The source remembers what it has unset, for later Loads. Make one for the program, and give it to each of them:
//
//	env := settings.EnvUnset()
//	cfg, err := environments.Load(ctx, env, settings.DotEnv(".env"))
//
// What it cannot do: Linux goes on showing the environment that the program was started with in /proc/PID/environ, to
// the same user and to root, and a copy that somebody made before is not found. A .env file that refers to an unset
// variable does not find it any more. Where that matters, give the secret as NAME_FILE or by a manager.
//
// It is safe for concurrent use, as far as the process environment is.
func EnvUnset() Source { return &unsetting{kept: map[string]secret.Text{}} }

type unsetting struct {
	mu   sync.Mutex
	kept map[string]secret.Text // which fmt does not print, whatever it is asked
}

func (*unsetting) Name() string { return env{}.Name() }

func (e *unsetting) Lookup(ctx context.Context, names []string) (map[string]Value, error) {
	return lookup(ctx, e, names)
}

func (e *unsetting) survey(names []string) (survey, error) {
	e.mu.Lock()
	held := maps.Clone(e.kept)
	e.mu.Unlock()
	return surveyEnvironment(held, names)
}

// forget unsets variables. One that is set in the meantime, with another value, is that value from then on.
func (e *unsetting) forget(names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range names {
		if text, ok := os.LookupEnv(name); ok && os.Unsetenv(name) == nil {
			e.kept[name] = secret.New(text)
		}
	}
}

// forgetter is a source that can make others forget what was read from it.
type forgetter interface{ forget(names []string) }

// forget has the sources forget the secrets that were read from them.
func (l *load) forget(loaded []Setting) {
	var secrets []string
	for _, s := range loaded {
		if len(s.secrets) > 0 {
			secrets = append(secrets, s.Variable)
		}
	}
	for _, f := range l.reg.fields {
		for _, p := range f.parts {
			if p.secret() {
				secrets = append(secrets, p.variable)
			}
		}
	}
	for _, need := range l.needs {
		if need.Secret {
			secrets = append(secrets, need.Name)
		}
	}
	for _, source := range l.sources {
		if f, ok := source.(forgetter); ok {
			f.forget(slices.DeleteFunc(slices.Clone(secrets), func(name string) bool { return l.from[name] != source }))
		}
	}
}

package settings

import (
	"context"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// Source is a place that values come from: the process environment, a file, a secrets manager.
//
// The test kit of package settingstest holds an implementation to this contract.
type Source interface {
	// Name says what the source is, in a word or two, for errors and origins: "environment", "vault".
	Name() string

	// Lookup reads all names at once. The map holds those that the source has, under the names as asked for; one
	// that it lacks is absent, and one that it holds as the empty text is present. The caller owns the map and does
	// not change the slice. Names may be empty, and Lookup may be called again, by several goroutines at once.
	//
	// An error says that something could not be read, which ends the start of the program: "not found" is never
	// one. It ends soon after ctx and then wraps ctx's error. If only some names are concerned the error is a
	// *Fault for each, joined, and the map holds the others. No error holds a value or a part of one.
	Lookup(ctx context.Context, names []string) (map[string]Value, error)
}

// Value is what a source has under a name.
type Value struct {
	Text     string    // the value
	Origin   string    // where it stands: ".env:3", "environment", "/run/secrets/key", "vault app/key v4"
	Version  string    // which of its versions, in the source's own words; empty if it keeps none
	Exposed  bool      // others on this machine can read the place, which is reported if the value is a secret
	Warnings []Warning // what the source thinks odd; Load fills in the variable and the origin
}

// surveyor is a source that also tells which names it has, so that misspelt ones are found.
type surveyor interface {
	Source
	survey(names []string) (survey, error)
}

// survey is what one reading of a source found.
type survey struct {
	values   map[string]Value
	present  map[string]string // every name that the source has, with its origin
	all      bool              // each name is meant for us, so that each unknown one is reported
	warnings []Warning
}

// Env returns the process environment as a source. A variable NAME may also be given as NAME_FILE, the path of a file
// that holds the value; giving both is an error. One newline at the end of the file does not belong to the value.
//
// The file must be a regular one of at most 1 MiB: pipes, devices, directories and what stands in /proc are refused.
func Env() Source { return env{} }

type env struct{}

func (env) Name() string { return "environment" }

func (e env) Lookup(ctx context.Context, names []string) (map[string]Value, error) {
	return lookup(ctx, e, names)
}

func (env) survey(names []string) (survey, error) { return surveyEnvironment(nil, names) }

// surveyEnvironment reads the process environment, laid over what it held before.
func surveyEnvironment(before map[string]secret.Text, names []string) (survey, error) {
	s := survey{present: map[string]string{}}
	held := map[string]Value{}
	for name, text := range before {
		held[name] = Value{Text: text.Reveal(), Origin: "environment"}
		s.present[name] = "environment"
	}
	for _, pair := range os.Environ() {
		name, text, ok := strings.Cut(pair, "=")
		if runtime.GOOS == "windows" {
			name = strings.ToUpper(name)
		}
		if ok && name != "" {
			held[name] = Value{Text: text, Origin: "environment"}
			s.present[name] = "environment"
		}
	}
	var err error
	s.values, err = withFiles(held, names)
	return s, err
}

// Map returns m as a source called name, for tests. It reads no NAME_FILE.
func Map(name string, m map[string]string) Source { return mapped{name, maps.Clone(m)} }

type mapped struct {
	name string
	m    map[string]string
}

func (m mapped) Name() string { return m.name }

func (m mapped) Lookup(ctx context.Context, names []string) (map[string]Value, error) {
	return lookup(ctx, m, names)
}

func (m mapped) survey(names []string) (survey, error) {
	s := survey{values: map[string]Value{}, present: map[string]string{}, all: true}
	for name := range m.m {
		s.present[name] = m.name
	}
	for _, name := range names {
		if text, ok := m.m[name]; ok {
			s.values[name] = Value{Text: text, Origin: m.name}
		}
	}
	return s, nil
}

// lookup is the Lookup of a source that surveys.
func lookup(ctx context.Context, s surveyor, names []string) (map[string]Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found, err := s.survey(names)
	return found.values, err
}

// withFiles returns the values of names among what is held, reading the file where NAME_FILE stands for NAME.
func withFiles(held map[string]Value, names []string) (map[string]Value, error) {
	values := map[string]Value{}
	var faults []error
	for _, name := range names {
		direct, given := held[name]
		path, indirect := held[name+fileSuffix]
		switch {
		case indirect && slices.Contains(names, name+fileSuffix):
			// NAME_FILE is a setting of its own; the registry refuses a struct with both.
		case indirect && given:
			faults = append(faults, &Fault{name, direct.Origin, "both it and " + name + fileSuffix + " are set", "unset one"})
			continue
		case indirect:
			v, err := readValue(path.Text)
			if err != nil {
				faults = append(faults, err.at(name+fileSuffix, path.Origin))
				continue
			}
			values[name] = v
			continue
		}
		if given {
			values[name] = direct
		}
	}
	return values, join(faults)
}

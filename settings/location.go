package settings

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// Writer is a Source whose values can be replaced: what rotates keys asks for it. The test kit of package settingstest
// holds an implementation to this contract.
type Writer interface {
	Source

	// Write replaces the values of the changes' names and adds those that are missing; nothing else changes. Where the
	// place can, all change at once; where it cannot, one after the other in the order given, and the first failure ends
	// it. It returns when a Lookup that begins then finds what was written, as far as the place itself promises that.
	//
	// An error says which names were not written, and holds no value. It wraps [ErrConflict] if a change's Version is
	// not the one that the place holds, and then nothing was written.
	Write(ctx context.Context, changes []Change) error
}

// Change is one value that a [Writer] is to write.
type Change struct {
	Name string
	Text secret.Text

	// Version is that of the [Value] which the change is based on; empty to write whatever is there. A place that
	// cannot compare and write in one step compares just before it writes.
	Version string
}

// ErrConflict says that somebody else has written since the value was read.
var ErrConflict = errors.New("the value has changed since it was read")

// Scheme opens sources of one kind from URLs such as vault://vault.example:8200/secret/bulletin, so that the source is
// itself a setting.
type Scheme struct {
	Name string // of the URL's scheme: "vault"

	// Needs are the variables that Open reads besides the URL, credentials that stand in a source before this one. What
	// a vendor's SDK reads from the process environment by itself does not belong here.
	Needs []Need

	// Open returns the source at u. It reads its configuration and refuses what it does not understand; it need not
	// call the source. The error names what is wrong with the URL and holds no value, nor any of u's user information.
	Open func(ctx context.Context, u *url.URL, given map[string]Value) (Source, error)
}

// Configured is a source that is configured by variables which sources before it hold, a manager's address, say.
type Configured interface {
	Source

	// Needs returns the variables, always the same ones.
	Needs() []Need

	// Configure is called before each Lookup with what the sources before this one have of the variables. An error,
	// which holds no value, ends the start of the program; a *[Fault] names the variable.
	Configure(values map[string]Value) error
}

// Need is a variable that a source is configured by.
type Need struct {
	Name   string
	Secret bool   // its value is a secret as a whole
	Doc    string // what it is, in a sentence
}

// Weakened is a source whose configuration can weaken it, which the gate reports.
type Weakened interface {
	Source

	// Weakness names the setting, such as InsecureHTTP, and says what follows from it; empty if nothing is weakened.
	Weakness() string
}

// Ref says where a manager keeps the value of one setting.
type Ref struct {
	Secret string // the manager's own name or path of the secret
	Field  string // the field of the secret, if it holds several; empty for all of it
}

// Location is what the URL of a source says.
type Location struct {
	Host    string            // with the port
	Path    string            // without the slash that begins it
	Options map[string]string // the query's parameters in lower case: auth=approle
	Refs    map[string]Ref    // the query's parameters in upper case: DATABASE_URL=secret/db%23url maps a setting
}

// ParseLocation takes the URL of a source apart. Options are the names of the query's parameters that the source knows;
// others, doubled ones, user information and a fragment are refused. Nobody looks for a secret in a URL: it has to stand
// elsewhere. The error does not hold the URL.
//
// A parameter in upper case names a setting and says where its value is: the secret, and behind a # (in a URL: %23) the
// field.
func ParseLocation(u *url.URL, options ...string) (Location, error) {
	l := Location{Host: u.Host, Path: strings.TrimPrefix(u.Path, "/"), Options: map[string]string{}, Refs: map[string]Ref{}}
	switch {
	case u.User != nil:
		return l, fault("has user information", "give credentials by the means of the source, not in its URL")
	case u.Fragment != "" || strings.HasSuffix(u.String(), "#"):
		return l, fault("has a fragment", "write a # in a parameter as %23")
	case u.Opaque != "":
		return l, fault("is no URL of the form scheme://host/path", "put // after the scheme")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return l, fault("has a query that cannot be read", "write it like ?auth=approle&DATABASE_URL=path%23field")
	}
	for name, values := range query {
		switch {
		case len(values) > 1:
			return l, fault("gives a parameter twice", "give each once")
		case slices.Contains(options, name):
			l.Options[name] = values[0]
		case isName(name) && strings.ToUpper(name) == name:
			ref := Ref{Secret: values[0]}
			if at := strings.LastIndexByte(ref.Secret, '#'); at >= 0 {
				ref.Secret, ref.Field = ref.Secret[:at], ref.Secret[at+1:]
				if ref.Field == "" {
					return l, fault("maps a setting to a field without a name", "write NAME=secret%23field")
				}
			}
			l.Refs[name] = ref
		default:
			return l, fault("has an unknown parameter", known(options))
		}
	}
	return l, nil
}

func known(options []string) string {
	const mapping = "map a setting by its name in upper case: DATABASE_URL=path%23field"
	if len(options) == 0 {
		return mapping
	}
	sorted := slices.Sorted(slices.Values(options))
	return fmt.Sprintf("use %s; %s", strings.Join(sorted, ", "), mapping)
}

// ParseAs reads text as Load reads the value of a field of type T: for what follows a setting that changes while the
// program runs. The error is a *Fault that names the variable and holds nothing of the text.
func ParseAs[T any](variable, text string) (T, error) {
	var none T
	f := field{variable: variable, typ: reflect.TypeFor[T]()}
	if !supported(f.typ) {
		return none, &Fault{variable, "", "there is no way to read the type " + f.typ.String(), "implement encoding.TextUnmarshaler"}
	}
	if strings.ContainsRune(text, 0) {
		return none, nulByte.at(variable, "")
	}
	v, problem := f.parse(text)
	if problem != nil {
		return none, problem.at(variable, "")
	}
	return v.Interface().(T), nil
}

package settings

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"text/tabwriter"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// Loaded says what was loaded, and from where. Load fills every exported field of this type in the application's struct.
type Loaded struct {
	Environment string    // empty if the settings were loaded without environments
	Values      []Setting // one for each tagged field, in the order of the struct, then what configures the sources
	Warnings    []Warning
	Command     bool // they are loaded under [ForCommand]
	secrets     []secret.Text
	sources     func() []Source // a func, because fmt would print what the sources hold
}

// Setting is one field as it was loaded, or a variable that a source is configured by.
type Setting struct {
	Variable string // "ALLOWED_HOSTS"
	Field    string // "Hosts.Allowed"; empty if a source reads it
	Origin   string // where the value stands; "default" if it is the base value from code
	Secret   bool   // the field may hold a secret, and Text does not show it
	Text     string // the value as a source would give it, redacted
	Default  bool   // no source set it

	whole   secret.Text // the value, to be compared
	secrets []secret.Text
}

// Secrets returns the secrets in the value: the value itself, or the password in a URL.
func (s Setting) Secrets() []secret.Text { return append([]secret.Text(nil), s.secrets...) }

// Origin returns where the value of variable came from: "default" for the base value from code, nothing for a variable
// that is no setting.
func (l Loaded) Origin(variable string) string {
	for _, v := range l.Values {
		if v.Variable == variable {
			return v.Origin
		}
	}
	return ""
}

// Secrets returns every secret among the values, passwords in URLs included, for a [secret.Mask].
func (l Loaded) Secrets() []secret.Text { return append([]secret.Text(nil), l.secrets...) }

// Sources returns the sources that were asked, the first one first.
func (l Loaded) Sources() []Source {
	if l.sources == nil {
		return nil
	}
	return l.sources()
}

// WriteText writes the settings as a table, redacted, and the warnings.
func (l Loaded) WriteText(w io.Writer) error {
	if l.Environment != "" {
		if _, err := fmt.Fprintf(w, "environment: %s\n\n", l.Environment); err != nil {
			return err
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VARIABLE\tVALUE\tFROM") // tabwriter keeps its first error for Flush
	for _, v := range l.Values {
		fmt.Fprintf(t, "%s\t%s\t%s\n", v.Variable, line(v.Text), v.Origin)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, warning := range l.Warnings {
		if _, err := fmt.Fprintf(w, "warning: %s\n", warning); err != nil {
			return err
		}
	}
	return nil
}

// line returns a value for a cell of a table: quoted if it would break the line or play with the terminal.
func line(text string) string {
	quoted := fmt.Sprintf("%q", text)
	if text == "" || quoted[1:len(quoted)-1] != text {
		return quoted
	}
	return text
}

// Difference is a setting that two sets of settings disagree about.
type Difference struct {
	Variable string
	Field    string
	A, B     string // redacted; of two different secrets both look alike
}

// Diff returns what differs between two sets of settings of one struct, in the order of a.
func Diff(a, b Loaded) []Difference {
	others := map[string]Setting{}
	for _, v := range b.Values {
		others[v.Field+" "+v.Variable] = v
	}
	var all []Difference
	for _, v := range a.Values {
		other, ok := others[v.Field+" "+v.Variable]
		if ok && !v.whole.Equal(other.whole) {
			all = append(all, Difference{v.Variable, v.Field, v.Text, other.Text})
		}
	}
	return all
}

// WriteDiff writes what [Diff] returns as a table, redacted.
func WriteDiff(w io.Writer, a, b Loaded) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "VARIABLE\t%s\t%s\n", a.Environment, b.Environment) // tabwriter keeps its first error for Flush
	for _, d := range Diff(a, b) {
		fmt.Fprintf(t, "%s\t%s\t%s\n", d.Variable, line(d.A), line(d.B))
	}
	return t.Flush()
}

// Describe returns the settings in v, a struct such as Load takes, as if no source had set any.
func Describe[T any](v T) Loaded {
	root := reflect.ValueOf(&v).Elem()
	var l Loaded
	for _, f := range inspect(root.Type()).fields {
		value := root.FieldByIndex(f.index)
		l.Values = append(l.Values, setting(f, value, ""))
		l.secrets = append(l.secrets, secretsOf(f, value)...)
	}
	return l
}

// setting returns the field as a line of Loaded.
func setting(f field, v reflect.Value, origin string) Setting {
	s := Setting{Variable: f.variable, Field: f.path, Origin: origin, Secret: f.sensitive(), Text: f.text(v, false)}
	s.whole, s.secrets = secret.New(f.text(v, true)), secretsOf(f, v)
	if origin == "" {
		s.Origin, s.Default = "default", true
	}
	return s
}

// text returns the field's value as a source would give it. Without whole, no secret is in it.
func (f field) text(v reflect.Value, whole bool) string {
	switch {
	case f.secret && !whole:
		if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
			return ""
		}
		return secret.Redacted
	case f.json && !whole:
		b, err := json.Marshal(v.Interface()) // a secret.Text marshals itself redacted
		if err != nil {
			return secret.Redacted
		}
		return string(b)
	case f.json: // and the secrets, which the JSON does not show
		text := f.text(v, false)
		for _, s := range secretsOf(f, v) {
			text += "\x00" + s.Reveal()
		}
		return text
	case f.invert:
		return fmt.Sprint(!v.Bool())
	}
	return valueText(v, whole)
}

func valueText(v reflect.Value, whole bool) string {
	if mode, ok := v.Interface().(http.SameSite); ok {
		return sameSites[mode]
	}
	switch x := withMethods(v).(type) {
	case *secret.Text:
		if whole {
			return x.Reveal()
		}
		return x.String()
	case *url.URL:
		return urlText(x, whole)
	case **url.URL:
		return urlText(*x, whole)
	case interface{ URL() secret.Text }:
		if whole {
			return x.URL().Reveal()
		}
		return fmt.Sprint(x)
	case encoding.TextMarshaler:
		if b, err := x.MarshalText(); err == nil {
			return string(b)
		}
	}
	var parts []string
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, valueText(v.Index(i), whole))
		}
		return strings.Join(parts, ", ")
	case reflect.Map:
		return mapText(v, whole)
	}
	return fmt.Sprint(v.Interface())
}

// withMethods returns a pointer to v, which has the methods of the pointer and of the value. Elements of a map are no
// variables and are copied.
func withMethods(v reflect.Value) any {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.Interface()
}

func urlText(u *url.URL, whole bool) string {
	switch {
	case u == nil:
		return ""
	case whole:
		return u.String()
	}
	return httpx.RedactURL(u)
}

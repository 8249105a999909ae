package settings

import (
	"bytes"
	"io"
	"reflect"
	"strings"
)

// WriteDotEnvExample writes a .env file that documents every setting in v, the base settings, with its default. All
// lines are comments, so that the file can be copied and changed line by line. The variables that configure the sources
// follow. The text depends on v and the sources' kinds alone: an application tests that the file in its repository is
// current.
func WriteDotEnvExample[T any](w io.Writer, v T, sources ...Source) error {
	var b bytes.Buffer
	root := reflect.ValueOf(&v).Elem()
	for i, f := range unique(inspect(root.Type()).fields) {
		if i > 0 {
			b.WriteByte('\n')
		}
		for line := range strings.Lines(f.doc) {
			b.WriteString("# " + strings.TrimSpace(line) + "\n")
		}
		b.WriteString("# Type: " + f.describe() + ".\n")
		if len(f.parts) > 0 {
			b.WriteString("# Or in parts: " + f.partNames() + ".\n")
		}
		b.WriteString("#" + f.variable + "=" + f.example(root.FieldByIndex(f.index)) + "\n")
	}
	for _, need := range needsOf(sources) {
		b.WriteString("\n# " + need.Doc + "\n# Type: " + need.words() + ".\n#" + need.Name + "=\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// WriteMarkdown writes a table of every setting in v, the base settings: variable, type, default and what it is. The
// variables that configure the sources follow. The text depends on v and the sources' kinds alone.
func WriteMarkdown[T any](w io.Writer, v T, sources ...Source) error {
	var b bytes.Buffer
	root := reflect.ValueOf(&v).Elem()
	b.WriteString("| variable | type | default | what it is |\n|---|---|---|---|\n")
	for _, f := range unique(inspect(root.Type()).fields) {
		text := f.text(root.FieldByIndex(f.index), false)
		if text != "" {
			text = code(text)
		}
		doc := f.doc
		if len(f.parts) > 0 {
			doc += " Or in parts: " + f.partNames() + "."
		}
		b.WriteString("| " + code(f.variable) + " | " + cell(f.describe()) + " | " + text + " | " + cell(doc) + " |\n")
	}
	for _, need := range needsOf(sources) {
		b.WriteString("| " + code(need.Name) + " | " + need.words() + " |  | " + cell(need.Doc) + " |\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// unique returns the first field of each variable.
func unique(fields []field) []field {
	seen := map[string]bool{}
	var once []field
	for _, f := range fields {
		if !seen[f.variable] {
			seen[f.variable] = true
			once = append(once, f)
		}
	}
	return once
}

func cell(s string) string {
	return strings.TrimSpace(strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ").Replace(s))
}

// code returns s as code, in two backquotes where it has one itself.
func code(s string) string {
	if strings.Contains(s, "`") {
		return "`` " + cell(s) + " ``"
	}
	return "`" + cell(s) + "`"
}

// example returns the default as a .env file says it. A secret is left empty: an example of one gets used.
func (f field) example(v reflect.Value) string {
	if f.secret {
		return ""
	}
	text := f.text(v, false)
	if text == "" {
		return ""
	}
	return quoteDotEnv(text)
}

func (f field) partNames() string {
	var names []string
	for _, p := range f.parts {
		names = append(names, p.variable)
	}
	return strings.Join(names, ", ")
}

// describe returns the type in words, and whether the setting must be set.
func (f field) describe() string {
	words := kindWords(f.typ)
	switch {
	case f.json:
		words = "JSON"
	case f.secret && !holdsText(f.typ):
		words += ", secret"
	}
	if f.required {
		words += ", required"
	}
	return words
}

var typeWords = map[reflect.Type]string{
	textType:                    "secret",
	reflect.TypeFor[Size]():     "size (10MB, 2.5MiB)",
	reflect.TypeFor[Origin]():   "origin (https://www.example.com)",
	reflect.TypeFor[Database](): "database URL",
	reflect.TypeFor[Cache]():    "cache URL",
	reflect.TypeFor[Email]():    "mail server URL",
}

func kindWords(t reflect.Type) string {
	if words, ok := typeWords[t]; ok {
		return words
	}
	if words, ok := standardWords[t.String()]; ok {
		return words
	}
	if c, ok := reflect.Zero(t).Interface().(chooser); ok {
		return "one of " + strings.Join(c.Choices(), ", ")
	}
	switch k := t.Kind(); {
	case t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler):
		return strings.TrimPrefix(formOf(t), "a valid ")
	case k == reflect.Slice:
		return "list of " + kindWords(t.Elem())
	case k == reflect.Map:
		return "names and values (a=1, b=2) of " + kindWords(t.Elem())
	case k == reflect.Bool:
		return "true or false"
	case k == reflect.String:
		return "text"
	case k == reflect.Float32 || k == reflect.Float64:
		return "number"
	}
	return "whole number"
}

var standardWords = map[string]string{
	"time.Duration": "duration (seconds, or 1h30m)",
	"http.SameSite": "one of Lax, Strict, None",
	"netip.Addr":    "IP address",
	"netip.Prefix":  "network (192.0.2.0/24)",
	"url.URL":       "URL",
	"*url.URL":      "URL",
}

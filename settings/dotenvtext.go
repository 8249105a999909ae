package settings

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// DotEnvText returns the text of a .env file as a source, for files that are stored in another form, an encrypted one
// say. The name stands for the path in origins and errors. Variables in values refer to lines above alone: the text is
// not completed from the process environment, and NAME_FILE means nothing in it.
func DotEnvText(name, text string) Source { return dotEnvText{name, text} }

type dotEnvText struct{ name, text string }

func (d dotEnvText) Name() string { return d.name }

// String keeps the text out of what fmt prints.
func (d dotEnvText) String() string { return d.name }

// GoString is String for %#v.
func (d dotEnvText) GoString() string { return d.name }

func (d dotEnvText) Lookup(ctx context.Context, names []string) (map[string]Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, warnings, err := parseDotEnv(d.text, d.name, alone)
	values := map[string]Value{}
	for _, e := range entries {
		if slices.Contains(names, e.name) {
			values[e.name] = Value{Text: e.value, Origin: e.origin, Warnings: about(e, warnings)}
		}
	}
	return values, err
}

// alone is an environment without variables.
func alone(string) (string, bool) { return "", false }

// about returns the warnings about one entry.
func about(e entry, warnings []Warning) []Warning {
	var its []Warning
	for _, w := range warnings {
		if w.Origin == e.origin && w.Variable == e.name {
			its = append(its, w)
		}
	}
	return its
}

// DotEnvNames returns the names in the text of a .env file, in their order. The error holds no value.
func DotEnvNames(name, text string) ([]string, error) {
	entries, _, err := parseDotEnv(text, name, alone)
	var names []string
	for _, e := range entries {
		names = append(names, e.name)
	}
	return names, err
}

// EditDotEnv returns the text of a .env file with variables set, the new ones at its end in the order of their names.
// Comments and other lines stay, but for a byte order mark and for CRLF, which becomes a newline. What is set is read
// back as it was given, by [DotEnv] and [DotEnvText]. Name stands for the path in errors, which hold no value: a name
// that is none, a value that is not UTF-8 or holds NUL or control characters, a text that cannot be read.
func EditDotEnv(name, text string, changes map[string]string) (string, error) {
	entries, _, err := parseDotEnv(text, name, alone)
	if err != nil {
		return "", err
	}
	for variable, value := range changes {
		switch {
		case !isName(variable):
			return "", &Fault{"", name, "cannot hold what is not named like a variable", "use letters, digits and _"}
		case !utf8.ValidString(value):
			return "", &Fault{variable, name, "is not UTF-8", "encode it, in base64 say"}
		case strings.ContainsFunc(strings.ReplaceAll(value, "\r", ""), isControl):
			return "", &Fault{variable, name, "holds control characters", "encode it, in base64 say"}
		}
	}
	text = normal(text)
	missing := maps.Clone(changes)
	var b strings.Builder
	at := 0
	for _, e := range entries {
		value, ok := changes[e.name]
		if !ok {
			continue
		}
		delete(missing, e.name)
		b.WriteString(text[at:e.start] + e.name + "=" + quoteDotEnv(value) + "\n")
		at = e.end
	}
	b.WriteString(text[at:])
	if out := b.String(); out != "" && !strings.HasSuffix(out, "\n") {
		b.WriteString("\n")
	}
	for _, variable := range slices.Sorted(maps.Keys(missing)) {
		b.WriteString(variable + "=" + quoteDotEnv(missing[variable]) + "\n")
	}
	out := b.String()
	if _, _, err := parseDotEnv(out, name, alone); err != nil {
		return "", err // a line that stays refers to one that was changed
	}
	return out, nil
}

// Package fields reads and changes a secret that holds several settings, as the fields of a JSON object. It protects from
// a secret that silently means something else: a field that stands twice, a number that loses digits, a character that
// JSON cannot carry.
//
// The package does not know managers.
package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Errors say what is wrong with the text and hold nothing of it.
var (
	ErrNotObject = errors.New("the secret is not a JSON object: give it one field for each setting")
	ErrDoubled   = errors.New("the secret's JSON has a field twice: remove one")
	ErrText      = errors.New("the secret's JSON holds text that is not Unicode: encode binary values, in base64 say")
)

// field is where the value of a field stands in a text.
type field struct {
	name       string
	start, end int
}

// Decode returns the fields of text. A string is its text; a number, true, false, a list or an object is itself in JSON,
// as it stands there; a field that is null is not there. The error is one of the three above.
func Decode(text string) (map[string]string, error) {
	all, _, err := parse(text)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, f := range all {
		raw := text[f.start:f.end]
		switch {
		case raw == "null":
			continue
		case raw[0] != '"':
			values[f.name] = raw
			continue
		}
		var s string
		if err := json.Unmarshal([]byte(raw), &s); err != nil || !whole(raw) {
			return nil, ErrText
		}
		values[f.name] = s
	}
	return values, nil
}

// Set returns text with the fields of changes set to strings. What is between the other fields stays as it is; fields
// that text lacks are added at its end, in the order of their names. The empty text is an object without fields. The error is one of the
// three above.
func Set(text string, changes map[string]string) (string, error) {
	if strings.TrimSpace(text) == "" {
		text = "{}"
	}
	all, last, err := parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	at := 0
	missing := maps.Clone(changes)
	for _, f := range all {
		value, ok := changes[f.name]
		if !ok {
			continue
		}
		delete(missing, f.name)
		b.WriteString(text[at:f.start])
		if err := quote(&b, value); err != nil {
			return "", err
		}
		at = f.end
	}
	head := strings.TrimRight(text[at:last], " \t\r\n")
	b.WriteString(head)
	comma := len(all) > 0
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		if comma {
			b.WriteByte(',')
		}
		comma = true
		if err := quote(&b, name); err != nil {
			return "", err
		}
		b.WriteByte(':')
		if err := quote(&b, missing[name]); err != nil {
			return "", err
		}
	}
	b.WriteString(text[at+len(head):])
	return b.String(), nil
}

// parse returns the fields of text in their order, and where the brace that ends it stands.
func parse(text string) (all []field, last int, err error) {
	if !utf8.ValidString(text) {
		return nil, 0, ErrText
	}
	d := json.NewDecoder(strings.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, 0, ErrNotObject
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, 0, ErrNotObject
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, 0, ErrNotObject
		}
		if seen[name] {
			return nil, 0, ErrDoubled
		}
		seen[name] = true
		end := int(d.InputOffset())
		raw = bytes.TrimSpace(raw)
		all = append(all, field{name, end - len(raw), end})
	}
	if _, err := d.Token(); err != nil {
		return nil, 0, ErrNotObject
	}
	last = int(d.InputOffset()) - 1
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, 0, ErrNotObject
	}
	return all, last, nil
}

// whole reports whether every character in a JSON string is one. JSON can write half a character, one surrogate of a
// pair, which Go reads as another character.
func whole(raw string) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if i++; i < len(raw) && raw[i] != 'u' {
			continue
		}
		r := escaped(raw[i-1:])
		i += 4
		if !utf16.IsSurrogate(r) {
			continue
		}
		if utf16.DecodeRune(r, escaped(raw[min(i+1, len(raw)):])) == utf8.RuneError {
			return false
		}
		i += 6
	}
	return true
}

// escaped returns the character of the escape that s begins with, \uXXXX; 0 if it begins with something else.
func escaped(s string) rune {
	if len(s) < 6 || s[:2] != `\u` {
		return 0
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

func quote(b *strings.Builder, s string) error {
	if !utf8.ValidString(s) {
		return ErrText
	}
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return ErrText
	}
	b.WriteString(strings.TrimSuffix(line.String(), "\n"))
	return nil
}

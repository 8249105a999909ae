package fields_test

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/drivers/internal/fields"
)

func TestDecode(t *testing.T) {
	got, err := fields.Decode(` {"A": "x\ny", "B" : 12345678901234567890.10, "C": true, "D": null, "E": {"f": [1, 2]}, "F": "", "G": "\ufffd�", "H": "\uD83D\ude00\\ud800\u0041"} `)
	want := map[string]string{"A": "x\ny", "B": "12345678901234567890.10", "C": "true", "E": `{"f": [1, 2]}`, "F": "", "G": "��", "H": `😀\ud800A`}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]error{
		``:                       fields.ErrNotObject,
		`null`:                   fields.ErrNotObject,
		`[1]`:                    fields.ErrNotObject,
		`"text"`:                 fields.ErrNotObject,
		`{"A": 1`:                fields.ErrNotObject,
		`{"A": 1} x`:             fields.ErrNotObject,
		`{"A": 1}{"B": 2}`:       fields.ErrNotObject,
		`{"A" 1}`:                fields.ErrNotObject,
		`{"A": "1",}`:            fields.ErrNotObject,
		`<html>`:                 fields.ErrNotObject,
		`{"A": 1, "A": 2}`:       fields.ErrDoubled,
		`{"A": 1, "\u0041": 2}`:  fields.ErrDoubled,
		"{\"A\": \"\xff\"}":      fields.ErrText,
		`{"A": "\ud800"}`:        fields.ErrText,
		`{"A": "x\udc00y"}`:      fields.ErrText,
		`{"A": "\ud83d\\ufffd"}`: fields.ErrText,
		`{"A": "\ud83d\ud83d"}`:  fields.ErrText,
	} {
		if got, err := fields.Decode(text); !errors.Is(err, want) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestSet(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", `{"A":"1","B":"<2>"}`},
		{`{}`, `{"A":"1","B":"<2>"}`},
		{`{"A": "old", "N": 1.0}`, `{"A": "1", "N": 1.0,"B":"<2>"}`},
		{"{\n  \"B\" : {\"x\": 1} ,\n  \"N\": null\n}\n", "{\n  \"B\" : \"<2>\" ,\n  \"N\": null,\"A\":\"1\"\n}\n"},
	} {
		got, err := fields.Set(test.text, map[string]string{"A": "1", "B": "<2>"})
		if err != nil || got != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.text, got, err, test.want)
		}
	}
	if _, err := fields.Set(`[]`, nil); !errors.Is(err, fields.ErrNotObject) {
		t.Errorf("a list was changed: %v", err)
	}
	if _, err := fields.Set(`{}`, map[string]string{"A": "\xff"}); !errors.Is(err, fields.ErrText) {
		t.Errorf("text that is not Unicode was written: %v", err)
	}
}

// FuzzSet: what was set is there, and all else is as it was.
func FuzzSet(f *testing.F) {
	f.Add(`{"A": "1", "B": [2]}`, "A", "x")
	f.Add(` {} `, "", "\"\\\n")
	f.Add(`{"A":{"A":1}}`, "B", "😀")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		before, err := fields.Decode(text)
		if err != nil || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return
		}
		after, err := fields.Set(text, map[string]string{name: value})
		if err != nil {
			t.Fatalf("Set: %v", err)
		}
		if !json.Valid([]byte(after)) {
			t.Fatalf("Set made something that is not JSON")
		}
		before[name] = value
		if got, err := fields.Decode(after); err != nil || !maps.Equal(got, before) {
			t.Errorf("got %q, %v, want %q", got, err, before)
		}
	})
}

package session_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/session"
)

func TestEncoding(t *testing.T) {
	// By the description: a varint length, the key, a varint length, the JSON text.
	long := strings.Repeat("x", 198)
	for _, row := range []struct {
		name, data string
		want       map[string]string
		valid      bool
	}{
		{"nothing", "", map[string]string{}, true},
		{"one pair", "\x01k\x03\"v\"", map[string]string{"k": `"v"`}, true},
		{"two pairs", "\x01a\x011\x02bc\x04true", map[string]string{"a": "1", "bc": "true"}, true},
		{"a length of two bytes", "\x01k\xc8\x01\"" + long + `"`, map[string]string{"k": `"` + long + `"`}, true},
		{"a key twice", "\x01a\x011\x01a\x012", map[string]string{"a": "2"}, false},
		{"an empty key", "\x00\x011", map[string]string{"": "1"}, false},
		{"a value that is not JSON", "\x01a\x01x", map[string]string{"a": "x"}, false},
		{"an empty value", "\x01a\x00", map[string]string{"a": ""}, false},
		{"a key cut off", "\x05ab", map[string]string{}, false},
		{"a value cut off", "\x01a\x05\"v", map[string]string{}, false},
		{"a length cut off", "\x01a\x80", map[string]string{}, false},
		{"a good pair, then half of one", "\x01a\x011\x01b", map[string]string{"a": "1"}, false},
		{"a length beyond every session's", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a", map[string]string{}, false},
		{"a length of four bytes", "\x81\x80\x80\x00a\x011", map[string]string{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := maps.Collect(session.Pairs(row.data)); !maps.Equal(got, row.want) {
				t.Errorf("Pairs = %q, want %q", got, row.want)
			}
			if got := session.Valid(row.data); got != row.valid {
				t.Errorf("Valid = %t, want %t", got, row.valid)
			}
		})
	}
	if session.Valid(string(session.AppendPair(nil, "k", `"`+strings.Repeat("x", session.MaxSize)+`"`))) {
		t.Error("what is over MaxSize is valid")
	}
}

func FuzzEncoding(f *testing.F) {
	for _, data := range []string{"", "\x01k\x03\"v\"", "\x01a\x011\x02bc\x04true", "\x01a\x80", "\xff\xff\xff\xff\x0f", "\x00\x00"} {
		f.Add(data, "k", "v")
	}
	f.Fuzz(func(t *testing.T, data, key, text string) {
		var back []byte
		size := 0
		for k, v := range session.Pairs(data) {
			size += len(k) + len(v)
			back = session.AppendPair(back, k, v)
		}
		if size > len(data) {
			t.Fatalf("%d bytes of pairs in %d of data", size, len(data))
		}
		if session.Valid(data) && len(back) > len(data) {
			t.Fatalf("%d bytes come back as %d", len(data), len(back))
		}
		value, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if !session.Valid(data) || maps.Collect(session.Pairs(data))[key] != "" {
			return
		}
		more := maps.Collect(session.Pairs(string(session.AppendPair([]byte(data), key, string(value)))))
		if len(key)+len(value) < 1<<20 && more[key] != string(value) {
			t.Fatalf("%q comes back as %q, want %q", key, more[key], value)
		}
		for k, v := range session.Pairs(data) {
			if more[k] != v {
				t.Fatalf("%q became %q, want %q", k, more[k], v)
			}
		}
	})
}

// FuzzCookie holds the cookie store to two laws: what it did not make is no session, and what it made comes back.
func FuzzCookie(f *testing.F) {
	store := session.NewCookie(newRing(f, testKey))
	f.Add("", "42", []byte("\x01k\x03\"v\""))
	f.Add("AAAA", "", []byte{})
	f.Fuzz(func(t *testing.T, token, user string, data []byte) {
		if _, err := store.Load(t.Context(), token); !errors.Is(err, session.ErrNotFound) {
			t.Fatalf("a session from nothing: %v", err)
		}
		want := session.Record{User: user, Data: string(data)}
		made, err := store.Save(t.Context(), "", &want)
		if len(user)+len(data) > 2900 || len(user) > 255 {
			return
		}
		if err != nil {
			t.Fatalf("Save: %v", err)
		}
		got, err := store.Load(t.Context(), made)
		if err != nil || got.User != want.User || got.Data != want.Data || !got.Created.Equal(want.Created) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

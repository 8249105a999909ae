package signing_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/signing"
)

func decode(t *testing.T, token string) string {
	t.Helper()
	payload, _, _ := strings.Cut(token, ":")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Django reads JSON as Latin-1, so nothing beyond ASCII may be in it.
func TestDumpsWritesASCII(t *testing.T) {
	s := timestamp(t, ring(t, djangoKey), signing.Options{Salt: signing.SaltDumps})
	for _, row := range []struct {
		name  string
		value any
		want  string
	}{
		{"ASCII as it is, not escaped for HTML", "a<b>&c/\"\\", `"a<b>&c/\"\\"`},
		{"Latin-1", "é", `"\u00e9"`},
		{"the last of two bytes in UTF-16", "\uffee", `"\uffee"`},
		{"beyond, as a pair of surrogates", "😀", `"\ud83d\ude00"`},
		{"the last code point", "\U0010ffff", `"\udbff\udfff"`},
		{"keys too", map[string]int{"ключ": 1}, `{"\u043a\u043b\u044e\u0447":1}`},
		{"what is not UTF-8", "a\xffb", `"a\ufffdb"`},
		{"JSON as it comes", json.RawMessage(`{ "b" : "é", "a" : 1.50 }`), `{"b":"\u00e9","a":1.50}`},
		{"nothing", nil, "null"},
	} {
		t.Run(row.name, func(t *testing.T) {
			token, err := signing.Dumps(s, row.value, false)
			if err != nil {
				t.Fatal(err)
			}
			if got := decode(t, token); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestDumpsRefusesWhatIsNoJSON(t *testing.T) {
	s := timestamp(t, ring(t, djangoKey), signing.Options{})
	for _, v := range []any{math.NaN(), func() {}, json.RawMessage("{"), make(chan int)} {
		if got, err := signing.Dumps(s, v, false); got != "" || err == nil {
			t.Errorf("%T: got %q, %v, want an error", v, got, err)
		}
	}
}

// Compression is used only if it saves more than the mark costs.
func TestDumpsCompresses(t *testing.T) {
	s := timestamp(t, ring(t, djangoKey), signing.Options{})
	for _, row := range []struct {
		name     string
		value    string
		compress bool
		want     bool
	}{
		{"long", strings.Repeat("a", 1000), true, true},
		{"long, but not asked for", strings.Repeat("a", 1000), false, false},
		{"short", "a", true, false},
		{"of bytes that repeat too little", "abcdefghijklmnopqrstuvwxyz", true, false},
	} {
		for range 2 { // the second time with a compressor that has been used
			token, err := signing.Dumps(s, row.value, row.compress)
			if got := strings.HasPrefix(token, "."); got != row.want || err != nil {
				t.Errorf("%s: compressed = %t, %v, want %t", row.name, got, err, row.want)
			}
			var got string
			if err := signing.Loads(s, token, signing.Forever, &got); got != row.value || err != nil {
				t.Errorf("%s: got %q, %v", row.name, got, err)
			}
		}
	}
}

func deflated(t *testing.T, n int) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(`"` + strings.Repeat("a", n-2) + `"`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is authentic is still not trusted with our memory, and is read as Django would read it or not at all.
func TestLoadsRefusesPayloads(t *testing.T) {
	s := timestamp(t, ring(t, djangoKey), signing.Options{MaxPayload: 1000})
	b64 := base64.RawURLEncoding.EncodeToString
	for _, row := range []struct {
		name, payload, want string
	}{
		{"empty", "", "signing: the payload cannot be read: unexpected end of JSON input"},
		{"a text that is no base64", "hello world", "it is not base64"},
		{"base64 in another spelling", "e31", "it is not base64"},
		{"no JSON", b64([]byte("{")), "unexpected end of JSON input"},
		{"JSON and more", b64([]byte(`"a" "b"`)), "invalid character"},
		{"JSON of another type", b64([]byte("[1]")), "cannot unmarshal array"},
		{"UTF-8, which Django reads as Latin-1", b64([]byte(`"é"`)), "it is not ASCII"},
		{"the longest payload", b64([]byte(`"` + strings.Repeat("a", 998) + `"`)), ""},
		{"a payload that is too long", b64([]byte(`"` + strings.Repeat("a", 999) + `"`)), "it is longer than 1000 bytes"},
		{"the longest compressed payload", "." + b64([]byte(deflated(t, 1000))), ""},
		{"a compressed payload that is too long", "." + b64([]byte(deflated(t, 1001))),
			"it inflates to more than 1000 bytes"},
		{"a bomb", "." + b64([]byte(deflated(t, 10_000_000))), "it inflates to more than 1000 bytes"},
		{"a dot without compression", "." + b64([]byte(`"a"`)), "it does not inflate"},
		{"a compressed payload cut short", "." + b64([]byte(deflated(t, 900)[:10])), "it does not inflate"},
		{"a compressed payload without its checksum", "." + b64([]byte(strings.TrimSuffix(deflated(t, 900),
			deflated(t, 900)[len(deflated(t, 900))-4:]))), "it does not inflate"},
		{"two dots", ".." + b64([]byte(deflated(t, 900))), "it is not base64"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got string
			err := signing.Loads(s, s.Sign(row.payload), signing.Forever, &got)
			if row.want == "" {
				if len(got) != 998 || err != nil {
					t.Errorf("got %d bytes, %v, want 998", len(got), err)
				}
				return
			}
			if !errors.Is(err, signing.ErrPayload) || errors.Is(err, signing.ErrBadSignature) ||
				!strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want ErrPayload with %q", err, row.want)
			}
		})
	}
}

func TestLoadsVerifiesFirst(t *testing.T) {
	s := timestamp(t, ring(t, djangoKey), signing.Options{})
	token, err := signing.Dumps(s, "a", false)
	if err != nil {
		t.Fatal(err)
	}
	got := "untouched"
	for _, bad := range []string{"", "." + token, token + "x", "ImIi" + token[4:], "." + strings.Repeat("A", 100)} {
		if err := signing.Loads(s, bad, signing.Forever, &got); err != signing.ErrBadSignature || got != "untouched" {
			t.Errorf("%q: got %q, %v, want ErrBadSignature", bad, got, err)
		}
	}
	if err := signing.Loads(s, token, -1, &got); err != signing.ErrExpired || got != "untouched" {
		t.Errorf("got %q, %v, want ErrExpired", got, err)
	}
}

// A json.RawMessage takes the payload as it is, for a reader with rules of its own.
func TestLoadsRaw(t *testing.T) {
	s := timestamp(t, ring(t, djangoKey), signing.Options{})
	token, err := signing.Dumps(s, json.RawMessage(`{"n":12345678901234567890}`), false)
	if err != nil {
		t.Fatal(err)
	}
	var got json.RawMessage
	if err := signing.Loads(s, token, signing.Forever, &got); string(got) != `{"n":12345678901234567890}` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// FuzzDumps: whatever JSON there is comes back, from ASCII.
func FuzzDumps(f *testing.F) {
	s := timestamp(f, ring(f, djangoKey), signing.Options{})
	for _, seed := range []string{`{"a":[1,"é",null]}`, `"😀"`, `[[[[]]]]`, `"\ud800"`, "1e400", `{"a":1,"a":2}`} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, compress bool) {
		var want any
		if json.Unmarshal(text, &want) != nil {
			return
		}
		token, err := signing.Dumps(s, want, compress)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("token %q", token)
		}
		var got any
		if err := signing.Loads(s, token, signing.Forever, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	})
}

func BenchmarkLoadsCompressed(b *testing.B) {
	s := timestamp(b, ring(b, djangoKey), signing.Options{Salt: signing.SaltSessions})
	token := dumps[5].token
	b.ReportAllocs()
	for b.Loop() {
		var got map[string]string
		if err := signing.Loads(s, token, signing.Forever, &got); err != nil {
			b.Fatal(err)
		}
	}
}

package logs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/secret"
)

// canary stands for a secret that the site has loaded. It has characters that JSON and quoting escape.
const canary = `kan4ry-9b1e77<&>"\-geheim`

// plainCanary could be a request id.
const plainCanary = "plain-canary-0123456789"

func mask() secret.Mask { return secret.NewMask(secret.New(canary), secret.New(plainCanary)) }

// leaked reports whether text holds eight bytes of the canary, plainly or escaped.
func leaked(text string) bool {
	quoted, err := json.Marshal(canary)
	if err != nil {
		return true
	}
	for _, form := range []string{canary, string(quoted), fmt.Sprintf("%q", canary), url.QueryEscape(canary)} {
		form = strings.Trim(form, `"`)
		for i := 0; i+8 <= len(form); i++ {
			if strings.Contains(text, form[i:i+8]) {
				return true
			}
		}
	}
	return false
}

type holder struct {
	Name   string
	Key    secret.Text
	hidden string
}

type stringer struct{ s string }

func (s stringer) String() string { return s.s }

type valuer struct{ s string }

func (v valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("inner", v.s), slog.Any("password", "opaque-value"))
}

type marshaler struct{ s string }

func (m marshaler) MarshalJSON() ([]byte, error) { return json.Marshal("json " + m.s) }
func (m marshaler) MarshalText() ([]byte, error) { return []byte("text " + m.s), nil }

func mustParse(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestSecretsStayIn logs the canary and other secrets in every shape.
func TestSecretsStayIn(t *testing.T) {
	u := mustParse(t, "https://app:opaque-value@example.com/p?token=opaque-value&page=2")
	r := httptest.NewRequest("GET", "/path?token=opaque-value", nil)
	r.Header.Set("Authorization", "Bearer opaque-value")
	r.Header.Set("Cookie", "sessionid=opaque-value")
	shapes := map[string]any{
		"string": "a " + canary + " b", "error": errors.New(canary), "wrapped": fmt.Errorf("x: %w", errors.New(canary)),
		"joined": errors.Join(errors.New(canary), errors.New("y")), "secret": secret.New(canary), "stringer": stringer{canary},
		"pointer to stringer": &stringer{canary}, "valuer": valuer{canary}, "marshaler": marshaler{canary},
		"struct": holder{"n" + canary, secret.New(canary), canary}, "pointer": &holder{canary, secret.New(canary), canary},
		"slice": []string{canary}, "map": map[string]any{"k": canary, canary: 1}, "bytes": []byte(canary),
		"nested": map[string]any{"a": []any{map[string]string{"b": canary}}},
		"URL":    u, "URL by value": *u, "request": r, "request by value": *r, "header": r.Header, "query": u.Query(),
		"cookie": &http.Cookie{Name: "sessionid", Value: "opaque-value"}, "cookie by value": http.Cookie{Name: "c", Value: "opaque-value"},
		"URL in text": "get https://app:opaque-value@example.com/ failed", "URL in error": &url.Error{Op: "Get", URL: "x://app:opaque-value@h", Err: errors.New("no")},
		"nil error": error(nil), "nil URL": (*url.URL)(nil), "nil request": (*http.Request)(nil), "nil cookie": (*http.Cookie)(nil),
		"nil pointer": (*holder)(nil), "named field": struct{ Password, APIKey string }{"opaque-value", "opaque-value"},
		"named key": map[string]any{"token": "opaque-value", "a": []any{map[string]int{"password": 1}}}, "function": func() {}, "channel": make(chan int), "raw": json.RawMessage(`{"a":"` + "x" + `"}`),
		"broken raw": json.RawMessage("{\n"), "group": slog.GroupValue(slog.String("a", canary), slog.Any("e", errors.New(canary))),
	}
	for _, format := range []logs.Format{logs.Text, logs.JSON} {
		for name, v := range shapes {
			t.Run(string(format)+" "+name, func(t *testing.T) {
				var out bytes.Buffer
				l := mustNew(t, logs.Config{Format: format, Output: &out, Mask: mask}).Logger()
				l.Info("message "+canary, "attr", v)
				l.With("attr", v).WithGroup("g").With("attr", v).Info("message", "attr", v, slog.Group("h", "attr", v))
				if leaked(out.String()) {
					t.Errorf("part of the secret is logged (%d bytes)", out.Len())
				}
				if strings.Contains(out.String(), "opaque-value") {
					t.Errorf("credentials are logged: %s", &out)
				}
				if n := strings.Count(out.String(), "\n"); n != 2 {
					t.Errorf("%d lines, want 2: %q", n, &out)
				}
				if format == logs.JSON {
					records(t, &out)
				}
			})
		}
	}
}

func TestWhatIsPlainlyNamed(t *testing.T) {
	for _, key := range []string{
		"password", "Password", "PASSWORD", "new_password", "secret_key", "SecretKey", "api-key", "X-Api-Key", "token",
		"access_token", "Authorization", "cookie", "Set-Cookie", "session_id", "DATABASE_URL", "dsn", "passphrase",
	} {
		for _, v := range []any{"opaque-value", 123456, 1.5, []byte("opaque-value"), struct{ A string }{"opaque-value"}, uint8(7)} {
			var out bytes.Buffer
			mustNew(t, logs.Config{Format: logs.JSON, Output: &out}).Logger().Info("m", key, v)
			if got := only(t, &out)[key]; got != "[redacted]" {
				t.Errorf("%s=%v is logged as %v, want [redacted]", key, v, got)
			}
		}
	}
	for _, key := range []string{"key", "author", "passed", "path", "host", "tokens_left", "msg2", "", strings.Repeat("password", 9)} {
		var out bytes.Buffer
		mustNew(t, logs.Config{Format: logs.JSON, Output: &out}).Logger().Info("m", key, "shown")
		if got := only(t, &out)[key]; got != "shown" {
			t.Errorf("%s is logged as %v, want shown", key, got)
		}
	}
}

func TestShapeIsKept(t *testing.T) {
	var out bytes.Buffer
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out, Mask: mask}).Logger()
	l.Info("m", "n", 1, "f", 1.5, "b", true, "list", []string{"a", "b"}, "map", map[string]int{"x": 1},
		"bytes", []byte("text"), "err", errors.New("plain"), "url", mustParse(t, "https://u:p@h/a?page=2"), "header", http.Header{"B": {"2"}, "A": {"1", "0"}, "Cookie": {"c=1"}})
	rec := only(t, &out)
	for key, want := range map[string]any{
		"level": "INFO", "n": 1.0, "f": 1.5, "b": true, "list": []string{"a", "b"}, "map": map[string]int{"x": 1},
		"bytes": "text", "err": "plain", "url": "https://[redacted]@h/a?page=2", "header": "A=1, 0; B=2; Cookie=[redacted]",
	} {
		if !equal(rec[key], want) {
			t.Errorf("%s: %v, want %v", key, rec[key], want)
		}
	}
}

// hostile are the characters of bad input 52, and those that Unicode offers for the same ends.
var hostile = []string{
	"\n", "\r", "\r\n", "\x00", "\x1b[31m", "\x7f", "\b", "\t", "\v",
	"\u0085", "\u009b31m", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
	"\u200e", "\u200f", "\u061c", "\u2028", "\u2029", "\u200b", "\ufeff", "\U000e0041", "\xff\xfe", "\xc2",
}

func TestHostileCharacters(t *testing.T) {
	for _, format := range []logs.Format{logs.Text, logs.JSON} {
		for _, s := range hostile {
			forged := "user" + s + `level=ERROR msg="forged" {"level":"ERROR"}`
			var out bytes.Buffer
			l := mustNew(t, logs.Config{Format: format, Output: &out})
			l.Logger().Info(forged, forged, forged, "any", []string{forged}, "err", errors.New(forged))
			l.Logger().WithGroup(forged).With(forged, forged).Info("m", "k", "v")
			r := httptest.NewRequest("GET", "/", nil)
			r.URL.Path = "/" + forged
			r.Header["User-Agent"] = []string{forged}
			r.Method = "GET" + s
			l.Handler(answer).ServeHTTP(httptest.NewRecorder(), r)
			if got := oneLineEach(out.Bytes(), 3); got != "" {
				t.Errorf("%s with %q: %s in %q", format, s, got, &out)
			}
			if format == logs.JSON {
				if rec := records(t, &out)[0]; rec["level"] != "INFO" || rec["err"] != strings.ToValidUTF8(forged, "\ufffd") && utf8.ValidString(forged) {
					t.Errorf("JSON with %q: %v does not give back what was logged", s, rec)
				}
			}
		}
	}
}

// oneLineEach says what is wrong with the output of n records.
func oneLineEach(out []byte, n int) string {
	if got := bytes.Count(out, []byte("\n")); got != n || !bytes.HasSuffix(out, []byte("\n")) {
		return fmt.Sprintf("%d lines, want %d", got, n)
	}
	for _, r := range string(bytes.ReplaceAll(out, []byte("\n"), nil)) {
		if !unicode.IsPrint(r) {
			return fmt.Sprintf("the character %U", r)
		}
	}
	if !utf8.Valid(out) {
		return "invalid UTF-8"
	}
	return ""
}

func TestLongFieldsAreCut(t *testing.T) {
	var out bytes.Buffer
	l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out, Mask: mask})
	r := httptest.NewRequest("GET", "/", nil)
	r.Method = strings.Repeat("M", 1000)
	r.URL.Path = "/" + strings.Repeat("é", 100_000)
	// The canary stands across the place of the cut: it must be masked before.
	r.Header.Set("User-Agent", strings.Repeat("u", 245)+canary+strings.Repeat("u", 500_000))
	l.Handler(answer).ServeHTTP(httptest.NewRecorder(), r)
	if out.Len() > 2500 || leaked(out.String()) || oneLineEach(out.Bytes(), 1) != "" {
		t.Errorf("%d bytes, leaked %v, %s", out.Len(), leaked(out.String()), oneLineEach(out.Bytes(), 1))
	}
	if rec := only(t, &out); !strings.HasSuffix(rec["path"].(string), "é…") || !strings.HasSuffix(rec["method"].(string), "M…") {
		t.Errorf("path %.20q, method %q: not cut at the end of a character", rec["path"], rec["method"])
	}
}

func TestCutsLeaveNoHalfSecret(t *testing.T) {
	for n := range 1100 {
		var out bytes.Buffer
		l := mustNew(t, logs.Config{Format: logs.JSON, Output: &out, Mask: mask, RequestIDHeader: "X-Request-ID"})
		r := httptest.NewRequest("GET", "/", nil)
		fill := strings.Repeat("x", n)
		r.Method, r.URL.Path = fill+canary, "/"+fill+canary
		r.Header.Set("User-Agent", fill+canary)
		r.Header.Set("X-Request-ID", plainCanary)
		serve(l, r, func(s *httpx.State) { s.Trusted = true }, answer)
		if leaked(out.String()) || strings.Contains(out.String(), plainCanary) {
			t.Fatalf("after %d bytes part of the secret is logged", n)
		}
	}
}

// FuzzOneLine: whatever is logged, by whatever way, gives one line of harmless characters without the secret, and in
// JSON a valid record that gives the text back.
func FuzzOneLine(f *testing.F) {
	for _, s := range hostile {
		f.Add("message"+s, "key"+s, "value"+s)
	}
	f.Add(canary, canary, canary)
	f.Add(`"},{"level":"ERROR`, "time", `\u000a`)
	f.Add("x://a:b@c", "password", "://@ ://@")
	f.Fuzz(func(t *testing.T, msg, key, value string) {
		withSecret := value + " " + canary
		for _, format := range []logs.Format{logs.Text, logs.JSON} {
			var out bytes.Buffer
			l := mustNew(t, logs.Config{Format: format, Output: &out, Mask: mask})
			l.Logger().Info(msg, key, withSecret, "a", []string{withSecret}, "e", errors.New(withSecret), "s", holder{Name: withSecret})
			if got := oneLineEach(out.Bytes(), 1); got != "" {
				t.Fatalf("%s: %s in %q", format, got, &out)
			}
			if strings.Contains(out.String(), "geheim") && !strings.Contains(msg+key+value, "geheim") {
				t.Fatalf("%s: the secret is logged", format)
			}
			if format == logs.JSON {
				if !json.Valid(out.Bytes()) {
					t.Fatalf("invalid JSON: %q", &out)
				}
			}
		}
	})
}

// FuzzAccessLog: the same for what a client sends.
func FuzzAccessLog(f *testing.F) {
	for _, s := range hostile {
		f.Add("GET", "/"+s, "agent"+s, "id")
	}
	f.Add(canary, canary, canary, canary)
	f.Fuzz(func(t *testing.T, method, path, agent, id string) {
		for _, format := range []logs.Format{logs.Text, logs.JSON} {
			var out bytes.Buffer
			l := mustNew(t, logs.Config{Format: format, Output: &out, Mask: mask, RequestIDHeader: "X-Request-ID"})
			r := httptest.NewRequest("GET", "/", nil)
			r.Method, r.URL.Path = method, path
			r.Header["User-Agent"], r.Header["X-Request-Id"] = []string{agent + canary}, []string{id}
			serve(l, r, func(s *httpx.State) { s.Trusted = true }, answer)
			if got := oneLineEach(out.Bytes(), 1); got != "" {
				t.Fatalf("%s: %s in %q", format, got, &out)
			}
			if len(out.Bytes()) > 12_000 {
				t.Fatalf("%s: %d bytes", format, out.Len())
			}
			if strings.Contains(out.String(), "geheim") && !strings.Contains(method+path+agent+id, "geheim") {
				t.Fatalf("%s: the secret is logged", format)
			}
			if format == logs.JSON && !json.Valid(out.Bytes()) {
				t.Fatalf("invalid JSON: %q", &out)
			}
		}
	})
}

package errorpages_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/errorpages"
	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

type uncomparable struct{ f []string }

// quarrelsome panics when it is printed.
type quarrelsome struct{}

func (quarrelsome) Error() string { panic("no words") }

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	var nilMap map[string]int
	for _, row := range []struct {
		name  string
		panic func()
		logs  string
	}{
		{"a string", func() { panic("out of paint") }, "out of paint"},
		{"an error", func() { panic(errors.New("out of paint")) }, "out of paint"},
		{"a run-time error", func() { nilMap["x"] = 1 }, "assignment to entry in nil map"},
		{"nil", func() { panic(nil) }, "panic called with nil argument"},
		{"a value that cannot be compared", func() { panic(uncomparable{[]string{"paint"}}) }, "paint"},
		{"a value that panics when printed", func() { panic(quarrelsome{}) }, "no words"},
		{"a wrapped abort is no abort", func() { panic(fmt.Errorf("x: %w", http.ErrAbortHandler)) }, "abort Handler"},
		{"a panic while panicking", func() { defer func() { panic("second") }(); panic("first") }, "second"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var logged bytes.Buffer
			cfg := errorpages.Config{Logger: slog.New(slog.NewJSONHandler(&logged, nil))}
			res := ask(t, cfg, "GET", browser, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "5")
				row.panic()
			})
			body := read(t, res)
			if res.StatusCode != 500 || !strings.Contains(body, "Internal Server Error") || res.Header.Get("Content-Length") != "" {
				t.Errorf("%d %q, want the page", res.StatusCode, body)
			}
			for _, secret := range []string{"paint", "nil map", "goroutine", ".go:", "second", "panic"} {
				if strings.Contains(body, secret) {
					t.Errorf("the page tells %q", secret)
				}
			}
			var rec map[string]any
			if err := json.Unmarshal(logged.Bytes(), &rec); err != nil {
				t.Fatalf("log %q: %v, want one record", &logged, err)
			}
			if rec["event"] != "django.request" || rec["level"] != "ERROR" || rec["status"] != 500.0 ||
				rec["method"] != "GET" || rec["path"] != "/some/path" || !strings.Contains(rec["panic"].(string), row.logs) {
				t.Errorf("record %v, want the event, its request and %q", rec, row.logs)
			}
			stack := rec["stack"].(string)
			if !strings.Contains(stack, "panics_test.go:") || strings.HasPrefix(stack, "runtime.") {
				t.Errorf("stack begins %.200q, want where the panic was", stack)
			}
		})
	}
}

func TestAbortPassesThrough(t *testing.T) {
	var logged bytes.Buffer
	cfg := errorpages.Config{Logger: slog.New(slog.NewTextHandler(&logged, nil))}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler || logged.Len() != 0 {
			t.Errorf("recovered %v, log %q, want http.ErrAbortHandler and nothing logged", v, &logged)
		}
	}()
	ask(t, cfg, "GET", browser, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// TestPanicAfterTheHeader: a client must not take half an answer for a whole one.
func TestPanicAfterTheHeader(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		var logged bytes.Buffer
		p := mustNew(t, errorpages.Config{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		srv := httptest.NewUnstartedServer(p.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half an ans")
			_ = http.NewResponseController(w).Flush()
			panic("out of paint")
		})))
		srv.Config.ErrorLog = log.New(&logged, "", 0)
		srv.EnableHTTP2 = true
		if proto == "HTTP/2.0" {
			srv.StartTLS()
		} else {
			srv.Start()
		}
		res, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		srv.Close()
		if res.Proto != proto || res.StatusCode != 200 || err == nil || string(body) != "half an ans" {
			t.Errorf("%s: %d %q, error %v, want half an answer and a broken connection", res.Proto, res.StatusCode, body, err)
		}
		if got := logged.String(); strings.Count(got, "out of paint") != 1 || !strings.Contains(got, "header_sent=true") {
			t.Errorf("%s: log %q, want the panic once", proto, got)
		}
	}
}

func TestPanicAfterHijackIsLeftToTheHijacker(t *testing.T) {
	var logged bytes.Buffer
	p := mustNew(t, errorpages.Config{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	done := make(chan struct{}) // the server does not wait for who has taken its connection
	app := p.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 299 Mine\r\nContent-Length: 0\r\n\r\n")
		panic("out of paint")
	}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		app.ServeHTTP(w, r)
	}))
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	<-done
	srv.Close()
	if res.StatusCode != 299 || !strings.Contains(logged.String(), "out of paint") {
		t.Errorf("%d, log %q, want the hijacker's answer and the panic logged", res.StatusCode, &logged)
	}
}

// canary stands for a secret that the site has loaded.
const canary = "kan4ry-9b1e77-geheim"

func mask() secret.Mask { return secret.NewMask(secret.New(canary)) }

// leaked returns a part of eight bytes of the canary that stands in text.
func leaked(text string) string {
	for i := 0; i+8 <= len(canary); i++ {
		if strings.Contains(text, canary[i:i+8]) {
			return canary[i : i+8]
		}
	}
	return ""
}

type holder struct {
	Name string
	Key  secret.Text
	bare string
}

// hostile is a request that carries the canary wherever a request can.
func hostile(accept string) *http.Request {
	form := url.Values{"field": {canary}, canary: {"x"}}
	target := "/reset/" + canary + "/?token=" + canary + "&q=" + canary + "&" + canary + "=1&password=short&next=x://u:pw12345678@h/"
	r := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", accept)
	r.Header.Set("Authorization", "Bearer opaque-bearer-value")
	r.Header.Set("Cookie", "sessionid=opaque-session-value; "+canary+"=1; theme=dark-cookie-value")
	r.Header.Set("X-Api-Key", "opaque-api-value")
	r.Header.Set("X-Note", "says "+canary)
	r.Header.Set("Referer", "https://example.com/a?code=opaque-referer-value")
	r.Header.Set("User-Agent", "<script>alert(1)</script>"+canary)
	return r
}

// TestSecretsStayIn panics with the canary in every shape, with Debug and without, and reads page and log.
func TestSecretsStayIn(t *testing.T) {
	values := map[string]any{
		"string":      "dial db: " + canary,
		"error":       fmt.Errorf("wrapped: %w", errors.New("x://app:"+canary+"@db")),
		"url error":   &url.Error{Op: "Get", URL: "https://app:pw12345678@db/" + canary, Err: errors.New("no route")},
		"holder":      holder{"n", secret.New(canary), canary},
		"pointer":     &holder{"n", secret.New(canary), canary},
		"bytes":       []string{canary, canary},
		"map":         map[string]string{canary: canary},
		"long":        strings.Repeat("x", 4<<10-10) + canary,
		"very long":   strings.Repeat(canary, 10_000),
		"joined":      errors.Join(errors.New(canary), errors.New(canary)),
		"secret text": secret.New(canary),
	}
	opaque := []string{
		"opaque-bearer-value", "opaque-session-value", "dark-cookie-value", "opaque-api-value", "opaque-referer-value",
		"pw12345678", "password=short", "<script>alert", "setting-secret-1",
	}
	n := 0
	for name, v := range values {
		for _, accept := range []string{browser, program, curl} {
			for _, debug := range []bool{true, false} {
				var logged bytes.Buffer
				p := mustNew(t, errorpages.Config{
					Debug: debug, Mask: mask, Logger: slog.New(slog.NewJSONHandler(&logged, nil)),
					Settings: func() []errorpages.Setting {
						return []errorpages.Setting{
							{"SECRET_KEY", "setting-secret-1", "environment"}, {"DATABASE_URL", "postgres://u:pw12345678@h/d", ".env:3"},
							{"NOTE", "holds " + canary, "default " + canary},
						}
					},
				})
				w := httptest.NewRecorder()
				p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_ = r.ParseForm()
					panic(v)
				})).ServeHTTP(w, hostile(accept))
				n++
				out := w.Body.String() + fmt.Sprint(w.Header()) + logged.String()
				if part := leaked(out); part != "" {
					t.Errorf("panic with %s, debug %v, %s: part of the secret is shown (%d bytes of output)", name, debug, accept, len(out))
				}
				for _, s := range opaque {
					if strings.Contains(out, s) {
						t.Errorf("panic with %s, debug %v, %s: shows %q", name, debug, accept, s)
					}
				}
			}
		}
	}
	if n != len(values)*6 {
		t.Fatalf("%d cases, want %d", n, len(values)*6)
	}
}

// TestCutsLeaveNoHalfSecret puts the canary across every place where something is cut.
func TestCutsLeaveNoHalfSecret(t *testing.T) {
	for n := 4<<10 - 60; n < 4<<10+10; n++ {
		fill := strings.Repeat("x", n)
		for _, app := range []http.HandlerFunc{
			func(http.ResponseWriter, *http.Request) { panic(fill + canary) },
			refuse(400, errors.New(fill+canary)),
		} {
			var logged bytes.Buffer
			cfg := errorpages.Config{Debug: true, Mask: mask, Logger: slog.New(slog.NewJSONHandler(&logged, nil))}
			for _, accept := range []string{browser, curl} {
				if out := read(t, ask(t, cfg, "GET", accept, app)) + logged.String(); leaked(out) != "" {
					t.Fatalf("after %d bytes part of the secret is shown", n)
				}
			}
		}
	}
	for n := 64<<10 - 30; n < 64<<10+10; n += 3 {
		r := httptest.NewRequest("GET", "/?a="+strings.Repeat("x", n-10)+"&b="+canary, nil)
		r.Header.Set("Accept", browser)
		w := httptest.NewRecorder()
		mustNew(t, errorpages.Config{Debug: true, Mask: mask}).Handler(http.HandlerFunc(failing)).ServeHTTP(w, r)
		if leaked(w.Body.String()) != "" {
			t.Fatalf("a query of %d bytes: part of the secret is shown", n)
		}
	}
}

func TestSourceIsMasked(t *testing.T) {
	res := ask(t, errorpages.Config{Debug: true, Mask: mask}, "GET", browser, func(http.ResponseWriter, *http.Request) {
		// A comment of the source that tells kan4ry-9b1e77-geheim.
		panic("x")
	})
	if body := read(t, res); leaked(body) != "" || !strings.Contains(body, "A comment of the source that tells [redacted].") {
		t.Errorf("want the source with the secret masked (%d bytes)", len(body))
	}
}

func TestRefusalsCauseIsMaskedToo(t *testing.T) {
	for _, accept := range []string{browser, program, curl} {
		res := ask(t, errorpages.Config{Debug: true, Mask: mask}, "GET", accept, refuse(403, errors.New("because of "+canary)))
		body := read(t, res)
		if leaked(body) != "" || !strings.Contains(body, "because of [redacted]") {
			t.Errorf("Accept %s: want the cause, masked (%d bytes)", accept, len(body))
		}
		res = ask(t, errorpages.Config{Mask: mask}, "GET", accept, refuse(403, errors.New("because of it")))
		if body := read(t, res); strings.Contains(body, "because") {
			t.Errorf("Accept %s: without Debug the cause is shown: %q", accept, body)
		}
	}
}

func TestDebugPage(t *testing.T) {
	outer := fmt.Errorf("saving the post: %w", errors.New("disk <full>"))
	settings := func() []errorpages.Setting {
		return []errorpages.Setting{
			{"ALLOWED_HOSTS", "example.com", ".env:3"}, {"SECRET_KEY", "x", "environment"},
			{"SESSION_COOKIE_AGE", "336h0m0s", "default"}, {"API_TOKEN", "14609", "environment"},
		}
	}
	p := mustNew(t, errorpages.Config{Debug: true, Settings: settings})
	r := httptest.NewRequest("POST", "/posts/%3Cb%3E?page=2&token=t0ken", strings.NewReader("title=typed-title&body=typed-body"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", browser)
	r.Header.Set("X-Custom", "<i>custom</i>")
	r.Header.Set("Cookie", "theme=dark-value; csrftoken=csrf-value")
	r.RemoteAddr = "192.0.2.7:4711"
	w := httptest.NewRecorder()
	p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		httpx.From(r.Context()).SetID("id-1")
		_ = r.ParseForm()
		password := "typed into the source" // the excerpt hides the literal
		panic(errors.Join(outer, errors.New("second"+password[:0])))
	})).ServeHTTP(w, r)
	body := w.Body.String()
	for _, want := range []string{
		"500 Internal Server Error", "Request id-1", "POST", "/posts/&lt;b&gt;", "192.0.2.7",
		"saving the post: disk &lt;full&gt;", "*errors.errorString: disk &lt;full&gt;", "*errors.errorString: second", "*errors.joinError",
		"TestDebugPage", "panics_test.go:", "panic(errors.Join(outer",
		"X-Custom", "&lt;i&gt;custom&lt;/i&gt;", "page", "theme", "csrftoken", "title", "body",
		"ALLOWED_HOSTS", "example.com", ".env:3", "[redacted]", "336h0m0s",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"dark-value", "csrf-value", "t0ken", "typed-title", "typed-body", "<i>custom", "<b>", "<full>", "typed into the source"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page shows %q", bad)
		}
	}
	if w.Code != 500 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestDebugPageReadsNoBody(t *testing.T) {
	r := httptest.NewRequest("POST", "/", unreadableBody{t})
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", browser)
	mustNew(t, errorpages.Config{Debug: true}).Handler(http.HandlerFunc(failing)).ServeHTTP(httptest.NewRecorder(), r)
}

type unreadableBody struct{ t *testing.T }

func (u unreadableBody) Read([]byte) (int, error) {
	u.t.Error("the page reads the request's body")
	return 0, io.EOF
}

// TestDebugPageIsBounded feeds it what a client can make large.
func TestDebugPageIsBounded(t *testing.T) {
	r := httptest.NewRequest("GET", "/"+strings.Repeat("p", 100_000)+"?"+strings.Repeat("a=1&", 100_000), nil)
	r.Header.Set("Accept", browser)
	r.Header.Set("Cookie", strings.Repeat("a=1; ", 100_000))
	r.Header.Set("X-Long", strings.Repeat("x", 500_000))
	for i := range 10_000 {
		r.Header.Set(fmt.Sprintf("X-H-%d", i), "v")
	}
	w := httptest.NewRecorder()
	mustNew(t, errorpages.Config{Debug: true}).Handler(http.HandlerFunc(failing)).ServeHTTP(w, r)
	if w.Code != 500 || w.Body.Len() > 200_000 {
		t.Errorf("%d, %d bytes, want a page under 200 kB", w.Code, w.Body.Len())
	}
}

package errorpages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/errorpages"
	"github.com/airworthy-go/airworthy/internal/httpx"
)

// What three kinds of client send.
const (
	browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	program = "application/json, text/plain, */*"
	curl    = "*/*"
)

func mustNew(t testing.TB, cfg errorpages.Config) *errorpages.Pages {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	p, err := errorpages.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ask runs app behind the pages.
func ask(t testing.TB, cfg errorpages.Config, method, accept string, app http.HandlerFunc) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/some/path?q=echo", nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	mustNew(t, cfg).Handler(app).ServeHTTP(w, r)
	return w.Result()
}

func read(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func refuse(status int, cause error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { httpx.Refuse(w, r, status, cause) }
}

func failing(w http.ResponseWriter, _ *http.Request) { panic(errors.New("the inner cause")) }

func TestForms(t *testing.T) {
	const (
		page    = "text/html; charset=utf-8"
		problem = "application/problem+json"
		text    = "text/plain; charset=utf-8"
	)
	for _, row := range []struct {
		name, accept, want string
	}{
		{"a browser gets the page", browser, page},
		{"htmx gets the page", "text/html, */*", page},
		{"XHTML counts as HTML", "application/xhtml+xml", page},
		{"capitals are the same", "TEXT/HTML", page},
		{"axios gets JSON", program, problem},
		{"a client of RFC 9457 gets JSON", "application/problem+json", problem},
		{"curl gets text", curl, text},
		{"no Accept gets text", "", text},
		{"an image gets text", "image/avif,image/webp,*/*;q=0.8", text},
		{"weights are heeded", "text/html;q=0.5, application/json;q=0.6", problem},
		{"text by weight", "text/html;q=0.5, text/plain", text},
		{"q=0 refuses", "text/html;q=0, */*", text},
		{"q=0.000 refuses", "text/html;q=0.000", text},
		{"a q over 1 is not asked for", "text/html;q=2", text},
		{"a q of four digits is not asked for", "text/html;q=0.1234", text},
		{"a q a little over 1 is not asked for", "text/html;q=1.001", text},
		{"a q that is no number is not asked for", "text/html;q=x", text},
		{"other parameters pass", "text/html;level=1;Q=0.9, application/json;q=0.8", page},
		{"an Accept of 1 MB gets text", browser + strings.Repeat(",a/b;q=0.1", 100_000), text},
		{"many q are no trouble", "text/html" + strings.Repeat(";q=1", 400), page},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := ask(t, errorpages.Config{}, "GET", row.accept, refuse(403, nil))
			body := read(t, res)
			if got := res.Header.Get("Content-Type"); got != row.want || res.StatusCode != 403 {
				t.Errorf("%d %s, want 403 %s", res.StatusCode, got, row.want)
			}
			if !strings.Contains(body, "Forbidden") || strings.Contains(body, "echo") || strings.Contains(body, "some/path") {
				t.Errorf("body %q, want the title and nothing of the request", body)
			}
		})
	}
}

func TestAcceptOnSeveralLines(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Accept"] = []string{"image/png", "text/html"}
	w := httptest.NewRecorder()
	mustNew(t, errorpages.Config{}).Handler(refuse(404, nil)).ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q, want HTML: the lines are one list", got)
	}
}

func TestProblem(t *testing.T) {
	res := ask(t, errorpages.Config{}, "GET", program, func(w http.ResponseWriter, r *http.Request) {
		httpx.From(r.Context()).SetID("abc-123")
		httpx.Refuse(w, r, 404, errors.New("hidden"))
	})
	if got, want := read(t, res), `{"status":404,"title":"Not Found","request_id":"abc-123"}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestErrorHeaders holds that an error keeps what protects and drops what described the lost answer.
func TestErrorHeaders(t *testing.T) {
	for _, status := range []int{400, 403, 404, 500, 0} {
		panics := status == 0
		res := ask(t, errorpages.Config{Logger: slog.New(slog.DiscardHandler)}, "GET", browser, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			for _, name := range []string{
				"Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "ETag", "Last-Modified",
				"Expires", "Accept-Ranges", "Content-Language", "Content-Location",
			} {
				h.Set(name, "7")
			}
			h.Set("Cache-Control", "public, max-age=31536000")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Strict-Transport-Security", "max-age=3600")
			h.Set("Content-Security-Policy", "default-src 'self'")
			h.Set("Set-Cookie", "sessionid=; Max-Age=0")
			if panics {
				panic("a bug")
			}
			http.Error(w, "plain", status)
		})
		for name, want := range map[string]string{
			"Content-Length": "", "Content-Encoding": "", "Content-Disposition": "", "Content-Range": "", "ETag": "",
			"Last-Modified": "", "Expires": "", "Accept-Ranges": "", "Content-Language": "", "Content-Location": "",
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Strict-Transport-Security": "max-age=3600",
			"Content-Security-Policy": "default-src 'self'",
			"Set-Cookie":              "sessionid=; Max-Age=0", // bad input 25: a logout that ends in an error still logs out
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%d: %s: %q, want %q (bad inputs 26, 46)", status, name, got, want)
			}
		}
	}
}

func TestStatuses(t *testing.T) {
	for _, row := range []struct {
		asked, want int
		title       string
	}{
		{400, 400, "Bad Request"}, {403, 403, "Forbidden"}, {404, 404, "Not Found"}, {405, 405, "Method Not Allowed"},
		{429, 429, "Too Many Requests"}, {500, 500, "Internal Server Error"}, {503, 503, "Service Unavailable"},
		{418, 418, "teapot"}, {499, 499, "Error"}, {200, 500, "Internal Server Error"}, {0, 500, "Internal Server Error"},
		{999, 500, "Internal Server Error"}, {302, 500, "Internal Server Error"},
	} {
		for _, accept := range []string{browser, program, curl} {
			res := ask(t, errorpages.Config{}, "GET", accept, refuse(row.asked, nil))
			if body := read(t, res); res.StatusCode != row.want || !strings.Contains(body, row.title) {
				t.Errorf("status %d: got %d %q, want %d with %q", row.asked, res.StatusCode, body, row.want, row.title)
			}
		}
	}
}

func TestServeErrorAfterTheHeaderDoesNothing(t *testing.T) {
	res := ask(t, errorpages.Config{}, "GET", browser, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "an answer")
		httpx.Refuse(w, r, 403, nil)
	})
	if body := read(t, res); res.StatusCode != 200 || body != "an answer" {
		t.Errorf("%d %q, want the answer alone", res.StatusCode, body)
	}
}

func TestHeadHasTheHeaderOfGetAndNoBody(t *testing.T) {
	get := ask(t, errorpages.Config{}, "GET", browser, http.NotFound)
	head := ask(t, errorpages.Config{}, "HEAD", browser, http.NotFound)
	if body := read(t, head); body != "" {
		t.Errorf("HEAD got the body %q", body)
	}
	if head.StatusCode != 404 || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
		t.Errorf("HEAD got %d %v, GET %v", head.StatusCode, head.Header, get.Header)
	}
}

func TestReplaces(t *testing.T) {
	plain := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "the application's text", status) }
	}
	own := func(change func(http.Header)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Content-Type-Options", "nosniff") // as the headers part sets it on every answer
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			change(w.Header())
			w.WriteHeader(404)
			_, _ = io.WriteString(w, "the application's text")
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /some/path", func(http.ResponseWriter, *http.Request) {})
	for _, row := range []struct {
		name, accept string
		app          http.HandlerFunc
		status       int
		replaced     bool
	}{
		{"http.NotFound", browser, http.NotFound, 404, true},
		{"a method that the mux does not have", browser, mux.ServeHTTP, 405, true},
		{"http.Error 400", browser, plain(400), 400, true},
		{"http.Error 403", browser, plain(403), 403, true},
		{"http.Error 500", browser, plain(500), 500, true},
		{"http.Error 503", browser, plain(503), 503, true},
		{"http.Error 401 says how to log in", browser, plain(401), 401, false},
		{"http.Error 422 says what is wrong with a form", browser, plain(422), 422, false},
		{"http.Error 429 stays", browser, plain(429), 429, false},
		{"a program that asks for JSON gets the text", program, plain(404), 404, false},
		{"curl gets the text", curl, plain(404), 404, false},
		{"no Accept gets the text", "", plain(404), 404, false},
		{"text/plain alone is the application's own", browser, own(func(h http.Header) { h.Set("Content-Type", "text/plain") }), 404, false},
		{"HTML is the application's own", browser, own(func(h http.Header) { h.Set("Content-Type", "text/html; charset=utf-8") }), 404, false},
		{"JSON is the application's own", browser, own(func(h http.Header) { h.Set("Content-Type", "application/json") }), 404, false},
		{"no type is the application's own", browser, own(func(h http.Header) { h.Del("Content-Type") }), 404, false},
		{"a length is the application's own", browser, own(func(h http.Header) { h.Set("Content-Length", "22") }), 404, false},
		{"without nosniff it is not http.Error", browser, own(func(h http.Header) { h.Del("X-Content-Type-Options") }), 404, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := ask(t, errorpages.Config{}, "GET", row.accept, row.app)
			body := read(t, res)
			if res.StatusCode != row.status || strings.HasPrefix(body, "<!doctype html>") != row.replaced {
				t.Errorf("%d %q, want %d, replaced %v", res.StatusCode, body, row.status, row.replaced)
			}
			if row.replaced && strings.Contains(body, "application's text") {
				t.Errorf("both texts went out: %q", body)
			}
		})
	}
	t.Run("the mux's Allow survives", func(t *testing.T) {
		if res := ask(t, errorpages.Config{}, "GET", browser, mux.ServeHTTP); res.Header.Get("Allow") != "POST" {
			t.Errorf("Allow %q, want POST", res.Header.Get("Allow"))
		}
	})
}

func TestTemplates(t *testing.T) {
	files := fstest.MapFS{
		"404.html":      {Data: []byte(`{{template "head.html" .}}<p>mine {{.Status}} {{.Title}} {{.RequestID}} {{.Nonce}}</p>`)},
		"403.html":      {Data: []byte(`mine 403`)},
		"head.html":     {Data: []byte(`<title>{{.Title}}</title>`)},
		"403_csrf.html": {Data: []byte(`mine csrf {{.Message}}`)},
		"notes.txt":     {Data: []byte(`{{ not a template`)},
	}
	forged := errors.New("forged")
	cfg := errorpages.Config{
		Templates: files,
		CSRF:      func(cause error) bool { return errors.Is(cause, forged) },
		Nonce:     func(context.Context) string { return "NONCE" },
	}
	for _, row := range []struct {
		name string
		app  http.HandlerFunc
		want string
	}{
		{"a page of the application's own", func(w http.ResponseWriter, r *http.Request) {
			httpx.From(r.Context()).SetID("<id>")
			http.NotFound(w, r)
		}, "<title>Not Found</title><p>mine 404 Not Found &lt;id&gt; NONCE</p>"},
		{"403 for a refusal", refuse(403, errors.New("other")), "mine 403"},
		{"403_csrf for a forged form", refuse(403, forged), "mine csrf This form could not be verified. Please go back, " +
			"reload the page and send it again. Cookies must be allowed for this site."},
	} {
		if got := read(t, ask(t, cfg, "GET", browser, row.app)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if got := read(t, ask(t, cfg, "GET", browser, refuse(500, nil))); !strings.Contains(got, "Internal Server Error") {
		t.Errorf("500 has no template and got %q, want the built-in page", got)
	}
	delete(files, "403_csrf.html")
	if got := read(t, ask(t, cfg, "GET", browser, refuse(403, forged))); got != "mine 403" {
		t.Errorf("a forged form without 403_csrf.html got %q, want 403.html", got)
	}
}

func TestNewReportsEveryTemplate(t *testing.T) {
	_, err := errorpages.New(errorpages.Config{Templates: fstest.MapFS{
		"404.html":  {Data: []byte(`{{.Titel}}`)},
		"500.html":  {Data: []byte(`{{.Title`)},
		"403.html":  {Data: []byte(`{{template "missing.html"}}`)},
		"400.html":  {Data: []byte(`fine {{.Title}}`)},
		"part.html": {Data: []byte(`{{end}}`)},
	}})
	if err == nil {
		t.Fatal("faulty templates were accepted")
	}
	for _, want := range []string{"500.html", "part.html"} {
		if !strings.Contains(err.Error(), "errorpages: Templates: "+want+": ") {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
	_, err = errorpages.New(errorpages.Config{Templates: fstest.MapFS{
		"404.html": {Data: []byte(`{{.Titel}}`)},
		"403.html": {Data: []byte(`{{template "missing.html"}}`)},
		"400.html": {Data: []byte(`fine`)},
	}})
	if err == nil || !strings.Contains(err.Error(), "404.html: ") || !strings.Contains(err.Error(), "403.html: ") ||
		strings.Contains(err.Error(), "400.html") {
		t.Errorf("error %v, want the two pages that fail when tried", err)
	}
	if _, err := errorpages.New(errorpages.Config{Templates: fstest.MapFS{"templates/404.html": {}}}); err == nil ||
		!strings.Contains(err.Error(), "fs.Sub") {
		t.Errorf("error %v, want the remedy for templates in a directory", err)
	}
	if _, err := errorpages.New(errorpages.Config{Templates: unreadable{}}); err == nil {
		t.Error("a directory that cannot be read was accepted")
	}
}

type unreadable struct{}

func (unreadable) Open(string) (fs.File, error) { return nil, errors.New("no disk") }

// TestFailingTemplate holds that a page which fails when it is needed is never an empty or a successful answer.
func TestFailingTemplate(t *testing.T) {
	tries := 0
	cfg := errorpages.Config{
		Templates: fstest.MapFS{
			"500.html": {Data: []byte(`half a page {{.Nonce}}`)},
			"404.html": {Data: []byte(`{{if eq .RequestID "SAMPLE"}}x{{end}}`)}, // empty but for New's trial
		},
		Nonce: func(context.Context) string { tries++; panic("no nonce " + canary) },
		Mask:  mask,
	}
	var logged bytes.Buffer
	cfg.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	res := ask(t, cfg, "GET", browser, refuse(500, nil))
	body := read(t, res)
	if res.StatusCode != 500 || !strings.Contains(body, "500 Internal Server Error") || strings.Contains(body, "half") || tries != 1 {
		t.Errorf("%d %q after %d tries, want the plainest page", res.StatusCode, body, tries)
	}
	if leaked(logged.String()) != "" || !strings.Contains(logged.String(), "airworthy.template") || !strings.Contains(logged.String(), "500.html") {
		t.Errorf("log does not name the template, or shows the secret (%d bytes)", logged.Len())
	}
	res = ask(t, cfg, "GET", browser, http.NotFound)
	if body := read(t, res); res.StatusCode != 404 || !strings.Contains(body, "404 Not Found") {
		t.Errorf("%d %q for an empty page, want the plainest page", res.StatusCode, body)
	}
}

// TestStrictPolicy holds that the built-in pages need nothing that a strict policy forbids: no style without a nonce,
// no script, nothing from elsewhere.
func TestStrictPolicy(t *testing.T) {
	for _, debug := range []bool{false, true} {
		for nonce, want := range map[string]bool{"": false, "abc123": true} {
			cfg := errorpages.Config{Debug: debug}
			if nonce != "" {
				cfg.Nonce = func(context.Context) string { return nonce }
			}
			body := read(t, ask(t, cfg, "GET", browser, refuse(500, errors.New("a cause"))))
			if got := strings.Contains(body, `<style nonce="abc123">`); got != want || strings.Count(body, "<style") > 1 {
				t.Errorf("debug %v: style with nonce: %v, want %v", debug, got, want)
			}
			for _, bad := range []string{"style=", "<script", "<link", "<img", "src=", "http://", "https://", "onclick", "@import", "url("} {
				if strings.Contains(body, bad) {
					t.Errorf("debug %v: the page contains %s", debug, bad)
				}
			}
			for _, good := range []string{`<html lang="en">`, `<title>`, `name="viewport"`, `content="light dark"`, `noindex`} {
				if !strings.Contains(body, good) {
					t.Errorf("debug %v: the page lacks %s", debug, good)
				}
			}
		}
	}
}

func TestChecks(t *testing.T) {
	checktest.Run(t, errorpages.Config.Checks, []checktest.Case[errorpages.Config]{
		{ID: "security.W018", Raises: errorpages.Config{Debug: true}, Clean: errorpages.Config{}},
	})
}

// TestWantsCause holds that only answers which are the same whatever the cause go without one.
func TestWantsCause(t *testing.T) {
	for _, debug := range []bool{false, true} {
		p := mustNew(t, errorpages.Config{Debug: debug, CSRF: func(error) bool { return true }})
		for _, accept := range []string{browser, program, curl, "", "text/plain", "text/html;q=0"} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header["Accept"] = []string{accept}
			with, without := httptest.NewRecorder(), httptest.NewRecorder()
			p.ServeError(with, r, 403, errors.New("the cause"))
			p.ServeError(without, r, 403, nil)
			if differ := with.Body.String() != without.Body.String(); differ && !p.WantsCause(r) {
				t.Errorf("debug %t, Accept %q: the answer depends on a cause that is not wanted", debug, accept)
			}
		}
		plain := httptest.NewRequest("GET", "/", nil)
		if got := p.WantsCause(plain); got != debug {
			t.Errorf("debug %t: a program's request wants a cause: %t", debug, got)
		}
	}
}

func FuzzAccept(f *testing.F) {
	for _, s := range []string{browser, program, curl, "", "text/html;q=0.5, application/json;q=0.6", ";;;,,,q=", "text/html;q=1.001"} {
		f.Add(s)
	}
	p := mustNew(f, errorpages.Config{})
	f.Fuzz(func(t *testing.T, accept string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept"] = []string{accept}
		w := httptest.NewRecorder()
		p.ServeError(w, r, 404, nil)
		lower := strings.ToLower(accept)
		named := map[string]bool{
			"text/html; charset=utf-8":  strings.Contains(lower, "html"),
			"application/problem+json":  strings.Contains(lower, "json"),
			"text/plain; charset=utf-8": true,
		}
		if got := w.Header().Get("Content-Type"); !named[got] {
			t.Errorf("Accept %q got %s without asking for it", accept, got)
		}
		if w.Header().Get("Content-Type") == "application/problem+json" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("invalid JSON %q", w.Body)
		}
		// A list with one more range that is never chosen means the same.
		r.Header["Accept"] = []string{accept, "image/png"}
		again := httptest.NewRecorder()
		p.ServeError(again, r, 404, nil)
		if len(accept) < 1000 && again.Header().Get("Content-Type") != w.Header().Get("Content-Type") {
			t.Errorf("Accept %q: %s, with image/png %s", accept, w.Header().Get("Content-Type"), again.Header().Get("Content-Type"))
		}
	})
}

func TestAllocations(t *testing.T) {
	h := mustNew(t, errorpages.Config{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}))
	w := httptest.NewRecorder()
	_, w2, r := httpx.Begin(w, httptest.NewRequest("GET", "/", nil))
	if got := testing.AllocsPerRun(100, func() { h.ServeHTTP(w2, r) }); got > 0 {
		t.Errorf("%v allocations for a request that does not fail, want 0", got)
	}
}

// A flood of refusals that are not all logged has no ids made for it.
func TestIDsOfTextAnswers(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		asked  bool // for the id, as a record in the log does
		accept string
		want   bool
	}{
		{"a refusal of which the log says nothing", 403, false, "", false},
		{"a refusal that has been logged", 403, true, "", true},
		{"a fault of ours", 500, false, "", true},
		{"a page for a browser", 403, false, "text/html", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			s, sw, r := httpx.Begin(w, httptest.NewRequest("GET", "/", nil))
			s.EnableID()
			r.Header.Set("Accept", row.accept)
			if row.asked {
				s.ID()
			}
			mustNew(t, errorpages.Config{}).ServeError(sw, r, row.status, nil)
			if got := strings.Contains(w.Body.String(), "Request"); got != row.want {
				t.Errorf("an id in the answer: got %v, want %v: %s", got, row.want, w.Body)
			}
		})
	}
}

func BenchmarkHandler(b *testing.B) {
	h := mustNew(b, errorpages.Config{}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	_, w, r := httpx.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

func BenchmarkNotFound(b *testing.B) {
	h := mustNew(b, errorpages.Config{}).Handler(http.HandlerFunc(http.NotFound))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", browser)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

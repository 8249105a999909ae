package probe_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// site is an application that does everything right, by hand and without our parts, save what a test breaks.
type site struct {
	claims probe.Claims
	broken func(next http.Handler) http.Handler // wraps the whole site
}

const own = "www.example.com"

func safe(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", `camera=(), geolocation=(self "https://maps.example.com"), fullscreen=*`)
	nonce := rand.Text()
	h.Set("Content-Security-Policy", "default-src 'self'; script-src 'nonce-"+nonce+"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	refuse := func(status int) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<h1>%d</h1>", status)
	}
	switch {
	case r.URL.Path == "/healthz":
		h.Set("Content-Type", "text/plain")
		fmt.Fprint(w, "ok")
		return
	case r.Host != own:
		refuse(400)
		return
	case r.TLS == nil:
		http.Redirect(w, r, "https://"+own+r.RequestURI, http.StatusMovedPermanently)
		return
	}
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	http.SetCookie(w, &http.Cookie{Name: "__Host-sessionid", Value: "s3cr3t-value", Path: "/", Secure: true,
		HttpOnly: true, SameSite: http.SameSiteLaxMode})
	switch {
	case r.Method == "POST":
		refuse(403)
	case r.Method != "GET" && r.Method != "HEAD":
		h.Set("Allow", "GET, HEAD")
		refuse(405)
	case r.URL.Path == "/.well-known/security.txt":
		h.Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "Contact: mailto:security@example.com\nExpires: %s\n", time.Now().AddDate(0, 6, 0).Format(time.RFC3339))
	case r.URL.Path == "/fail":
		refuse(500)
	case r.URL.Path != "/" && r.URL.Path != "/about":
		refuse(404)
	default:
		fmt.Fprintf(w, `<!doctype html><script nonce="%s"></script>`, nonce)
	}
}

func (s site) checks() []check.Check {
	var h http.Handler = http.HandlerFunc(safe)
	if s.broken != nil {
		h = s.broken(h)
	}
	if s.claims.Host == "" {
		s.claims.Host = own
	}
	return probe.Checks(probe.InProcess(h), s.claims)
}

func promises() probe.Claims {
	return probe.Claims{Host: own, Paths: []string{"/", "/about"}, FailPath: "/fail", HealthPath: "/healthz", AdminPath: "/ops-7f3k", Tokens: true}
}

func TestASafeSiteHasNoFindings(t *testing.T) {
	r := check.Run(t.Context(), site{claims: promises()}.checks(), check.Options{Deploy: true})
	if len(r.Findings)+len(r.NotRun) > 0 {
		t.Errorf("findings = %+v, not run = %+v, want none", r.Findings, r.NotRun)
	}
	if r.Ran < 40 {
		t.Errorf("ran %d checks, want all", r.Ran)
	}
}

// TestFewRequests holds the numbers that docs and the package comment name.
func TestFewRequests(t *testing.T) {
	everything := header(func(status int, h http.Header) { h.Set("Content-Type", "text/html; charset=utf-8") })
	files := at("/", 200, `<script src="/static/js/a.js"></script><link rel=stylesheet href="/static/css/a.css"><img src="/media/a.png">`)
	for name, s := range map[string]site{
		"in process":                   {claims: probe.Claims{Host: own, Tokens: true, HealthPath: "/healthz", AdminPath: "/ops-7f3k", FailPath: "/fail"}},
		"outside, a page with files":   {claims: probe.Claims{Host: own, Outside: true}, broken: files},
		"outside, refusals everywhere": {claims: probe.Claims{Host: own, Outside: true}, broken: at("/", 403, "no")},
	} {
		n := 0
		broken := s.broken
		s.broken = func(next http.Handler) http.Handler {
			if broken != nil {
				next = broken(next)
			}
			next = everything(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n++; next.ServeHTTP(w, r) })
		}
		check.Run(t.Context(), s.checks(), check.Options{Deploy: true})
		t.Logf("%s: %d requests", name, n)
		if n < 30 || n > 70 {
			t.Errorf("%s: %d requests were sent, want between 30 and 70", name, n)
		}
	}
}

// before answers the requests for which it returns true itself.
func before(f func(w http.ResponseWriter, r *http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !f(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}
}

// onHeader changes every answer's header as it goes out.
type onHeader struct {
	http.ResponseWriter
	edit func(status int, h http.Header)
	done bool
}

func (w *onHeader) WriteHeader(status int) {
	w.done = true
	w.edit(status, w.Header())
	w.ResponseWriter.WriteHeader(status)
}

func (w *onHeader) Write(p []byte) (int, error) {
	if !w.done {
		w.WriteHeader(200)
	}
	return w.ResponseWriter.Write(p)
}

func header(edit func(status int, h http.Header)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&onHeader{ResponseWriter: w, edit: edit}, r)
		})
	}
}

func set(name, value string) func(http.Handler) http.Handler {
	return header(func(_ int, h http.Header) { h.Set(name, value) })
}

func framing(options, policy string, status int) func(http.Handler) http.Handler {
	return header(func(got int, h http.Header) {
		if status == 0 || got == status {
			h.Set("X-Frame-Options", options)
			h.Set("Content-Security-Policy", policy)
		}
	})
}

// page answers the page for status itself.
func page(status int, body string) func(http.Handler) http.Handler {
	return before(func(w http.ResponseWriter, r *http.Request) bool {
		if status == 404 && !strings.HasPrefix(r.URL.Path, "/airworthy") || status == 500 && r.URL.Path != "/fail" {
			return false
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(body, "PATH", r.URL.Path))
		return true
	})
}

// at answers requests for paths that begin with path itself.
func at(path string, status int, body string, headers ...string) func(http.Handler) http.Handler {
	return before(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, path) || r.TLS == nil || r.Method != "GET" {
			return false
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	})
}

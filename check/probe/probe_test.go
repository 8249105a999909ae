package probe_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
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

// seeing shows the site a request that edit has changed.
func seeing(edit func(r *http.Request)) func(http.Handler) http.Handler {
	return before(func(_ http.ResponseWriter, r *http.Request) bool { edit(r); return false })
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

// without drops a header from answers with the status, 0 for any.
func without(name string, status int) func(http.Handler) http.Handler {
	return header(func(got int, h http.Header) {
		if status == 0 || got == status {
			h.Del(name)
		}
	})
}

func set(name, value string) func(http.Handler) http.Handler {
	return header(func(_ int, h http.Header) { h.Set(name, value) })
}

// framing changes what is said about frames in answers with the status, 0 for any.
func framing(options, policy string, status int) func(http.Handler) http.Handler {
	return header(func(got int, h http.Header) {
		if status == 0 || got == status {
			h.Set("X-Frame-Options", options)
			h.Set("Content-Security-Policy", policy)
		}
	})
}

func addCookie(c string) func(http.Handler) http.Handler {
	return header(func(status int, h http.Header) {
		if status == 200 {
			h.Add("Set-Cookie", c)
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

func TestChecks(t *testing.T) {
	type row = checktest.Case[site]
	breaks := func(id string, f func(http.Handler) http.Handler) row {
		return row{ID: id, Raises: site{promises(), f}, Clean: site{claims: promises()}}
	}
	// still is a row whose Clean is the site with something else changed that must be left alone.
	still := func(r row, f func(http.Handler) http.Handler) row { r.Clean.broken = f; return r }
	// admitted is a row whose Clean has the same fault, which the claims admit.
	admitted := func(r row, edit func(*probe.Claims)) row {
		r.Clean.broken = r.Raises.broken
		edit(&r.Clean.claims)
		return r
	}
	outside := func(r row) row { r.Raises.claims.Outside, r.Clean.claims.Outside = true, true; return r }
	post := func(f func(r *http.Request) bool, status int) func(http.Handler) http.Handler {
		return before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != "POST" || !f(r) {
				return false
			}
			w.WriteHeader(status)
			return true
		})
	}
	foreign := func(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Site") == "cross-site" }
	onlyOrigin := func(r *http.Request) bool { return r.Header.Get("Origin") != "" && !foreign(r) }
	bare := func(r *http.Request) bool { return r.Header.Get("Origin") == "" }
	anyHost := seeing(func(r *http.Request) { r.Host = own })
	hostPrefix := seeing(func(r *http.Request) {
		if strings.HasPrefix(r.Host, own) {
			r.Host = own
		}
	})
	plain := func(status int, location string) func(http.Handler) http.Handler {
		return before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.TLS != nil || r.URL.Path == "/healthz" {
				return false
			}
			w.Header().Set("Location", location)
			w.WriteHeader(status)
			return true
		})
	}
	const form = `<form><input name="p" type=password>`
	// everywhere answers every path that there is not with what f makes of it.
	everywhere := func(f func(path string) string, gone ...string) func(http.Handler) http.Handler {
		return before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != "GET" || r.TLS == nil || r.Host != own || strings.HasPrefix(r.URL.Path, "/airworthy") || len(r.URL.Path) < 9 {
				return false
			}
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Request-Id", rand.Text())
			status := 404
			if slices.Contains(gone, r.URL.Path) {
				status = 410
			}
			w.WriteHeader(status)
			fmt.Fprint(w, f(r.URL.Path))
			return true
		})
	}
	believesProto := seeing(func(r *http.Request) {
		if r.Header.Get("X-Forwarded-Proto") == "http" {
			r.TLS = nil
		}
	})

	rows := []row{
		breaks("probe.E001", anyHost),
		breaks("probe.E001", hostPrefix),
		still(breaks("probe.E001", anyHost), seeing(func(r *http.Request) { r.Host = strings.ToLower(r.Host) })),
		breaks("probe.E002", seeing(func(r *http.Request) {
			if h := r.Header.Get("X-Forwarded-Host"); h != "" {
				r.Host = h
			}
		})),
		breaks("probe.E002", before(func(w http.ResponseWriter, r *http.Request) bool {
			fmt.Fprintf(w, `<a href="https://%s/">`, r.Header.Get("X-Forwarded-Host"))
			return true
		})),
		breaks("probe.E002", before(func(w http.ResponseWriter, r *http.Request) bool { // only the redirect tells
			h := r.Header.Get("X-Forwarded-Host")
			if h == "" || r.TLS != nil {
				return false
			}
			http.Redirect(w, r, "https://"+h+"/", http.StatusMovedPermanently)
			return true
		})),
		breaks("probe.E003", believesProto),
		breaks("probe.E003", before(func(w http.ResponseWriter, r *http.Request) bool {
			return r.TLS == nil && r.Header.Get("X-Forwarded-Proto") == "https"
		})),

		breaks("probe.E004", plain(200, "")),
		breaks("probe.E004", plain(301, "http://www.example.com/?airworthy=probe")),
		breaks("probe.E004", plain(301, "/?airworthy=probe")),
		breaks("probe.E004", plain(301, "https://other.example/?airworthy=probe")),
		breaks("probe.E004", plain(301, "https://www.example.com/")),
		breaks("probe.E004", plain(302, "https://www.example.com/?airworthy=probe")),
		still(breaks("probe.E004", plain(200, "")), plain(308, "https://WWW.example.com/?airworthy=probe")),
		admitted(breaks("probe.E004", plain(200, "")), func(c *probe.Claims) { c.InsecureHTTP = true }),

		breaks("probe.W005", without("Strict-Transport-Security", 0)),
		breaks("probe.W005", without("Strict-Transport-Security", 404)),
		breaks("probe.W005", without("Strict-Transport-Security", 403)),
		breaks("probe.W005", header(func(_ int, h http.Header) { h.Add("Strict-Transport-Security", "max-age=1") })),
		breaks("probe.W005", set("Strict-Transport-Security", "max-age=0")),
		breaks("probe.W005", set("Strict-Transport-Security", "includeSubDomains")),
		breaks("probe.W005", set("Strict-Transport-Security", "max-age=-1")),
		admitted(breaks("probe.W005", without("Strict-Transport-Security", 0)),
			func(c *probe.Claims) { c.InsecureNoHSTS = true }),
		breaks("probe.W006", header(func(status int, h http.Header) {
			if status == 301 {
				h.Set("Strict-Transport-Security", "max-age=1")
			}
		})),
		breaks("probe.W006", header(func(status int, h http.Header) {
			if status == 400 {
				h.Set("Strict-Transport-Security", "max-age=1")
			}
		})),
		outside(breaks("probe.I007", set("Strict-Transport-Security", "max-age=15551999"))),
		still(outside(breaks("probe.I007", set("Strict-Transport-Security", "max-age=0300"))),
			set("Strict-Transport-Security", "includeSubDomains; Max-Age=\"15552000\"")),

		breaks("probe.W008", without("X-Content-Type-Options", 200)),
		breaks("probe.W008", without("X-Content-Type-Options", 400)),
		breaks("probe.W008", without("X-Content-Type-Options", 403)),
		breaks("probe.W008", without("X-Content-Type-Options", 404)),
		breaks("probe.W008", without("X-Content-Type-Options", 405)),
		breaks("probe.W008", without("X-Content-Type-Options", 500)),
		breaks("probe.W008", set("X-Content-Type-Options", "sniff")),
		breaks("probe.W009", framing("", "default-src 'self'", 404)),
		breaks("probe.W009", framing("ALLOWALL", "default-src 'self'", 0)),
		still(breaks("probe.W009", framing("", "frame-ancestors *", 0)), framing("", "frame-ancestors 'none'", 0)),
		still(breaks("probe.W009", framing("", "frame-ancestors 'self' https:", 0)), framing("sameorigin", "default-src 'self'", 0)),
		breaks("probe.W010", without("Referrer-Policy", 404)),
		breaks("probe.W010", set("Referrer-Policy", "unsafe-url")),
		breaks("probe.W010", set("Referrer-Policy", "same-orign")),
		still(breaks("probe.W010", set("Referrer-Policy", "same-origin,unsafe-url")),
			set("Referrer-Policy", "unsafe-url, strict-origin-when-cross-origin, later-word")),
		breaks("probe.W011", without("Cross-Origin-Opener-Policy", 404)),
		still(breaks("probe.W011", set("Cross-Origin-Opener-Policy", "unsafe-none")),
			set("Cross-Origin-Opener-Policy", `same-origin; report-to="x"`)),

		breaks("probe.W012", without("Content-Security-Policy", 404)),
		breaks("probe.W012", header(func(_ int, h http.Header) {
			h["Content-Security-Policy-Report-Only"] = h["Content-Security-Policy"]
			h.Del("Content-Security-Policy")
		})),
		admitted(breaks("probe.W012", without("Content-Security-Policy", 0)),
			func(c *probe.Claims) { c.InsecureNoCSP = true }),
		breaks("probe.W013", set("Content-Security-Policy", "script-src 'self' 'unsafe-inline'")),
		breaks("probe.W013", set("Content-Security-Policy", "img-src 'self'")),
		breaks("probe.W013", set("Content-Security-Policy", "script-src 'unsafe-inline'; script-src 'self'")),
		still(breaks("probe.W013", set("Content-Security-Policy", "default-src 'UNSAFE-INLINE'")),
			set("Content-Security-Policy", "img-src *, script-src 'unsafe-inline' 'nonce-abc'")),
		breaks("probe.E014", set("Content-Security-Policy", "script-src 'nonce-constant'")),
		breaks("probe.E014", set("Content-Security-Policy-Report-Only", "script-src 'nonce-constant';img-src 'self'")),

		breaks("probe.W030", set("Content-Security-Policy", "default-src 'self' https:")),
		still(breaks("probe.W030", set("Content-Security-Policy", "default-src 'self', default-src 'self'; form-action 'self'")),
			header(func(_ int, h http.Header) { // what one leaves open the other closes
				h.Set("Content-Security-Policy", "default-src 'self', base-uri 'self'; form-action 'self'; frame-ancestors 'self'")
			})),

		breaks("probe.E015", post(foreign, 200)),
		breaks("probe.E015", post(foreign, 405)), // the guard must come before the routes
		admitted(breaks("probe.E015", post(foreign, 200)), func(c *probe.Claims) { c.InsecureNoCSRF = true }),
		breaks("probe.E016", post(onlyOrigin, 303)),
		breaks("probe.W017", post(bare, 200)),
		admitted(breaks("probe.W017", post(bare, 200)), func(c *probe.Claims) { c.Tokens = false }),

		breaks("probe.E018", addCookie("lang=de; Path=/; SameSite=Lax")),
		admitted(breaks("probe.E018", addCookie("lang=de")), func(c *probe.Claims) { c.InsecureHTTP = true }),
		still(breaks("probe.E018", header(func(status int, h http.Header) { // on the redirect to https
			if status == 301 {
				h.Add("Set-Cookie", "lang=de; Path=/")
			}
		})), addCookie("lang=; Max-Age=0")),
		still(breaks("probe.E019", addCookie("sessionid=x; Secure; SameSite=Lax")),
			addCookie("lang=de; Secure; SameSite=Lax")),
		breaks("probe.E019", addCookie("__Host-sessionid=x; Secure; SameSite=Lax; Path=/")),
		breaks("probe.W020", addCookie("lang=de; Secure")),
		still(breaks("probe.W020", addCookie("lang=de; Secure; samesite=none")), addCookie("lang=de; Secure; samesite=STRICT")),
		breaks("probe.W021", addCookie("sessionid=x; Secure; HttpOnly; SameSite=Lax")),
		admitted(breaks("probe.W021", addCookie("sessionid=x; Secure")), func(c *probe.Claims) { c.InsecurePlainCookies = true }),
		breaks("probe.I022", addCookie("lang=de; Secure; SameSite=Lax")),
		still(breaks("probe.W023", without("Cache-Control", 0)), set("Cache-Control", "No-Store")),
		breaks("probe.W023", set("Cache-Control", "public, max-age=60")),

		breaks("probe.E024", before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/about" {
				return false
			}
			w.WriteHeader(503)
			return true
		})),
		breaks("probe.E024", seeing(func(r *http.Request) { r.Host += ".not-ours" })),
		breaks("probe.E025", page(500, "goroutine 1 [running]:")),
		breaks("probe.E025", page(500, "Traceback (most recent call last)")),
		breaks("probe.E025", page(404, "You're seeing this error because you have <code>DEBUG = True</code>")),
		breaks("probe.E025", page(500, "open /srv/shop/main.go: no such file")),
		breaks("probe.E025", page(500, "main.go:42")),
		breaks("probe.E025", page(500, "at com.example.Shop$1.buy(Shop.java:17)")),
		breaks("probe.E025", page(500, `C:\inetpub\shop\index.aspx`)),
		breaks("probe.E025", page(500, `ERROR: relation does not exist (SQLSTATE 42P01)`)),
		still(breaks("probe.E025", page(500, "panic: boom")), page(404, "We panic: no, we stay calm. See /help/contact.")),
		still(breaks("probe.E026", page(404, "no PATH here")), page(404, "no &lt;airworthy&gt; here")),
		breaks("probe.I027", set("X-Powered-By", "PHP/5.3.3")),
		breaks("probe.W028", before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != "TRACE" {
				return false
			}
			_ = r.Write(w)
			return true
		})),
		admitted(breaks("probe.W029", seeing(func(r *http.Request) { r.URL.Path = "/" })), func(c *probe.Claims) { c.HealthPath = "" }),
		breaks("probe.W029", before(func(w http.ResponseWriter, r *http.Request) bool {
			return strings.HasPrefix(r.URL.Path, "/healthz/")
		})),

		breaks("probe.E031", at("/ops-7f3k", 302, "", "Location", "/login?next=/ops-7f3k")),
		breaks("probe.E031", at("/ops-7f3k", 403, "<h1>403</h1>")),
		breaks("probe.E031", everywhere(func(string) string { return "no" }, "/ops-7f3k")),
		breaks("probe.E031", everywhere(func(path string) string {
			return map[bool]string{true: "no ", false: "No "}[path == "/ops-7f3k"] + path
		})),
		still(breaks("probe.E031", at("/ops-7f3k", 404, "Nothing here")), everywhere(func(path string) string { return "no " + path })),
		breaks("probe.E031", at("/ops-7f3k/", 404, "<h1>404</h1>", "Vary", "Cookie")), // only below it
		still(breaks("probe.E031", at("/ops-7f3k", 404, "Not Found.")), everywhere(func(path string) string {
			return "no " + path + ", says " + rand.Text()
		})),
		still(breaks("probe.E031", everywhere(func(path string) string {
			return "no such page" + map[bool]string{true: "!"}[path == "/ops-7f3k"]
		})), everywhere(func(string) string { return "no such page" })),
		still(breaks("probe.E031", everywhere(func(path string) string {
			return rand.Text() + strings.Repeat(" ", 5000) + map[bool]string{true: "!"}[path == "/ops-7f3k"] // without a Content-Length
		})), everywhere(func(string) string { return rand.Text() })),
		admitted(breaks("probe.E031", at("/ops-7f3k", 200, "welcome")), func(c *probe.Claims) { c.AdminPath = "" }),

		breaks("probe.W032", at("/admin/", 200, form)),
		breaks("probe.W032", at("/admin/", 302, "", "Location", "/admin/login/?next=/admin/")),
		breaks("probe.W032", at("/wp-login.php", 200, `<INPUT id="user_pass" TYPE="password">`)),
		breaks("probe.W032", at("/phpmyadmin/", 401, "", "WWW-Authenticate", "Basic")),
		breaks("probe.W032", at("/administrator/", 200, "nothing to see")),
		still(breaks("probe.W032", at("/admin/", 302, "", "Location", "https://www.example.com/admin/x")), at("/admin/", 302, "", "Location", "https://other.example/admin/x")),
		still(breaks("probe.W032", at("/admin/", 200, form)), at("/admin/", 403, form)),
		still(breaks("probe.W032", at("/admin/", 200, form)), at("/admin/", 302, "", "Location", "/admin/?lang=de")),
		still(breaks("probe.W032", at("/admin/", 200, form)), at("/admin/", 301, "", "Location", "/admin")),
		still(breaks("probe.W032", at("/admin/", 200, form)), at("/", 200, form)), // one page for all paths
	}
	// An ID that has a file and no row here is TestGolden's.
	checktest.Run(t, func(s site) []check.Check {
		return slices.DeleteFunc(s.checks(), func(c check.Check) bool {
			_, err := os.Stat("testdata/checks/" + c.ID + ".txtar")
			return err == nil && !slices.ContainsFunc(rows, func(r row) bool { return r.ID == c.ID })
		})
	}, rows)
}

package probe_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// TestEvidence holds what findings say and how bad they are, and what they must not say.
func TestEvidence(t *testing.T) {
	outside := func(c *probe.Claims) { *c = probe.Claims{Host: own, Outside: true} }
	inside := func(*probe.Claims) {}
	both := func(fs ...func(http.Handler) http.Handler) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			for _, f := range fs {
				h = f(h)
			}
			return h
		}
	}
	cookie := func(cache string, vary string) func(http.Handler) http.Handler {
		return header(func(status int, h http.Header) {
			h.Set("Vary", vary)
			if h.Set("Cache-Control", cache); cache == "" {
				h.Del("Cache-Control")
			}
		})
	}
	const script = `<script src="%s"></script>`
	for _, test := range []struct {
		name   string
		claims func(*probe.Claims)
		broken func(http.Handler) http.Handler
		id     string
		level  check.Level
		says   []string
		not    string
	}{
		{"names of variables are told, values are not", outside, at("/.env", 200, "A_KEY=s3cr3t\nexport B_KEY=s3cr3t\nC1=s3cr3t\n", "Content-Type", "text/plain"),
			"probe.E057", check.Critical, []string{": 200, which sets A_KEY, B_KEY;", `see curl -si -H 'Range: bytes=0-4095' 'https://www.example.com/.env'`}, "s3cr3t"},
		{"of many variables five are told", inside, at("/.env", 200, "AAA=1\nBBB=1\nCCC=1\nDDD=1\nEEE=1\nFFF=1", "Content-Type", "text/plain"),
			"probe.E057", check.Critical, []string{"AAA, BBB, CCC, DDD, EEE and more"}, "FFF"},
		{"a login in a remote is told of, not told", outside, at("/.git/config", 200, "[core]\n[remote]\nurl = https://bot:s3cr3t@example.net/", "Content-Type", "text/plain"),
			"probe.E056", check.Error, []string{"with a login in the address of a remote"}, "s3cr3t"},
		{"a folder's index is no credential", outside, at("/.DS_Store", 200, "\x00\x00\x00\x01Bud1", "Content-Type", "application/octet-stream"),
			"probe.E056", check.Warning, []string{".DS_Store"}, ""},
		{"an archive is known by how it begins", inside, at("/backup.zip", 206, "PK\x03\x04", "Content-Type", "application/zip"),
			"probe.E058", check.Critical, []string{"/backup.zip"}, ""},
		{"so is a database", inside, at("/db.sqlite3", 200, "SQLite format 3\x00", "Content-Type", "application/octet-stream"),
			"probe.E058", check.Critical, nil, ""},

		{"a policy has a grade, and each deduction a name", inside, framing("DENY", "script-src 'self' 'unsafe-eval'; object-src 'none'; base-uri 'none'", 0),
			"probe.W030", check.Info, []string{"grade C, 60 of 100 points:", "csp.W004 script-src -20", "csp.W010 frame-ancestors -10", "csp.W011 form-action -10"}, ""},
		{"a weakness in two places costs once", inside, framing("DENY", "default-src https:; script-src https:; style-src https:", 0),
			"probe.W030", check.Info, []string{"csp.W005 script-src -40", " -0"}, ""},
		{"inline scripts are graded too", inside, framing("DENY", "script-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", 0),
			"probe.W013", check.Warning, []string{"grade D, 50 of 100 points: csp.W003 script-src -50"}, ""},

		{"a script that moves by design cannot be pinned", inside, at("/", 200, fmt.Sprintf(script, "https://js.stripe.com/v3/"), "Content-Type", "text/html; charset=utf-8"),
			"probe.W051", check.Info, []string{"https://js.stripe.com/v3/"}, ""},
		{"an address is told without its query", inside, at("/", 200, fmt.Sprintf(script, "https://cdn.example.net/a.js?key=s3cr3t"), "Content-Type", "text/html; charset=utf-8"),
			"probe.W051", check.Warning, []string{"which loads https://cdn.example.net/a.js, without integrity"}, "s3cr3t"},

		{"answers for everybody are for everybody", inside, set("Access-Control-Allow-Origin", "*"), "probe.W050", check.Info, []string{"a foreign origin, without cookies"}, ""},
		{"with cookies they cannot be", inside, both(set("Access-Control-Allow-Origin", "*"), set("Access-Control-Allow-Credentials", "true")),
			"probe.W050", check.Warning, []string{"asks for cookies from everybody"}, ""},
		{"the site itself over http is half foreign", inside, before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Origin") == "http://"+own {
				w.Header().Set("Access-Control-Allow-Origin", "http://"+own)
				w.Header().Set("Access-Control-Allow-Credentials", "true")
			}
			return false
		}), "probe.E049", check.Warning, []string{"the site's origin over http, with cookies"}, ""},

		{"what says nothing but Vary: Cookie is hardly kept", outside, cookie("", "Accept, Cookie"), "probe.W023", check.Info, nil, ""},
		{"what is for caches is, whatever Vary says", outside, cookie("public, max-age=60", "Cookie"), "probe.W023", check.Warning, []string{"sets the cookie __Host-sessionid"}, "s3cr3t"},
		{"what says nothing at all may be kept", outside, cookie("", ""), "probe.W023", check.Warning, nil, ""},
		{"what a cache has handed out tells so", outside, set("X-Cache", "HIT from edge-3"), "probe.E048", check.Error, []string{"sets the cookie __Host-sessionid and X-Cache"}, "s3cr3t"},

		{"an address that is shown as claimed", inside, before(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("X-Client", r.Header.Get("X-Real-IP"))
			return false
		}), "probe.E036", check.Warning, []string{"which repeats the address"}, ""},
		{"the admin's path in robots.txt", inside, at("/robots.txt", 200, "Disallow: /ops-7f3k\n", "Content-Type", "text/plain"), "probe.I063", check.Warning, []string{"/ops-7f3k"}, ""},
		{"other paths in robots.txt", outside, at("/robots.txt", 200, "Disallow: /backup\x1b[31m\nDisallow: /private/", "Content-Type", "text/plain"), "probe.I063", check.Info, []string{": 200, /private/;"}, "\x1b"},
		{"metrics are not memory", inside, at("/metrics", 200, "# HELP go_goroutines Number.\n# TYPE go_goroutines gauge\n", "Content-Type", "text/plain"), "probe.E059", check.Warning, []string{"metrics for Prometheus"}, ""},

		{"a version of the server", inside, set("Server", "nginx/1.18.0"), "probe.I027", check.Info, []string{"Server: nginx/1.18.0"}, ""},
		{"a generator", inside, at("/", 200, `<meta name=generator content="WordPress 6.1">`, "Content-Type", "text/html; charset=utf-8"), "probe.I027", check.Info, []string{"generator: WordPress 6.1"}, ""},
		{"TRACE that is answered like GET", inside, before(func(w http.ResponseWriter, r *http.Request) bool { return r.Method == "TRACE" }), "probe.W028", check.Info, []string{"TRACE https"}, ""},
		{"TRACK that repeats", inside, before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "TRACK" {
				_ = r.Header.Write(w)
			}
			return r.Method == "TRACK"
		}), "probe.W028", check.Warning, []string{"TRACK https"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := site{promises(), test.broken}
			test.claims(&s.claims)
			found := find(t, s.checks(), test.id)
			if len(found) == 0 {
				t.Fatalf("%s finds nothing", test.id)
			}
			f := found[0]
			if f.Level != test.level {
				t.Errorf("level %s, want %s", f.Level, test.level)
			}
			for _, want := range test.says {
				if !strings.Contains(f.Evidence, want) {
					t.Errorf("evidence %q, want %q in it", f.Evidence, want)
				}
			}
			if test.not != "" && strings.Contains(f.Evidence+f.Title+f.Hint+f.Key, test.not) {
				t.Errorf("evidence %q holds %q", f.Evidence, test.not)
			}
		})
	}
}

// TestErrorPages holds the words by which debug pages of other frameworks are known. They are quoted from their sources.
func TestErrorPages(t *testing.T) {
	for body, want := range map[string]string{
		`<title>Action Controller: Exception caught</title>`:                                                      "Rails' debug page",
		`Rails.root: /srv/shop`:                                                                                   "Rails' debug page",
		`window.ignite({"report":`:                                                                                "Laravel's debug page",
		`Illuminate\Database\QueryException`:                                                                      "Laravel's debug page",
		`Symfony\Component\HttpKernel\Exception\NotFoundHttpException`:                                            "Symfony's debug page",
		`<title>KeyError: 'x' // Werkzeug Debugger</title>`:                                                       "Werkzeug's debugger",
		`<h1>Server Error in '/' Application.`:                                                                    "ASP.NET's error page",
		`<b>Warning</b>:  mysqli_connect(): Access denied in <b>x</b> on line <b>3</b>`:                           "an error of PHP",
		"Error: no\n    at Layer.handle [as handle_request] (/srv/node_modules/express/lib/router/layer.js:95:5)": "a Node.js stack trace",
		`   at System.Web.HttpApplication.ExecuteStep(`:                                                           "a .NET stack trace",
		`<p>Look at System.out for help, at (your) leisure, and at 12:30:00.</p>`:                                 "",
		`<p>More information is available with <code>DEBUG=True</code>.</p>`:                                      "", // Django's refusal of a forgery, DEBUG off
		`<p>Illuminated by Symfony orchestras. Server error.</p>`:                                                 "",
	} {
		found := find(t, site{promises(), page(500, body)}.checks(), "probe.E025")
		switch {
		case want == "" && len(found) > 0:
			t.Errorf("%q is found: %s", body, found[0].Evidence)
		case want != "" && (len(found) == 0 || !strings.Contains(found[0].Evidence, want)):
			t.Errorf("%q: findings = %+v, want %s", body, found, want)
		}
	}
	// What no link leads to fails in its own way.
	broken := at("/airworthy-probe-\xff", 400, "Traceback (most recent call last)")
	if len(find(t, site{promises(), broken}.checks(), "probe.E025")) != 1 {
		t.Error("an error page for bytes that are no text is not looked at")
	}
}

// TestKeysDoNotMove holds that what changes from one run, or one release, to the next is not in a finding's key.
func TestKeysDoNotMove(t *testing.T) {
	keys := func(build string) (out []string) {
		body := `<script src="/static/app.` + build + `.js"></script><link rel=stylesheet href="https://cdn.example.net/` + build + `/a.css">`
		broken := func(h http.Handler) http.Handler {
			h = before(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != "GET" || r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/static/app.") {
					return false
				}
				fmt.Fprint(w, body)
				return true
			})(h)
			return header(func(_ int, h http.Header) {
				h.Set("Age", fmt.Sprint(len(build)))
				h.Set("Content-Type", "text/html; charset=utf-8")
				h.Del("X-Content-Type-Options")
				h.Set("Set-Cookie", "lang="+build)
			})(h)
		}
		for _, f := range check.Run(t.Context(), site{promises(), broken}.checks(), check.Options{Deploy: true}).Findings {
			out = append(out, f.ID+" "+f.Fingerprint)
		}
		return out
	}
	a, b := keys("0a1b2c3d4e5f"), keys("f5e4d3c2b1")
	if len(a) < 5 || strings.Join(a, "\n") != strings.Join(b, "\n") {
		t.Errorf("findings = %q, then %q", a, b)
	}
}

// roundTrip is a round tripper that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestClosedConnections holds that a live site may refuse by closing the connection, but not a page.
func TestClosedConnections(t *testing.T) {
	safeSite := probe.InProcess(http.HandlerFunc(safe))
	closing := func(refuses func(*http.Request) bool) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if refuses(r) {
				return nil, fmt.Errorf("read: %w", map[bool]error{true: io.EOF, false: syscall.ECONNRESET}[r.Method == "GET"])
			}
			return safeSite.RoundTrip(r)
		})
	}
	hostile := func(r *http.Request) bool {
		return r.Host != own || r.Method != "GET" || strings.HasPrefix(r.URL.Path, "/.") && !strings.HasPrefix(r.URL.Path, "/.well-known")
	}
	run := func(rt http.RoundTripper, outside bool) *check.Report {
		return check.Run(t.Context(), probe.Checks(rt, probe.Claims{Host: own, Outside: outside}), check.Options{Deploy: true})
	}
	if r := run(closing(hostile), true); len(r.NotRun) > 0 || r.Failed() {
		t.Errorf("a site that hangs up on forged requests: not run = %+v, findings = %+v", r.NotRun, r.Findings)
	}
	if r := run(closing(hostile), false); len(r.NotRun) == 0 {
		t.Error("a handler that hangs up counts as one that refuses")
	}
	if r := run(closing(func(r *http.Request) bool { return true }), true); len(r.NotRun) == 0 {
		t.Error("a site that answers nothing counts as one that refuses")
	}
	// A page that is named is for visitors: that nobody answers is no refusal.
	about := closing(func(r *http.Request) bool { return r.URL.Path == "/about" })
	r := check.Run(t.Context(), probe.Checks(about, probe.Claims{Host: own, Outside: true, Paths: []string{"/", "/about"}}), check.Options{Deploy: true})
	if len(r.NotRun) == 0 {
		t.Error("a page that hangs up counts as one that refuses")
	}
	if r := run(roundTrip(func(r *http.Request) (*http.Response, error) {
		if hostile(r) {
			return nil, errors.New("no route to host")
		}
		return safeSite.RoundTrip(r)
	}), true); len(r.NotRun) == 0 {
		t.Error("a broken network counts as a refusal")
	}
}

// TestTooManyRequests holds that a site which limits the probe is not found clean.
func TestTooManyRequests(t *testing.T) {
	n := 0
	limited := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n++; n > 20 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	r := check.Run(t.Context(), site{probe.Claims{Host: own, Outside: true}, limited}.checks(), check.Options{Deploy: true})
	if !r.Failed() || len(r.NotRun) == 0 || !strings.Contains(r.NotRun[0].Reason, "429") {
		t.Errorf("not run = %+v, want the limit named", r.NotRun)
	}
}

// TestGzipBomb asks a site whose compressed page has no end (badinput 59).
func TestGzipBomb(t *testing.T) {
	bomb := before(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			return false
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `<p>"><airworthy>`)
		for zeros := make([]byte, 1<<20); ; {
			if _, err := z.Write(zeros); err != nil {
				return true
			}
		}
	})
	if got := find(t, site{promises(), bomb}.checks(), "probe.E068"); len(got) != 1 {
		t.Errorf("findings = %+v, want what stands at the beginning", got)
	}
}

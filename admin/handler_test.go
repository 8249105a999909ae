package admin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/errorpages"
	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/proxy"
)

const path = "/ops-7f3k"

// people are who there is, by their cookie.
var people = map[string]admin.Visitor{
	"staff":    {Name: "alice", Staff: true, Factor: time.Now()},
	"stale":    {Name: "sam", Staff: true, Factor: time.Now().Add(-16 * time.Minute)},
	"never":    {Name: "nora", Staff: true},
	"ahead":    {Name: "anna", Staff: true, Factor: time.Now().Add(time.Hour)},
	"visitor":  {Name: "bob", Factor: time.Now()},
	"nobody":   {},
	"nameless": {Staff: true, Factor: time.Now()},
}

// desk counts how often it is asked who asks.
type desk struct {
	asked atomic.Int64
	err   error
}

func (d *desk) who(r *http.Request) (admin.Visitor, error) {
	d.asked.Add(1)
	if st := httpx.From(r.Context()); st != nil { // as a session does that was read
		if w := (*httpx.Writer)(st); st.Status() == 0 || st.Status() == 404 {
			httpx.VaryCookie(w.Header())
		}
	}
	if d.err != nil {
		return people["staff"], d.err
	}
	cookie, err := r.Cookie("sessionid")
	if err != nil {
		return admin.Visitor{}, nil
	}
	if cookie.Value == "panic" {
		panic("s3cr3t")
	}
	return people[cookie.Value], nil
}

func note(context.Context, *http.Request) (admin.View, error) {
	return admin.View{Intro: "the inside"}, nil
}

// site is a guard in front of an application, and what it is asked.
type site struct {
	http.Handler
	*desk
	log *bytes.Buffer
}

func newSite(t testing.TB, edit func(*admin.Config)) *site {
	t.Helper()
	s := &site{desk: &desk{}, log: &bytes.Buffer{}}
	cfg := admin.Config{
		Path: path, VPNOnly: true, Who: s.who, Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		Pages:  []admin.Page{{Path: "first", Title: "First", Show: note}, {Path: "second", Title: "Second", Show: note}},
		StepUp: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/factor", http.StatusSeeOther) },
	}
	if edit != nil {
		edit(&cfg)
	}
	g, err := admin.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := errorpages.New(errorpages.Config{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "home") })
	s.Handler = pages.Handler(g.Handler(mux))
	return s
}

const (
	vpnClient = "10.8.0.2:1234"
	stranger  = "203.0.113.9:1234"
)

func (s *site) get(target, from, cookie string, lines ...string) *httptest.ResponseRecorder {
	return s.do(request("GET", target, from, cookie, lines...))
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func request(method, target, from, cookie string, lines ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = from
	r.Header.Set("Accept", "text/html")
	if cookie != "" {
		r.Header.Set("Cookie", "sessionid="+cookie)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	return r
}

// same fails the test if the two answers can be told apart.
func same(t *testing.T, got, want *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != want.Code || got.Body.String() != want.Body.String() || !maps.EqualFunc(got.Header(), want.Header(),
		func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }) {
		t.Errorf("answers %d %v %q, an unknown path gets %d %v %q", got.Code, got.Header(), got.Body, want.Code, want.Header(), want.Body)
	}
}

// Whoever is no insider gets for the console, and for a page of it, what any unknown path gets, and as many look-ups.
func TestOutsidersSeeNothing(t *testing.T) {
	for _, row := range []struct {
		name, from, cookie string
		asked              int64 // look-ups for each request
		lines              []string
	}{
		{"a stranger", stranger, "", 0, nil},
		{"a stranger with a session of the staff", stranger, "staff", 0, nil},
		{"no session", vpnClient, "", 0, nil},
		{"a session of nobody", vpnClient, "nobody", 1, nil},
		{"a session that there is not", vpnClient, "x", 1, nil},
		{"somebody who is not staff", vpnClient, "visitor", 1, nil},
		{"staff without a name", vpnClient, "nameless", 1, nil},
		{"a look-up that panics", vpnClient, "panic", 1, nil},
		{"link-local", "169.254.1.1:1", "staff", 0, nil},
		{"a Unix socket without a proxy", "@", "staff", 0, nil},
		{"behind a proxy that nobody trusts", vpnClient, "staff", 0, []string{"X-Forwarded-For: 203.0.113.9"}},
		{"behind one that says little", vpnClient, "staff", 0, []string{"X-Forwarded-Proto: https"}},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "OPTIONS"} {
			for _, below := range []string{"", "/", "/first", "/first/x", "/-/console.css", "/first?note=x"} {
				t.Run(row.name+" "+method+" "+below, func(t *testing.T) {
					s := newSite(t, nil)
					got := s.do(request(method, path+below, row.from, row.cookie, row.lines...))
					if n := s.asked.Swap(0); n != row.asked {
						t.Errorf("the console costs %d look-ups, want %d", n, row.asked)
					}
					want := s.do(request(method, "/qps-7f3k"+below, row.from, row.cookie, row.lines...))
					if n := s.asked.Load(); n != row.asked {
						t.Errorf("an unknown path costs %d look-ups, want %d", n, row.asked)
					}
					same(t, got, want)
					if want.Code != 404 && want.Code != 405 {
						t.Errorf("an unknown path gets %d, want 404: nothing is compared", want.Code)
					}
				})
			}
		}
	}
}

// Answers that the application does give cost no look-up, whoever asks.
func TestKnownPathsCostNothing(t *testing.T) {
	s := newSite(t, nil)
	if got := s.get("/", vpnClient, "visitor"); got.Code != 200 || s.asked.Load() != 0 {
		t.Errorf("the home page answers %d after %d look-ups, want 200 and none", got.Code, s.asked.Load())
	}
}

func TestInsiders(t *testing.T) {
	for _, row := range []struct {
		name, from, cookie string
		edit               func(*admin.Config)
		want               int
	}{
		{"staff on the VPN", vpnClient, "staff", nil, 200},
		{"staff on loopback", "[::1]:1", "staff", nil, 200},
		{"staff in shared space", "100.64.0.1:1", "staff", nil, 200},
		{"staff in RFC 4193", "[fd00::1]:1", "staff", nil, 200},
		{"staff, mapped", "[::ffff:10.8.0.2]:1", "staff", nil, 200},
		{"a stale factor", vpnClient, "stale", nil, 303},
		{"no factor", vpnClient, "never", nil, 303},
		{"a factor of tomorrow", vpnClient, "ahead", nil, 303},
		{"a stale factor with no step-up", vpnClient, "stale", func(c *admin.Config) { c.StepUp = nil }, 404},
		{"a factor within its age", vpnClient, "stale", func(c *admin.Config) { c.FactorAge = 17 * time.Minute }, 200},
		{"no factor, however old it may be", vpnClient, "never", func(c *admin.Config) { c.FactorAge = math.MaxInt64 }, 303},
		{"no factor demanded", vpnClient, "never", func(c *admin.Config) { c.InsecureNoFactor = true }, 200},
		{"no factor demanded, of visitors", vpnClient, "visitor", func(c *admin.Config) { c.InsecureNoFactor = true }, 404},
		{"in the networks", "198.51.100.9:1", "staff", func(c *admin.Config) {
			c.VPNOnly, c.Networks = false, networks("198.51.100.0/24")
		}, 200},
		{"not in the networks", vpnClient, "staff", func(c *admin.Config) {
			c.VPNOnly, c.Networks = false, networks("198.51.100.0/24")
		}, 404},
		{"in the networks, which are not private", "198.51.100.9:1", "staff", func(c *admin.Config) { c.Networks = networks("198.51.100.0/24") }, 404},
		{"in mapped networks", vpnClient, "staff", func(c *admin.Config) { c.Networks = networks("::ffff:10.8.0.0/112") }, 200},
		{"private, but not in the networks", vpnClient, "staff", func(c *admin.Config) { c.Networks = networks("10.9.0.0/16") }, 404},
		{"any network", stranger, "staff", func(c *admin.Config) { c.VPNOnly = false }, 200},
		{"known by something else than a cookie", vpnClient, "staff", func(c *admin.Config) {
			c.Known = func(*http.Request) bool { return false }
		}, 404},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, row.edit)
			w := s.get(path+"/first", row.from, row.cookie)
			if w.Code != row.want {
				t.Fatalf("answers %d, want %d", w.Code, row.want)
			}
			if inside := strings.Contains(w.Body.String(), "the inside"); inside != (row.want == 200) {
				t.Errorf("shows the inside: %t", inside)
			}
			if row.want == 200 && (w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Robots-Tag") != "noindex, nofollow") {
				t.Errorf("headers %v, want no-store and noindex", w.Header())
			}
			if s.asked.Load() > 1 {
				t.Errorf("%d look-ups for one request", s.asked.Load())
			}
		})
	}
}

// What the proxy part settles is what counts, and an incomplete list of proxies lets nobody in.
func TestBehindProxies(t *testing.T) {
	g, err := proxy.New(proxy.Config{Trusted: networks("10.0.0.5/32"), UseHost: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, from string
		lines      []string
		want       int
	}{
		{"a client on the VPN", "10.0.0.5:1", []string{"X-Forwarded-For: 10.8.0.2"}, 200},
		{"a client on the VPN, who forges", "10.0.0.5:1", []string{"X-Forwarded-For: 10.1.1.1, 10.8.0.2"}, 200},
		{"a stranger", "10.0.0.5:1", []string{"X-Forwarded-For: 203.0.113.9"}, 404},
		{"a stranger, who forges", "10.0.0.5:1", []string{"X-Forwarded-For: 10.8.0.2, 203.0.113.9"}, 404},
		{"a stranger through a proxy that the list lacks", "10.0.0.5:1", []string{"X-Forwarded-For: 203.0.113.9, 10.0.0.6"}, 404},
		{"the same, with a port", "10.0.0.5:1", []string{"X-Forwarded-For: 203.0.113.9:4711, 10.0.0.6"}, 404},
		{"the same, of IPv6", "10.0.0.5:1", []string{"X-Forwarded-For: 2001:db8::1, 10.0.0.6"}, 404},
		{"another proxy", "10.0.0.6:1", []string{"X-Forwarded-For: 203.0.113.9"}, 404},
		{"another proxy that says other things", "10.0.0.6:1", []string{"X-Real-Ip: 203.0.113.9"}, 404},
		{"a proxy that cannot be understood", "10.0.0.5:1", []string{"X-Forwarded-Host: a, b"}, 404},
		{"no proxy", "10.8.0.2:1", nil, 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, nil)
			w := httptest.NewRecorder()
			g.Handler(s).ServeHTTP(w, request("GET", path+"/first", row.from, "staff", row.lines...))
			if w.Code != row.want {
				t.Errorf("answers %d, want %d", w.Code, row.want)
			}
		})
	}
	// The right client in the other dialect, too.
	if g, err = proxy.New(proxy.Config{Trusted: networks("10.0.0.5/32"), Header: proxy.Forwarded}); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		`for=10.8.0.2`: 200, `for=203.0.113.9`: 404, `for="[2001:db8::1]:80", for=10.0.0.6`: 404, `for="[2001:db8::1]", for=10.0.0.6`: 404,
		`for=203.0.113.9;proto=https, for=10.0.0.6`: 404,
	} {
		w := httptest.NewRecorder()
		g.Handler(newSite(t, nil)).ServeHTTP(w, request("GET", path+"/first", "10.0.0.5:1", "staff", "Forwarded: "+line))
		if w.Code != want {
			t.Errorf("Forwarded: %s: answers %d, want %d", line, w.Code, want)
		}
	}
}

func TestALookUpThatFailsClosesTheConsole(t *testing.T) {
	s := newSite(t, nil)
	s.err = errors.New("no database")
	for range 3 {
		same(t, s.get(path, vpnClient, "staff"), s.get("/unknown", vpnClient, "staff"))
	}
	if n := strings.Count(s.log.String(), "no database"); n != 1 || !strings.Contains(s.log.String(), "level=ERROR") {
		t.Errorf("logged %d times, want once: %s", n, s.log)
	}
}

// Nobody comes in under another spelling: what is not the path byte by byte is the application's.
func TestOtherSpellings(t *testing.T) {
	spellings := []string{
		"//ops-7f3k", "///ops-7f3k/first", "/ops-7f3k%2f", "/ops-7f3k%2Ffirst", "/%6fps-7f3k/first", "/ops%2d7f3k/first",
		"/Ops-7f3k/first", "/OPS-7F3K/first", "/ops-7f3k./first", "/ops-7f3k.", "/ops-7f3k;x/first", "/ops-7f3k%00/first",
		"/./ops-7f3k/first", "/x/../ops-7f3k/first", "/%2e/ops-7f3k/first", "/ops-7f3kfirst", "/ops-7f3", "/ops-7f3k%20/first",
		"/ops-7f3k%5cfirst", `/ops-7f3k\first`, "/ops-7f3k/%66irst", "/ops-7f3k/first%2f", "/ops-7f3k%23", "/ops-7f3k%3f", "/.//ops-7f3k/first",
		"/ops\u20107f3k/first", "/ops-7f3k\u00a0/first", "/ops-7f3k%c0%af", "/ops-7f3k/%2e%2e/ops-7f3k/first",
	}
	s := newSite(t, nil)
	for _, spelling := range spellings {
		u, err := url.ParseRequestURI(spelling) // as net/http does
		if err != nil {
			continue
		}
		r := request("GET", "/", vpnClient, "staff")
		r.URL = u
		w := s.do(r)
		if strings.Contains(w.Body.String(), "the inside") || w.Header().Get("X-Robots-Tag") != "" {
			t.Errorf("%q answers from within the console: %d", spelling, w.Code)
		}
	}
	for _, below := range []string{"//", "/first/", "//first", "/first/..", "/first.", "/First", "/first;x", "/./first", "/x/../first", "/../first", "/first//"} {
		r := request("GET", "/", vpnClient, "staff")
		r.URL.Path = path + below
		if w := s.do(r); w.Code != 404 || strings.Contains(w.Body.String(), "the inside") {
			t.Errorf("%q below the console answers %d, want its 404", below, w.Code)
		}
	}
}

// FuzzSpelling: through net/http's own parser, only the path itself and what is below it is the console's.
func FuzzSpelling(f *testing.F) {
	for _, s := range []string{path, path + "/first", "//ops-7f3k", "/%6fps-7f3k", "/ops-7f3k/../x", "*", "http://x/ops-7f3k"} {
		f.Add(s)
	}
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, target string) {
		r, err := http.NewRequest("GET", "http://example.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.URL, err = url.ParseRequestURI(target); err != nil {
			return
		}
		r.RemoteAddr = vpnClient
		r.Header.Set("Cookie", "sessionid=staff")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		inside := w.Header().Get("X-Robots-Tag") != ""
		raw := r.URL.EscapedPath()
		if own := raw == path || strings.HasPrefix(raw, path+"/"); inside && !own {
			t.Errorf("%q, whose path is %q as sent, is answered by the console", target, raw)
		}
	})
}

func TestNoConsole(t *testing.T) {
	g, err := admin.New(admin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	next := http.NewServeMux()
	if got := g.Handler(next); got != http.Handler(next) {
		t.Errorf("without a path the handler is %T, want the application itself", got)
	}
}

func TestDecoy(t *testing.T) {
	s := newSite(t, func(c *admin.Config) { c.Decoy = true })
	for _, p := range []string{"/admin/", "/WP-Admin/setup.php", "/wp-login.php", "/administrator", "/phpmyadmin/", "/phpmyadmin/"} {
		same(t, s.get(p, stranger, ""), s.get("/unknown", stranger, ""))
	}
	if n := strings.Count(s.log.String(), "event=airworthy.security.AdminDecoy"); n != 5 {
		t.Errorf("%d events, want one for each path: %s", n, s.log)
	}
	s.log.Reset()
	s.get("/", stranger, "")
	s.get("/admins", stranger, "")
	s.do(request("GET", "/admin/x", stranger, "").WithContext(httpx.WithProbe(t.Context())))
	if s.log.Len() > 0 {
		t.Errorf("other paths, and the gate, are logged: %s", s.log)
	}
	// A scanner that makes paths and addresses up fills no log.
	for i := range 2000 {
		s.get(fmt.Sprintf("/admin/%d", i), fmt.Sprintf("203.0.113.%d:1", i%250), "")
	}
	if n := strings.Count(s.log.String(), "\n"); n == 0 || n > 256 {
		t.Errorf("%d lines of 2000 requests, want some and at most 256", n)
	}
	s = newSite(t, nil)
	s.get("/admin/", stranger, "")
	if s.log.Len() > 0 {
		t.Errorf("logged without Decoy: %s", s.log)
	}
}

func TestEntriesAndRefusalsAreLogged(t *testing.T) {
	s := newSite(t, nil)
	for range 3 {
		s.get(path+"/first", vpnClient, "staff")
		s.get(path+"/first", vpnClient, "visitor")
		s.get(path+"/first", vpnClient, "stale")
		s.get(path+"/first", stranger, "staff")
		s.get(path+"/first", vpnClient, "")
		s.get(path+"/first", vpnClient, "nobody")
	}
	for _, want := range []string{
		"event=airworthy.security.AdminEntered user=alice", `event=airworthy.security.AdminRefused user=bob reason="not staff"`,
		`event=airworthy.security.AdminRefused user=sam reason="the second factor`,
	} {
		if strings.Count(s.log.String(), want) != 1 {
			t.Errorf("the log has not exactly one %q: %s", want, s.log)
		}
	}
	if n := strings.Count(s.log.String(), "\n"); n != 3 {
		t.Errorf("%d lines, want three: %s", n, s.log)
	}
}

func TestNewRefuses(t *testing.T) {
	good := admin.Config{Path: path, Who: (&desk{}).who, Pages: []admin.Page{{Path: "a", Title: "A", Show: note}}}
	for _, p := range []string{"/", "//", "ops", "/ops x", "/ops/../x", "/./ops", "/ops%2f", "/ops//x", "/ops?x", "/ops#x", "/öps", "/ops.", "/ops\\x",
		"//ops", "/ops/{x}", "/ops*", "https://x/ops"} {
		c := good
		c.Path = p
		if _, err := admin.New(c); err == nil || !strings.Contains(err.Error(), "admin: ADMIN_PATH: ") {
			t.Errorf("ADMIN_PATH %q: error %v, want one that names it", p, err)
		}
	}
	for _, p := range []string{"/ops", "/ops/", "/a/b-c_d.e", "/.well-hidden"} {
		c := good
		c.Path = p
		if _, err := admin.New(c); err != nil {
			t.Errorf("ADMIN_PATH %q: %v", p, err)
		}
	}
	page := func(p admin.Page) func(*admin.Config) {
		return func(c *admin.Config) { c.Pages = append(c.Pages[:1:1], p) }
	}
	for name, row := range map[string]struct {
		edit func(*admin.Config)
		want string
	}{
		"nobody to ask":        {func(c *admin.Config) { c.Who = nil }, "ADMIN_PATH"},
		"a network's address":  {func(c *admin.Config) { c.Networks = networks("10.0.0.1/8") }, "write 10.0.0.0/8"},
		"no network":           {func(c *admin.Config) { c.Networks = []netip.Prefix{{}} }, "ADMIN_NETWORKS"},
		"a negative age":       {func(c *admin.Config) { c.FactorAge = -1 }, "ADMIN_FACTOR_AGE"},
		"an age of no use":     {func(c *admin.Config) { c.FactorAge = time.Second - 1 }, "ADMIN_FACTOR_AGE"},
		"no pages":             {func(c *admin.Config) { c.Pages = nil }, "Pages"},
		"two pages of a path":  {page(admin.Page{Path: "a", Title: "B", Show: note}), "two pages"},
		"a page without title": {page(admin.Page{Path: "b", Show: note}), "no Title"},
		"a page without show":  {page(admin.Page{Path: "b", Title: "B"}), "no Show"},
		"a page of two words":  {page(admin.Page{Path: "b/c", Title: "B", Show: note}), "one word"},
		"a page of dots":       {page(admin.Page{Path: "..", Title: "B", Show: note}), "one word"},
		"an action of nothing": {page(admin.Page{Path: "b", Title: "B", Show: note, Act: map[string]func(context.Context, *http.Request) (string, error){"x": nil}}), "action"},
	} {
		c := good
		row.edit(&c)
		if _, err := admin.New(c); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, row.want)
		}
	}
	_, err := admin.New(admin.Config{Path: "/", FactorAge: -1})
	if n := len(strings.Split(fmt.Sprint(err), "\n")); n != 4 {
		t.Errorf("%d faults in one error, want all four: %v", n, err)
	}
}

// The hook is there for the answers 404 alone and costs visitors without a cookie nothing.
func TestElsewhereCostsNoAllocation(t *testing.T) {
	g, err := admin.New(admin.Config{Path: path, Who: (&desk{}).who, Pages: []admin.Page{{Path: "a", Title: "A", Show: note}}, Decoy: true})
	if err != nil {
		t.Fatal(err)
	}
	h := g.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	w := &discard{h: http.Header{}}
	for _, cookie := range []string{"", "visitor"} {
		r := request("GET", "/posts/42/edit", vpnClient, cookie)
		begin := 0.0
		if cookie != "" {
			begin = testing.AllocsPerRun(100, func() { httpx.Begin(w, r) })
		}
		if got := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); got != begin {
			t.Errorf("cookie %q: %v allocations, want %v", cookie, got, begin)
		}
	}
}

type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (d *discard) WriteHeader(int)             {}

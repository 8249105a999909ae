package probe_test

import (
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// find returns the findings with the ID.
func find(t *testing.T, checks []check.Check, id string) (out []check.Finding) {
	t.Helper()
	r := check.Run(t.Context(), checks, check.Options{Deploy: true})
	for _, n := range r.NotRun {
		t.Errorf("%s could not look: %s", n.ID, n.Reason)
	}
	for _, f := range r.Findings {
		if f.ID == id {
			out = append(out, f)
		}
	}
	return out
}

// TestOutside holds what counts against a site of which we know nothing but its address.
func TestOutside(t *testing.T) {
	outside := probe.Claims{Host: own, Outside: true}
	answerForged := func(status int, location string) func(http.Handler) http.Handler {
		return before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Host == own {
				return false
			}
			w.Header().Set("Location", location)
			w.WriteHeader(status)
			return true
		})
	}
	post := func(status int) func(http.Handler) http.Handler {
		return before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "POST" {
				w.WriteHeader(status)
			}
			return r.Method == "POST"
		})
	}
	toldProto := func(status int) func(http.Handler) http.Handler {
		return before(func(w http.ResponseWriter, r *http.Request) bool {
			told := r.Header.Get("X-Forwarded-Proto") == "https"
			if told {
				w.WriteHeader(status)
			}
			return told
		})
	}
	text := func(name string) func(http.Handler) http.Handler {
		return header(func(_ int, h http.Header) {
			h.Set("Content-Type", "text/plain")
			h.Del(name)
		})
	}
	for _, test := range []struct {
		name   string
		broken func(http.Handler) http.Handler
		id     string
		want   check.Level // 0 for no finding
	}{
		{"another server misdirects the forged name", answerForged(421, ""), "probe.E001", 0},
		{"another server sends the forged name to its own", answerForged(301, "https://www.example.com/"), "probe.E001", 0},
		{"the forged name is sent to itself", answerForged(301, "https://airworthy-probe.invalid/"), "probe.E001", check.Error},
		{"the forged name is served", answerForged(200, ""), "probe.E001", check.Error},
		{"a page that takes no POST shows nothing", post(405), "probe.E015", check.Info},
		{"a page that takes a foreign POST", post(200), "probe.E015", check.Error},
		{"a page that fails on a foreign POST has let it in", post(500), "probe.E015", check.Error},
		{"a post without what it needs shows nothing", post(422), "probe.E015", check.Info},
		{"a post that asks for a login shows nothing", post(401), "probe.E015", check.Info},
		{"who says how we came is turned away", toldProto(400), "probe.E003", 0},
		{"who says how we came is believed", toldProto(200), "probe.E003", check.Error},
		{"Django's own refusal of a foreign post tells nothing", page(403, "<p>More information is available with DEBUG=True.</p>"), "probe.E025", 0},
		{"a firewall that refuses us", page(403, "<p>blocked"), "probe.E024", check.Warning},
		{"this library's page with DEBUG on", page(404, "<footer>You see this page because DEBUG is on. With DEBUG off"), "probe.E025", check.Error},
		{"a page that speaks of it", page(200, "<footer>You see this page because DEBUG is on. With DEBUG off"), "probe.E025", 0},
		{"Django's page with DEBUG on", page(404, "<p>You’re seeing this error because you have <code>DEBUG = True</code> in"), "probe.E025", check.Error},
		{"Django's refusal of a foreign post with DEBUG on", page(403, "you have help because you have <code>DEBUG =\n  True</code> in"), "probe.E025", check.Error},
		{"text cannot be framed to harm", text("X-Frame-Options"), "probe.W009", 0},
		{"text can still be sniffed", text("X-Content-Type-Options"), "probe.W008", check.Warning},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got check.Level
			for _, f := range find(t, site{claims: outside, broken: test.broken}.checks(), test.id) {
				got = f.Level
			}
			if got != test.want {
				t.Errorf("%s found at level %s, want %s", test.id, got, test.want)
			}
		})
	}
	for _, c := range probe.Checks(nil, outside) {
		if c.Needs != check.URL {
			t.Errorf("%s needs %q, want %q", c.ID, c.Needs, check.URL)
		}
	}
}

// TestEvidenceHoldsNoValues looks for cookie values, bodies and paths of the server's own making. badinput 53.
func TestEvidenceHoldsNoValues(t *testing.T) {
	leaky := header(func(_ int, h http.Header) {
		h.Add("Set-Cookie", "sessionid=s3cr3t-value")
		h.Set("Location", "https://other.example/?token=s3cr3t-value")
	})
	s := site{promises(), func(next http.Handler) http.Handler { return leaky(page(500, "main.go:42 s3cr3t-value")(next)) }}
	r := check.Run(t.Context(), s.checks(), check.Options{Deploy: true})
	if len(r.Findings) < 6 {
		t.Fatalf("only %d findings, want a site full of faults", len(r.Findings))
	}
	var text strings.Builder
	if err := r.WriteText(&text, check.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "s3cr3t") {
		t.Errorf("the report holds a cookie's value, a query or a body:\n%s", text.String())
	}
}

func TestWhatCannotBeAskedIsNotClean(t *testing.T) {
	panics := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("s3cr3t") })
	}
	for name, s := range map[string]site{
		"a handler that panics":  {claims: promises(), broken: panics},
		"a path that is no path": {claims: probe.Claims{Host: own, Paths: []string{"%zz"}}},
		"a host that is no host": {claims: probe.Claims{Host: "exa mple.com"}},
		"only one page that fails": {promises(), before(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/about" {
				panic("s3cr3t")
			}
			return false
		})},
	} {
		r := check.Run(t.Context(), s.checks(), check.Options{Deploy: true, FailLevel: check.Critical})
		if !r.Failed() || len(r.NotRun) == 0 {
			t.Errorf("%s: the gate opens", name)
		}
		for _, n := range r.NotRun {
			if strings.Contains(n.Reason, "s3cr3t") {
				t.Errorf("%s: the panic's value is told: %s", name, n.Reason)
			}
		}
	}
	r := check.Run(t.Context(), probe.Checks(probe.InProcess(http.HandlerFunc(safe)), probe.Claims{}), check.Options{Deploy: true})
	if !r.Failed() || !strings.Contains(r.NotRun[0].Reason, "Claims.Host") {
		t.Errorf("claims without a host: not run = %+v, want each to name Claims.Host", r.NotRun)
	}
}

// TestHostileBodies probes what never ends (badinput 59). Header and beginning are judged all the same.
func TestHostileBodies(t *testing.T) {
	endless := before(func(w http.ResponseWriter, r *http.Request) bool {
		for r.URL.Path == "/about" {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return true
			}
		}
		return false
	})
	stalls := before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/about" {
			return false
		}
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	})
	for name, broken := range map[string]func(http.Handler) http.Handler{"endless": endless, "stalled": stalls} {
		synctest.Test(t, func(t *testing.T) {
			if got := find(t, site{promises(), broken}.checks(), "probe.W008"); len(got) != 1 {
				t.Errorf("%s: findings = %+v, want the header that is missing", name, got)
			}
		})
	}
}

// unreachable refuses connections over http, as a site does that serves https alone.
type unreachable struct{ http.RoundTripper }

func (u unreachable) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return u.RoundTripper.RoundTrip(r)
}

func TestNothingListensOnHTTP(t *testing.T) {
	rt := unreachable{probe.InProcess(http.HandlerFunc(safe))}
	r := check.Run(t.Context(), probe.Checks(rt, probe.Claims{Host: own}), check.Options{Deploy: true})
	if len(r.Findings)+len(r.NotRun) > 0 {
		t.Errorf("findings = %+v, not run = %+v, want none", r.Findings, r.NotRun)
	}
}

package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// TestProfiles holds what the first answer says of a site.
func TestProfiles(t *testing.T) {
	type headers = map[string]string
	for _, row := range []struct {
		name   string
		status int
		h      headers
		want   probe.Profile
	}{
		{"a page", 200, headers{"Content-Type": "text/html"}, probe.HTML},
		{"a page that sets a cookie", 200, headers{"Content-Type": "text/html", "Etag": `"1"`, "Last-Modified": "x", "Set-Cookie": "a=b"}, probe.HTML},
		{"a page with a validator", 200, headers{"Content-Type": "text/html", "Etag": `"1"`}, probe.HTML},
		{"a page that is not there", 404, headers{"Content-Type": "text/html", "Etag": `"1"`, "Last-Modified": "x"}, probe.HTML},
		{"a page in XHTML", 200, headers{"Content-Type": "application/xhtml+xml; charset=utf-8"}, probe.HTML},
		{"a login for the page", 401, headers{"Content-Type": "text/html"}, probe.HTML},
		{"a file", 200, headers{"Content-Type": "text/html; charset=utf-8", "Etag": `"1"`, "Last-Modified": "x"}, probe.Static},
		{"an image", 200, headers{"Content-Type": "image/svg+xml"}, probe.Static},
		{"text", 200, headers{"Content-Type": "text/plain"}, probe.Static},
		{"JSON", 200, headers{"Content-Type": "application/json"}, probe.API},
		{"a problem", 404, headers{"Content-Type": "application/problem+json"}, probe.API},
		{"XML", 200, headers{"Content-Type": "application/atom+xml"}, probe.API},
		{"a refusal in text", 404, headers{"Content-Type": "text/plain; charset=utf-8"}, probe.API},
		{"a redirect to another host", 301, headers{"Location": "https://new.example/"}, probe.Redirect},
		{"a redirect to the counterpart", 301, headers{"Location": "https://example.com/"}, probe.Redirect},
		{"a redirect to http", 301, headers{"Location": "http://" + own + "/"}, probe.Redirect},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := safeSite(t)
			s.secure = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range row.h {
					w.Header().Set(name, value)
				}
				w.WriteHeader(row.status)
			})
			live, err := probe.NewLive(s.start(t))
			if err != nil {
				t.Fatal(err)
			}
			defer live.Close()
			claims, err := live.Look(t.Context(), probe.Claims{})
			if err != nil || claims.Profile != row.want {
				t.Errorf("profile %q (%v), want %q", claims.Profile, err, row.want)
			}
			chosen, err := live.Look(t.Context(), probe.Claims{Profile: probe.Static})
			if err != nil || chosen.Profile != probe.Static || !strings.HasSuffix(live.Describe(chosen), "/ (profile static)") {
				t.Errorf("a profile that was chosen: %q (%v), want static", live.Describe(chosen), err)
			}
		})
	}
}

// TestProfilesLeaveOut holds what each profile does not ask, and what every one does.
func TestProfilesLeaveOut(t *testing.T) {
	has := func(p probe.Profile, id string) bool {
		checks := probe.Checks(probe.InProcess(nil), probe.Claims{Host: own, Profile: p})
		return slices.ContainsFunc(checks, func(c check.Check) bool { return c.ID == id })
	}
	for id, want := range map[string]string{
		"probe.W012": "html static", // a policy
		"probe.W009": "html api static",
		"probe.W008": "html api static",
		"probe.E015": "html api",
		"probe.W005": "html api static redirect",
		"probe.E004": "html api static redirect",
		"probe.E001": "html api static redirect",
		"probe.E057": "html api static redirect",
		"probe.W023": "html api static",
	} {
		var got []string
		for _, p := range []probe.Profile{probe.HTML, probe.API, probe.Static, probe.Redirect} {
			if has(p, id) {
				got = append(got, string(p))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s counts for %v, want %s", id, got, want)
		}
	}
	if !has("", "probe.W012") {
		t.Error("without a profile a rule is left out")
	}
}

// TestStaticAndRedirectSendNoPosts holds that what is left out is not sent either.
func TestStaticAndRedirectSendNoPosts(t *testing.T) {
	for _, profile := range []probe.Profile{probe.HTML, probe.API, probe.Static, probe.Redirect} {
		s := safeSite(t)
		posts := 0
		s.secure = before(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				posts++
			}
			return false
		})(s.secure)
		judge(t, s.start(t), probe.Claims{Profile: profile})
		if want := profile == probe.HTML || profile == probe.API; (posts > 0) != want {
			t.Errorf("%s: %d posts, want some: %t", profile, posts, want)
		}
	}
}

// TestFirstPage follows a site to where its first page is.
func TestFirstPage(t *testing.T) {
	s := safeSite(t)
	s.secure = before(func(w http.ResponseWriter, r *http.Request) bool {
		to, ok := map[string]string{"/": "/de", "/de": "https://" + own + "/about"}[r.URL.Path]
		if ok {
			http.Redirect(w, r, strings.Replace(to, own, r.Host, 1), http.StatusFound)
		}
		return ok
	})(s.secure)
	_, claims := judge(t, s.start(t), probe.Claims{Paths: []string{"/about"}})
	if got := strings.Join(claims.Paths, " "); got != "/about /" || claims.Profile != probe.HTML {
		t.Errorf("the pages are %s of a site that is %s, want /about first", got, claims.Profile)
	}
}

// TestHTTPOnly is a site that has no https, and is judged all the same.
func TestHTTPOnly(t *testing.T) {
	s := safeSite(t)
	s.plain = before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/" {
			w.WriteHeader(404)
		}
		return true
	})(nil)
	c := s.start(t)
	c.URL = "https://" + own + ":1" // where nobody listens
	r, claims := judge(t, c, probe.Claims{})
	if ids := idsOf(r, check.Warning); !slices.Contains(ids, "probe.E100") || !slices.Contains(ids, "probe.W008") || !claims.InsecureHTTP {
		t.Errorf("found %v, want that https is missing, and what is wrong over http", ids)
	}
	for _, f := range r.Findings {
		if f.ID == "probe.E100" && !strings.Contains(f.Evidence, "nobody listens") {
			t.Errorf("evidence %q, want why", f.Evidence)
		}
	}
	if len(r.NotRun) > 0 {
		t.Errorf("not run: %+v", r.NotRun)
	}
	if slices.ContainsFunc(r.Asked, func(c check.Check) bool { return c.Setting == "SECURE_HSTS_SECONDS" }) {
		t.Error("HSTS seems to have been looked at")
	}

	c.URL = fmt.Sprintf("http://%s:%d", own, c.HTTPPort) // asked for as it is
	if r, _ := judge(t, c, probe.Claims{}); !slices.Contains(idsOf(r, check.Error), "probe.E100") {
		t.Errorf("asked for over http: %v, want probe.E100", idsOf(r, check.Error))
	}
}

// TestUnreachable holds that a site which nobody could look at has one reason for that, and no finding.
func TestUnreachable(t *testing.T) {
	c := safeSite(t).start(t)
	c.URL, c.HTTPPort = "https://"+own+":1", 1
	r, _ := judge(t, c, probe.Claims{})
	if len(r.Findings) > 0 || len(r.NotRun) != 1 || r.NotRun[0].ID != "probe.E101" || !strings.Contains(r.NotRun[0].Reason, "nobody listens") || !r.Failed() {
		t.Errorf("findings %+v, not run %+v, want probe.E101 alone", r.Findings, r.NotRun)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	live, err := probe.NewLive(safeSite(t).start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	if _, err := live.Look(ctx, probe.Claims{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was stopped", err)
	}
}

// TestNoPortForHTTP holds that a site on another port is not asked over http unless somebody says where, and that the rule
// about it is then not there rather than passed.
func TestNoPortForHTTP(t *testing.T) {
	s := safeSite(t)
	asked := false
	s.plain = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true })
	c := s.start(t)
	c.HTTPPort = 0
	live, err := probe.NewLive(c)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	checks, _ := live.Checks(t.Context(), probe.Claims{})
	if slices.ContainsFunc(checks, func(c check.Check) bool { return c.ID == "probe.E004" }) {
		t.Error("the rule about redirects is asked")
	}
	if r := check.Run(t.Context(), checks, check.Options{Deploy: true}); r.Failed() || asked {
		t.Errorf("found %v, asked over http: %t", idsOf(r, check.Info), asked)
	}
}

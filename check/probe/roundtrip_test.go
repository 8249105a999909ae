package probe_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// TestRoundTripStaysAtHome holds that whoever uses the round tripper itself gets no further than the rules do.
func TestRoundTripStaysAtHome(t *testing.T) {
	tr := newTrap(t)
	live, err := probe.NewLive(safeSite(t).start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	for _, url := range []string{
		fmt.Sprintf("http://127.0.0.1:%d/", tr.port), fmt.Sprintf("https://%s:%d/", own, tr.port),
		fmt.Sprintf("http://%s:%d/", own, tr.port), fmt.Sprintf("https://sub.%s:%d/", own, tr.port), "file:///etc/passwd",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := live.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "not the site that was asked for") {
			t.Errorf("%s: %v, want that it is not asked", url, err)
		}
	}
	if n := tr.calls.Load(); n > 0 {
		t.Errorf("%d connections", n)
	}
}

// TestRoundTripTellsNothing holds that no credential of whoever asks goes to the site.
func TestRoundTripTellsNothing(t *testing.T) {
	s := safeSite(t)
	var got http.Header
	s.secure = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	live, err := probe.NewLive(s.start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, live.URL(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"Cookie", "Authorization", "Proxy-Authorization"}
	for _, name := range secrets {
		r.Header.Set(name, "hunter2")
	}
	resp, err := live.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if slices.ContainsFunc(secrets, func(name string) bool { return got.Get(name) != "" }) || !strings.HasPrefix(got.Get("User-Agent"), "airworthy-probe/") {
		t.Errorf("the site was sent %v", got)
	}
	if r.Header.Get("Cookie") == "" {
		t.Error("the caller's request was changed")
	}
}

// TestFailuresAreNotRepeated holds that a site is not asked again what it did not answer, whoever wants to know.
func TestFailuresAreNotRepeated(t *testing.T) {
	s := safeSite(t)
	var stalled atomic.Int64
	s.secure = before(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/about" {
			stalled.Add(1)
			<-r.Context().Done()
			return true
		}
		return false
	})(s.secure)
	c := s.start(t)
	c.Timeout = 100 * time.Millisecond
	r, _ := judge(t, c, probe.Claims{Paths: []string{"/about"}})
	if n := stalled.Load(); n != 2 || !r.Failed() { // as it is, and with an Origin
		t.Errorf("the page that stalls was asked for %d times, want each request once", n)
	}

	var lookups atomic.Int64
	live, err := probe.NewLive(probe.LiveConfig{URL: "https://a.example", Interval: time.Nanosecond,
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			lookups.Add(1)
			return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	for range 5 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := live.RoundTrip(r); err == nil {
			_ = resp.Body.Close()
			t.Error("an answer from nobody")
		}
	}
	if n := lookups.Load(); n != 2 {
		t.Errorf("%d attempts, want 2 and no more", n)
	}
}

// TestPoliteness holds the time between two requests, and that of all of them.
func TestPoliteness(t *testing.T) {
	s := safeSite(t)
	c := s.start(t)
	c.Interval, c.Total = 20*time.Millisecond, 250*time.Millisecond
	began := time.Now()
	r, _ := judge(t, c, probe.Claims{})
	if took := time.Since(began); took < 200*time.Millisecond || took > 5*time.Second {
		t.Errorf("it took %s, want about the whole time", took)
	}
	if !r.Failed() || !slices.ContainsFunc(r.NotRun, func(n check.NotRun) bool { return strings.Contains(n.Reason, "is used up") }) {
		t.Errorf("not run %+v, want for want of time", r.NotRun)
	}
}

package settingstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/settings"
)

// What a source may use up while it asks a server that wants to harm it.
const (
	maxMemory   = 64 << 20        // of the heap, above what it was before
	maxSent     = 128 << 20       // bytes that the server gets rid of, of the 10 GB that it has
	maxRequests = 60              // for three names, with all attempts
	grace       = 2 * time.Second // after the end of the context
)

// TestHTTP runs a source that asks its manager over HTTP against servers that are broken or hostile, whatever protocol it
// speaks: none of them ever gives a valid answer. Open returns a source that asks baseURL, http://127.0.0.1:port, with
// made-up credentials that it need not fetch anywhere. TestHTTP asks it for three names.
//
// It demands that Lookup
//
//   - fails: what is not the manager's answer is neither a value nor "not found", be it an HTML page with status 200 or
//     404, an empty body, or JSON without what was asked for;
//   - ends within two seconds of its context, and its error wraps the context's then, however the server delays it: with
//     silence, a byte at a time, or a Retry-After of an hour;
//   - stays below 64 MiB, and reads no answer without end, compressed or not;
//   - asks nothing of another host to which it is redirected;
//   - makes at most 60 requests for the three names, with all attempts;
//   - says what is wrong: each error holds the source's Name; of 401 and 403 it says that they were refused (one of
//     "refused", "denied", "forbidden", "not allowed", "not authorized", "unauthorized", "permission") and what to do
//     (one of "check", "give", "grant", "set", "renew", "allow", "use", "log in", "sign in");
//   - says nothing of what the server said: no error, nor any that it wraps, holds eight bytes of it in a row.
//
// It measures the heap of the whole process, so that nothing else should run beside it.
func TestHTTP(t *testing.T, open func(t *testing.T, baseURL string) settings.Source) {
	t.Helper()
	canary := rand.Text()
	for _, h := range hostiles(canary) {
		t.Run(h.name, func(t *testing.T) { h.run(t, canary, open) })
	}
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(fmt.Sprintf("it is not sent to another host by a %d", status), func(t *testing.T) { redirected(t, status, canary, open) })
	}
}

// hostile is a server that no source gets a value from.
type hostile struct {
	name  string
	serve func(w http.ResponseWriter, r *http.Request)
	wait  time.Duration // the time of the context; 0 for ten seconds
	must  *regexp.Regexp
}

var (
	refusal = regexp.MustCompile(`(?i)refus|denied|forbidden|not allowed|authori[sz]ed|permission`)
	remedy  = regexp.MustCompile(`(?i)\b(check|give|grant|set|renew|allow|use|log in|sign in)\b`)
)

// attack is one Lookup against a server, and what came of it.
type attack struct {
	requests, sent atomic.Int64
	peak           uint64 // bytes of the heap above those at the start
	took           time.Duration
	values         map[string]settings.Value
	err            error
	ended          error // the context's
}

func (h hostile) run(t *testing.T, canary string, open func(t *testing.T, baseURL string) settings.Source) {
	a := &attack{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.requests.Add(1)
		drain(r)
		h.serve(&counted{w, a}, r)
	}))
	defer server.Close()
	defer server.CloseClientConnections()
	s := open(t, server.URL)
	if h.wait == 0 {
		h.wait = 10 * time.Second
	}
	if !a.lookup(t, s, h.wait) {
		return
	}
	a.judge(t, s, canary)
	if a.err != nil && h.must != nil && (!h.must.MatchString(a.err.Error()) || !remedy.MatchString(a.err.Error())) {
		t.Errorf("the error does not say what was refused and what to do: %s", redacted(a.err.Error(), canary))
	}
}

// lookup asks s, and watches what it uses up. It reports whether Lookup returned.
func (a *attack) lookup(t *testing.T, s settings.Source, wait time.Duration) bool {
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	start, base := time.Now(), heap(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.values, a.err = s.Lookup(ctx, []string{"AIRWORTHY_TEST_PLAIN", "AIRWORTHY_TEST_LINES", "AIRWORTHY_TEST_ABSENT"})
		a.took, a.ended = time.Since(start), ctx.Err()
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return true
		case <-tick.C:
			if now := heap(false); now > base {
				a.peak = max(a.peak, now-base)
			}
			if a.peak > 4*maxMemory || a.sent.Load() > 2*maxSent {
				cancel() // before it fills the machine
			}
			if time.Since(start) > wait+grace {
				t.Errorf("Lookup has not returned %v after the end of its context", grace)
				return false
			}
		}
	}
}

func heap(collected bool) uint64 {
	if collected {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// judge holds what came of it to what every case demands. It prints no text of an error that holds what it must not.
func (a *attack) judge(t *testing.T, s settings.Source, canary string) {
	t.Helper()
	if a.peak > maxMemory {
		t.Errorf("it used %d MiB, want at most %d: limit what is read of an answer", a.peak>>20, maxMemory>>20)
	}
	if n := a.sent.Load(); n > maxSent {
		t.Errorf("it read %d MiB, want at most %d: limit what is read of an answer", n>>20, maxSent>>20)
	}
	if n := a.requests.Load(); n > maxRequests {
		t.Errorf("it made %d requests, want at most %d", n, maxRequests)
	}
	if len(a.values) > 0 {
		t.Errorf("Lookup returned %d values, and the server gave none", len(a.values))
	}
	if a.err == nil {
		t.Error("Lookup returned no error: what is not the manager's answer is not \"not found\"")
		return
	}
	if a.ended != nil && !errors.Is(a.err, a.ended) {
		t.Errorf("the context ended (%v), and the error does not wrap that", a.ended)
	}
	if !strings.Contains(a.err.Error(), s.Name()) {
		t.Errorf("the error does not name the source %q: %s", s.Name(), redacted(a.err.Error(), canary))
	}
	silent(t, a.err, canary)
}

// silent fails if err, or one that it wraps, holds eight bytes of the canary.
func silent(t *testing.T, err error, canary string) {
	t.Helper()
	if err == nil {
		return
	}
	if text := fmt.Sprintf("%v %+v", err, err); redacted(text, canary) != text {
		t.Errorf("the error (%T) holds what the server said: %s", err, redacted(text, canary))
	}
	switch e := err.(type) { //nolint:errorlint // the whole tree is walked
	case interface{ Unwrap() error }:
		silent(t, e.Unwrap(), canary)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			silent(t, one, canary)
		}
	}
}

// redacted returns text without any eight bytes of the canary.
func redacted(text, canary string) string {
	for i := 0; i+8 <= len(canary); i++ {
		for _, part := range []string{canary[i : i+8], strings.ToLower(canary[i : i+8])} {
			text = strings.ReplaceAll(text, part, "********")
		}
	}
	return text
}

// redirected runs a source against a server that sends it to another.
func redirected(t *testing.T, status int, canary string, open func(t *testing.T, baseURL string) settings.Source) {
	var mu sync.Mutex
	asked, credentials := 0, false
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		drain(r)
		mu.Lock()
		defer mu.Unlock()
		asked++
		for name := range r.Header {
			credentials = credentials || credential.MatchString(name)
		}
		_, _ = fmt.Fprintf(w, `{"value": %q}`, canary)
	}))
	defer other.Close()
	hostile{serve: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path+"?"+canary, status)
	}}.run(t, canary, open)
	mu.Lock()
	defer mu.Unlock()
	switch {
	case credentials:
		t.Error("the other host got the credentials")
	case asked > 0:
		t.Errorf("the other host was asked %d times, if without credentials: its answer is not the manager's", asked)
	}
}

var credential = regexp.MustCompile(`(?i)auth|token|secret|key|signature|credential|cookie`)

package probe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/check/probe"
)

func get(ctx context.Context, t *testing.T, rt http.RoundTripper, url string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

func TestInProcessShowsTheHandlerARequest(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host, " ", r.RequestURI, " ", r.TLS != nil, " ", r.RemoteAddr, " ", r.URL.Host == "", " ", r.Proto)
	})
	local := probe.InProcess(h)
	for url, want := range map[string]string{
		"https://example.com/a?b=c":   "example.com /a?b=c true 203.0.113.7:49152 true HTTP/1.1",
		"http://example.com:8080/%2f": "example.com:8080 /%2f false 203.0.113.7:49152 true HTTP/1.1",
	} {
		if _, got, err := get(t.Context(), t, local, url); err != nil || got != want {
			t.Errorf("GET %s = %q, %v, want %q", url, got, err, want)
		}
	}
	local.RemoteAddr = netip.MustParseAddrPort("[2001:db8::1]:99")
	if _, got, err := get(t.Context(), t, local, "http://example.com/"); err != nil || !strings.Contains(got, " [2001:db8::1]:99 ") {
		t.Errorf("answer = %q, %v, want the chosen peer", got, err)
	}
}

func TestInProcessFollowsNoRedirect(t *testing.T) {
	resp, _, err := get(t.Context(), t, probe.InProcess(http.RedirectHandler("https://other.example/", http.StatusMovedPermanently)), "http://example.com/")
	if err != nil || resp.StatusCode != 301 {
		t.Errorf("answer = %v, %v, want the redirect itself", resp, err)
	}
}

func TestInProcessErrors(t *testing.T) {
	for name, test := range map[string]struct {
		h    http.HandlerFunc
		want string
	}{
		"a panic before the header": {func(http.ResponseWriter, *http.Request) { panic(errors.New("s3cr3t")) },
			"the handler panicked (*errors.errorString)"},
		"a panic after the header": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 1<<16))
			panic("s3cr3t")
		}, "the handler panicked (string)"},
		"an aborted answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "aborted"},
		"an endless answer": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "too long"},
	} {
		_, _, err := get(t.Context(), t, probe.InProcess(test.h), "https://example.com/")
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: error = %v, want %q", name, err, test.want)
		}
	}
}

func TestInProcessEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stopped := make(chan struct{})
		local := probe.InProcess(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(stopped)
		}))
		if _, _, err := get(ctx, t, local, "http://example.com/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
		}
		<-stopped // the handler has been told
	})
}

func BenchmarkInProcess(b *testing.B) {
	local := probe.InProcess(http.HandlerFunc(safe))
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), "GET", "https://"+own+"/", nil)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := local.RoundTrip(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

package settingstest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/settings"
)

// TestAnswers runs a source that asks its manager over HTTP against answers in the manager's own protocol, which
// [TestHTTP] cannot make. Serve returns a handler that speaks it and calls current once for each request, for what the
// manager holds at that moment and under which version. Open is as for TestHTTP.
//
// It demands that Lookup reads 25 names; that it fails where the manager's answers are cut short, and says nothing of
// them; and that where the values change from one request to the next each value is one that there was, and values of one
// Version belong together.
func TestAnswers(t *testing.T, serve func(t *testing.T, current func() (values map[string]string, version string)) http.Handler,
	open func(t *testing.T, baseURL string) settings.Source) {
	t.Helper()
	canary := rand.Text()
	var names []string
	for i := range 25 {
		names = append(names, fmt.Sprintf("AIRWORTHY_TEST_%02d", i))
	}
	text := func(name, version string) string { return canary + " " + name + " " + version }
	start := func(t *testing.T, rotating bool, wrap func(http.Handler) http.Handler) settings.Source {
		var generation atomic.Int64
		server := httptest.NewServer(wrap(serve(t, func() (map[string]string, string) {
			version := "1"
			if rotating {
				version = strconv.FormatInt(generation.Add(1), 10)
			}
			values := map[string]string{}
			for _, name := range names {
				values[name] = text(name, version)
			}
			return values, version
		})))
		t.Cleanup(server.Close)
		return open(t, server.URL)
	}
	whole := func(h http.Handler) http.Handler { return h }

	t.Run("it reads what the manager answers", func(t *testing.T) {
		want := map[string]string{}
		for _, name := range names {
			want[name] = text(name, "1")
		}
		equal(t, start(t, false, whole), names, want)
	})
	t.Run("values that change while they are read are not torn", func(t *testing.T) {
		s := start(t, true, whole)
		for range 5 {
			untorn(t, s, names, text)
		}
	})
	for what, part := range map[string]func(n int) int{
		"half of an answer": func(n int) int { return n / 2 }, "an answer without its end": func(n int) int { return n - 1 },
	} {
		t.Run(what+" is no answer", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			got, err := start(t, false, cut(part)).Lookup(ctx, names)
			if err == nil || len(got) > 0 {
				t.Errorf("Lookup returned %d values and the error %t, want an error alone", len(got), err != nil)
			}
			silent(t, err, canary)
		})
	}
}

// untorn reads names and judges what came.
func untorn(t *testing.T, s settings.Source, names []string, text func(name, version string) string) {
	got, err := s.Lookup(t.Context(), names)
	if err != nil {
		t.Fatalf("Lookup failed: %v", err)
	}
	together := map[string]string{} // the generation that belongs to a version
	for _, name := range names {
		v, ok := got[name]
		generation := v.Text[strings.LastIndexByte(v.Text, ' ')+1:]
		switch {
		case !ok:
			t.Errorf("Lookup did not return %s", name)
		case v.Text != text(name, generation):
			t.Errorf("%s has a text that never was", name)
		case v.Version != "" && together[v.Version] == "":
			together[v.Version] = generation
		case v.Version != "" && together[v.Version] != generation:
			t.Errorf("%s and another name have the version %s, and their values are not of one time", name, v.Version)
		}
	}
}

// cut sends a part of each answer as if it were all.
func cut(part func(n int) int) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			whole := httptest.NewRecorder()
			h.ServeHTTP(whole, r)
			body := whole.Body.Bytes()
			for name, lines := range whole.Header() {
				w.Header()[name] = lines
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(whole.Code)
			_, _ = w.Write(body[:max(0, part(len(body)))])
		})
	}
}

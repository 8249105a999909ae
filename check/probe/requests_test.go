package probe_test

import (
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/check/probe"
)

// TestRequestsAreDocumented holds docs/probe.md to its promise: it names every path, method and header that is sent.
func TestRequestsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/probe.md")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	sent, plain, visits := 0, 0, map[string]int{}
	note := func(count *int, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			*count++
			words := []string{r.Method}
			if r.RequestURI != "/" && !strings.Contains(r.RequestURI, "?airworthy=probe") {
				words = append(words, r.RequestURI)
			}
			if r.TLS != nil && strings.HasPrefix(r.Host, own+":") {
				visits[r.Method+" "+r.RequestURI+" "+strings.Join(unusual(r), " ")]++
			}
			words = append(words, unusual(r)...)
			for _, word := range words {
				if !strings.Contains(string(text), "`"+word) && !strings.Contains(string(text), " "+word+"`") {
					t.Errorf("docs/probe.md does not name %s", word)
				}
			}
			if !strings.HasPrefix(r.Header.Get("User-Agent"), "airworthy-probe/") || r.Header.Get("Accept-Encoding") != "identity" && r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("the request does not name itself: %v", r.Header)
			}
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
	}
	s := safeSite(t)
	s.secure = note(&sent, s.secure)
	s.plain = note(&plain, http.RedirectHandler("https://"+own+"/", http.StatusMovedPermanently))
	judge(t, s.start(t), probe.Claims{})
	if again := visits["GET / "]; again > 1 {
		t.Errorf("the page was asked for %d times in the same way", again)
	}
	if sent < 40 || sent > 65 || plain < 4 || plain > 6 {
		t.Errorf("%d requests over https and %d over http, want the numbers of docs/probe.md", sent, plain)
	}
}

// unusual returns the names of a request's headers that not every request has.
func unusual(r *http.Request) (names []string) {
	for name := range r.Header {
		if name != "User-Agent" && name != "Accept" && name != "Content-Length" && name != "Content-Type" && r.Header.Get(name) != "identity" {
			names = append(names, name)
		}
	}
	return names
}

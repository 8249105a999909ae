package vaultsecrets_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}
}

func TestHostileAtOnce(t *testing.T) {
	settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source { return open(t, baseURL, nil) })
}

func TestHostileLogin(t *testing.T) {
	settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source { return open(t, baseURL, byAppRole) })
}

// TestHostileSecrets lets the servers loose on what comes after the login, which the fake answers.
func TestHostileSecrets(t *testing.T) {
	settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source {
		f := newFake()
		s := open(t, baseURL, nil)
		s.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.HasPrefix(r.URL.Path, "/v1/auth/") || strings.HasPrefix(r.URL.Path, "/v1/sys/internal/") {
					w := httptest.NewRecorder()
					r.Body = http.NoBody
					f.ServeHTTP(w, r)
					return respond(r, w.Code, w.Body.String()), nil
				}
				return next.RoundTrip(r)
			})
		})
		return s
	})
}

// TestWaiting has one Lookup hang: another ends with its own context.
func TestWaiting(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	release, asked := make(chan struct{}), make(chan struct{}, 1)
	f.before = func(string) {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-release
	}
	s := open(t, f.start(t), nil)
	done := make(chan error)
	go func() { _, err := s.Lookup(t.Context(), []string{"A"}); done <- err }()
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Lookup(ctx, []string{"A"})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "vault") {
		t.Errorf("got %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestRetries has a server fail for a moment: readings are tried again, writings are not.
func TestRetries(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	failures, puts, hangUp := 0, 0, false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if failures > 0 && (r.Method == http.MethodGet || puts > 0) {
			if failures--; hangUp {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		f.ServeHTTP(w, r)
	}))
	defer server.Close()
	s := open(t, server.URL, nil)
	failures = 2
	is(t, s, "A", "1")
	hangUp, failures = true, 2
	is(t, s, "A", "1")
	hangUp, failures = false, 3
	fails(t, s, "A", "status 502")
	s = open(t, server.URL, byAppRole)
	failures, puts = 1, 1
	fails(t, s, "A", "status 502")
	if asked := f.requests(); failures != 0 || strings.Contains(strings.Join(asked, " "), "login") {
		t.Errorf("the login was tried again: %v", asked)
	}
	is(t, s, "A", "1")
}

// TestNamespace has each request carry it.
func TestNamespace(t *testing.T) {
	f := newFake().put(map[string]string{"A": "1"})
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("X-Vault-Namespace")+r.Header.Get("X-Vault-Wrap-TTL"))
		f.ServeHTTP(w, r)
	}))
	defer server.Close()
	t.Setenv("VAULT_WRAP_TTL", "1m")
	s := open(t, server.URL, func(c *vaultsecrets.Config) { c.Namespace = "team"; byAppRole(c) })
	t.Setenv("VAULT_WRAP_TTL", "1m")
	is(t, s, "A", "1")
	for _, got := range seen {
		if got != "team" {
			t.Errorf("a request has the namespace and the wrapping %q", got)
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d requests, want 3", len(seen))
	}
}

package policy_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/password/policy"
)

const (
	good  = "three small grey boats"
	known = "correct horse battery staple"
)

// answer is what a range service says of those passwords, with their counts, among others.
func answer(counts map[string]int) string {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "%035X:%d\r\n", i, i+1)
	}
	for password, count := range counts {
		fmt.Fprintf(&b, "%s:%d\r\n", fmt.Sprintf("%X", sha1.Sum([]byte(password)))[5:], count)
	}
	return b.String() + strings.Repeat("0", 35) + ":0"
}

func ask(t *testing.T, cfg policy.Config, password string) error {
	t.Helper()
	return mustNew(t, cfg).Validate(t.Context(), password)
}

func TestServiceLearnsFiveDigits(t *testing.T) {
	var got []*http.Request
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		fmt.Fprint(w, answer(map[string]int{known: 216}))
	}))
	defer s.Close()
	cfg := policy.Config{BreachedURL: s.URL + "/range", Transport: s.Client().Transport}
	p := mustNew(t, cfg)
	if got := codes(t, p, known); !slices.Equal(got, []string{"password_breached"}) {
		t.Errorf("got %v, want it to be known", got)
	}
	sum := fmt.Sprintf("%X", sha1.Sum([]byte(known)))
	if len(got) != 1 {
		t.Fatalf("%d requests, want 1", len(got))
	}
	r := got[0]
	if r.Method != "GET" || r.RequestURI != "/range/"+sum[:5] || r.Header.Get("Add-Padding") != "true" || r.ContentLength > 0 {
		t.Errorf("asked %s %s with %v, want the first five digits, padded", r.Method, r.RequestURI, r.Header)
	}
	for name, values := range r.Header {
		if strings.Contains(strings.Join(values, ""), sum[5:12]) || name == "Cookie" || name == "Authorization" || name == "Referer" {
			t.Errorf("sent %s: %v", name, values)
		}
	}
	if err := p.Validate(t.Context(), good); err != nil {
		t.Errorf("a password that is not known: %v", err)
	}
	got = nil
	if codes(t, p, good, policy.Attribute{Label: "name", Value: "ｍａｒｇａｒｅｔ"}); len(got) != 1 {
		t.Errorf("asked %d times about one password", len(got))
	}
	got = nil
	for _, refused := range []string{"short", "12345678901234567890", strings.Repeat("x", 5000)} {
		if codes(t, p, refused); len(got) != 0 {
			t.Errorf("asked about %.20q, which is refused anyway", refused)
		}
	}
}

// Both what was typed and what is hashed may be known.
func TestServiceIsAskedAboutBothForms(t *testing.T) {
	wide := strings.Map(func(r rune) rune {
		if r > ' ' {
			return r - '!' + '！'
		}
		return r
	}, known)
	for _, listed := range []string{known, wide} {
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, answer(map[string]int{listed: 1}))
		}))
		cfg := policy.Config{BreachedURL: s.URL, Transport: s.Client().Transport}
		if got := codes(t, mustNew(t, cfg), wide); !slices.Equal(got, []string{"password_breached"}) {
			t.Errorf("got %v, want it to be known as %q", got, listed)
		}
		s.Close()
	}
}

func TestServiceAnswers(t *testing.T) {
	sum := fmt.Sprintf("%X", sha1.Sum([]byte(good)))
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text) }
	}
	var elsewhere atomic.Int32
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	line := strings.Repeat("A", 35) + ":1\n"
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   string // "" it is not known; "known"; or part of the error
	}{
		{"others", say(answer(nil)), ""},
		{"one other, in lower case, without a line end", say(strings.ToLower(strings.TrimSpace(line))), ""},
		{"it", say(answer(map[string]int{good: 1})), "known"},
		{"it, in lower case", say(strings.ToLower(sum[5:]) + ":12\n"), "known"},
		{"it, as padding", say(answer(map[string]int{good: 0})), ""},
		{"padding of several digits", say(sum[5:] + ":00\n"), ""},
		{"nothing", say(""), "no list of hashes"},
		{"a page", say("<!doctype html><title>Log in to the hotel network</title>"), "no list of hashes"},
		{"a page with status 200 and then the list", say("x\n" + answer(nil)), "no list of hashes"},
		{"whole hashes", say(sum + ":1\n"), "no list of hashes"},
		{"short hashes", say(sum[6:] + ":1\n"), "no list of hashes"},
		{"a line that is cut off", say(line + sum[5:20]), "no list of hashes"},
		{"no count", say(line + sum[5:] + ":\n"), "no list of hashes"},
		{"no colon", say(line + sum[5:] + "\n"), "no list of hashes"},
		{"a count below nothing", say(line + sum[5:] + ":-1\n"), "no list of hashes"},
		{"an endless count", say(line + sum[5:] + ":" + strings.Repeat("1", 100) + "\n"), "no list of hashes"},
		{"an endless line", say(strings.Repeat("A", 1<<20)), "no list of hashes"},
		{"an endless list", func(w http.ResponseWriter, r *http.Request) {
			for range 100_000 {
				if _, err := io.WriteString(w, line); err != nil {
					return
				}
			}
		}, "no list of hashes"},
		{"zeros", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 3<<20)) }, "no list of hashes"},
		{"a list that is too long by what would be found", say(strings.Repeat("\n", 5) + strings.Repeat(line, (1<<20)/len(line)) + sum[5:] + ":1\n"), "no list of hashes"},
		{"empty lines", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("\n"), 3<<20)) }, "no list of hashes"},
		{"an answer that breaks off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5000")
			fmt.Fprint(w, line)
		}, "PASSWORD_BREACHED_URL"},
		{"no answer at all", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "cannot be asked"},
		{"too many requests", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(429) }, "answers with status 429"},
		{"not found, which is no no", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) }, "answers with status 404"},
		{"a part", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(206); fmt.Fprint(w, line) }, "answers with status 206"},
		{"a redirect to another host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		}, "answers with status 307"},
		{"a redirect to plain http", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+r.URL.Path, http.StatusFound)
		}, "answers with status 302"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(test.answer)
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			s.StartTLS()
			defer s.Close()
			cfg := policy.Config{BreachedURL: s.URL, Transport: s.Client().Transport, BreachedTimeout: 20 * time.Second}
			err := ask(t, cfg, good)
			refusal, refused := errors.AsType[*policy.Refusal](err)
			switch test.want {
			case "":
				if err != nil {
					t.Errorf("got %v, want it not to be known", err)
				}
			case "known":
				if !refused || refusal.Problems[0].Code != "password_breached" {
					t.Errorf("got %v, want it to be known", err)
				}
			default:
				if err == nil || refused || !strings.Contains(err.Error(), test.want) ||
					!strings.HasPrefix(err.Error(), "policy: PASSWORD_BREACHED_URL: the password cannot be judged") {
					t.Fatalf("got %v, want an error with %q", err, test.want)
				}
				leaks(t, err.Error(), sum)
				cfg.InsecureBreachedFailOpen = true
				cfg.Logger = slog.New(slog.DiscardHandler)
				if err := ask(t, cfg, good); err != nil {
					t.Errorf("failing open: got %v, want it to pass", err)
				}
			}
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// leaks fails the test if a text has a part of the password or of its hash.
func leaks(t *testing.T, text, sum string) {
	t.Helper()
	for _, part := range []string{good, "three", "boats", sum[:5], strings.ToLower(sum[:5]), sum[5:12]} {
		if strings.Contains(text, part) {
			t.Errorf("the text has %q of the password or of its hash: %s", part, text)
		}
	}
}

// transport is a service that needs no network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestServiceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		var log bytes.Buffer
		cfg := policy.Config{BreachedURL: policy.PwnedPasswords, Transport: hangs, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		start := time.Now()
		err := ask(t, cfg, good)
		if err == nil || !strings.HasSuffix(err.Error(), "the service does not answer within 3s") || time.Since(start) != 3*time.Second {
			t.Errorf("after %v: %v, want an error after 3 seconds", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		cfg.InsecureBreachedFailOpen = true
		if err := mustNew(t, cfg).Validate(ctx, good); err == nil {
			t.Error("a request that was broken off let the password pass")
		}
		if log.Len() != 0 {
			t.Errorf("logged %s", &log)
		}
		if err := ask(t, cfg, good); err != nil {
			t.Errorf("failing open: %v", err)
		}
		for _, want := range []string{"level=WARN", "event=airworthy.password.Unjudged", "passed=true", "PASSWORD_BREACHED_URL"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("log = %s, want %s", &log, want)
			}
		}
		leaks(t, log.String(), fmt.Sprintf("%X", sha1.Sum([]byte(good))))
	})
}

// slow is a body that is read late.
type slow struct{ io.Reader }

func (s slow) Read(b []byte) (int, error) {
	time.Sleep(2 * time.Second)
	return s.Reader.Read(b)
}

// An answer that ends well when the time is over was perhaps ended by that.
func TestServiceThatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for counts, want := range map[int]string{0: "does not answer within 3s", 1: "password_breached"} {
			late := transport(func(r *http.Request) (*http.Response, error) {
				text := fmt.Sprintf("%035X:1\n%s:%d\n", 5, fmt.Sprintf("%X", sha1.Sum([]byte(good)))[5:], counts)
				return &http.Response{StatusCode: 200, Body: io.NopCloser(slow{strings.NewReader(text)})}, nil
			})
			err := ask(t, policy.Config{BreachedURL: policy.PwnedPasswords, Transport: late}, good)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("count %d: got %v, want %q", counts, err, want)
			}
		}
	})
}

// The body hangs, not the header.
func TestServiceThatDrips(t *testing.T) {
	done := make(chan struct{})
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat("A", 35)+":1\n")
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-done:
		}
	}))
	defer s.Close()
	defer close(done)
	cfg := policy.Config{BreachedURL: s.URL, Transport: s.Client().Transport, BreachedTimeout: 50 * time.Millisecond}
	if err := ask(t, cfg, good); err == nil || !strings.Contains(err.Error(), "does not answer within 50ms") {
		t.Errorf("got %v, want an error after 50ms", err)
	}
}

func TestNothingIsAskedByDefault(t *testing.T) {
	cfg := policy.Config{Transport: transport(func(r *http.Request) (*http.Response, error) {
		t.Errorf("asked %s", r.URL.Host)
		return nil, errors.New("no")
	})}
	if err := ask(t, cfg, good); err != nil {
		t.Error(err)
	}
	if err := ask(t, cfg, known); err != nil {
		t.Error(err)
	}
}

func TestServiceURLs(t *testing.T) {
	for _, test := range []struct{ url, fault string }{
		{"https://api.pwnedpasswords.com/range/", ""},
		{"https://api.pwnedpasswords.com/range", ""},
		{"https://[::1]:8443", ""},
		{"http://127.0.0.1/range/", "is plain http"},
		{"ftp://example.com/", "is not an absolute https URL"},
		{"example.com/range", "is not an absolute https URL"},
		{"//example.com/range", "is not an absolute https URL"},
		{"https://", "is not an absolute https URL"},
		{"https://s3cr3t:s3cr3t@example.com/", "has a user or password"},
		{"https://example.com/?key=s3cr3t", "has a query"},
		{"https://example.com/range/#s3cr3t", "has a query or fragment"},
		{"https://example.com/range?", "has a query"},
		{"https://s3cr3t:s3cr3t@exa mple.com/", "is not a URL"},
	} {
		_, err := policy.New(policy.Config{BreachedURL: test.url})
		if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)) {
			t.Errorf("%s: error = %v, want %q", test.url, err, test.fault)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cr3t") || !strings.HasPrefix(err.Error(), "policy: PASSWORD_BREACHED_URL: ")) {
			t.Errorf("%s: error = %v, want the setting and nothing of the value", test.url, err)
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answer(nil)) }))
	defer s.Close()
	if err := ask(t, policy.Config{BreachedURL: s.URL, InsecureBreachedHTTP: true}, good); err != nil {
		t.Errorf("plain http on the same machine: %v", err)
	}
}

// Our own transport reads no endless header.
func TestServiceWithALongHeader(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 100<<10))
		fmt.Fprint(w, answer(nil))
	}))
	defer s.Close()
	err := ask(t, policy.Config{BreachedURL: s.URL, InsecureBreachedHTTP: true}, good)
	if err == nil || !strings.Contains(err.Error(), "cannot be asked") {
		t.Errorf("got %v, want an error", err)
	}
}

package logins

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/secret"
)

const word = "seven wild geese at noon"

// site is a site on a SQLite database, served on loopback behind a proxy that it trusts, which the tests are: so they
// come from any address they like.
type site struct {
	t     *testing.T
	app   *airworthy.App
	store *sqlstore.Accounts
	url   string
}

func newSite(t *testing.T, change func(*airworthy.Settings)) *site {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), sqlstore.SQLite, secret.New("file:"+t.TempDir()+"/db?_pragma=synchronous(OFF)"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sessions, err1 := sqlstore.New(db, sqlstore.SQLite)
	users, err2 := sqlstore.NewAccounts(db, sqlstore.SQLite)
	failures, err3 := sqlstore.NewLockout(db, sqlstore.SQLite)
	for _, err := range []error{err1, err2, err3, sessions.Migrate(t.Context()), users.Migrate(t.Context()), failures.Migrate(t.Context())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := airworthy.Development()
	cfg.ErrorPages.Debug, cfg.Hosts.Debug, cfg.Logs.Output = false, true, io.Discard
	cfg.Proxy.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	cfg.Session.Store, cfg.Accounts.Store, cfg.Lockout.Store = sessions, users, failures
	if change != nil {
		change(&cfg)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "home") })
	s := &site{t: t, store: users}
	if s.app, err = airworthy.New(cfg, mux); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.app.Close() })
	srv := httptest.NewServer(s.app)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// user makes an account.
func (s *site) user(name string, change func(*accounts.User)) accounts.User {
	s.t.Helper()
	u := accounts.User{Username: name, Email: name + "@example.com", Active: true}
	if change != nil {
		change(&u)
	}
	u, err := s.app.Accounts().Create(s.t.Context(), u, word)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// lock has an account locked as sixty strangers do, from networks of its own.
func (s *site) lock(name string, n int) {
	s.t.Helper()
	for i := range 60 {
		from := netip.AddrFrom4([4]byte{172, 16, byte(n), byte(i)})
		if _, err := s.app.Lockout().Begin(s.t.Context(), lockout.Attempt{Account: name, Client: from}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// answer is what came back, and when.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 200},
}

// send sends a request from an address with a Cookie header.
func (s *site) send(method, path, from, cookie string, form url.Values) answer {
	r, err := http.NewRequestWithContext(context.Background(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Error(err)
		return answer{}
	}
	r.Header.Set("X-Forwarded-For", from)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept", "text/html")
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	start := time.Now()
	res, err := client.Do(r)
	if err != nil {
		s.t.Error(err)
		return answer{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	took := time.Since(start)
	if err != nil {
		s.t.Error(err)
	}
	return answer{res.StatusCode, res.Header, body, took}
}

func (s *site) login(name, word, from, cookie string) answer {
	return s.send("POST", "/account/login/", from, cookie, url.Values{"username": {name}, "password": {word}})
}

// cookies returns the Cookie header of a browser that got the answer.
func (a answer) cookies() string {
	var all []string
	for _, line := range a.header["Set-Cookie"] {
		pair, _, _ := strings.Cut(line, ";")
		all = append(all, pair)
	}
	return strings.Join(all, "; ")
}

// random is what differs between any two answers: nonces, tokens, ids.
var random = regexp.MustCompile(`nonce-[^' ]+|nonce="[^"]*"|[A-Za-z0-9_-]{26,}|value="[A-Za-z0-9]{64}"`)

// shape is the answer without what is random, and without what was typed.
func (a answer) shape(typed string) string {
	var b bytes.Buffer
	fmt.Fprintln(&b, a.status)
	for _, name := range []string{"Content-Type", "Content-Security-Policy", "Cache-Control", "Vary", "Set-Cookie", "Location", "Retry-After"} {
		fmt.Fprintln(&b, name, a.header[name])
	}
	b.Write(bytes.ReplaceAll(a.body, []byte(typed), []byte("TYPED")))
	return random.ReplaceAllString(b.String(), "RANDOM")
}

// address returns one of 16 million addresses of documentation and tests.
func address(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255) }

package bench

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/session"
)

var body = []byte("hello\n")

// page is an application that does nothing of interest.
var page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(body) })

// whole is the application with every part on, without an access log: the peers have none.
func whole(tb testing.TB, app http.Handler) *airworthy.App {
	tb.Helper()
	s := settings()
	s.CSP.Enforce = policy(tb)
	return built(tb, s, app)
}

func settings() airworthy.Settings {
	s := airworthy.Production()
	s.Keyring.Key = keyring.Generate()
	s.Hosts.Allowed = []string{"example.com", "www.example.com"}
	s.HTTPS.HSTS, s.HTTPS.IncludeSubdomains = 31536000, true
	s.Logs = logs.Config{Output: io.Discard, AccessLog: logs.AccessOff}
	return s
}

func built(tb testing.TB, s airworthy.Settings, app http.Handler) *airworthy.App {
	tb.Helper()
	a, err := airworthy.New(s, app)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// policy is the one that all of them send, with a nonce where it is asked for.
func policy(tb testing.TB) csp.Policy {
	p, err := csp.Parse("script-src 'nonce'; object-src 'none'; base-uri 'none'")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func wholeChain(tb testing.TB) []contest {
	get := request("GET")
	forged := request("POST", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	peer, _ := peers(page)
	return []contest{
		{"whole chain, GET without a session", 1, 1.2, []contestant{
			serving(tb, bareName, page, get, 200),
			serving(tb, limitName, newLimit(page), get, 200),
			serving(tb, ours, whole(tb, page), get, 200),
			serving(tb, "secure+nosurf+scs", peer, get, 200),
		}},
		{"whole chain, GET with a session", 3, 1.2, []contestant{
			limitSession(tb), oursSession(tb), peersSession(tb),
		}},
		{"whole chain, page with a nonce", 3, 1.2, []contestant{
			serving(tb, limitName, newLimit(asking(limitNonce)), get, 200),
			serving(tb, ours, whole(tb, asking(csp.Nonce)), get, 200),
			serving(tb, "secure+nosurf+scs", peersNonce(page), get, 200),
		}},
		{"whole chain, refused POST", 2, 1.2, []contestant{
			serving(tb, limitName, newLimit(page), forged, 403),
			serving(tb, ours, whole(tb, page), forged, 403),
			serving(tb, "secure+nosurf+scs", peer, forged, 400),
		}},
	}
}

// asking is a page that asks for a nonce.
func asking(nonce func(context.Context) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(nonce(r.Context())) != 22 {
			panic("no nonce")
		}
		_, _ = w.Write(body)
	})
}

// greeting is a page that reads a value of the session.
func greeting(name func(context.Context) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name(r.Context()) != "Ada Lovelace" {
			panic("no session")
		}
		_, _ = w.Write(body)
	})
}

func limitSession(tb testing.TB) contestant {
	l := newLimit(greeting(func(ctx context.Context) string { return limitValue(ctx, "name") }))
	r := request("GET", "Cookie", "theme=dark; __Host-sessionid="+l.seal("name", "Ada Lovelace", "cart", "[1,2,3]"))
	return serving(tb, limitName, l, r, 200)
}

func oursSession(tb testing.TB) contestant {
	s := settings()
	s.CSP.Enforce = policy(tb)
	login := built(tb, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = session.From(r.Context()).Set("name", "Ada Lovelace")
		_ = session.From(r.Context()).Set("cart", []int{1, 2, 3})
	}))
	rec := httptest.NewRecorder()
	login.ServeHTTP(rec, request("POST", "Sec-Fetch-Site", "same-origin"))
	c := rec.Result().Cookies()[0]
	app := built(tb, s, greeting(func(ctx context.Context) string { return session.From(ctx).String("name") }))
	return serving(tb, ours, app, request("GET", "Cookie", "theme=dark; "+c.Name+"="+c.Value), 200)
}

package bench

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/headers"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/session"
)

// part is what every part has.
type part interface {
	Handler(http.Handler) http.Handler
}

// around puts a part around h. It takes what New returns.
func around[P part](tb testing.TB, h http.Handler) func(P, error) http.Handler {
	return func(p P, err error) http.Handler {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return p.Handler(h)
	}
}

// frame is headers, hosts and https, around h.
func frame(tb testing.TB, h http.Handler) http.Handler {
	h = around[*https.Guard](tb, h)(https.New(https.Config{HSTS: https.Year, IncludeSubdomains: true}))
	h = around[*hosts.Guard](tb, h)(hosts.New(hosts.Config{Allowed: []string{"example.com", "www.example.com"}}))
	return around[*headers.Headers](tb, h)(headers.New(headers.Config{}))
}

// policed is csp, around h.
func policed(tb testing.TB, h http.Handler) http.Handler {
	return around[*csp.CSP](tb, h)(csp.New(csp.Config{Enforce: policy(tb)}))
}

// limitFrame sets the headers of frame and judges the host, with nothing else.
func limitFrame(next http.Handler) http.Handler {
	l := newLimit(next)
	set := l.headers[:len(plainHeaders)]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for i := range set {
			h[set[i].name] = set[i].value
		}
		if !l.hosts[r.Host] || r.TLS == nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitPolicy is limitFrame with a state, in which a nonce can be asked for.
func limitPolicy(next http.Handler) http.Handler {
	l := newLimit(next)
	return limitFrame(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &limitState{Context: r.Context(), ResponseWriter: w, limit: l}
		next.ServeHTTP(w, r.WithContext(s))
	}))
}

func someParts(tb testing.TB) []contest {
	get := request("GET")
	same := request("POST", "Sec-Fetch-Site", "same-origin", "Origin", "https://example.com")
	forged := request("POST", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	guard := around[*csrf.Guard](tb, page)(csrf.New(csrf.Config{Logger: slog.New(slog.DiscardHandler)}))
	std := http.NewCrossOriginProtection().Handler(page)
	return []contest{
		{"headers and hosts", 0, 1.5, []contestant{
			serving(tb, limitName, limitFrame(page), get, 200),
			serving(tb, ours, frame(tb, page), get, 200),
			serving(tb, "unrolled/secure", peerHeaders(page), get, 200),
		}},
		{"headers, hosts and csp, with a nonce", 3, 1.5, []contestant{
			serving(tb, limitName, limitPolicy(asking(limitNonce)), get, 200),
			serving(tb, ours, policed(tb, frame(tb, asking(csp.Nonce))), get, 200),
			serving(tb, "unrolled/secure", peerNonce(page), get, 200),
		}},
		{"csrf, POST that passes", 1, 0, []contestant{
			serving(tb, "net/http", std, same, 200),
			serving(tb, ours, guard, same, 200),
			surfPost(tb),
		}},
		{"csrf, POST that is refused", 1, 0, []contestant{
			serving(tb, "net/http", std, forged, 403),
			serving(tb, ours, guard, forged, 403),
			serving(tb, "nosurf", surf(page), forged, 400),
		}},
		{"session, read", 3, 0, []contestant{cookieSession(tb), scsSession(tb)}},
	}
}

// surfPost is nosurf with a form whose token is right, which it demands of everybody.
func surfPost(tb testing.TB) contestant {
	var token string
	h := surf(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			token = surfToken(r)
		}
	}))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, request("GET"))
	c := rec.Result().Cookies()[0]
	r := request("POST", "Sec-Fetch-Site", "same-origin", "Origin", "https://example.com",
		"Cookie", c.Name+"="+c.Value, "X-Csrf-Token", token)
	return serving(tb, "nosurf", h, r, 200)
}

// cookieSession is the session part alone, with sessions in sealed cookies.
func cookieSession(tb testing.TB) contestant {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		tb.Fatal(err)
	}
	read := greeting(func(ctx context.Context) string { return session.From(ctx).String("name") })
	h := around[*session.Manager](tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			read.ServeHTTP(w, r)
			return
		}
		_ = session.From(r.Context()).Set("name", "Ada Lovelace")
		_ = session.From(r.Context()).Set("cart", []int{1, 2, 3})
	}))(session.New(session.Config{Store: session.NewCookie(ring)}))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, request("POST"))
	c := rec.Result().Cookies()[0]
	return serving(tb, ours, h, request("GET", "Cookie", "theme=dark; "+c.Name+"="+c.Value), 200)
}

// scsSession is scs alone, with sessions in memory.
func scsSession(tb testing.TB) contestant {
	m := sessions()
	h := m.LoadAndSave(greeting(func(ctx context.Context) string { return m.GetString(ctx, "name") }))
	return serving(tb, "scs", h, request("GET", "Cookie", "theme=dark; "+m.Cookie.Name+"="+scsToken(tb, m)), 200)
}

// logging is the access log beside the same line written straight to log/slog.
func logging(tb testing.TB) []contest {
	get := request("GET")
	part := around[*logs.Logs](tb, page)(logs.New(logs.Config{Output: io.Discard, AccessLog: logs.AccessAll}))
	straight := slog.New(slog.NewTextHandler(io.Discard, nil))
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		page.ServeHTTP(w, r)
		straight.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("event", "airworthy.access"),
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", 200),
			slog.Int64("size", int64(len(body))), slog.Int64("duration_us", time.Since(start).Microseconds()),
			slog.String("user_agent", r.UserAgent()), slog.String("request_id", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
			slog.String("client", r.RemoteAddr))
	})
	return []contest{{"logs, one access line", 8, 0, []contestant{
		serving(tb, "log/slog alone", plain, get, 200), serving(tb, ours, part, get, 200),
	}}}
}

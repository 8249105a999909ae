package airworthy_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/session"
)

func TestBadInputCookies(t *testing.T) {
	v := overTLS(t, strict(inMemory(t)), prey())
	line, value := v.login(t)
	_, other := v.login(t)
	who := func(lines ...string) string { return get("/user", lines...) }
	const name = "Cookie: __Host-sessionid="
	v.run(t, []raw{
		{"19: one cookie, so that the others prove something", who(line), "200 user:ada"},
		{"19: two cookies of the name", who(name + value + "; __Host-sessionid=" + other), "200 user:"},
		{"19: the same cookie twice", who(name + value + "; __Host-sessionid=" + value), "200 user:"},
		{"19: two lines", who(line, name+other), "200 user:"},
		{"19: an empty one beside it", who("Cookie: __Host-sessionid=; __Host-sessionid=" + value), "200 user:"},
		{"19: one without a value beside it", who("Cookie: __Host-sessionid; __Host-sessionid=" + value), "200 user:"},
		{"19: the plain name, which a subdomain can set", who("Cookie: sessionid=" + value), "200 user:"},
		{"19: the prefix in other case", who("Cookie: __host-sessionid=" + value), "200 user:"},
		{"19: the name in other case", who("Cookie: __Host-SESSIONID=" + value), "200 user:"},
		{"19: another prefix", who("Cookie: __Secure-sessionid=" + value), "200 user:"},
		{"19: quotes", who(name + `"` + value + `"`), "200 user:"},
		{"19: $Version", who(`Cookie: $Version=1; $Path=/; Other="; __Host-sessionid=` + value + `"`), "200 user:"},
		{"19: a comma between cookies", who("Cookie: a=b, __Host-sessionid=" + value), "200 user:"},
		{"19: a space that browsers leave out", who("Cookie:  \t __Host-sessionid=" + value), "200 user:ada"},
		{"19: a space that other servers leave out", who("Cookie: \u00a0__Host-sessionid=" + value), "200 user:"},
		{"19: NUL before the name", who("Cookie: \x00__Host-sessionid=" + value), "400"},
		{"19: NUL in the value", who(line + "\x00"), "400"},
		{"19: the cookie that names no site beside it", who("Cookie: sessionid=" + other + "; __Host-sessionid=" + value), "200 user:ada"},
		{"20: 100,000 cookies", who("Cookie: " + strings.Repeat("a=b;", 100_000)), "431"},
		{"20: more than are read", who(line + strings.Repeat("; a=b", 300)), "200 user:"},
		{"20: more lines than are read", who(append(repeat("Cookie: a=b", 300), line)...), "200 user:"},
		{"20: more bytes than are read", who(line + "; a=" + strings.Repeat("x", 40_000)), "200 user:"},
		{"20: as many as are read", who(line + strings.Repeat("; a=b", 250)), "200 user:ada"},
		{"20: a value longer than any of ours", who(name + strings.Repeat("x", 30_000)), "200 user:"},
	})
	if n := strings.Count(v.log.String(), `"event":"airworthy.security.CookieRefused"`); n < 6 {
		t.Errorf("19: %d lines in the log tell of refused cookies, want one for each", n)
	}
	if strings.Contains(v.log.String(), value) {
		t.Error("19: the log holds a session's token")
	}
	page := v.send(t, get("/token"))
	csrf, secret := page.cookie(t, "__Host-csrftoken")
	form := func(lines ...string) string { return post("/act", "csrfmiddlewaretoken="+page.body, lines...) }
	v.run(t, []raw{
		{"19: one secret", form(csrf), "200 acted by POST"},
		{"19: two secrets", form(csrf + "; __Host-csrftoken=" + strings.Repeat("a", 32)), "403"},
		{"19: a secret by its plain name", form("Cookie: csrftoken=" + secret), "403"},
		{"20: a secret among too many cookies", form(csrf + strings.Repeat("; a=b", 300)), "403"},
	})
}

func repeat(line string, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = line
	}
	return lines
}

// TestBadInputLongValues stores more than a cookie can hold.
func TestBadInputLongValues(t *testing.T) {
	v := overTLS(t, strict(), prey())
	t.Run("20: a flash message of 100 kB in a cookie", func(t *testing.T) {
		a := v.send(t, post("/flash", "", own))
		if a.StatusCode != 500 || len(a.Cookies()) != 0 {
			t.Errorf("status %d with cookies %v, want 500 and none: browsers would drop it in silence", a.StatusCode, a.Cookies())
		}
	})
}

// counting counts what a store is asked to keep.
type counting struct {
	*session.Memory
	saved, loaded atomic.Int64
}

func (c *counting) Save(ctx context.Context, token string, rec *session.Record) (string, error) {
	c.saved.Add(1)
	return c.Memory.Save(ctx, token, rec)
}

func (c *counting) Load(ctx context.Context, token string) (session.Record, error) {
	c.loaded.Add(1)
	return c.Memory.Load(ctx, token)
}

func TestBadInputAnonymous(t *testing.T) {
	store := &counting{Memory: session.NewMemory(session.MemoryOptions{})}
	t.Cleanup(func() { _ = store.Close() })
	v := overTLS(t, strict(func(s *airworthy.Settings) { s.Session.Store = store }), prey())
	for _, row := range []raw{
		{"27: a page that asks for nothing", get("/"), "200"},
		{"27: a page that reads the session", get("/user"), "200"},
		{"27: a page that is not there", get("/nowhere"), "404"},
		{"27: a logout of nobody", post("/logout", "", own), "200"},
		{"27: an invented session", get("/user", "Cookie: __Host-sessionid="+session.NewToken()), "200"},
		{"27: junk for a session", get("/user", "Cookie: __Host-sessionid=%00"), "200"},
		{"27: a forged request", post("/login", ""), "403"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for range 20 {
				a := v.send(t, row.send)
				if got := a.Status[:3]; got != row.want {
					t.Errorf("status %s, want %s", got, row.want)
				}
				for _, c := range a.Cookies() {
					if c.Name == "__Host-sessionid" && c.MaxAge >= 0 {
						t.Errorf("a session is begun: %s", c.Name)
					}
				}
			}
		})
	}
	if n := store.saved.Load(); n != 0 {
		t.Errorf("27: the store was asked %d times to keep a session, want none", n)
	}
	if before := store.loaded.Load(); before == 0 {
		t.Error("27: the store was never asked, so the rows prove nothing")
	}
}

// TestBadInputCaching has the application say that everybody may store what is one visitor's alone.
func TestBadInputCaching(t *testing.T) {
	app := prey()
	app.HandleFunc("GET /cached", func(w http.ResponseWriter, r *http.Request) {
		h, q := w.Header(), r.URL.Query()
		for _, name := range []string{"Cache-Control", "Vary", "Cdn-Cache-Control"} {
			if q.Has(name) {
				h[name] = q[name]
			}
		}
		if s := session.From(r.Context()); q.Has("write") {
			_ = s.Set("seen", true)
		} else {
			_ = s.User()
		}
	})
	v := overTLS(t, strict(), app)
	line, _ := v.login(t)
	for _, row := range []struct{ name, query, control, vary string }{
		{"26: an answer that sets the cookie", "write", "private", "Cookie"},
		{"26: public, in odd case", "write&Cache-Control=PuBLiC,+MAX-AGE%3D60", "MAX-AGE=60, private", "Cookie"},
		{"26: a shared cache's own age", "write&Cache-Control=s-MaxAge%3D60", "private", "Cookie"},
		{"26: private for one header alone", `write&Cache-Control=private%3D"X"`, "private", "Cookie"},
		{"26: no-store in odd case stays", "write&Cache-Control=No-Store", "No-Store", "Cookie"},
		{"26: a cache's own header", "write&Cdn-Cache-Control=max-age%3D60", "private", "Cookie"},
		{"26: Vary with spaces", "write&Vary=+Accept-Encoding+,++cookie+", "private", "Accept-Encoding ,  cookie"},
		{"26: Vary of everything", "write&Vary=*", "private", "*"},
		{"26: Vary on two lines", "write&Vary=Accept&Vary=Origin", "private", "Accept, Origin, Cookie"},
		{"26: a session that is only read", "", "private", "Cookie"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.send(t, get("/cached?"+row.query, line))
			control, vary := strings.Join(a.Header["Cache-Control"], ", "), strings.TrimSpace(strings.Join(a.Header["Vary"], ", "))
			if a.StatusCode != 200 || control != row.control || vary != row.vary {
				t.Errorf("status %d, Cache-Control %q, Vary %q; want 200, %q, %q", a.StatusCode, control, vary, row.control, row.vary)
			}
			if got := a.Header["Cdn-Cache-Control"]; got != nil {
				t.Errorf("Cdn-Cache-Control %q outranks Cache-Control, want none", got)
			}
		})
	}
	for name, send := range map[string]string{
		"26: a page with a token": get("/token"), "26: a page with a nonce": get("/panic", "Accept: text/html"), "26: a refusal": post("/act", ""),
		"26: a page that is not there": get("/nowhere", "Accept: text/html"), "26: a login": post("/login", "", own),
	} {
		t.Run(name, func(t *testing.T) {
			got := v.send(t, send).Header.Get("Cache-Control")
			if got != "private" && got != "no-store" {
				t.Errorf("Cache-Control %q, want private or no-store", got)
			}
		})
	}
}

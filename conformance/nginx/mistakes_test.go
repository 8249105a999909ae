package nginx_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// Demand 4: what is set up wrongly is not a redirect for ever. The first page that a browser asks for is answered with
// 500, and the log says what to set, once.
func TestMistakes(t *testing.T) {
	const event = "airworthy.security.RedirectLoop"
	forgets := []edit{{protoLine, ""}}
	for _, row := range []struct {
		name   string
		env    []string
		edits  []edit
		hops   []edit
		unix   bool
		remedy string
	}{
		{name: "TRUSTED_PROXIES is missing", remedy: "set TRUSTED_PROXIES=127.0.0.1/32"},
		{name: "TRUSTED_PROXIES names another proxy", env: []string{"TRUSTED_PROXIES=10.0.0.5/32"},
			remedy: "set TRUSTED_PROXIES=127.0.0.1/32 in addition to what it holds"},
		{name: "TRUSTED_PROXY_UNIX_SOCKET is missing", unix: true, remedy: "set TRUSTED_PROXY_UNIX_SOCKET=true"},
		{name: "the other header is read", env: []string{trusted, "TRUSTED_PROXY_HEADER=forwarded"},
			remedy: "correct TRUSTED_PROXY_HEADER or SECURE_PROXY_SSL_HEADER"},
		{name: "another value is read", env: []string{trusted, "SECURE_PROXY_SSL_HEADER=X-Forwarded-Proto=on"},
			remedy: "correct TRUSTED_PROXY_HEADER or SECURE_PROXY_SSL_HEADER"},
		{name: "the proxy speaks RFC 7239, which is not read", env: []string{trusted},
			edits:  []edit{{protoLine, `proxy_set_header Forwarded "for=$remote_addr;proto=$scheme";`}},
			remedy: "correct TRUSTED_PROXY_HEADER or SECURE_PROXY_SSL_HEADER"},
		{name: "nginx forgets X-Forwarded-Proto", env: []string{trusted}, edits: forgets,
			remedy: "make the one that ends TLS send X-Forwarded-Proto: https"},
		{name: "nginx forgets X-Forwarded-Proto, and TRUSTED_PROXIES is missing", edits: forgets,
			remedy: "make the proxy send X-Forwarded-Proto, and set TRUSTED_PROXIES=127.0.0.1/32"},
		{name: "nginx forgets X-Forwarded-Proto on a Unix socket", unix: true, edits: forgets,
			remedy: "make the proxy send X-Forwarded-Proto, and set TRUSTED_PROXY_UNIX_SOCKET=true"},
		{name: "the inner of two hops writes its own scheme", env: []string{"TRUSTED_PROXIES=127.0.0.0/30"}, hops: []edit{},
			remedy: "and those behind it pass that on"},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr := "127.0.0.1:0"
			if row.unix {
				addr = "unix:" + filepath.Join(t.TempDir(), "s")
			}
			p := serve(t, w.bulletin, addr, append(production(t), row.env...)...)
			upstream := p.addr
			if row.hops != nil {
				upstream = proxied(t, upstream, row.hops...).clear
			}
			c := proxied(t, upstream, row.edits...).client(t)
			for range 2 {
				a := c.get("https://example.com/", typed...)
				c.want("the board", a, http.StatusInternalServerError)
				if a.Header.Get("Location") != "" || a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("got %v, want no redirect and nothing stored", a.Header)
				}
				if strings.Contains(a.body, "TRUSTED") || strings.Contains(a.body, "127.0.0") {
					t.Errorf("the answer tells a stranger how the site is set up:\n%s", a.body)
				}
			}
			p.await(t, record{"event": event, "level": "WARN", "remedy": row.remedy})
			if n := len(p.find(record{"event": event})); n != 1 {
				t.Errorf("got %d such events for two requests, want one", n)
			}
			health := c.get("https://example.com/healthz", "Host: 10.0.3.7")
			c.want("health, which does not depend on proxies", health, http.StatusOK)
		})
	}
}

// A Host that the proxy rewrote is not among the site's names, and the log says so.
func TestRewrittenHostWithoutSetting(t *testing.T) {
	p := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), trusted)...)
	c := proxied(t, p.addr, edit{hostLine, "proxy_set_header X-Forwarded-Host $host;"}).client(t)
	c.want("the board", c.get("https://example.com/", typed...), http.StatusBadRequest)
	p.await(t, record{"event": "django.security.DisallowedHost", "host": "site", "setting": "ALLOWED_HOSTS"})
}

// Where nginx redirects to https itself, the program need not; then a form shows that the program takes https for http.
func TestFormWhereTheSchemeIsWrong(t *testing.T) {
	for _, row := range []struct {
		name   string
		env    []string
		edits  []edit
		unix   bool
		remedy string
	}{
		{name: "TRUSTED_PROXIES is missing", remedy: "set TRUSTED_PROXIES=127.0.0.1/32"},
		{name: "nginx forgets X-Forwarded-Proto", env: []string{trusted}, edits: []edit{{protoLine, ""}},
			remedy: "make it send X-Forwarded-Proto: https"},
		{name: "TRUSTED_PROXY_UNIX_SOCKET is missing", unix: true, remedy: "TRUSTED_PROXY_UNIX_SOCKET=true"},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr := "127.0.0.1:0"
			if row.unix {
				addr = "unix:" + filepath.Join(t.TempDir(), "s")
			}
			p := serve(t, w.bulletin, addr, append(append(production(t), "SECURE_SSL_REDIRECT=false"), row.env...)...)
			c := proxied(t, p.addr, row.edits...).client(t)
			a := c.pin("from an older browser", older)
			c.want("a form of the site", a, http.StatusForbidden)
			if strings.Contains(a.body, "TRUSTED") || strings.Contains(a.body, "127.0.0") {
				t.Errorf("the answer tells a stranger how the site is set up:\n%s", a.body)
			}
			p.await(t, record{"event": "django.security.csrf", "reason": "BAD_ORIGIN", "remedy": row.remedy})
			c.want("a form of the site, from a browser with fetch metadata", c.pin("from a newer", sameSite), http.StatusSeeOther)
		})
	}
}

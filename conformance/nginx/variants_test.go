package nginx_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// trusted is what the guide sets.
const trusted = "TRUSTED_PROXIES=127.0.0.1/32"

// The ways in which a proxy can tell. In each the program is told how, and works.
func TestVariants(t *testing.T) {
	const (
		forwarded = `proxy_set_header Forwarded "for=$remote_addr;proto=$scheme;host=$host";`
		appended  = `proxy_set_header Forwarded "${before}for=$remote_addr;proto=$scheme;host=$host";`
		before    = "map $http_forwarded $before { default \"$http_forwarded, \"; '' ''; }\nserver {\n"
	)
	for _, row := range []struct {
		name  string
		env   []string
		edits []edit
		hops  []edit // of a second nginx between the first and the program; nil for none
		unix  bool
	}{
		{name: "as the guide says", env: []string{trusted}},
		{name: "Unix socket", env: []string{"TRUSTED_PROXY_UNIX_SOCKET=true"}, unix: true},
		{name: "addresses are appended", env: []string{trusted},
			edits: []edit{{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"}}},
		{name: "scheme and addresses are appended", env: []string{trusted}, edits: []edit{
			{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"},
			{protoLine, `proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";`}}},
		{name: "hops instead of addresses", env: []string{"TRUSTED_PROXY_HOPS=1"},
			edits: []edit{{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"}}},
		{name: "Host is rewritten", env: []string{trusted, "USE_X_FORWARDED_HOST=true"},
			edits: []edit{{hostLine, "proxy_set_header Host $proxy_host; proxy_set_header X-Forwarded-Host $host;"}}},
		{name: "a header of its own for the scheme", env: []string{trusted, "SECURE_PROXY_SSL_HEADER=X-Url-Scheme=https"},
			edits: []edit{{protoLine, "proxy_set_header X-Url-Scheme $scheme;"}}},
		{name: "Forwarded", env: []string{trusted, "TRUSTED_PROXY_HEADER=forwarded"},
			edits: []edit{{forLine, ""}, {protoLine, forwarded}}},
		{name: "Forwarded is appended", env: []string{trusted, "TRUSTED_PROXY_HEADER=forwarded"},
			edits: []edit{{forLine, ""}, {protoLine, appended}, {"server {\n", before}}},
		{name: "Forwarded, Host is rewritten", env: []string{trusted, "TRUSTED_PROXY_HEADER=forwarded", "USE_X_FORWARDED_HOST=true"},
			edits: []edit{{forLine, ""}, {protoLine, forwarded}, {hostLine, ""}}},
		{name: "two hops, the inner passes the scheme on", env: []string{"TRUSTED_PROXIES=127.0.0.1/32,127.0.0.2/32"},
			hops: []edit{
				{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"},
				{protoLine, "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;"}}},
		{name: "two hops, both append", env: []string{"TRUSTED_PROXIES=127.0.0.0/30"},
			edits: []edit{
				{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"},
				{protoLine, `proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";`}},
			hops: []edit{
				{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"},
				{protoLine, `proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";`}}},
		{name: "two hops, counted", env: []string{"TRUSTED_PROXY_HOPS=2"},
			edits: []edit{{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"}},
			hops: []edit{
				{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"},
				{protoLine, "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr := "127.0.0.1:0"
			if row.unix {
				addr = "unix:" + filepath.Join(t.TempDir(), "s")
			}
			p := serve(t, w.bulletin, addr, append(production(t), row.env...)...)
			upstream, edits := p.addr, row.edits
			if row.hops != nil {
				upstream = proxied(t, p.addr, row.hops...).clear
				edits = append(edits, edit{"proxy_http_version 1.1;", "proxy_http_version 1.1; proxy_bind 127.0.0.2;"})
			}
			works(t, p, proxied(t, upstream, edits...))
		})
	}
}

// A site on another port: its forms name the port in Origin, and the program has to know it.
func TestAnotherPort(t *testing.T) {
	for _, row := range []struct {
		name  string
		env   []string
		edits []edit
	}{
		{"as the guide says", []string{trusted}, []edit{{hostLine, "proxy_set_header Host $http_host;"}}},
		{"X-Forwarded-Port", []string{trusted, "USE_X_FORWARDED_PORT=true"},
			[]edit{{hostLine, hostLine + " proxy_set_header X-Forwarded-Port 8443;"}}},
		{"X-Forwarded-Host", []string{trusted, "USE_X_FORWARDED_HOST=true"},
			[]edit{{hostLine, "proxy_set_header X-Forwarded-Host $http_host;"}}},
		{"Forwarded", []string{trusted, "USE_X_FORWARDED_HOST=true", "TRUSTED_PROXY_HEADER=forwarded"},
			[]edit{{hostLine, `proxy_set_header Forwarded 'for=$remote_addr;proto=$scheme;host="$http_host"';`}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), row.env...)...)
			c := proxied(t, p.addr, row.edits...).client(t)
			c.want("the board", c.get("https://example.com:8443/", typed...), http.StatusOK)
			for origin, status := range map[string]int{
				"https://example.com:8443": http.StatusSeeOther, "https://example.com": http.StatusForbidden, "https://example.com:9443": http.StatusForbidden,
			} {
				a := c.do("POST", "https://example.com:8443/notes", "text=x", "Content-Type: application/x-www-form-urlencoded", "Origin: "+origin)
				c.want("a form of "+origin, a, status)
			}
		})
	}
}

// forgeries are what a client sends that would like to be somebody else.
var forgeries = []string{
	"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-Port: 1",
	`Forwarded: for=203.0.113.9;proto=https;host=evil.test`, "X-Real-Ip: 203.0.113.9", "X-Url-Scheme: https",
	"Cf-Connecting-Ip: 203.0.113.9", "True-Client-Ip: 203.0.113.9", "X_forwarded_for: 203.0.113.9", "X_forwarded_proto: https",
}

// works asks of the bulletin all that a proxy can spoil.
func works(t *testing.T, p *program, f *front) {
	c := f.client(t)

	for what, headers := range map[string][]string{"in the clear": typed[:1], "in the clear, with forgeries": forgeries} {
		a := c.get("http://example.com/a%20b?c=d", headers...)
		c.want(what, a, http.StatusMovedPermanently)
		if got, want := a.Header.Get("Location"), "https://example.com/a%20b?c=d"; got != want {
			t.Errorf("%s: got a redirect to %q, want %q", what, got, want)
		}
	}
	home := c.get("https://example.com/", typed...)
	c.want("where the redirect leads", home, http.StatusOK)
	if !strings.Contains(home.body, "Pin a note") || home.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("the page over https is not the board with HSTS: %v", home.Header)
	}
	cookiesAreHost(t, home)

	c.want("a form of the site", c.pin("from the site", sameSite), http.StatusSeeOther)
	c.want("a form of the site, from a browser without fetch metadata", c.pin("from an older browser", older), http.StatusSeeOther)
	c.want("a form of another site", c.pin("from elsewhere", foreign), http.StatusForbidden)
	c.want("a form of another site, with forgeries", c.pin("from elsewhere", append(foreign, forgeries...)), http.StatusForbidden)
	board := c.get("https://example.com/", append(typed, forgeries...)...)
	c.want("the board, with forgeries", board, http.StatusOK)
	if !strings.Contains(board.body, "from the site") || strings.Contains(board.body, "from elsewhere") {
		t.Error("the board has not the note of the site, or has that of the other")
	}

	for _, scheme := range []string{"http", "https"} {
		a := c.get(scheme+"://example.com/", "Host: evil.test")
		c.want("another host over "+scheme, a, http.StatusBadRequest)
		if a.Header.Get("Location") != "" || a.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("another host over %s: got %v, want neither redirect nor HSTS", scheme, a.Header)
		}
		health := c.get(scheme+"://example.com/healthz", "Host: 10.0.3.7")
		c.want("health of the node's address over "+scheme, health, http.StatusOK)
		if health.body != "ok\n" {
			t.Errorf("health over %s: got %q, want ok", scheme, health.body)
		}
	}
	p.await(t, record{"event": "airworthy.access", "path": "/", "status": 400})
	for _, r := range p.find(record{"event": "airworthy.access"}) {
		if r["client"] != clientAddr {
			t.Errorf("the access log has client %v, want %s: %v", r["client"], clientAddr, r)
		}
	}
	for _, event := range []string{"airworthy.security.RedirectLoop", "airworthy.security.ForwardingRefused"} {
		if found := p.find(record{"event": event}); len(found) > 0 {
			t.Errorf("got %v, want no such event", found)
		}
	}
}

func cookiesAreHost(t *testing.T, a answer) {
	t.Helper()
	if len(a.Cookies()) == 0 {
		t.Error("got no cookie, want the one of CSRF")
	}
	for _, k := range a.Cookies() {
		if !strings.HasPrefix(k.Name, "__Host-") || !k.Secure || !k.HttpOnly || k.Path != "/" || k.Domain != "" {
			t.Errorf("got the cookie %s, want a __Host- cookie with Secure, HttpOnly, Path=/ and no Domain", k.Raw)
		}
	}
}

package nginx_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// seen is what the lab sees of a request.
type seen struct {
	Scheme, Host, Client string
	Headers              http.Header
}

func (c *client) seen(address string, headers ...string) (s seen) {
	c.t.Helper()
	a := c.get(address, headers...)
	c.want(address, a, http.StatusOK)
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		c.t.Fatalf("%v: %s", err, a.body)
	}
	return s
}

func (s seen) want(t *testing.T, scheme, client string) {
	t.Helper()
	if s.Scheme != scheme || s.Host != "example.com" || s.Client != client {
		t.Errorf("the application sees %s://%s from %s, want %s://example.com from %s", s.Scheme, s.Host, s.Client, scheme, client)
	}
}

// logins are headers by which proxies log users in.
var logins = []string{"Remote-User: admin", "X-Auth-Request-User: admin", "X-Forwarded-User: admin", "X-Ssl-Client-Verify: SUCCESS"}

// Bad input 5, 8 and 9: whatever the client invents, the application sees what nginx saw.
func TestForgeries(t *testing.T) {
	p := serve(t, w.lab, "127.0.0.1:0", append(production(t), trusted, "REQUEST_ID_HEADER=X-Request-ID")...)
	for name, addresses := range map[string]string{"replaced": forLine, "appended": "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"} {
		t.Run("addresses are "+name, func(t *testing.T) {
			c := proxied(t, p.addr, edit{forLine, addresses}).client(t)
			s := c.seen("https://example.com/request", append(forgeries, "X-Request-Id: forged")...)
			s.want(t, "https", clientAddr)
			for name := range s.Headers {
				if strings.Contains(name, "_") {
					t.Errorf("the application sees the header %s, which nginx drops unless told otherwise", name)
				}
			}
		})
	}
	for _, r := range p.find(record{"event": "airworthy.access"}) {
		if id, _ := r["request_id"].(string); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
			t.Errorf("the request id is %q, want the one that nginx made", id)
		}
	}
}

// Bad input 9: an nginx that lets underscores through must not let a twin of its own headers through to us.
func TestUnderscoreTwins(t *testing.T) {
	for name, env := range map[string]string{"trusted": trusted, "not trusted": "SECURE_SSL_REDIRECT=false"} {
		t.Run(name, func(t *testing.T) {
			p := serve(t, w.lab, "127.0.0.1:0", append(production(t), env)...)
			c := proxied(t, p.addr, edit{"server_name example.com;", "server_name example.com; underscores_in_headers on;"}).client(t)
			s := c.seen("https://example.com/request", "X_Forwarded_For: 203.0.113.9", "X_Forwarded_Proto: http", "X-Forwarded_Host: evil.test",
				"Remote_User: admin", "X_Auth_Request_User: admin", "X_Real-Ip: 203.0.113.9", "My_own: harmless")
			var underscored []string
			for name := range s.Headers {
				if strings.Contains(name, "_") {
					underscored = append(underscored, name)
				}
			}
			if len(underscored) != 1 || s.Headers.Get("My_own") != "harmless" {
				t.Errorf("the application sees %v, want My_own alone", underscored)
			}
		})
	}
}

// Who goes around the proxy, or comes by one that is not trusted, is believed nothing, and logs in nobody.
func TestForgeriesOfStrangers(t *testing.T) {
	p := serve(t, w.lab, "127.0.0.1:0", append(production(t), "TRUSTED_PROXIES=10.0.0.5/32", "SECURE_SSL_REDIRECT=false")...)
	around := &front{clear: p.addr}
	for name, c := range map[string]struct {
		*client
		from string
	}{
		"around the proxy":         {around.client(t), clientAddr},
		"an nginx that is unknown": {proxied(t, p.addr).client(t), "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.seen("http://example.com/request", append(logins, forgeries...)...)
			s.want(t, "http", c.from)
			for name := range s.Headers {
				switch name {
				case "Accept-Encoding", "User-Agent", "X-Request-Id":
				default:
					t.Errorf("the application sees the header %s", name)
				}
			}
		})
	}
}

// Bad input 8: a client that makes the list unreadable is refused alone, and gets no redirect.
func TestUnreadableForwarding(t *testing.T) {
	for _, row := range []struct {
		name   string
		env    []string
		edits  []edit
		header string
	}{
		{"65 addresses", []string{trusted}, []edit{{forLine, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"}},
			"X-Forwarded-For: " + strings.Repeat("203.0.113.9, ", 64) + "203.0.113.9"},
		{"a quoted string that does not end", []string{trusted, "TRUSTED_PROXY_HEADER=forwarded"},
			[]edit{{protoLine, `proxy_set_header Forwarded "$http_forwarded, for=$remote_addr;proto=$scheme";`}},
			`Forwarded: for="203.0.113.9`},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), row.env...)...)
			c := proxied(t, p.addr, row.edits...).client(t)
			a := c.get("https://example.com/", row.header)
			c.want("the unreadable request", a, http.StatusBadRequest)
			if a.Header.Get("Location") != "" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %v, want no redirect and nothing stored", a.Header)
			}
			p.await(t, record{"event": "airworthy.security.ForwardingRefused", "peer": "127.0.0.1"})
			name, _, _ := strings.Cut(row.header, ":")
			c.want("the next request", c.get("https://example.com/", name+": for=203.0.113.9"), http.StatusOK)
		})
	}
}

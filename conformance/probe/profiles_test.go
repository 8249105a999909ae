package probe_test

import (
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// TestRedirect is a name that only sends visitors on.
func TestRedirect(t *testing.T) {
	s := nginx(t, `
  server_tokens off; ssl_protocols TLSv1.2 TLSv1.3;
  server { listen HTTP default_server; return 301 https://$host$request_uri; }
  server { listen HTTPS ssl default_server; ssl_certificate CERT; ssl_certificate_key KEY; return 421; }
  server {
    listen HTTPS ssl; server_name www.site.example; ssl_certificate CERT; ssl_certificate_key KEY;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    return 301 https://new.site.example$request_uri;
  }`, made(t, kind{}), folder(t))
	s.profile = probe.Redirect
	verdict(t, s, nil)
}

// TestRedirectBad is one that sends them on by the name that they asked for, without HSTS.
func TestRedirectBad(t *testing.T) {
	s := nginx(t, `
  ssl_protocols TLSv1.2 TLSv1.3;
  server { listen HTTP default_server; return 302 http://new.site.example/; }
  server {
    listen HTTPS ssl; server_name www.site.example; ssl_certificate CERT; ssl_certificate_key KEY;
    return 302 http://old.$host$request_uri;
  }`, made(t, kind{}), folder(t))
	s.profile = probe.Redirect
	verdict(t, s, []line{
		{"probe.E001", check.Error, "airworthy-probe.invalid/: 302", "the redirect is made of the host that was asked for"},
		{"probe.E004", check.Error, "302, want a redirect to https", "http is sent on to http"},
		{"probe.W114", check.Warning, "/: 302", "https is sent on to http"},
		{"probe.W005", check.Warning, "all 3 answers", "there is no add_header"},
		{"probe.I027", check.Info, "Server: nginx/1.", "server_tokens is on"},
	})
}

const api = `
  server_tokens off; ssl_protocols TLSv1.2 TLSv1.3;
  server { listen HTTP default_server; return 301 https://$host$request_uri; }
  server { listen HTTPS ssl default_server; ssl_certificate CERT; ssl_certificate_key KEY; return 421; }
  server {
    listen HTTPS ssl; server_name www.site.example; ssl_certificate CERT; ssl_certificate_key KEY;
    default_type application/json;
    HEADERS
    if ($request_method !~ ^(GET|HEAD)$) { return 405 "{}"; }
    location = / { return 200 "{}"; }
    location / { return 404 "{}"; }
  }`

// TestAPI is a site that answers JSON: no policy for documents is asked of it.
func TestAPI(t *testing.T) {
	s := nginx(t, strings.Replace(api, "HEADERS", `
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    add_header X-Content-Type-Options nosniff always;`, 1), made(t, kind{}), folder(t))
	s.profile = probe.API
	verdict(t, s, append(noPosts, line{"probe.I062", check.Info, "404", "there is no security.txt"}))
}

// noPosts is what an API says that takes no POST at its root.
var noPosts = []line{
	{"probe.E015", check.Info, "405", "it takes no POST"},
	{"probe.E016", check.Info, "405", "it takes no POST"},
}

func TestAPIBad(t *testing.T) {
	s := nginx(t, strings.Replace(api, "HEADERS", "add_header Set-Cookie token=1;", 1), made(t, kind{}), folder(t))
	s.profile = probe.API
	verdict(t, s, append(noPosts, []line{
		{"probe.W005", check.Warning, "all 4 answers", "there is no add_header for it"},
		{"probe.W008", check.Warning, "all 4 answers", "there is no add_header for it"},
		{"probe.E018", check.Error, "token", "the cookie has no Secure"},
		{"probe.W020", check.Warning, "token", "the cookie has no SameSite"},
		{"probe.W047", check.Warning, "token", "the cookie has no HttpOnly"},
		{"probe.W023", check.Warning, "token", "there is no Cache-Control"},
		{"probe.I022", check.Info, "token", "the cookie has no __Host-"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	}...))
}

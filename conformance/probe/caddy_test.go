package probe_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// caddy runs Caddy with a Caddyfile in which HTTPS, HTTP, CERT, KEY and ROOT stand for what they do in nginx's.
func caddy(t *testing.T, sites string, root string) site {
	t.Helper()
	program := find(t, "caddy")
	cert := made(t, kind{})
	dir, https, http := folder(t), freePort(t), freePort(t)
	config := write(t, dir, "Caddyfile", strings.NewReplacer("HTTPS", strconv.Itoa(https), "HTTP", strconv.Itoa(http),
		"CERT", cert.chain, "KEY", cert.key, "ROOT", root).Replace(`{
	admin off
	auto_https off
	default_bind 127.0.0.1
}
`+sites))
	cmd := exec.Command(program, "run", "--adapter", "caddyfile", "--config", config)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	start(t, cmd, https, http)
	return site{https: https, http: http, profile: probe.Static}
}

func TestCaddyGood(t *testing.T) {
	verdict(t, caddy(t, `
http://www.site.example:HTTP {
	redir https://{host}{uri} permanent
}
https://:HTTPS {
	tls CERT KEY
	respond 421
}
https://www.site.example:HTTPS {
	tls CERT KEY
	root * ROOT
	header {
		Strict-Transport-Security "max-age=63072000; includeSubDomains; preload"
		X-Content-Type-Options nosniff
		X-Frame-Options DENY
		Referrer-Policy same-origin
		Cross-Origin-Opener-Policy same-origin
		Cross-Origin-Resource-Policy same-origin
		Permissions-Policy "camera=(), microphone=(), geolocation=()"
		Content-Security-Policy "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
		-Server
	}
	respond /.* 404
	file_server
}`, files(t)), []line{})
}

func TestCaddyBad(t *testing.T) {
	root := files(t)
	write(t, root, "static/a.txt", "a")
	verdict(t, caddy(t, `
http://:HTTP {
	root * ROOT
	file_server browse
}
https://:HTTPS {
	tls CERT KEY
	root * ROOT
	header Access-Control-Allow-Origin *
	header Strict-Transport-Security "max-age=300; preload"
	file_server browse
}`, root), []line{
		{"probe.E001", check.Error, "", "the site's name is not in the Caddyfile"},
	})
}

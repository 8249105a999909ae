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
(policies) {
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
	import policies
	@dots path_regexp /\.
	respond @dots 404
	respond @unusual 405
	@unusual not method GET HEAD
	file_server
	handle_errors { # which does not keep the headers of the site
		import policies
		respond "{err.status_code}"
	}
}`, files(t)), []line{
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}

func TestCaddyBad(t *testing.T) {
	root := files(t)
	const headers = "there is no header but two"
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
		{"probe.E001", check.Error, "airworthy-probe.invalid/: 200", "the sites have no names in the Caddyfile"},
		{"probe.E004", check.Error, "200, want a redirect", "the site for http serves files"},
		{"probe.W008", check.Warning, "all 4 answers", headers},
		{"probe.W009", check.Warning, "/: 200", headers},
		{"probe.W010", check.Warning, "/: 200", headers},
		{"probe.W011", check.Warning, "/: 200", headers},
		{"probe.W012", check.Warning, "/: 200", headers},
		{"probe.I037", check.Info, "/: 200", headers},
		{"probe.I039", check.Info, "/: 200", headers},
		{"probe.I007", check.Info, "max-age=300", "HSTS lasts for five minutes"},
		{"probe.I043", check.Info, "/: 200", "HSTS has no includeSubDomains"},
		{"probe.W113", check.Warning, "includeSubDomains is missing", "HSTS says preload all the same"},
		{"probe.W060", check.Warning, "/static/: 200", "file_server says browse"},
		{"probe.W050", check.Info, "without cookies", "Access-Control-Allow-Origin is *"},
		{"probe.W028", check.Info, "TRACE", "file_server answers every method"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}

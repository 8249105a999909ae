package probe_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/keyring"
)

// bulletin runs examples/bulletin in production, twice: over TLS and over http.
func bulletin(t *testing.T, env ...string) site {
	t.Helper()
	dir, https, http := folder(t), freePort(t), freePort(t)
	cert := made(t, kind{})
	env = append([]string{
		"AIRWORTHY_ENV=production", "ALLOWED_HOSTS=" + host, "SECRET_KEY=" + keyring.Generate().Reveal(),
		"DATABASE_URL=sqlite:///" + filepath.Join(dir, "db.sqlite3"),
	}, env...)
	serve := func(port int, args ...string) {
		cmd := exec.Command(w.bulletin, append([]string{"serve", "--addr", fmt.Sprintf("127.0.0.1:%d", port)}, args...)...)
		cmd.Dir, cmd.Env = dir, env
		start(t, cmd, port)
	}
	serve(https, "--tls-cert", cert.chain, "--tls-key", cert.key)
	serve(http)
	return site{https: https, http: http, profile: probe.HTML}
}

func TestBulletinGood(t *testing.T) {
	verdict(t, bulletin(t), []line{
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}

func TestBulletinBad(t *testing.T) {
	verdict(t, bulletin(t,
		"SECURE_SSL_REDIRECT=false", "SECURE_HSTS_SECONDS=0", "X_FRAME_OPTIONS=none", "SECURE_REFERRER_POLICY=unsafe-url",
		"SECURE_CROSS_ORIGIN_OPENER_POLICY=none", "SECURE_CONTENT_TYPE_NOSNIFF=false",
		"SECURE_CSP=default-src * 'unsafe-inline'",
	), []line{
		{"probe.E004", check.Error, "200, want a redirect", "SECURE_SSL_REDIRECT is off"},
		{"probe.E018", check.Error, "GET http://", "SECURE_SSL_REDIRECT is off: a cookie over http cannot be Secure"},
		{"probe.I022", check.Info, "GET http://", "SECURE_SSL_REDIRECT is off: a cookie over http cannot have __Host-"},
		{"probe.W005", check.Warning, "answers", "SECURE_HSTS_SECONDS is 0"},
		{"probe.W008", check.Warning, "/: 200", "SECURE_CONTENT_TYPE_NOSNIFF is off"},
		{"probe.W009", check.Warning, "/: 200", "X_FRAME_OPTIONS is none and the policy has no frame-ancestors"},
		{"probe.W010", check.Warning, "/: 200", "SECURE_REFERRER_POLICY is unsafe-url"},
		{"probe.W011", check.Warning, "/: 200", "SECURE_CROSS_ORIGIN_OPENER_POLICY is none"},
		{"probe.W013", check.Warning, "csp.W003", "SECURE_CSP allows inline scripts"},
		{"probe.W030", check.Warning, "csp.W005", "SECURE_CSP allows scripts from anywhere"},
		{"probe.I062", check.Info, "404", "there is no security.txt"},
	})
}

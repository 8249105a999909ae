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
	verdict(t, bulletin(t), []line{})
}

func TestBulletinBad(t *testing.T) {
	verdict(t, bulletin(t,
		"SECURE_SSL_REDIRECT=false", "SECURE_HSTS_SECONDS=0", "X_FRAME_OPTIONS=none", "SECURE_REFERRER_POLICY=unsafe-url",
		"SECURE_CROSS_ORIGIN_OPENER_POLICY=none", "SECURE_CONTENT_TYPE_NOSNIFF=false",
		"SECURE_CSP=default-src * 'unsafe-inline'",
	), []line{
		{"probe.E004", check.Error, "", "SECURE_SSL_REDIRECT is off"},
	})
}

package main

import (
	"bytes"
	"testing"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/manage"
)

func TestGate(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, value := range map[string]string{
		"AIRWORTHY_ENV":                  "staging",
		"SECRET_KEY":                     keyring.Generate().Reveal(),
		"ALLOWED_HOSTS":                  "example.com",
		"SECURE_HSTS_INCLUDE_SUBDOMAINS": "true",
		"SILENCED_SYSTEM_CHECKS":         "security.W021=an example",
	} {
		t.Setenv(name, value)
	}
	var out bytes.Buffer
	if status := manage.Run(t.Context(), build, []string{"minimal", "check", "--deploy"}, manage.Streams{Out: &out, Err: &out}); status != 0 {
		t.Errorf("status %d, want 0:\n%s", status, out.String())
	}
}

package airworthy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/settings"
)

// deployed returns good variables of a deployment, with changes; an empty value is kept, "-" removes the variable.
func deployed(changes ...string) map[string]string {
	env := newCanaries().env()
	for i := 0; i < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
		if changes[i+1] == "-" {
			delete(env, changes[i])
		}
	}
	return env
}

func TestBadInputValues(t *testing.T) {
	for _, row := range []struct {
		name, variable, value string
		refused               bool
		good                  func(s airworthy.Settings) bool
	}{
		{"54: False", "DEBUG", "False", false, func(s airworthy.Settings) bool { return !s.ErrorPages.Debug }},
		{"54: 0", "DEBUG", "0", false, func(s airworthy.Settings) bool { return !s.ErrorPages.Debug }},
		{"54: false with spaces", "DEBUG", " false ", false, func(s airworthy.Settings) bool { return !s.ErrorPages.Debug }},
		{"54: true with spaces", "DEBUG", " true ", false, func(s airworthy.Settings) bool { return s.ErrorPages.Debug }},
		{"54: no", "SECURE_SSL_REDIRECT", "no", false, func(s airworthy.Settings) bool { return s.HTTPS.InsecureHTTP }},
		{"54: nothing for a bool", "DEBUG", "", true, nil},
		{"54: None for a bool", "DEBUG", "None", true, nil},
		{"54: quotes that a shell has left", "DEBUG", `"False"`, true, nil},
		{"54: a negation that is no bool turns nothing off", "SESSION_COOKIE_SECURE", "nope", true, nil},
		{"54: nothing for hosts is no host", "ALLOWED_HOSTS", "", true, nil},
		{"54: spaces in a list", "ALLOWED_HOSTS", " a.example, b.example ", false, func(s airworthy.Settings) bool {
			return slices.Equal(s.Hosts.Allowed, []string{"a.example", "b.example"})
		}},
		{"54: a comma too many", "ALLOWED_HOSTS", "a.example,,b.example", true, nil},
		{"54: a list in Python", "ALLOWED_HOSTS", "['a.example']", true, nil},
		{"54: a byte order mark before a host", "ALLOWED_HOSTS", "\ufeffa.example", false, func(s airworthy.Settings) bool {
			guard, err := hosts.New(s.Hosts)
			return err == nil && guard.Check("a.example") == nil
		}},
		{"54: a byte order mark before a bool", "DEBUG", "\ufefftrue", true, nil},
		{"54: a carriage return behind a bool", "DEBUG", "False\r", false, func(s airworthy.Settings) bool { return !s.ErrorPages.Debug }},
		{"54: NUL", "X_FRAME_OPTIONS", "DENY\x00", true, nil},
		{"54: nothing for networks is nobody", "TRUSTED_PROXIES", "", false, func(s airworthy.Settings) bool { return len(s.Proxy.Trusted) == 0 }},
		{"54: a star for networks", "TRUSTED_PROXIES", "*", true, nil},
		{"54: a number with a unit", "SECURE_HSTS_SECONDS", "1y", true, nil},
		{"54: a negative number", "SECURE_HSTS_SECONDS", "-1", true, nil},
		{"54: a number in other digits", "SECURE_HSTS_SECONDS", "\u0661\u0662", true, nil},
		{"54: an empty key", "SECRET_KEY", "", true, nil},
		{"54: a key of spaces", "SECRET_KEY", strings.Repeat(" ", 64), true, nil},
		{"54: a key from a tutorial", "SECRET_KEY", "django-insecure-" + strings.Repeat("0123456789", 5), true, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			app, err := load(deployed(row.variable, row.value), io.Discard, func(program) http.Handler { return prey() })(t.Context())
			switch {
			case row.refused && (err == nil || !strings.Contains(err.Error(), row.variable)):
				t.Errorf("the error is %v, want one about %s", err, row.variable)
			case !row.refused && err != nil:
				t.Errorf("refused: %v", err)
			case !row.refused && !row.good(app.Settings()):
				t.Error("the value was taken for another")
			}
		})
	}
}

func TestBadInputEnvironment(t *testing.T) {
	build := func(env map[string]string) manage.Build {
		return load(env, io.Discard, func(program) http.Handler { return prey() })
	}
	for _, name := range []string{"prod", "Production", "PRODUCTION", "production ", " production", "production\n", "live", "", "dev", "Development", "production,development"} {
		t.Run(fmt.Sprintf("55: %q", name), func(t *testing.T) {
			_, err := build(deployed("AIRWORTHY_ENV", name))(t.Context())
			if err == nil || !strings.Contains(err.Error(), "AIRWORTHY_ENV") || !strings.Contains(err.Error(), "production") {
				t.Errorf("the error is %v, want one that lists the environments", err)
			}
		})
	}
	for _, row := range []struct {
		name, addr string
	}{
		{"55: unset, on every address", "0.0.0.0:0"},
		{"55: unset, on every address of IPv6", "[::]:0"},
		{"55: unset, on no address", ":0"},
		{"55: unset, on a name", "example.com:0"},
		{"55: unset, on a socket that a server may pass on", "unix:" + filepath.Join(t.TempDir(), "s")},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			env := deployed("AIRWORTHY_ENV", "-")
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Second) // for a serve that does not refuse
			defer stop()
			status := manage.Run(ctx, build(env), []string{"app", "serve", "--addr", row.addr}, manage.Streams{Out: &out, Err: &out})
			if status != 1 || !strings.Contains(out.String(), "AIRWORTHY_ENV") {
				t.Errorf("status %d, want 1 and an error that names AIRWORTHY_ENV: %s", status, out.String())
			}
		})
	}
	t.Run("55: debugging in production, on every address", func(t *testing.T) {
		var out bytes.Buffer
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		status := manage.Run(ctx, build(deployed("DEBUG", "true")), []string{"app", "serve", "--addr", "0.0.0.0:0"}, manage.Streams{Out: &out, Err: &out})
		if status != 1 {
			t.Errorf("status %d, want 1: %s", status, out.String())
		}
	})
	t.Run("55: unset where there is no development", func(t *testing.T) {
		_, err := settings.Branching(func(string) airworthy.Settings { return airworthy.Production() }, "production").Load(t.Context(), settings.Map("test", nil))
		if err == nil || !strings.Contains(err.Error(), "AIRWORTHY_ENV") {
			t.Errorf("the error is %v, want one about AIRWORTHY_ENV", err)
		}
	})
}

package manage_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/settings"
)

// What somebody reads who got it wrong: the variable or flag, what is wrong, and what to do.
func TestMessages(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for _, c := range []struct {
		name   string
		env    map[string]string
		args   []string
		status int
		want   []string
	}{
		{"a word is no address", nil, []string{"serve", "--addr", "foo"}, 1, []string{"SERVE_ADDR", `"foo" is not an address`, "host:port"}},
		{"a port out of range is no address", map[string]string{"SERVE_ADDR": "127.0.0.1:99999"}, []string{"serve"}, 1,
			[]string{"SERVE_ADDR", "is not an address"}},
		{"a socket without a path is no address", nil, []string{"serve", "--addr", "unix:"}, 1, []string{"is not an address"}},
		{"a port that is taken", nil, []string{"serve", "--addr", ln.Addr().String()}, 1,
			[]string{"SERVE_ADDR", ln.Addr().String(), "that is free", "--addr"}},
		{"a certificate that is not there", nil, []string{"serve", "--tls-cert", missing, "--tls-key", missing}, 1,
			[]string{"SERVE_TLS_CERT", missing, "PEM"}},
		{"a certificate without its key", map[string]string{"SERVE_TLS_CERT": missing}, []string{"serve"}, 2,
			[]string{"--tls-key", "SERVE_TLS_KEY", "give both"}},
		{"a level in lower case and one that is none", map[string]string{"LOG_LEVEL": "info", "LOG_FORMAT": "xml"}, []string{"serve"}, 1,
			[]string{"LOG_FORMAT (test)", "use text, json"}},
		{"a host with a scheme", map[string]string{"ALLOWED_HOSTS": "https://example.com"}, []string{"serve"}, 1,
			[]string{"hosts: ALLOWED_HOSTS (test): ", "write the host alone"}},
		{"an origin without a scheme", map[string]string{"CSRF_TRUSTED_ORIGINS": "example.com"}, []string{"serve"}, 1,
			[]string{"csrf: CSRF_TRUSTED_ORIGINS (test): ", `write "https://example.com"`}},
		{"a cookie's name", map[string]string{"SESSION_COOKIE_NAME": "a b"}, []string{"serve"}, 1,
			[]string{"SESSION_COOKIE_NAME (test): ", "may hold"}},
		{"an environment without a name to compare with", nil, []string{"settings", "--diff", ""}, 1,
			[]string{`the environment ""`, "use development, production"}},
		{"an environment that is nearly one", map[string]string{"AIRWORTHY_ENV": "prod"}, []string{"serve"}, 1,
			[]string{"AIRWORTHY_ENV (test)", "did you mean production?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, errs := run(t, build(c.env), c.args...)
			if status != c.status {
				t.Errorf("status %d, want %d: %s", status, c.status, errs)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("got %q, want %q in it", errs, want)
				}
			}
			if strings.Contains(errs, "LOG_LEVEL") {
				t.Errorf("got %q about a level that is right", errs)
			}
		})
	}
}

func TestABuildThatReturnsNothingIsAnError(t *testing.T) {
	nothing := func(context.Context) (*airworthy.App, error) { return nil, nil }
	for _, args := range [][]string{{"serve"}, {"check"}, {"settings"}, {"settings", "--diff", "production"}} {
		status, out, errs := run(t, nothing, args...)
		if status != 1 || !strings.Contains(out+errs, "neither an application nor an error") {
			t.Errorf("%v: status %d, %q, want 1 and why", args, status, out+errs)
		}
	}
}

func TestDiffQuotesWhatATableCannotHold(t *testing.T) {
	status, out, errs := run(t, build(production()), "settings", "--diff", "development")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	for line := range strings.Lines(out) {
		if got := strings.Fields(line); got[0] == "LOG_FORMAT" && (len(got) != 3 || got[1] != "json" || got[2] != `""`) {
			t.Errorf("got %q, want json beside an empty text in quotes", got)
		}
	}
	if !strings.Contains(out, "LOG_FORMAT") || strings.Contains(out, "ALLOWED_HOSTS") {
		t.Errorf("got\n%swant what differs and nothing else", out)
	}
}

// A misspelt name beside a refusal is named: it may be its cause.
func TestARefusalNamesMisspeltNames(t *testing.T) {
	t.Setenv("ALOWED_HOSTS", "example.com")
	none := func(ctx context.Context) (*airworthy.App, error) {
		cfg, err := settings.Load(ctx, airworthy.Production(), settings.Env())
		if err != nil {
			return nil, err
		}
		return airworthy.New(cfg, http.NotFoundHandler())
	}
	status, _, errs := run(t, none, "serve")
	for _, want := range []string{"SECRET_KEY: it is not set", "ALLOWED_HOSTS: not set", "  settings: ALOWED_HOSTS (environment): is no setting: did you mean ALLOWED_HOSTS?"} {
		if status != 1 || !strings.Contains(errs, want) {
			t.Errorf("status %d, %q, want 1 and %q", status, errs, want)
		}
	}
}

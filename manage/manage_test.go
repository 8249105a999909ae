package manage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/settings"
)

var environments = settings.Branching(func(environment string) airworthy.Settings {
	s := airworthy.Production()
	if environment == "development" {
		s = airworthy.Development()
	}
	s.HTTPS.IncludeSubdomains = environment == "production"
	s.Logs.Output = io.Discard
	return s
}, "development", "production")

// build returns the Build of a program whose variables are env.
func build(env map[string]string) manage.Build {
	return func(ctx context.Context) (*airworthy.App, error) {
		cfg, err := environments.Load(ctx, settings.Map("test", env))
		if err != nil {
			return nil, err
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "home") })
		return airworthy.New(cfg, mux)
	}
}

// production are variables with which the program passes its gate.
func production() map[string]string {
	return map[string]string{
		"AIRWORTHY_ENV":                  "production",
		"SECRET_KEY":                     keyring.Generate().Reveal(),
		"ALLOWED_HOSTS":                  "example.com",
		"SECURE_HSTS_SECONDS":            "31536000",
		"SILENCED_SYSTEM_CHECKS":         "security.W021=not to be preloaded",
		"SECURE_HSTS_INCLUDE_SUBDOMAINS": "true",
	}
}

func with(env map[string]string, pairs ...string) map[string]string {
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return env
}

func without(env map[string]string, names ...string) map[string]string {
	for _, name := range names {
		delete(env, name)
	}
	return env
}

func run(t *testing.T, b manage.Build, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = manage.Run(t.Context(), b, append([]string{"app"}, args...), manage.Streams{Out: &o, Err: &e})
	return status, o.String(), e.String()
}

func TestStatus(t *testing.T) {
	broken := func(context.Context) (*airworthy.App, error) { return nil, errors.New("no database") }
	nothing := func(context.Context) (*airworthy.App, error) { return nil, nil }
	for _, tt := range []struct {
		name   string
		build  manage.Build
		args   string
		status int
		out    string // stands in stdout
		errs   string // stands in stderr
	}{
		{"a good site passes", build(production()), "check --deploy", 0, "", ""},
		{"a missing key fails", build(without(production(), "SECRET_KEY")), "check --deploy", 1, "SECRET_KEY", ""},
		{"everything is said at once", build(without(production(), "SECRET_KEY", "ALLOWED_HOSTS")), "check", 1, "ALLOWED_HOSTS", ""},
		{"a wildcard host fails", build(with(production(), "ALLOWED_HOSTS", "*")), "check --deploy", 1, "hosts.W001", ""},
		{"settings that are refused are judged too", build(with(production(), "SECRET_KEY", "short", "ALLOWED_HOSTS", "*")), "check --deploy", 1, "hosts.W001", ""},
		{"a finding below the fail level passes", build(with(production(), "ALLOWED_HOSTS", "*")), "check --deploy --fail-level critical", 0, "hosts.W001", ""},
		{"a misspelt environment fails", build(with(production(), "AIRWORTHY_ENV", "prod")), "check", 1, "AIRWORTHY_ENV", ""},
		{"a misspelt variable fails the deploy check", build(with(production(), "ALOWED_HOSTS", "x")), "check --deploy", 1, "settings.W001", ""},
		{"a build error is a finding", broken, "check", 1, "no database", ""},
		{"a build without result is a finding", nothing, "check", 1, "airworthy.E001", ""},
		{"a silence without a reason fails", build(with(production(), "SILENCED_SYSTEM_CHECKS", "security.W021=")), "check --deploy", 1, "reason", ""},
		{"a silence of an unknown check fails", build(with(production(), "SILENCED_SYSTEM_CHECKS", "security.W999=x")), "check --deploy", 1, "security.W999", ""},
		{"development does not pass for deployment", build(map[string]string{}), "check --deploy", 1, "settings.W002", ""},
		{"an unknown tag is wrong usage", build(production()), "check --tag nosuch", 2, "", "nosuch"},
		{"an unknown level is wrong usage", build(production()), "check --fail-level bad", 2, "", "CRITICAL"},
		{"an unknown format is wrong usage", build(production()), "check --format yaml", 2, "", "json"},
		{"an unknown flag is wrong usage", build(production()), "check --nosuch", 2, "", "hint:"},
		{"an unknown command is wrong usage", build(production()), "chekc", 2, "", "chekc"},
		{"an argument too many is wrong usage", build(production()), "check now", 2, "", "hint:"},
		{"tags are listed", build(production()), "check --deploy --list-tags", 0, "security\n", ""},
		{"checks are listed", build(production()), "check --deploy --list-checks", 0, "deploy  ALLOWED_HOSTS allows every host", ""},
		{"a check is explained without an application", broken, "explain hosts.W001 django.W006", 0, "django.W006  WARNING", ""},
		{"the nearest check is named", broken, "explain hosts.W01", 2, "", "is it hosts.W001?"},
		{"help is no error", build(production()), "--help", 0, "serve", ""},
		{"serve refuses what cannot be built", broken, "serve", 1, "", "no database"},
		{"serve says all reasons", build(without(production(), "SECRET_KEY", "ALLOWED_HOSTS")), "serve", 1, "", "2 reasons"},
		{"development listens on loopback only", build(map[string]string{}), "serve --addr 0.0.0.0:0", 1, "", "127.0.0.1:8000"},
		{"all interfaces are no loopback", build(map[string]string{}), "serve --addr :0", 1, "", "loopback"},
		{"a name is no loopback", build(map[string]string{}), "serve --addr example.com:0", 1, "", "loopback"},
		{"half a certificate is wrong usage", build(production()), "serve --tls-cert x", 2, "", "--tls-key"},
		{"a certificate that is not there is named", build(production()), "serve --tls-cert nosuch.pem --tls-key k", 1, "", "nosuch.pem"},
		{"settings are printed", build(production()), "settings", 0, "ALLOWED_HOSTS", ""},
		{"settings that cannot be loaded are refused", build(with(production(), "DEBUG", "perhaps")), "settings", 1, "", "DEBUG"},
		{"environments are compared", build(production()), "settings --diff development", 0, "DEBUG", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := run(t, tt.build, strings.Fields(tt.args)...)
			if status != tt.status {
				t.Errorf("status %d, want %d\nstdout: %s\nstderr: %s", status, tt.status, out, errs)
			}
			if !strings.Contains(out, tt.out) {
				t.Errorf("stdout lacks %q:\n%s", tt.out, out)
			}
			if !strings.Contains(errs, tt.errs) {
				t.Errorf("stderr lacks %q:\n%s", tt.errs, errs)
			}
			if status == 2 && out != "" {
				t.Errorf("wrong usage wrote to stdout: %s", out)
			}
		})
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	env := production()
	for _, args := range []string{"settings", "settings --diff development", "check --deploy", "check --deploy --format json"} {
		_, out, errs := run(t, build(env), strings.Fields(args)...)
		if strings.Contains(out+errs, env["SECRET_KEY"][:8]) {
			t.Errorf("%s prints the key", args)
		}
	}
}

func TestReportIsWrittenBeforeTheStatus(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	status, out, _ := run(t, build(map[string]string{}), "check", "--deploy", "--format", "json", "--output", file)
	if status != 1 || out != "" {
		t.Errorf("status %d, stdout %q: want 1 and nothing", status, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report struct{ Findings []struct{ ID string } }
	if err := json.Unmarshal(b, &report); err != nil || len(report.Findings) == 0 {
		t.Errorf("the report holds %d findings: %v", len(report.Findings), err)
	}
}

func TestFindingsSayWhereASettingStands(t *testing.T) {
	_, out, _ := run(t, build(with(production(), "ALLOWED_HOSTS", "*")), "check", "--deploy")
	if !strings.Contains(out, "test") || !strings.Contains(out, "ALLOWED_HOSTS") {
		t.Errorf("the report does not say that ALLOWED_HOSTS was set in %q:\n%s", "test", out)
	}
}

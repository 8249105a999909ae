package environments_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/examples/bulletin/internal/environments"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/settings"
)

func load(t *testing.T, pairs ...string) (environments.Settings, error) {
	t.Helper()
	env := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return environments.Load(t.Context(), settings.Map("test", env))
}

func TestEnvironments(t *testing.T) {
	dev, err := load(t)
	if err != nil || !dev.Development() {
		t.Errorf("nothing set: development %v, %v", dev.Development(), err)
	}
	given := []string{"SECRET_KEY", keyring.Generate().Reveal(), "ALLOWED_HOSTS", "example.com", "DATABASE_URL", "sqlite:///x"}
	for name, hsts := range map[string]int64{"staging": 86400, "production": 31536000} {
		s, err := load(t, append(given, "AIRWORTHY_ENV", name)...)
		if err != nil {
			t.Fatal(err)
		}
		if s.Environment() != name || s.Development() || s.HTTPS.HSTS.Seconds() != hsts {
			t.Errorf("%s: environment %s, development %v, HSTS %d", name, s.Environment(), s.Development(), s.HTTPS.HSTS.Seconds())
		}
	}
	if _, err := load(t, append(given, "AIRWORTHY_ENV", "prod")...); err == nil || !strings.Contains(err.Error(), "production") {
		t.Errorf("AIRWORTHY_ENV=prod: %v, want an error that names production", err)
	}
}

func TestVariables(t *testing.T) {
	for _, want := range []string{"AIRWORTHY_ENV", "SECRET_KEY", "DATABASE_URL"} {
		if !slices.Contains(environments.Variables(), want) {
			t.Errorf("%s is missing", want)
		}
	}
}

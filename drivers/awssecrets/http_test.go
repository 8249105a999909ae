package awssecrets_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/drivers/awssecrets"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// alone hides the machine's own configuration of AWS from the SDK, and gives it made-up credentials.
func alone(t *testing.T) {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM",
		"AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE", "AWS_ROLE_ARN",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/config")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/credentials")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "2") // the SDK waits between them
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAMADEUP")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "made-up-credential")
	t.Setenv("AWS_SESSION_TOKEN", "made-up-session")
}

func newManager(t *testing.T, endpoint, path string) *awssecrets.Manager {
	t.Helper()
	alone(t)
	m, err := awssecrets.NewManager(t.Context(), awssecrets.Config{Region: "eu-central-1", Path: path, Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newParameters(t *testing.T, endpoint, path string) *awssecrets.Parameters {
	t.Helper()
	alone(t)
	p, err := awssecrets.NewParameters(t.Context(), awssecrets.Config{Region: "eu-central-1", Path: path, Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHostileManager(t *testing.T) {
	settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source {
		return newManager(t, baseURL, "bulletin/production")
	})
}

func TestHostileManagerOfMany(t *testing.T) {
	settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source { return newManager(t, baseURL, "bulletin/") })
}

func TestHostileParameters(t *testing.T) {
	settingstest.TestHTTP(t, func(t *testing.T, baseURL string) settings.Source { return newParameters(t, baseURL, "bulletin/") })
}

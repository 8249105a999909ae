package aws_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCredentials takes them from each place that needs no account, and looks at which key signs.
func TestCredentials(t *testing.T) {
	none := func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	}
	for name, test := range map[string]struct {
		options string
		prepare func(t *testing.T)
		key     string
	}{
		"the environment": {"", func(*testing.T) {}, "AKIAOFTHEENVIRONMENT"},
		"a profile": {"&profile=ops", func(t *testing.T) {
			none(t)
			write(t, "AWS_CONFIG_FILE", "[profile ops]\nregion = eu-central-1\n")
			write(t, "AWS_SHARED_CREDENTIALS_FILE", "[ops]\naws_access_key_id = AKIAOFTHEPROFILE\naws_secret_access_key = made-up\n")
		}, "AKIAOFTHEPROFILE"},
		"AWS_PROFILE": {"", func(t *testing.T) {
			none(t)
			t.Setenv("AWS_PROFILE", "ops")
			write(t, "AWS_SHARED_CREDENTIALS_FILE", "[ops]\naws_access_key_id = AKIAOFTHEPROFILE\naws_secret_access_key = made-up\n")
		}, "AKIAOFTHEPROFILE"},
		"a process": {"&profile=ops", func(t *testing.T) {
			none(t)
			write(t, "AWS_CONFIG_FILE", "[profile ops]\ncredential_process = echo '"+
				`{"Version": 1, "AccessKeyId": "AKIAOFTHEPROCESS", "SecretAccessKey": "made-up"}`+"'\n")
		}, "AKIAOFTHEPROCESS"},
		"a role that moto gives": {"&role=arn:aws:iam::123456789012:role/app", func(*testing.T) {}, "ASIA"},
		"a container, of this suite": {"", func(t *testing.T) {
			none(t)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprintf(w, `{"AccessKeyId": "AKIAOFTHECONTAINER", "SecretAccessKey": "made-up", "Token": "made-up", "Expiration": %q}`,
					time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			}))
			t.Cleanup(server.Close)
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.URL+"/v2/credentials")
		}, "AKIAOFTHECONTAINER"},
		"an instance, of this suite": {"", func(t *testing.T) {
			none(t)
			t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance(t))
		}, "AKIAOFTHEINSTANCE"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t)
			test.prepare(t)
			secret := fresh()
			createSecret(t, secret, "x")
			r, endpoint := record(t)
			t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)
			lookup(t, openURL(t, "aws-sm://eu-central-1/?KEY="+secret+test.options), map[string]string{"KEY": "x"})
			if !slices.ContainsFunc(r.keys, func(key string) bool { return strings.HasPrefix(key, test.key) }) {
				t.Errorf("signed with %v, want %s", r.keys, test.key)
			}
		})
	}
}

func TestNoCredentials(t *testing.T) {
	environment(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := openURL(t, "aws-sm://eu-central-1/p").Lookup(t.Context(), []string{"KEY"})
	if err == nil || !strings.Contains(err.Error(), "there are no credentials: set AWS_PROFILE") {
		t.Errorf("got %v", err)
	}
}

func write(t *testing.T, variable, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(variable, path)
}

// instance is the metadata service of one, as the SDK asks it: moto's leaves out the time of a token and the code of success.
func instance(t *testing.T) string {
	t.Helper()
	const token, path = "made-up-token", "/latest/meta-data/iam/security-credentials/"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			_, _ = fmt.Fprint(w, token)
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != token:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == path:
			_, _ = fmt.Fprint(w, "app")
		case r.URL.Path == path+"app":
			_, _ = fmt.Fprintf(w, `{"Code": "Success", "AccessKeyId": "AKIAOFTHEINSTANCE", "SecretAccessKey": "made-up", "Token": "made-up", "Expiration": %q}`,
				time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

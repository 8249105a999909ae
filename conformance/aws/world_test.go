package aws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/airworthy-go/airworthy/drivers/awssecrets"
	"github.com/airworthy-go/airworthy/settings"
)

const region = "eu-central-1"

// environment is that of somebody with credentials, and nothing of this machine's.
func environment(t *testing.T) {
	t.Helper()
	for name, text := range map[string]string{
		"AWS_PROFILE": "", "AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_CA_BUNDLE": "", "AWS_PAGER": "",
		"AWS_CONFIG_FILE": t.TempDir() + "/config", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/credentials",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_ENDPOINT_URL": moto,
		"AWS_ACCESS_KEY_ID": "AKIAOFTHEENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_SESSION_TOKEN": "",
	} {
		if t.Setenv(name, text); text == "" {
			_ = os.Unsetenv(name) // the empty name of a profile is one to the CLI; t.Setenv puts back what was
		}
	}
}

var made atomic.Int64

// fresh returns a name that nothing in moto has yet.
func fresh() string { return fmt.Sprintf("test-%d", made.Add(1)) }

var static = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIAOFTHESUITE", SecretAccessKey: "made-up"}, nil
})

func secretsManager() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{Region: region, BaseEndpoint: &moto, Credentials: static})
}

func parameterStore() *ssm.Client {
	return ssm.New(ssm.Options{Region: region, BaseEndpoint: &moto, Credentials: static})
}

func createSecret(t *testing.T, name, text string) (arn string) {
	t.Helper()
	out, err := secretsManager().CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &text})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.ARN)
}

// putParameter overwrites: moto drops connections, and the SDK repeats what may have been done.
func putParameter(t *testing.T, name, text string, kind types.ParameterType) {
	t.Helper()
	if _, err := parameterStore().PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: &text, Type: kind, Overwrite: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
}

// openURL opens a source as a program does that has its URL.
func openURL(t *testing.T, text string) settings.Writer {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []settings.Scheme{awssecrets.ManagerScheme(), awssecrets.ParameterScheme()} {
		if s.Name != u.Scheme {
			continue
		}
		source, err := s.Open(t.Context(), u, nil)
		if err != nil {
			t.Fatal(err)
		}
		return source.(settings.Writer)
	}
	t.Fatalf("no scheme is called %s", u.Scheme)
	return nil
}

// lookup demands the texts of want, and that nothing else is there.
func lookup(t *testing.T, s settings.Source, want map[string]string, names ...string) map[string]settings.Value {
	t.Helper()
	for name := range want {
		names = append(names, name)
	}
	got, err := s.Lookup(t.Context(), names)
	if err != nil {
		t.Fatalf("Lookup: %v", err)
	}
	for name, v := range got {
		if text, ok := want[name]; !ok || v.Text != text {
			t.Errorf("%s is %q, want %q (there: %v)", name, v.Text, text, ok)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d values, want %d", len(got), len(want))
	}
	return got
}

// recorder passes calls to moto and keeps their names as IAM knows them.
type recorder struct {
	mu    sync.Mutex
	calls []string
	keys  []string // of the credentials that signed
}

func record(t *testing.T) (*recorder, string) {
	t.Helper()
	r := &recorder{}
	to, err := url.Parse(moto)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to); p.Out.Host = p.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		service, operation, ok := strings.Cut(in.Header.Get("X-Amz-Target"), ".")
		_, key, _ := strings.Cut(in.Header.Get("Authorization"), "Credential=")
		key, _, _ = strings.Cut(key, "/")
		r.mu.Lock()
		if ok {
			r.calls = append(r.calls, map[string]string{"secretsmanager": "secretsmanager:", "AmazonSSM": "ssm:"}[service]+operation)
			r.keys = append(r.keys, key)
		}
		r.mu.Unlock()
		proxy.ServeHTTP(w, in)
	}))
	t.Cleanup(server.Close)
	return r, server.URL
}

// made returns the calls since the last time, each once and sorted.
func (r *recorder) made() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Compact(slices.Sorted(slices.Values(r.calls)))
	r.calls = nil
	return all
}

// cli runs the AWS CLI and returns what it prints.
func cli(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), os.Getenv("AIRWORTHY_AWS"), arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("aws %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

package awssecrets_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/drivers/awssecrets"
	"github.com/airworthy-go/airworthy/settings"
)

// openURL opens text with the scheme that it has.
func openURL(t *testing.T, text string) (settings.Source, error) {
	t.Helper()
	u := open(t, text)
	for _, s := range []settings.Scheme{awssecrets.ManagerScheme(), awssecrets.ParameterScheme()} {
		if s.Name == u.Scheme {
			return s.Open(t.Context(), u, nil)
		}
	}
	t.Fatal("no scheme is called " + u.Scheme)
	return nil, nil
}

func TestOpen(t *testing.T) {
	alone(t)
	for text, want := range map[string]string{
		"aws-sm://eu-central-1/bulletin/production":                       "",
		"aws-sm://us-gov-west-1/bulletin/":                                "",
		"aws-ssm://eu-central-1/bulletin/":                                "",
		"aws-sm://eu-central-1?KEY=other":                                 "",
		"aws-sm://eu-central-1/p?endpoint=http://127.0.0.1:5000":          "",
		"aws-sm://eu-central-1/p?endpoint=http://moto:5000&insecure=true": "",
		"aws-sm://eu-central-1/p?endpoint=https://vpce.example":           "",
		"aws-sm://eu-central-1/p?role=arn:aws:iam::123456789012:role/app": "",
		"aws-sm:///bulletin/":                                             "there is no region",
		"aws-sm://eu-central-1":                                           "names no secret",
		"aws-ssm://eu-central-1/":                                         "names no secret",
		"aws-sm://eu-central-1?KEY=%23field":                              "KEY (aws-sm): is mapped to a secret without a name",
		"aws-sm://canary.example/p":                                       "the region is none",
		"aws-sm://eu-central-1:443/p":                                     "the region is none",
		"aws-sm://eu-central-1/p?endpoint=http://canary:5000":             "is plain HTTP",
		"aws-sm://eu-central-1/p?endpoint=canary":                         "is no URL of a server",
		"aws-sm://eu-central-1/p?insecure=canary":                         "neither true nor false",
		"aws-sm://eu-central-1/p?role=canary":                             "not the ARN",
		"aws-sm://eu-central-1/p?profile=canary":                          "the profile does not exist",
		"aws-sm://eu-central-1/p?canary=1":                                "unknown parameter",
		"aws-sm://user:canary@eu-central-1/p":                             "user information",
	} {
		s, err := openURL(t, text)
		if want == "" && (err != nil || s == nil || !strings.HasPrefix(text, s.Name()+"://")) {
			t.Errorf("%s: %v", text, err)
		}
		if want == "" {
			continue
		}
		if err == nil || s != nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "aws-s") {
			t.Errorf("%s: got %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error holds a part of the URL", text)
		}
	}
}

// TestSDK is what the SDK reads by itself.
func TestSDK(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	write := func(variable, text string) {
		path := filepath.Join(dir, variable)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(variable, path)
	}
	f := newFake(map[string]string{"bulletin/A": "x"})
	var authorization string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		f.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	write("AWS_CONFIG_FILE", "[profile ops]\nregion = eu-west-3\nendpoint_url = "+server.URL+"\n")
	write("AWS_SHARED_CREDENTIALS_FILE", "[ops]\naws_access_key_id = AKIAOFTHEFILE\naws_secret_access_key = made-up\n")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	s, err := openURL(t, "aws-sm:///bulletin/?profile=ops")
	if err != nil {
		t.Fatal(err)
	}
	got, err := lookup(t, s, "A")
	if err != nil || got["A"].Origin != "aws-sm eu-west-3/bulletin/A" || !strings.Contains(authorization, "Credential=AKIAOFTHEFILE/") {
		t.Errorf("got %v, %v, want the profile's region, endpoint and credentials", got["A"].Origin, err)
	}

	s, err = openURL(t, "aws-sm://eu-central-1/bulletin/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lookup(t, s, "A"); err == nil || !strings.Contains(err.Error(), "aws-sm eu-central-1: there are no credentials: set AWS_PROFILE") {
		t.Errorf("without credentials: got %v", err)
	}
	write("AWS_CONFIG_FILE", "[profile ops]\nrole_arn = canary\nsource_profile = nobody-canary\n")
	if _, err := openURL(t, "aws-sm://eu-central-1/bulletin/?profile=ops"); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a broken file: got %v", err)
	}
}

// TestPlainHTTP is an endpoint that does not come from us.
func TestPlainHTTP(t *testing.T) {
	for _, insecure := range []bool{false, true} {
		alone(t)
		t.Setenv("AWS_ENDPOINT_URL", "http://manager.invalid")
		s, err := openURL(t, fmt.Sprintf("aws-sm://eu-central-1/bulletin/?insecure=%v", insecure))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = lookup(t, s, "A"); err == nil || strings.Contains(err.Error(), "is plain HTTP") == insecure {
			t.Errorf("insecure %v: got %v", insecure, err)
		}
	}
}

// TestRole asks a stand-in of STS, which answers in XML.
func TestRole(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/app"
	answers := map[string]string{
		"": `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIAOFTHEROLE</AccessKeyId><SecretAccessKey>made-up</SecretAccessKey>` +
			`<SessionToken>made-up</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		role + " may not be assumed: allow sts:AssumeRole": `<ErrorResponse><Error><Code>AccessDenied</Code><Message>canary</Message></Error></ErrorResponse>`,
		"the credentials have expired: renew":              `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>canary</Message></Error></ErrorResponse>`,
		"there are no credentials":                         `<ErrorResponse><Error><Code>canary</Code></Error></ErrorResponse>`,
	}
	for want, text := range answers {
		alone(t)
		f := newFake(map[string]string{"bulletin/A": "x"})
		var asked, authorization string
		sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			asked = string(body)
			if want != "" {
				w.WriteHeader(http.StatusForbidden)
			}
			_, _ = io.WriteString(w, text)
		}))
		manager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			authorization = r.Header.Get("Authorization")
			f.ServeHTTP(w, r)
		}))
		t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
		s, err := openURL(t, "aws-sm://eu-central-1/bulletin/?role="+role+"&endpoint="+manager.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, err = lookup(t, s, "A")
		switch {
		case want == "" && (err != nil || !strings.Contains(authorization, "Credential=AKIAOFTHEROLE/") || !strings.Contains(asked, "RoleSessionName=airworthy")):
			t.Errorf("got %v, want the credentials of the role; STS was asked %q", err, asked)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("got %v, want %q", err, want)
		}
		sts.Close()
		manager.Close()
	}
}

// TestCodes is what the services say of the credentials, the key and themselves.
func TestCodes(t *testing.T) {
	for code, want := range map[string]string{
		"UnrecognizedClientException": "the credentials are refused: check them",
		"ExpiredTokenException":       "the credentials have expired: renew",
		"DecryptionFailure":           "cannot be decrypted: allow kms:Decrypt",
		"InvalidRequestException":     "perhaps marked for deletion",
		"CanaryException":             "the answer of secretsmanager:GetSecretValue has HTTP status 400",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"__type": %q, "message": "canary"}`, code)
		}))
		_, err := lookup(t, newManager(t, server.URL, "bulletin/production"), "A")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Canary") {
			t.Errorf("%s: got %v, want %q", code, err, want)
		}
		server.Close()
	}
}

func TestOpenEnds(t *testing.T) {
	alone(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := awssecrets.NewManager(ctx, awssecrets.Config{Region: "eu-central-1", Path: "p/"})
	if err == nil { // the SDK may have had nothing to wait for
		_, err = s.Lookup(ctx, []string{"A"})
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestAuthorities is a server whose certificate AWS_CA_BUNDLE vouches for.
func TestAuthorities(t *testing.T) {
	f := newFake(map[string]string{"bulletin/A": "x"})
	server := httptest.NewTLSServer(f)
	t.Cleanup(server.Close)
	for _, trusted := range []bool{false, true} {
		alone(t)
		if trusted {
			path := filepath.Join(t.TempDir(), "authorities.pem")
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("AWS_CA_BUNDLE", path)
		}
		_, err := lookup(t, newManagerAsIs(t, server.URL), "A")
		if trusted != (err == nil) || !trusted && !strings.Contains(err.Error(), "has a certificate that is not trusted") {
			t.Errorf("trusted %v: got %v", trusted, err)
		}
	}
}

// newManagerAsIs is newManager in the environment that there is.
func newManagerAsIs(t *testing.T, endpoint string) settings.Source {
	t.Helper()
	m, err := awssecrets.NewManager(t.Context(), awssecrets.Config{Region: "eu-central-1", Path: "bulletin/", Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

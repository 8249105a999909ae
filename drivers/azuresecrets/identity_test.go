package azuresecrets_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/airworthy-go/airworthy/drivers/azuresecrets"
	"github.com/airworthy-go/airworthy/drivers/azuresecrets/azuretest"
	"github.com/airworthy-go/airworthy/settings"
)

// alone makes an environment in which nobody has an identity but who answers at endpoint.
func alone(t *testing.T, endpoint http.HandlerFunc) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		for _, prefix := range []string{"AZURE_", "IDENTITY_", "IMDS_", "MSI_"} {
			if strings.HasPrefix(name, prefix) {
				t.Setenv(name, "")
				_ = os.Unsetenv(name)
			}
		}
	}
	t.Setenv("PATH", t.TempDir()) // no az, no azd, no PowerShell
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)
	t.Setenv("IDENTITY_ENDPOINT", server.URL)
	t.Setenv("IDENTITY_HEADER", "made up")
}

// chained returns v as a source that finds its identity by itself.
func chained(t *testing.T, v *azuretest.Vault, client string) *azuresecrets.Source {
	t.Helper()
	return open(t, v, func(c *azuresecrets.Config) { c.Credential, c.ClientID = nil, client })
}

func TestManagedIdentity(t *testing.T) {
	v := azuretest.New("made up")
	v.Set("SECRET-KEY", "key")
	var asked []string
	alone(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.FormValue("client_id"))
		v.Identity(w, r)
	})
	for _, client := range []string{"", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"} {
		s := chained(t, v, client)
		for range 2 {
			if got := lookup(t, s, "SECRET_KEY"); got["SECRET_KEY"].Text != "key" {
				t.Errorf("client %q: got %v", client, got)
			}
		}
	}
	if got := strings.Join(asked, ","); got != ",1b4e28ba-2fa1-11d2-883f-0016d3cca427" {
		t.Errorf("asked for the identities %q, want each once", got)
	}
}

func TestRefusedIdentity(t *testing.T) {
	for want, status := range map[string]int{
		"the identity was refused a token, with AADSTS700016, with Unauthorized: check AZURE_TENANT_ID": 401,
		"the identity was refused a token, with AADSTS700016, with Bad Request: check AZURE_TENANT_ID":  400,
	} {
		for _, client := range []string{"", rand.Text()} {
			alone(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"error": "AADSTS700016: %s", "message": %q}`, canary, canary)
			})
			t.Setenv("AZURE_CLIENT_ID", rand.Text()) // the SDK keeps tokens for the whole process, by the identity
			_, err := chained(t, azuretest.New(""), client).Lookup(t.Context(), []string{"SECRET_KEY"})
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) || !strings.HasPrefix(err.Error(), "azure-kv 127.0.0.1:") {
				t.Errorf("client %q: got %v, want %q", client, err, want)
			}
		}
	}
}

func TestNobody(t *testing.T) {
	alone(t, nil)
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "AzureCLICredential")
	_, err := chained(t, azuretest.New(""), "").Lookup(t.Context(), []string{"SECRET_KEY"})
	if err == nil || !strings.Contains(err.Error(), "nobody here has an identity in Azure: give ") {
		t.Errorf("got %v", err)
	}
	t.Setenv("AZURE_TOKEN_CREDENTIALS", canary)
	if _, err := azuresecrets.New(azuresecrets.Config{Vault: "myvault"}); err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "AZURE_TOKEN_CREDENTIALS") {
		t.Errorf("got %v", err)
	}
	_ = os.Unsetenv("AZURE_TOKEN_CREDENTIALS")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", "/nowhere")
	_, err = azuresecrets.New(azuresecrets.Config{Vault: "myvault", ClientID: "1b4e28ba-2fa1-11d2-883f-0016d3cca427"})
	if err == nil || !strings.Contains(err.Error(), "AZURE_TENANT_ID") {
		t.Errorf("a workload identity without a tenant: got %v", err)
	}
}

// TestAzureCLI takes the token from a program that stands in for az.
func TestAzureCLI(t *testing.T) {
	v := azuretest.New("")
	v.Set("SECRET-KEY", "key")
	alone(t, nil)
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "dev")
	dir := t.TempDir()
	az := fmt.Sprintf("#!/bin/sh\necho '{\"accessToken\": %q, \"expires_on\": %d}'\n", v.Token(), time.Now().Add(time.Hour).Unix())
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(az), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/bin:/usr/bin")
	if got := lookup(t, chained(t, v, ""), "SECRET_KEY"); got["SECRET_KEY"].Text != "key" {
		t.Errorf("got %v", got)
	}
}

// TestWaitingForToken: one Lookup gets a token without end, and another has less time.
func TestWaitingForToken(t *testing.T) {
	begun, release := make(chan struct{}, 9), make(chan struct{})
	t.Cleanup(func() { close(release) })
	s := open(t, azuretest.New(""), func(c *azuresecrets.Config) {
		c.Credential = tokens(func(context.Context, policy.TokenRequestOptions) (string, error) {
			begun <- struct{}{}
			<-release
			return "", errors.New(canary)
		})
	})
	long, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := s.Lookup(long, []string{"A"}); done <- err }()
	<-begun
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := s.Lookup(short, []string{"A"}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "azure-kv") {
		t.Errorf("got %v, want one that wraps context.DeadlineExceeded", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want one that wraps context.Canceled", err)
	}
}

// TestChallenge: where the vault is not on loopback, nobody else's token is got for it. The name leads to loopback by a
// proxy, which a process reads from its environment once.
func TestChallenge(t *testing.T) {
	if challenge := os.Getenv("AZURESECRETS_TEST_CHALLENGE"); challenge != "" {
		cfg := azuresecrets.Config{Vault: os.Getenv("AZURESECRETS_TEST_VAULT"), CAFile: os.Getenv("AZURESECRETS_TEST_CA")}
		cfg.Credential = tokens(func(_ context.Context, o policy.TokenRequestOptions) (string, error) {
			fmt.Println("asked for a token for", o.Scopes)
			return "token", nil
		})
		s, err := azuresecrets.New(cfg)
		if err == nil {
			_, err = s.Lookup(t.Context(), []string{"A"})
		}
		fmt.Println("error:", err)
		return
	}
	const tenant = `Bearer authorization="https://login.microsoftonline.com/1", `
	for _, test := range []struct{ vault, challenge, want string }{
		{"example.com", tenant + `resource="https://vault.azure.net"`, "asks for a token that is not for it"},
		{"example.com", tenant + `resource="https://example.com"`, "asks for a token that is not for it"},
		{"example.com:8443", tenant + `resource="https://vault.azure.net"`, "asks for a token that is not for it"},
		{"vault.example.com", tenant + `resource="https://ample.com"`, "asks for a token that is not for it"},
		{"vault.example.com", tenant + `resource="https://com"`, "asks for a token that is not for it"},
		{"vault.example.com", tenant + `resource="http://example.com"`, "asks for a token that is not for it"},
		{"vault.example.com", tenant + `scope="https://vault.azure.net/.default" resource="https://example.com"`, "asks for a token that is not for it"},
		{"vault.example.com", `Bearer authorization="x", resource="https://example.com"`, "asks for a token that is not for it"},
		{"vault.example.com", tenant + `realm="` + canary + `"`, "answers with what the SDK cannot read"},
		{"vault.example.com", tenant + `error="insufficient_claims", claims="` + canary + `"`, "answers with what the SDK cannot read"},
		{"vault.example.com", tenant + `resource="https://example.com"`, "token for [https://example.com/.default]"},
		{"vault.example.com:8443", tenant + `resource="https://example.com"`, "token for [https://example.com/.default]"},
		{"vault.example.com", "404 " + `{"error": {"code": "ResourceNotFound"}}`, "answers that it is not found, and not as Key Vault does"},
		{"vault.example.com", "404 " + `{"error": {"code": "SecretNotFound"}}`, "error: <nil>"},
	} {
		host, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, ok := strings.CutPrefix(test.challenge, "404 "); ok {
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, body)
				return
			}
			w.Header().Set("WWW-Authenticate", test.challenge)
			w.WriteHeader(http.StatusUnauthorized)
		}))
		proxy := tunnel(t, host)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChallenge$")
		cmd.Env = append(os.Environ(), "HTTPS_PROXY="+proxy, "https_proxy="+proxy, "NO_PROXY=", "no_proxy=",
			"AZURESECRETS_TEST_CHALLENGE="+test.challenge, "AZURESECRETS_TEST_VAULT="+test.vault, "AZURESECRETS_TEST_CA="+ca)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) || strings.Contains(string(out), canary) {
			t.Errorf("%s, %s: %v\n%s\nwant %q", test.vault, test.challenge, err, out, test.want)
		}
		if strings.Contains(test.want, "not for it") && strings.Contains(string(out), "asked for a token") {
			t.Errorf("%s, %s: a token was got", test.vault, test.challenge)
		}
	}
	local := open(t, azuretest.New(""), nil) // whose challenge is for vault.azure.net, and it is asked nevertheless
	if got := lookup(t, local, "A"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// TestClouds: the token for a vault in another cloud is asked for there.
func TestClouds(t *testing.T) {
	if vault := os.Getenv("AZURESECRETS_TEST_CLOUD"); vault != "" {
		s, err := azuresecrets.New(azuresecrets.Config{Vault: vault, CAFile: os.Getenv("AZURESECRETS_TEST_CA")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Lookup(t.Context(), []string{"A"})
		fmt.Println("error:", err)
		return
	}
	for vault, want := range map[string]string{
		"my-vault.vault.azure.cn": "login.chinacloudapi.cn:443", "my-vault.vault.usgovcloudapi.net": "login.microsoftonline.us:443", "my-vault": "login.microsoftonline.com:443",
	} {
		domain := vault
		if !strings.Contains(vault, ".") {
			domain += ".vault.azure.net"
		}
		ca, key := certificate(t, domain)
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, resource, _ := strings.Cut(domain, ".")
			w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.example/1", resource="https://`+resource+`"`)
			w.WriteHeader(http.StatusUnauthorized)
		}))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{key}, MinVersion: tls.VersionTLS12}
		s.StartTLS()
		t.Cleanup(s.Close)
		var mu sync.Mutex
		var asked []string
		proxy := tunnel(t, strings.TrimPrefix(s.URL, "https://"), func(host string) { mu.Lock(); defer mu.Unlock(); asked = append(asked, host) })
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestClouds$")
		cmd.Env = append(os.Environ(), "HTTPS_PROXY="+proxy, "https_proxy="+proxy, "NO_PROXY=", "no_proxy=", "AZURE_TOKEN_CREDENTIALS=EnvironmentCredential",
			"AZURE_AUTHORITY_HOST=", "AZURE_TENANT_ID=1", "AZURE_CLIENT_ID=2", "AZURE_CLIENT_SECRET="+canary, "AZURESECRETS_TEST_CLOUD="+vault, "AZURESECRETS_TEST_CA="+ca)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "error: azure-kv my-vault") || strings.Contains(string(out), canary) {
			t.Errorf("%s: %v\n%s", vault, err, out)
		}
		mu.Lock()
		if len(asked) < 2 || asked[0] != domain+":443" || !slices.Contains(asked, want) {
			t.Errorf("%s: asked %q, want %q", vault, asked, want)
		}
		mu.Unlock()
	}
}

// certificate makes one for name, and returns its file and its key pair.
func certificate(t *testing.T, name string) (file string, pair tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestLogging runs itself again with the SDK's own log on, which prints all it prints to standard error.
func TestLogging(t *testing.T) {
	if os.Getenv("AZURESECRETS_TEST_LOGGING") != "" {
		v := azuretest.New("")
		v.Set("SECRET-KEY", canary)
		token := ""
		s := open(t, v, func(c *azuresecrets.Config) {
			c.Credential = tokens(func(context.Context, policy.TokenRequestOptions) (string, error) {
				token = v.Token()
				return token, nil
			})
		})
		lookup(t, s, "SECRET_KEY")
		v.Deny("get", "SECRET-KEY")
		_, _ = s.Lookup(t.Context(), []string{"SECRET_KEY"})
		fmt.Println("token:", token)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLogging$")
	cmd.Env = append(os.Environ(), "AZURESECRETS_TEST_LOGGING=1", "AZURE_SDK_GO_LOGGING=all")
	out, err := cmd.CombinedOutput()
	_, token, ok := strings.Cut(string(out), "token: ")
	if err != nil || !ok || !strings.Contains(string(out), "Retry") {
		t.Fatalf("the SDK has logged nothing: %v\n%s", err, out)
	}
	token = strings.Fields(token)[0]
	for what, text := range map[string]string{"value": canary, "token": token, "message": "Caller is not authorized"} {
		if strings.Count(string(out), text) > map[string]int{"token": 1}[what] {
			t.Errorf("the SDK's log holds the %s", what)
		}
	}
}

// TestCodes: codes that nobody knows are not repeated.
func TestCodes(t *testing.T) {
	for _, body := range []string{`{"error": {"code": "` + canary + `"}}`, `{"error": {"innererror": {"code": "` + canary + `"}}}`, `{"error": 1}`} {
		host, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Ms-Error-Code", canary)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, body)
		}))
		s, err := azuresecrets.New(azuresecrets.Config{Vault: host, CAFile: ca, Credential: of(azuretest.New(""))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Lookup(t.Context(), []string{"A"}); err == nil || strings.Contains(fmt.Sprintf("%+v", err), canary) || !strings.Contains(err.Error(), "permission to get") {
			t.Errorf("got %v", err)
		}
	}
}

// TestStrangers: a code in the header alone does not make a page "not found".
func TestStrangers(t *testing.T) {
	host, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Ms-Error-Code", "SecretNotFound")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<p>Welcome")
	}))
	s, err := azuresecrets.New(azuresecrets.Config{Vault: host, CAFile: ca, Credential: of(azuretest.New(""))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(t.Context(), []string{"A"}); err == nil {
		t.Error("a page of HTML is \"not found\"")
	}
}

func TestWrongSecret(t *testing.T) {
	for _, body := range []string{
		`{"value": "x", "id": "https://v/secrets/OTHER/1"}`, `{"value": "x", "id": "https://v/secrets/A"}`, `{"value": "x", "id": "https://v/keys/A/1"}`,
		`{"value": "x", "id": "%zz"}`, `{"value": "x"}`, `{"id": "https://v/secrets/A/1"}`, `{"value": "x", "id": "https://v/secrets/A/a b"}`,
		`{"value": "x", "id": "https://v/secrets/A/1", "attributes": {"enabled": false}}`,
	} {
		host, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		s, err := azuresecrets.New(azuresecrets.Config{Vault: host, CAFile: ca, Credential: of(azuretest.New(""))})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Lookup(t.Context(), []string{"A"}); err == nil || len(got) > 0 {
			t.Errorf("%s: got %d values, %v", body, len(got), err)
		}
	}
}

func TestScheme(t *testing.T) {
	alone(t, nil)
	v := azuretest.New("made up")
	v.Set("bulletin", `{"A": "field"}`)
	v.Set("bulletin-A", "prefixed")
	host, ca := serve(t, v)
	t.Setenv("IDENTITY_ENDPOINT", server(t, v.Identity))
	t.Setenv("AZURE_CLIENT_ID", rand.Text())
	scheme := azuresecrets.Scheme()
	if scheme.Name != "azure-kv" || len(scheme.Needs) != 0 {
		t.Errorf("got %q with %d needs", scheme.Name, len(scheme.Needs))
	}
	for rest, want := range map[string]string{
		"/bulletin": "field", "/bulletin-": "prefixed", "/bulletin-?only=B+A": "prefixed", "/bulletin-?only=B": "", "": "",
		"?A=bulletin%23A": "field", "/bulletin?A=%23A&only=B": "field", "/?A=bulletin-A&insecure=false&api_version=7.4&client=" + "0": "prefixed",
	} {
		sep := "?"
		if strings.Contains(rest, "?") {
			sep = "&"
		}
		s, err := scheme.Open(t.Context(), parse(t, "azure-kv://"+host+rest+sep+"ca="+ca), nil)
		if err != nil {
			t.Errorf("%s: %v", rest, err)
			continue
		}
		if got := lookup(t, s, "A"); got["A"].Text != want || s.Name() != "azure-kv" {
			t.Errorf("%s: got %q, want %q", rest, got["A"].Text, want)
		}
	}
	for text, want := range map[string]string{
		"azure-kv://":                                    "names no vault",
		"azure-kv://my_vault":                            "names no vault",
		"azure-kv://a":                                   "names no vault",
		"azure-kv://my--vault":                           "names no vault",
		"azure-kv://myvault:8443":                        "names no vault",
		"azure-kv://10.0.0.1":                            "names no vault",
		"azure-kv://myvault.vault.azure.net.":            "names no vault",
		"azure-kv://myvault.vault.azure.net:":            "names no vault",
		"azure-kv://user:" + canary + "@myvault":         "user information",
		"azure-kv://myvault/a/b":                         "no name of a secret",
		"azure-kv://myvault/bulletin/":                   "no name of a secret",
		"azure-kv://myvault/a_b":                         "no name of a secret",
		"azure-kv://myvault?A=a%2Fb":                     "no name of a secret",
		"azure-kv://myvault?A=%23field":                  "the mapping of A names no secret",
		"azure-kv://myvault?only=":                       "only names no setting",
		"azure-kv://myvault?client=a%20b":                "client, tenant or api_version is none",
		"azure-kv://myvault?insecure=true":               "insecure is for an emulator",
		"azure-kv://myvault?insecure=" + canary:          "neither true nor false",
		"azure-kv://myvault?ca=/nowhere/" + canary:       "ca cannot be read",
		"azure-kv://myvault?ca=azuresecrets.go":          "ca holds no certificate",
		"azure-kv://myvault?password=" + canary:          "unknown parameter",
		"azure-kv://localhost.example.com?insecure=true": "insecure is for an emulator",
	} {
		s, err := scheme.Open(t.Context(), parse(t, text), nil)
		if err == nil || s != nil && err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"azure-kv://myvault", "azure-kv://MyVault.vault.azure.net:443/x", "azure-kv://my-vault.vault.azure.cn", "azure-kv://v.vault.usgovcloudapi.net", "azure-kv://localhost:8443?insecure=true", "azure-kv://[::1]:8443"} {
		if _, err := scheme.Open(t.Context(), parse(t, text), nil); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := azuresecrets.New(azuresecrets.Config{Vault: "myvault", Secret: "a", Prefix: "b-", ClientID: "x", Credential: of(v), Only: []string{"A", " B"}}); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v, want three mistakes", err)
	}
	var _ settings.Source = (*azuresecrets.Source)(nil)
}

// TestPatience: the identity's endpoint and the vault fail once each.
func TestPatience(t *testing.T) {
	v := azuretest.New("made up")
	v.Set("A", "a")
	var identities, vaults atomic.Int32
	alone(t, func(w http.ResponseWriter, r *http.Request) {
		if identities.Add(1) == 1 {
			w.WriteHeader(http.StatusGone)
			return
		}
		v.Identity(w, r)
	})
	t.Setenv("AZURE_CLIENT_ID", rand.Text())
	host, ca := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if vaults.Add(1) == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		v.ServeHTTP(w, r)
	}))
	s, err := azuresecrets.New(azuresecrets.Config{Vault: host, CAFile: ca})
	if err != nil {
		t.Fatal(err)
	}
	if got := lookup(t, s, "A"); got["A"].Text != "a" || identities.Load() != 2 || vaults.Load() != 3 {
		t.Errorf("got %d values with %d requests for a token and %d for the secret", len(got), identities.Load(), vaults.Load())
	}
}

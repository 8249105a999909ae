package azure_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/drivers/azuresecrets"
	"github.com/airworthy-go/airworthy/drivers/azuresecrets/azuretest"
	"github.com/airworthy-go/airworthy/settings"
)

// header is what the identity's endpoint wants to see.
const header = "only this machine knows"

// place is a vault with the endpoint of an identity that it trusts.
type place struct {
	name     string
	host     string // with the port
	ca       string // the file of its certificate
	identity string // the URL of the endpoint
	version  string // of the protocol; empty for the newest
	standin  *azuretest.Vault
}

var places []*place

func TestMain(m *testing.M) {
	status, err := all(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func all(m *testing.M) (status int, err error) {
	if os.Getenv("AIRWORTHY_AZURE_PYTHON") == "" {
		fmt.Println("--- SKIP: all tests: AIRWORTHY_AZURE_PYTHON names no Python with requirements.txt: use run.sh")
		return 0, nil
	}
	dir, err := os.MkdirTemp("", "airworthy-azure")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	v := azuretest.New(header)
	server, endpoint := httptest.NewTLSServer(v), httptest.NewServer(http.HandlerFunc(v.Identity))
	defer server.Close()
	defer endpoint.Close()
	s := &place{name: "the stand-in", host: strings.TrimPrefix(server.URL, "https://"), identity: endpoint.URL, standin: v}
	if err := s.trust(dir); err != nil {
		return 1, err
	}
	places = append(places, s)
	if jar := os.Getenv("LOWKEY_VAULT_JAR"); jar != "" {
		p, stop, err := lowkey(jar)
		if err != nil {
			return 1, err
		}
		defer stop()
		if err := p.trust(dir); err != nil {
			return 1, err
		}
		places = append(places, p)
	}
	return m.Run(), nil
}

// lowkey starts a Lowkey Vault and waits for it.
func lowkey(jar string) (*place, func(), error) {
	ports := []int{}
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		_ = l.Close()
	}
	cmd := exec.Command("java", "-Xmx256m", "-jar", jar, "--server.address=127.0.0.1", fmt.Sprintf("--server.port=%d", ports[0]), fmt.Sprintf("--app.token.port=%d", ports[1]))
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	p := &place{name: "Lowkey Vault", host: fmt.Sprintf("localhost:%d", ports[0]), version: "7.6",
		identity: fmt.Sprintf("http://127.0.0.1:%d/metadata/identity/oauth2/token", ports[1])}
	for range 600 {
		if resp, err := http.Get(p.identity + "?resource=https://localhost"); err == nil {
			_ = resp.Body.Close()
			return p, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return nil, nil, errors.New("Lowkey Vault does not start")
}

// trust keeps the certificate that the place shows on loopback.
func (p *place) trust(dir string) error {
	c, err := tls.Dial("tcp", p.host, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // to see the certificate
	if err != nil {
		return err
	}
	defer c.Close()
	p.ca = filepath.Join(dir, strings.ReplaceAll(p.name, " ", "-")+".pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: c.ConnectionState().PeerCertificates[0].Raw}
	return os.WriteFile(p.ca, pem.EncodeToMemory(block), 0o600)
}

// each runs a test at every place, in an environment where the place's identity is the only one.
func each(t *testing.T, test func(t *testing.T, p *place)) {
	t.Helper()
	if len(places) == 0 {
		t.Fatal("there is no place")
	}
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Setenv("IDENTITY_ENDPOINT", p.identity)
			t.Setenv("IDENTITY_HEADER", header)
			test(t, p)
		})
	}
}

// open returns the place as the source that rest, the end of its URL, says.
func (p *place) open(t *testing.T, rest string) settings.Writer {
	t.Helper()
	options := url.Values{"ca": {p.ca}}
	if p.version != "" {
		options.Set("api_version", p.version)
	}
	path, query, _ := strings.Cut(rest, "?")
	u, err := url.Parse("azure-kv://" + p.host + "/" + path + "?" + strings.TrimPrefix(query+"&", "&") + options.Encode())
	if err != nil {
		t.Fatal(err)
	}
	s, err := azuresecrets.Scheme().Open(t.Context(), u, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.(settings.Writer)
}

// said is what Microsoft's SDK answers.
type said struct {
	Text, Version, Type string
	Tags                map[string]string
	Status              int
}

// microsoft starts Microsoft's SDK and returns what asks it.
func (p *place) microsoft(t *testing.T) func(ask map[string]string) said {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("AIRWORTHY_AZURE_PYTHON"), "other.py", "https://"+p.host, p.ca, p.version)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return func(ask map[string]string) said {
		t.Helper()
		line, err := json.Marshal(ask)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(append(line, '\n')); err != nil || !lines.Scan() {
			t.Fatalf("Microsoft's SDK says nothing: %v, %v", err, lines.Err())
		}
		var s said
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// rest asks the place by hand, and returns the status and the body.
func (p *place) rest(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.identity+"?api-version=2019-08-01&resource="+url.QueryEscape(p.resource()), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-IDENTITY-HEADER", header)
	var token struct {
		Token string `json:"access_token"`
	}
	_, text := do(t, http.DefaultClient, r)
	if err := json.Unmarshal([]byte(text), &token); err != nil {
		t.Fatal(err)
	}
	version := p.version
	if version == "" {
		version = "7.4"
	}
	r, err = http.NewRequestWithContext(t.Context(), method, "https://"+p.host+path+"?api-version="+version, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token.Token)
	r.Header.Set("Content-Type", "application/json")
	return do(t, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}, r) //nolint:gosec // loopback
}

func (p *place) resource() string {
	if p.standin != nil {
		return azuretest.Resource
	}
	return "https://" + p.host
}

func do(t *testing.T, c *http.Client, r *http.Request) (int, string) {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

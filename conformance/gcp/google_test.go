package gcp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/airworthy-go/airworthy/conformance/gcp/standin"
)

// google is everything below googleapis.com, as far as a program on loopback can tell: a proxy leads each name to a
// server of ours, with a certificate of ours.
type google struct {
	*standin.Server
	t       *testing.T
	dir     string // the program's home
	ca      string // the file of the authority that the program trusts
	proxy   string
	manager string // the address of the stand-in, with TLS
	oauth   http.HandlerFunc
	meta    http.HandlerFunc
	metaURL string

	mu     sync.Mutex
	asked  []string // the hosts that the proxy was asked for
	tokens map[string]string
}

// newGoogle starts everything. The certificate is valid unless spoil changes it.
func newGoogle(t *testing.T, spoil func(*x509.Certificate)) *google {
	t.Helper()
	g := &google{Server: standin.New(project, number), t: t, dir: t.TempDir(), tokens: map[string]string{}}
	g.Who = func(token string) (string, bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		member, ok := g.tokens[token]
		return member, ok
	}
	g.Put("bulletin", `{"SECRET_KEY": "`+canary+`"}`)
	g.Put("locations/europe-west3/secrets/bulletin", `{"SECRET_KEY": "`+canary+`"}`)

	pair, ca := certificate(t, spoil)
	g.ca = filepath.Join(g.dir, "ca.pem")
	write(t, g.ca, ca)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Serve(l, grpc.Creds(credentials.NewServerTLSFromCert(&pair))).Stop)
	g.manager = l.Addr().String()

	oauth := httptest.NewUnstartedServer(g.serve(&g.oauth))
	oauth.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	oauth.StartTLS()
	t.Cleanup(oauth.Close)

	meta := httptest.NewServer(g.serve(&g.meta))
	t.Cleanup(meta.Close)
	g.metaURL = meta.Listener.Addr().String()

	hosts := map[string]string{
		"secretmanager.googleapis.com:443":                  g.manager,
		"secretmanager.europe-west3.rep.googleapis.com:443": g.manager,
		"oauth2.googleapis.com:443":                         oauth.Listener.Addr().String(),
		"sts.googleapis.com:443":                            oauth.Listener.Addr().String(),
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.connect(w, r, hosts) }))
	t.Cleanup(proxy.Close)
	g.proxy = proxy.URL
	g.oauth = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canary, http.StatusTeapot) }
	g.meta = http.NotFound
	return g
}

// serve serves with what stands there when a program is started.
func (g *google) serve(which *http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		h := *which
		g.mu.Unlock()
		h(w, r)
	})
}

// connect is what the proxy does.
func (g *google) connect(w http.ResponseWriter, r *http.Request, hosts map[string]string) {
	g.mu.Lock()
	g.asked = append(g.asked, r.Host)
	g.mu.Unlock()
	address, ok := hosts[r.Host]
	if r.Method != http.MethodConnect || !ok {
		http.Error(w, "there is no such host", http.StatusBadGateway)
		return
	}
	up, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, "no", http.StatusBadGateway)
		return
	}
	defer up.Close()
	down, early, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer down.Close()
	if _, err := io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	go func() { _, _ = io.Copy(up, early); _ = up.Close() }()
	_, _ = io.Copy(down, up)
}

// hosts returns which names were asked for, sorted.
func (g *google) hosts() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.Sort(g.asked)
	return strings.Join(slices.Compact(g.asked), " ")
}

// token makes an access token that belongs to member.
func (g *google) token(member string) string {
	token := rand.Text() + canary
	g.mu.Lock()
	g.tokens[token] = member
	g.mu.Unlock()
	return token
}

// answer is a token endpoint's answer.
func (g *google) answer(w http.ResponseWriter, member string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": g.token(member), "expires_in": 3599, "token_type": "Bearer",
		"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
}

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "airworthy-gcp")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "lab")
	if out, err := exec.Command("go", "build", "-o", binary, "./lab").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if binary, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(status)
}

// lab runs the program with an environment of its own, and returns what it wrote. The program must not print a canary.
func (g *google) lab(within, address string, environ ...string) (stdout, stderr string) {
	g.t.Helper()
	binary, err := built()
	if err != nil {
		g.t.Fatal(err)
	}
	g.hosts() // its lock orders what the test has set before what the servers read
	ctx, cancel := context.WithTimeout(g.t.Context(), 40*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, within, address, "SECRET_KEY")
	cmd.Env = append([]string{"HOME=" + g.dir, "HTTPS_PROXY=" + g.proxy, "SSL_CERT_FILE=" + g.ca, "SSL_CERT_DIR=" + g.dir}, environ...)
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	_ = cmd.Run() // it says what went wrong
	if ctx.Err() != nil {
		g.t.Fatal("the program did not end")
	}
	if strings.Contains(out.String()+wrong.String(), "canary") {
		g.t.Errorf("the program printed what it must not: %s", wrong.String())
	}
	return out.String(), wrong.String()
}

// reads fails unless the program reads the secret with the environment.
func (g *google) reads(address string, environ ...string) {
	g.t.Helper()
	out, wrong := g.lab("20s", address, environ...)
	if want := fmt.Sprintf("SECRET_KEY %x\n", sha256.Sum256([]byte(canary))); out != want {
		g.t.Errorf("got %q, %s, want %q", out, wrong, want)
	}
}

// fails fails unless the program says so.
func (g *google) fails(within, address, want string, environ ...string) {
	g.t.Helper()
	out, wrong := g.lab(within, address, environ...)
	if out != "" || !strings.HasPrefix(wrong, "error: ") || !strings.Contains(wrong, want) {
		g.t.Errorf("got %q, %q, want an error: %s", out, wrong, want)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// file writes a credentials file and returns the variable that names it.
func (g *google) file(content map[string]any) string {
	g.t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		g.t.Fatal(err)
	}
	path := filepath.Join(g.dir, "credentials.json")
	write(g.t, path, data)
	return "GOOGLE_APPLICATION_CREDENTIALS=" + path
}

// certificate makes an authority, and a certificate for Google's names and for loopback.
func certificate(t *testing.T, spoil func(*x509.Certificate)) (pair tls.Certificate, ca []byte) {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "stand-in"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames:    []string{"*.googleapis.com", "*.europe-west3.rep.googleapis.com", "secretmanager.europe-west3.rep.googleapis.com"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if spoil != nil {
		spoil(leaf)
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})
}

// account is a service account with a key.
type account struct {
	email string
	key   *rsa.PrivateKey
}

func newAccount(t *testing.T, email string) account {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return account{email, key}
}

// content is the account's key file.
func (a account) content(t *testing.T) map[string]any {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"type": "service_account", "project_id": project, "private_key_id": "4711", "client_email": a.email, "client_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":   "https://oauth2.googleapis.com/token",
	}
}

// signed reports whether token is a JWT that the account has signed for itself, for Secret Manager or for all of Google
// Cloud, and that is valid now.
func (a account) signed(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(p); err != nil {
			return false
		}
	}
	var header struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub, Aud, Scope string
		Iat, Exp             int64
	}
	if json.Unmarshal(raw[0], &header) != nil || json.Unmarshal(raw[1], &claims) != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	now := time.Now().Unix()
	return header.Alg == "RS256" && header.Kid == "4711" &&
		rsa.VerifyPKCS1v15(&a.key.PublicKey, crypto.SHA256, sum[:], raw[2]) == nil &&
		claims.Iss == a.email && claims.Sub == a.email && claims.Iat <= now && now < claims.Exp && claims.Exp <= now+3600 &&
		(claims.Scope == "https://www.googleapis.com/auth/cloud-platform" || claims.Aud == "https://secretmanager.googleapis.com/")
}

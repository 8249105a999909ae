package csp_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
)

// site is the name under which the Observatory asks for the bulletin.
const site = "bulletin.example.com"

// expectation is what the Observatory says of one subject, and for how many points.
type expectation struct {
	id     string // of the row in docs/csp.md; empty where there is no better result
	test   string
	result string
	points int
}

// deductions are the results for which there are better ones. None of them costs points.
var deductions = []expectation{
	{"O1", "content-security-policy", "csp-implemented-with-no-unsafe", 5},
	{"O2", "strict-transport-security", "hsts-implemented-max-age-at-least-six-months", 0},
	{"O3", "subresource-integrity", "sri-not-implemented-but-all-scripts-loaded-from-secure-origin", 0},
}

// results are all others, the best of their kind.
var results = []expectation{
	{"", "cookies", "cookies-secure-with-httponly-sessions-and-samesite", 5},
	{"", "cross-origin-resource-policy", "corp-implemented-with-same-origin", 10},
	{"", "cross-origin-resource-sharing", "cross-origin-resource-sharing-not-implemented", 0},
	{"", "redirection", "redirection-to-https", 0},
	{"", "referrer-policy", "referrer-policy-private", 5},
	{"", "x-content-type-options", "x-content-type-options-nosniff", 0},
	{"", "x-frame-options", "x-frame-options-implemented-via-csp", 5},
}

// report is what the Observatory's scan returns.
type report struct {
	Scan struct {
		Grade       string
		Score       int
		TestsFailed int `json:"testsFailed"`
		StatusCode  int `json:"statusCode"`
	}
	Tests map[string]struct {
		Result        string
		ScoreModifier int `json:"scoreModifier"`
		Pass          bool
	}
}

// TestObservatoryGradesTheBulletin runs examples/bulletin in production, as `serve` does over HTTPS, and the same over
// HTTP, from where it redirects.
func TestObservatoryGradesTheBulletin(t *testing.T) {
	dir, work := modules(t), t.TempDir()
	binary := filepath.Join(work, "bulletin")
	build := exec.Command("go", "build", "-o", binary, "./bulletin")
	build.Dir, build.Env = filepath.Join("..", "..", "examples"), append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the bulletin: %v\n%s", err, out)
	}
	cert, key := certificate(t, work)
	env := []string{"AIRWORTHY_ENV=production", "ALLOWED_HOSTS=" + site, "SECRET_KEY=" + keyring.Generate().Reveal()}
	database := func(name string) string { return "DATABASE_URL=sqlite:///" + filepath.Join(work, name) }
	https := serve(t, binary, slices.Concat(env, []string{database("https.sqlite3")}), "--tls-cert", cert, "--tls-key", key)
	http := serve(t, binary, slices.Concat(env, []string{database("http.sqlite3")}))

	cmd := exec.CommandContext(t.Context(), "node", "observatory.mjs", site, http, https)
	cmd.Env = append(os.Environ(), "AIRWORTHY_NODE_MODULES="+dir, "NODE_EXTRA_CA_CERTS="+cert)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the Observatory: %v\n%s", err, out)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("grade %s, score %d", r.Scan.Grade, r.Scan.Score)
	if s := r.Scan; !slices.Contains([]string{"A", "A+"}, s.Grade) || s.TestsFailed != 0 || s.StatusCode != 200 {
		t.Errorf("grade %q, %d tests failed, status %d, want A or better, none and 200", s.Grade, s.TestsFailed, s.StatusCode)
	}
	explained, score := slices.Concat(results, deductions), 100
	for _, want := range explained {
		score += want.points
		if got := r.Tests[want.test]; got.Result != want.result || got.ScoreModifier != want.points || !got.Pass {
			t.Errorf("%s: %+v, want %q for %d points, passed", want.test, got, want.result, want.points)
		}
	}
	if r.Scan.Score != score {
		t.Errorf("score %d, want %d", r.Scan.Score, score)
	}
	for name, got := range r.Tests {
		if !slices.ContainsFunc(explained, func(e expectation) bool { return e.test == name }) {
			t.Errorf("%s: %q for %d points is not explained", name, got.Result, got.ScoreModifier)
		}
	}
}

// certificate makes a certificate for the site, which is its own authority, and returns the two files.
func certificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{site},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER)
}

// serve runs the program's serve in an empty folder until the test ends, and returns its port.
func serve(t *testing.T, binary string, env []string, args ...string) (port string) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Dir, cmd.Env = t.TempDir(), env
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	lines, said := bufio.NewScanner(stderr), []string{}
	for lines.Scan() {
		said = append(said, lines.Text())
		if text, ok := strings.CutPrefix(lines.Text(), "serving "); ok {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			address := strings.Trim(strings.Fields(text)[0], "/")
			return address[strings.LastIndexByte(address, ':')+1:]
		}
	}
	t.Fatalf("the program does not say where it listens: %q", said)
	return ""
}

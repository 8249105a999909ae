package airworthy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/manage"
)

// The files badinput_*_test.go hold the whole application to the list of bad inputs that other software did not
// survive: everything on, production settings, manage's own server, real sockets, the bytes that an attacker sends.
// The number of the list begins the name of each row.
var badInputs = []int{
	1, 2, 3, 4, 5, 6, 7, // host and URL
	8, 9, 10, 11, 12, 13, // proxy headers and identity
	14, 15, 16, 17, 18, 19, 20, 21, 22, // forged requests, foreign origins, cookies
	23, 24, 25, 26, 27, 28, 29, // sessions and signing
	30, 31, 32, 33, 34, 35, 36, 37, // passwords, logins, second factors
	39, 43, // parsers
	45, 46, // headers out
	52, 53, 54, 55, // logs, errors, settings

	57, 58, 59, 60, 61, // repositories, deployment files, live sites, waivers, reports

	62, // a project's own code; those of the gate have their rows in check and below it
}

// TestEveryBadInputHasRows reads the names of the rows, which are string literals that begin with the number.
func TestEveryBadInputHasRows(t *testing.T) {
	files, err := filepath.Glob("badinput_*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, pattern := range []string{"check/badinput*_test.go", "check/*/badinput*_test.go"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	rows := map[int]int{}
	begins := regexp.MustCompile("^[\"`]([0-9]+): ")
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if m := begins.FindStringSubmatch(lit.Value); m != nil {
					number, _ := strconv.Atoi(m[1])
					rows[number]++
				}
			}
			return true
		})
	}
	for _, number := range badInputs {
		if rows[number] == 0 {
			t.Errorf("bad input %d has no row", number)
		}
	}
	for number := range rows {
		if !slices.Contains(badInputs, number) {
			t.Errorf("there are rows of %d, which is not in the list", number)
		}
	}
}

// victim is a server under attack.
type victim struct {
	addr   string
	secure bool
	log    *syncBuffer
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// strict returns production settings for example.com. What they log is kept.
func strict(changes ...func(*airworthy.Settings)) airworthy.Settings {
	s := good()
	s.Logs = logs.Config{Format: logs.JSON, Output: &syncBuffer{}}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// overTLS serves app by manage's serve with a certificate.
func overTLS(t *testing.T, s airworthy.Settings, app http.Handler) *victim {
	t.Helper()
	cert, key := certificate(t)
	return start(t, s, app, "--tls-cert", cert, "--tls-key", key)
}

// start serves app by manage's serve until the test ends.
func start(t *testing.T, s airworthy.Settings, app http.Handler, args ...string) *victim {
	t.Helper()
	return serveApp(t, s, func() (*airworthy.App, error) { return airworthy.New(s, app) }, args...)
}

func serveApp(t *testing.T, s airworthy.Settings, build func() (*airworthy.App, error), args ...string) *victim {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	each := func(context.Context) (*airworthy.App, error) { return build() }
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		status := manage.Run(ctx, each, append([]string{"app", "serve", "--addr", "127.0.0.1:0"}, args...), manage.Streams{Out: w, Err: w})
		_ = w.CloseWithError(fmt.Errorf("serve ended with status %d", status))
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	go io.Copy(io.Discard, r)
	m := regexp.MustCompile(`(https?)://([^/]+)/`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("serve said %q: %v", line, err)
	}
	log, _ := s.Logs.Output.(*syncBuffer)
	return &victim{m[2], m[1] == "https", log}
}

// certificate writes the certificate that package httptest has for example.com, and its key.
var certificate = func() func(t *testing.T) (cert, key string) {
	var pair tls.Certificate
	var once sync.Once
	return func(t *testing.T) (string, string) {
		once.Do(func() {
			srv := httptest.NewTLSServer(nil)
			defer srv.Close()
			pair = srv.TLS.Certificates[0]
		})
		der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		for name, block := range map[string]*pem.Block{
			cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der},
		} {
			if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return cert, key
	}
}()

// answer is what came back, whole.
type answer struct {
	*http.Response
	body string
}

// String is the status and where a redirect leads, or else the body.
func (a *answer) String() string {
	what := a.body
	if to := a.Header.Get("Location"); to != "" {
		what = to
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.StatusCode, what))
}

// dial connects as anybody can.
func (v *victim) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if v.secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// send writes the bytes and reads one answer.
func (v *victim) send(t *testing.T, raw string) *answer {
	t.Helper()
	c := v.dial(t)
	defer c.Close()
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		_, _ = io.WriteString(c, raw) // the server may answer, and close, before it has read all
	}()
	a := receive(t, bufio.NewReader(c), raw)
	_ = c.Close()
	<-wrote
	return a
}

func receive(t *testing.T, r *bufio.Reader, raw string) *answer {
	t.Helper()
	method, _, _ := strings.Cut(raw, " ")
	res, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("half an answer: %v", err)
	}
	return &answer{res, string(body)}
}

// get returns the bytes of a GET to example.com with further lines.
func get(path string, lines ...string) string { return ask("GET", path, "", lines...) }

// post returns the bytes of a POST to example.com with a form as its body.
func post(path, body string, lines ...string) string {
	return ask("POST", path, body, append(lines, "Content-Type: application/x-www-form-urlencoded")...)
}

func ask(method, path, body string, lines ...string) string {
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Host:") }) {
		lines = append([]string{"Host: example.com"}, lines...)
	}
	if body != "" || method != "GET" {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	return method + " " + path + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// raw is one request and its answer, of which the status alone may do.
type raw struct{ name, send, want string }

// run sends each row on a connection of its own.
func (v *victim) run(t *testing.T, rows []raw) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := v.send(t, row.send).String()
			if status, _, _ := strings.Cut(got, " "); got != row.want && status != row.want {
				t.Errorf("the answer is %.300q, want %q", got, row.want)
			}
		})
	}
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func pause() { time.Sleep(5 * time.Millisecond) }

package browser_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// certificate is one certificate for all names, in files for the site's program. The browser is told its key.
type certificate struct {
	certFile, keyFile string
	spki              string // base64 of the SHA-256 of the public key, as Chromium wants it
	pair              tls.Certificate
}

func newCertificate(dir string) (*certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "browser tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"*.test", "bulletin.test", "evil.bulletin.test", "friend.test", "evil.test", "lab.test",
			"trial.test", "shared.test", "evil.shared.test"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(public)
	c := &certificate{
		certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"),
		spki: base64.StdEncoding.EncodeToString(hash[:]), pair: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}
	if err := writePEM(c.certFile, "CERTIFICATE", der); err != nil {
		return nil, err
	}
	return c, writePEM(c.keyFile, "PRIVATE KEY", private)
}

func writePEM(name, kind string, der []byte) error {
	return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// pages are the pages of one host, each at a path of its own, which tests add while it is served.
type pages struct {
	mu   sync.Mutex
	made map[string]http.HandlerFunc
}

// add returns the path at which h answers from now on.
func (p *pages) add(h http.HandlerFunc) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		p.made = map[string]http.HandlerFunc{}
	}
	path := fmt.Sprintf("/page-%d", len(p.made)+1)
	p.made[path] = h
	return path
}

// ServeHTTP answers at the paths that add returned, and with a plain 404 elsewhere.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	h := p.made[r.URL.Path]
	p.mu.Unlock()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	h(w, r)
}

// street is one server for all hosts but the bulletin, over HTTPS.
type street struct {
	*httptest.Server
	hosts  map[string]http.Handler
	others pages // of every host that is not in hosts: they are the attacker's, or nobody's
}

func newStreet(cert *certificate, hosts map[string]http.Handler) *street {
	s := &street{hosts: hosts}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := s.hosts[r.Host]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		s.others.ServeHTTP(w, r)
	}))
	s.Server.TLS = &tls.Config{Certificates: []tls.Certificate{cert.pair}}
	s.Server.EnableHTTP2 = true
	s.Server.Config.ErrorLog = log.New(io.Discard, "", 0) // a browser closes connections as it likes
	s.Server.StartTLS()
	return s
}

// page adds a page with the given body to a host of the street, and returns its address. The header's lines are pairs
// of name and value.
func (s *street) page(host, body string, header ...string) string {
	return "https://" + host + s.others.add(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		_, _ = io.WriteString(w, body)
	})
}

// document puts a body into a page.
func document(parts ...string) string {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>untouched</title><body>` +
		strings.Join(parts, "\n")
}

package manage

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCertificateKeepsTheLastGood replaces the files by nonsense, which leaves the last good certificate served, and
// then renews it.
func TestCertificateKeepsTheLastGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cert, key := NewCertificate(t, dir, 1)
		good, err := os.ReadFile(cert)
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		c := &certificate{cert: cert, key: key, logger: slog.New(slog.NewTextHandler(&log, nil))}
		first, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cert, []byte("nonsense"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(cert, time.Now(), time.Now().AddDate(30, 0, 0)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		second, err := c.get(nil)
		if err != nil || second != first {
			t.Errorf("after the files became nonsense: %v, the same certificate: %v", err, second == first)
		}
		time.Sleep(time.Minute)
		if _, err := c.get(nil); err != nil {
			t.Error(err)
		}
		if got := strings.Count(log.String(), "could not be read again"); got != 1 {
			t.Errorf("the log says %d times that the files cannot be read, want once:\n%s", got, log.String())
		}
		if err := os.WriteFile(cert, good, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{cert, key} { // files that were kept, and put back
			if err := os.Chtimes(name, time.Now(), time.Now().AddDate(-1, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		third, err := c.get(nil)
		if err != nil || third == first {
			t.Errorf("after a renewal: %v, still the old certificate: %v", err, third == first)
		}
	})
}

// NewCertificate writes a certificate for 127.0.0.1 with the given serial number.
func NewCertificate(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

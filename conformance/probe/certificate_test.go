package probe_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// authority is a root that the probe trusts, and one below it that makes the servers' certificates.
type authority struct {
	dir                   string
	pool                  *x509.CertPool
	rootFile              string
	rootCert, betweenCert *x509.Certificate
	rootKey, betweenKey   crypto.Signer
}

func newAuthority(dir string) (*authority, error) {
	a := &authority{dir: dir, pool: x509.NewCertPool(), rootFile: filepath.Join(dir, "root.pem")}
	var err error
	if a.rootCert, a.rootKey, err = certify("Probe Test Root", nil, nil, nil, false); err != nil {
		return nil, err
	}
	if a.betweenCert, a.betweenKey, err = certify("Probe Test Intermediate", nil, a.rootCert, a.rootKey, false); err != nil {
		return nil, err
	}
	a.pool.AddCert(a.rootCert)
	return a, os.WriteFile(a.rootFile, encode("CERTIFICATE", a.rootCert.Raw), 0o644)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// certify makes a certificate: an authority's without an edit, a server's with one. Without an issuer it signs itself.
func certify(name string, edit func(*x509.Certificate), by *x509.Certificate, byKey crypto.Signer, withRSA bool) (*x509.Certificate, crypto.Signer, error) {
	key, err := newKey(withRSA)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-30 * 24 * time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour),
	}
	if edit == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	} else {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		edit(template)
	}
	if by == nil {
		by, byKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), byKey)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

func newKey(withRSA bool) (crypto.Signer, error) {
	if withRSA {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// pair is a certificate in files, as servers want it.
type pair struct{ chain, key string }

// kind says which certificate a server gets. The zero kind is a good one.
type kind struct {
	edit       func(*x509.Certificate)
	selfSigned bool
	alone      bool // without the intermediate
	rsa        bool
}

// make writes a certificate for the site.
func (a *authority) make(k kind) (pair, error) {
	dir, err := os.MkdirTemp(a.dir, "cert")
	if err != nil {
		return pair{}, err
	}
	edit := func(c *x509.Certificate) {
		c.DNSNames = []string{host, "localhost"}
		if k.edit != nil {
			k.edit(c)
		}
	}
	by, byKey := a.betweenCert, a.betweenKey
	if k.selfSigned {
		by, byKey = nil, nil
	}
	cert, key, err := certify(host, edit, by, byKey, k.rsa)
	if err != nil {
		return pair{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pair{}, err
	}
	chain := encode("CERTIFICATE", cert.Raw)
	if !k.alone && !k.selfSigned {
		chain = append(chain, encode("CERTIFICATE", a.betweenCert.Raw)...)
	}
	p := pair{filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")}
	return p, errors.Join(os.WriteFile(p.chain, chain, 0o600), os.WriteFile(p.key, encode("PRIVATE KEY", keyDER), 0o600))
}

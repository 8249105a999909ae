package probe_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// issuer makes certificates.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newKey makes a key that is good enough.
func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue returns a certificate as template says, for an authority unless it has names. Without an issuer it signs itself.
func (by *issuer) issue(t testing.TB, template x509.Certificate, key crypto.Signer) *issuer {
	t.Helper()
	now := time.Now()
	template.SerialNumber = big.NewInt(now.UnixNano())
	if template.NotBefore.IsZero() {
		template.NotBefore = now.Add(-30 * 24 * time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = now.Add(60 * 24 * time.Hour)
	}
	if len(template.DNSNames)+len(template.IPAddresses) == 0 {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	} else if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	parent, signer := &template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{cert, key}
}

func named(name string) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: name}}
}

// authority is a root that the tests trust, and one below it.
type authority struct{ root, between *issuer }

func newAuthority(t testing.TB) authority {
	root := (*issuer)(nil).issue(t, named("Test Root"), newKey(t))
	return authority{root, root.issue(t, named("Test Intermediate"), newKey(t))}
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root.cert)
	return pool
}

// leaf returns a certificate for the site, edited.
func (a authority) leaf(t testing.TB, edit func(*x509.Certificate)) *issuer {
	template := x509.Certificate{Subject: pkix.Name{CommonName: own}, DNSNames: []string{own}}
	if edit != nil {
		edit(&template)
	}
	return a.between.issue(t, template, newKey(t))
}

// sends is what a server shows: a certificate with its key, and others.
func sends(own *issuer, others ...*issuer) tls.Certificate {
	c := tls.Certificate{Certificate: [][]byte{own.cert.Raw}, PrivateKey: own.key}
	for _, o := range others {
		c.Certificate = append(c.Certificate, o.cert.Raw)
	}
	return c
}

// quiet is where servers of tests complain.
var quiet = log.New(io.Discard, "", 0)

// listen serves h on this machine, over TLS if there is a configuration for it, and returns the port.
func listen(t testing.TB, h http.Handler, c *tls.Config) uint16 {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	if c != nil {
		ln = tls.NewListener(ln, c)
	}
	srv := &http.Server{Handler: h, ErrorLog: quiet}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return uint16(port)
}

// here resolves every name to this machine.
func here(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// httpsSite is a live site: what answers over https and over http, and how its server speaks TLS.
type httpsSite struct {
	secure, plain http.Handler
	tls           *tls.Config
	roots         *x509.CertPool
}

// safeSite is [safe] on two ports, with a good certificate.
func safeSite(t testing.TB) *httpsSite {
	a := newAuthority(t)
	return &httpsSite{
		secure: onPort(http.HandlerFunc(safe)), roots: a.pool(),
		tls: &tls.Config{Certificates: []tls.Certificate{sends(a.leaf(t, nil), a.between)}},
	}
}

// onPort hides from a handler that the site is not on the port where https usually is.
func onPort(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil {
			r.Host = host
		}
		h.ServeHTTP(w, r)
	})
}

// start serves the site and returns how to reach it.
func (s *httpsSite) start(t testing.TB) probe.LiveConfig {
	port := listen(t, s.secure, s.tls)
	plain := s.plain
	if plain == nil {
		plain = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if host, _, _ := net.SplitHostPort(r.Host); host != own {
				w.WriteHeader(400)
				return
			}
			http.Redirect(w, r, "https://"+own+":"+strconv.Itoa(int(port))+r.RequestURI, http.StatusMovedPermanently)
		})
	}
	return probe.LiveConfig{
		URL: "https://" + own + ":" + strconv.Itoa(int(port)), HTTPPort: listen(t, plain, nil), Roots: s.roots,
		InsecurePrivate: true, Lookup: here, Interval: time.Nanosecond, Timeout: 2 * time.Second,
	}
}

// judge runs all checks on a live site.
func judge(t testing.TB, c probe.LiveConfig, claims probe.Claims) (*check.Report, probe.Claims) {
	t.Helper()
	live, err := probe.NewLive(c)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	checks, claims := live.Checks(t.Context(), claims)
	return check.Run(t.Context(), checks, check.Options{Deploy: true}), claims
}

// idsOf returns the IDs of a report's findings, from a level on, and of what could not look.
func idsOf(r *check.Report, from check.Level) (ids []string) {
	for _, f := range r.Findings {
		if f.Level >= from {
			ids = append(ids, f.ID)
		}
	}
	for _, n := range r.NotRun {
		ids = append(ids, n.ID+" not run")
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

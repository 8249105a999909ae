package probe_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// liveCase is a site of TestGolden that stands on two ports of this machine.
type liveCase struct {
	*httpsSite
	authority
	t *testing.T
}

// certified gives the server a certificate of its own.
func certified(edit func(*x509.Certificate)) func(*liveCase) {
	return func(s *liveCase) { s.tls.Certificates = []tls.Certificate{sends(s.leaf(s.t, edit), s.between)} }
}

// valid gives it one that is valid from and until so many days from now.
func valid(from, until int) func(*liveCase) {
	return certified(func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().AddDate(0, 0, from), time.Now().AddDate(0, 0, until)
	})
}

// keyed gives it one with a key of so many bits.
func keyed(bits int) func(*liveCase) {
	return func(s *liveCase) {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			s.t.Fatal(err)
		}
		leaf := s.between.issue(s.t, x509.Certificate{Subject: named(own).Subject, DNSNames: []string{own}}, key)
		s.tls.Certificates = []tls.Certificate{sends(leaf, s.between)}
	}
}

// speaking bounds the versions of TLS.
func speaking(least, most uint16) func(*liveCase) {
	return func(s *liveCase) { s.tls.MinVersion, s.tls.MaxVersion = least, most }
}

// accepting allows a cipher besides a good one.
func accepting(suite uint16) func(*liveCase) {
	return func(s *liveCase) {
		keyed(2048)(s)
		s.tls.CipherSuites = []uint16{suite, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	}
}

// servers are what a file "live" can say of the server, a line each.
var servers = map[string]func(*liveCase){
	"its certificate is for another name":           certified(func(c *x509.Certificate) { c.DNSNames = []string{"example.com"} }),
	"its certificate is for *.example.com":          certified(func(c *x509.Certificate) { c.DNSNames = []string{"*.example.com"} }),
	"its certificate is for clients alone":          certified(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }),
	"its certificate has expired":                   valid(-90, -1),
	"its certificate is not valid yet":              valid(1, 90),
	"its certificate is valid for 20 of 90 days":    valid(-70, 20),
	"its certificate is valid for 23 of 90 days":    valid(-67, 23),
	"its certificate has a key of 1024 bits":        keyed(1024),
	"its certificate has a key of 2048 bits":        keyed(2048),
	"it does not send the intermediate certificate": func(s *liveCase) { s.tls.Certificates = []tls.Certificate{sends(s.leaf(s.t, nil))} },
	"it sends the root certificate as well": func(s *liveCase) {
		s.tls.Certificates = []tls.Certificate{sends(s.leaf(s.t, nil), s.between, s.root)}
	},
	"its certificate is signed by itself": func(s *liveCase) {
		alone := (*issuer)(nil).issue(s.t, x509.Certificate{Subject: named(own).Subject, DNSNames: []string{own}}, newKey(s.t))
		s.tls.Certificates = []tls.Certificate{sends(alone)}
	},
	"it speaks TLS 1.0 alone":         speaking(tls.VersionTLS10, tls.VersionTLS10),
	"it speaks TLS 1.1 and later":     speaking(tls.VersionTLS11, 0),
	"it speaks TLS 1.2 alone":         speaking(tls.VersionTLS12, tls.VersionTLS12),
	"it speaks TLS 1.3 alone":         speaking(tls.VersionTLS13, tls.VersionTLS13),
	"it accepts 3DES":                 accepting(tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA),
	"it accepts AES without ECDHE":    accepting(tls.TLS_RSA_WITH_AES_128_GCM_SHA256),
	"it accepts ChaCha20":             accepting(tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
	"it speaks http alone":            func(s *liveCase) { s.tls = nil },
	"it is as good as servers can be": func(*liveCase) {},
}

// liveChecks returns the checks of a case that has a file "live".
func liveChecks(t *testing.T, files fs.FS, blocks []block) []check.Check {
	t.Helper()
	a := newAuthority(t)
	s := &liveCase{&httpsSite{secure: onPort(scriptedHandler(blocks)), roots: a.pool(),
		tls: &tls.Config{Certificates: []tls.Certificate{sends(a.leaf(t, nil), a.between)}}}, a, t}
	text, err := fs.ReadFile(files, "live")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		change, ok := servers[strings.TrimSpace(line)]
		if !ok {
			t.Fatalf("live: no server is like this: %q", line)
		}
		change(s)
	}
	var host atomic.Value // with the port, once that is known
	s.plain = onPort(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		scriptedHandler(blocks).ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		if to := rec.Header().Get("Location"); strings.HasPrefix(to, "https://"+own+"/") {
			w.Header().Set("Location", "https://"+host.Load().(string)+strings.TrimPrefix(to, "https://"+own))
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	config := s.start(t)
	u, err := url.Parse(config.URL)
	if err != nil {
		t.Fatal(err)
	}
	host.Store(u.Host)
	live, err := probe.NewLive(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(live.Close)
	checks, _ := live.Checks(t.Context(), probe.Claims{})
	return slices.DeleteFunc(checks, func(c check.Check) bool { return c.ID == "probe.E101" }) // it finds nothing: it cannot look
}

// TestEveryServerIsUsed looks for servers that no case has.
func TestEveryServerIsUsed(t *testing.T) {
	names, err := filepath.Glob("testdata/checks/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	var all []byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	for name := range servers {
		if !bytes.Contains(all, []byte("\n"+name+"\n")) {
			t.Errorf("no case has a server of which %q", name)
		}
	}
}

// TestNobodyAnswers has the cases of probe.E101, which finds nothing: it says why nothing could be looked at.
func TestNobodyAnswers(t *testing.T) {
	config := safeSite(t).start(t)
	if r, _ := judge(t, config, probe.Claims{}); len(r.NotRun) > 0 {
		t.Errorf("the safe site: not run = %+v", r.NotRun)
	}
	config.URL, config.HTTPPort = "https://"+own+":1", 0
	r, _ := judge(t, config, probe.Claims{})
	if len(r.NotRun) != 1 || r.NotRun[0].ID != "probe.E101" || !r.Failed() {
		t.Errorf("nobody listens: not run = %+v, want probe.E101 alone", r.NotRun)
	}
}

package probe_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

func TestASafeLiveSite(t *testing.T) {
	r, claims := judge(t, safeSite(t).start(t), probe.Claims{})
	if len(r.Findings)+len(r.NotRun) > 0 {
		t.Errorf("findings = %+v, not run = %+v, want none", r.Findings, r.NotRun)
	}
	if claims.Profile != probe.HTML {
		t.Errorf("profile = %q, want html", claims.Profile)
	}
	if r.Ran < 40 {
		t.Errorf("ran %d checks, want those of the site and those of its TLS", r.Ran)
	}
}

// TestTLSRules has a case that raises each rule about TLS; the safe site above raises none.
func TestTLSRules(t *testing.T) {
	const day = 24 * time.Hour
	good := newAuthority(t)
	now := time.Now()
	leaf := func(edit func(*x509.Certificate)) tls.Certificate { return sends(good.leaf(t, edit), good.between) }
	valid := func(from, to time.Duration) tls.Certificate {
		return leaf(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(from), now.Add(to) })
	}
	alone := x509.Certificate{Subject: named(own).Subject, DNSNames: []string{own}}
	stranger := newAuthority(t)
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	oldIntermediate := good.root.issue(t, x509.Certificate{Subject: named("Old").Subject, NotAfter: now.Add(-day)}, newKey(t))
	only := func(version uint16) func(*tls.Config) {
		return func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaLeaf := sends(good.between.issue(t, alone, rsaKey), good.between)
	suites := func(ids ...uint16) func(*tls.Config) {
		return func(c *tls.Config) {
			c.Certificates = []tls.Certificate{rsaLeaf}
			c.CipherSuites = append(ids, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
		}
	}
	for _, row := range []struct {
		name     string
		cert     tls.Certificate
		edit     func(*tls.Config)
		want     string // the findings with their levels
		evidence string
	}{
		{"good", leaf(nil), nil, "", ""},
		{"good, and the server sends its root as well", sends(good.leaf(t, nil), good.between, good.root), nil, "", ""},
		{"good, in another order", sends(good.leaf(t, nil), good.root, good.between), nil, "", ""},
		{"signed by itself", sends((*issuer)(nil).issue(t, alone, newKey(t))), nil, "probe.E102 ERROR", "by itself"},
		{"of an authority that nobody knows", sends(stranger.leaf(t, nil), stranger.between, stranger.root), nil, "probe.E102 ERROR", `"Test Root"`},
		{"for clients alone", leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), nil,
			"probe.E102 ERROR", "incompatible key usage"},
		{"for another name", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"example.com", "*.other.example"} }), nil,
			"probe.E103 ERROR", `"example.com", "*.other.example"`},
		{"for a wildcard", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"*.example.com"} }), nil, "", ""},
		{"expired", valid(-90*day, -day), nil, "probe.E104 ERROR", "valid until"},
		{"not valid yet", valid(day, 90*day), nil, "probe.E104 ERROR", "valid from"},
		{"its issuer's has expired", sends(oldIntermediate.issue(t, alone, newKey(t)), oldIntermediate), nil, "probe.E104 ERROR", `"Old"`},
		{"22 days left of 90", valid(-68*day, 22*day), nil, "", ""},
		{"20 days left of 90", valid(-70*day, 20*day), nil, "probe.W105 WARNING", "valid until"},
		{"6 days left of 90", valid(-84*day, 6*day), nil, "probe.W105 ERROR", "valid until"},
		{"2 days left of 6", valid(-4*day, 2*day), nil, "", ""},
		{"a day left of 6", valid(-5*day, day), nil, "probe.W105 WARNING", "valid until"},
		{"the intermediate is missing", sends(good.leaf(t, nil)), nil, "probe.E106 ERROR", `"Test Intermediate"`},
		{"another's intermediate", sends(good.leaf(t, nil), stranger.root), nil, "probe.E106 ERROR", `"Test Intermediate"`},
		{"a key of 1024 bits", sends(good.between.issue(t, alone, weakKey), good.between), nil, "probe.E107 ERROR", "1024"},
		{"TLS 1.1 and later", leaf(nil), func(c *tls.Config) { c.MinVersion = tls.VersionTLS11 }, "probe.W108 WARNING", "TLS 1.1 is accepted"},
		{"TLS 1.0 and later", leaf(nil), func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 }, "probe.W108 WARNING", "TLS 1.0 is accepted, TLS 1.1 is accepted"},
		{"TLS 1.0 alone", leaf(nil), only(tls.VersionTLS10), "probe.E109 ERROR, probe.W108 WARNING", "TLS 1.0"},
		{"TLS 1.2 alone", leaf(nil), only(tls.VersionTLS12), "probe.I110 INFO", "TLS 1.2"},
		{"TLS 1.3 alone", leaf(nil), only(tls.VersionTLS13), "", ""},
		{"3DES", leaf(nil), suites(tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA), "probe.W111 WARNING", "3DES"},
		{"no forward secrecy", leaf(nil), suites(tls.TLS_RSA_WITH_AES_128_GCM_SHA256), "probe.W111 INFO", "TLS_RSA_WITH_AES_128_GCM"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &httpsSite{secure: onPort(http.HandlerFunc(safe)), roots: good.pool(), tls: &tls.Config{Certificates: []tls.Certificate{row.cert}}}
			if row.edit != nil {
				row.edit(s.tls)
			}
			r, _ := judge(t, s.start(t), probe.Claims{})
			var got, said []string
			for _, f := range r.Findings {
				got = append(got, f.ID+" "+f.Level.String())
				said = append(said, f.Evidence)
			}
			for _, n := range r.NotRun {
				got = append(got, n.ID+" not run: "+n.Reason)
			}
			slices.Sort(got)
			if strings.Join(got, ", ") != row.want {
				t.Errorf("found %s, want %s; evidence %q", got, row.want, said)
			}
			if !strings.Contains(strings.Join(said, "\n"), row.evidence) {
				t.Errorf("evidence %q, want %q in it", said, row.evidence)
			}
		})
	}
}

// TestPreload holds that the list's rules are asked of those alone who ask to be on it.
func TestPreload(t *testing.T) {
	elsewhere := http.RedirectHandler("https://elsewhere.example.com/", http.StatusMovedPermanently)
	for _, row := range []struct {
		hsts  string
		plain http.Handler
		want  string // part of the evidence; empty for no finding
	}{
		{"max-age=31536000", nil, ""},
		{"max-age=300; includeSubDomains", nil, ""},
		{"max-age=31536000; includeSubDomains; preload", nil, ""},
		{"Max-Age=63072000 ; IncludeSubdomains ;Preload", nil, ""},
		{"max-age=31535999; includeSubDomains; preload", nil, "less than a year"},
		{"max-age=31536000; preload", nil, "includeSubDomains is missing"},
		{"max-age=31536000; includeSubDomains; preload", elsewhere, "does not lead to https on the same host"},
	} {
		s := safeSite(t)
		s.plain = row.plain
		next := s.secure
		s.secure = header(func(_ int, h http.Header) { h.Set("Strict-Transport-Security", row.hsts) })(next)
		r, _ := judge(t, s.start(t), probe.Claims{})
		got := ""
		for _, f := range r.Findings {
			if f.ID == "probe.W113" {
				got = f.Evidence
			}
		}
		if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%q: %q, want %q; all: %v", row.hsts, got, row.want, idsOf(r, check.Info))
		}
	}
}

// TestDowngrade holds the rule about redirects from https to http.
func TestDowngrade(t *testing.T) {
	for to, want := range map[string]bool{"http://new.example/": true, "https://new.example/": false, "//new.example/": false, "/new": false} {
		s := safeSite(t)
		s.secure = before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/" {
				http.Redirect(w, r, to, http.StatusFound)
			}
			return r.URL.Path == "/"
		})(s.secure)
		r, _ := judge(t, s.start(t), probe.Claims{})
		if got := slices.Contains(idsOf(r, check.Warning), "probe.W114"); got != want {
			t.Errorf("redirect to %s: found %t, want %t", to, got, want)
		}
	}
}

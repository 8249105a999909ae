package probe_test

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

// line is one finding that a site must have.
type line struct {
	id    string
	level check.Level
	says  string // part of the evidence
	why   string // what of the set-up raises it, for whoever reads the test
}

// site is what is probed.
type site struct {
	https, http int // the ports
	paths       []string
	roots       *x509.CertPool // nil for the tests' authority
	profile     probe.Profile  // that must be detected
}

// look probes the site.
func look(t *testing.T, s site) *check.Report {
	t.Helper()
	live, err := probe.NewLive(probe.LiveConfig{
		URL: fmt.Sprintf("https://%s:%d", host, s.https), HTTPPort: uint16(s.http), Roots: cmp.Or(s.roots, w.certs.pool),
		InsecurePrivate: true, Lookup: here, Interval: time.Millisecond, Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	checks, claims := live.Checks(t.Context(), probe.Claims{Paths: s.paths})
	if claims.Profile != s.profile {
		t.Errorf("it was taken for %q, want %q", claims.Profile, s.profile)
	}
	return check.Run(t.Context(), checks, check.Options{Deploy: true})
}

// verdict fails the test unless the findings are those of the lines, neither more nor fewer.
func verdict(t *testing.T, s site, want []line) {
	t.Helper()
	r := look(t, s)
	var missing []line
	rest := slices.Clone(r.Findings)
	for _, l := range want {
		i := slices.IndexFunc(rest, func(f check.Finding) bool {
			return f.ID == l.id && f.Level == l.level && strings.Contains(f.Evidence, l.says)
		})
		if i < 0 {
			missing = append(missing, l)
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, l := range missing {
		t.Errorf("%s %s is not found, although %s (evidence %q)", l.id, l.level, l.why, l.says)
	}
	for _, f := range rest {
		t.Errorf("%s %s is found: %s: %s", f.ID, f.Level, f.Title, f.Evidence)
	}
	for _, n := range r.NotRun {
		t.Errorf("%s could not look: %s", n.ID, n.Reason)
	}
	for _, l := range want {
		if l.why == "" {
			t.Errorf("%s: the test does not say why", l.id)
		}
	}
}

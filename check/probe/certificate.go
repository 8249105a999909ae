package probe

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// How long before its end a certificate should have been renewed. One that is made for a shorter time has a quarter of
// that, and a twelfth.
const (
	soon   = 21 * 24 * time.Hour
	urgent = 7 * 24 * time.Hour
)

func (l *Live) certificateRules() []check.Check {
	const rfc5280 = "https://www.rfc-editor.org/rfc/rfc5280#section-6"
	return []check.Check{{
		ID: "probe.E102", Level: check.Error,
		Title: "The certificate is not trusted.",
		Hint:  "Get a certificate from an authority that browsers know. If the authority is your own, name its root with --ca.",
		Why:   "Browsers stop visitors with a warning. Visitors who learn to pass it pass an attacker's certificate, too.",
		See:   rfc5280,
		Find: l.certificate(func(c chain) ([]check.Finding, error) {
			what, err := c.untrusted()
			return evidence(what), err
		}),
	}, {
		ID: "probe.E103", Level: check.Error,
		Title: "The certificate is for other names.",
		Hint:  "Get a certificate with the site's name in it, www. and without, or correct which certificate the server sends.",
		Why:   "Browsers stop visitors with a warning, as they would on somebody else's server.",
		See:   "https://www.rfc-editor.org/rfc/rfc9525#section-6",
		Find: l.certificate(func(c chain) ([]check.Finding, error) {
			if c.own().VerifyHostname(l.host) == nil {
				return nil, nil
			}
			return evidence(fmt.Sprintf("it names %s, and not %s", names(c.own()), l.host)), nil
		}),
	}, {
		ID: "probe.E104", Level: check.Error,
		Title: "The certificate has expired, or is not valid yet.",
		Hint:  "Renew it, find out why that did not happen by itself, and have the server load the new one.",
		Why:   "Browsers stop visitors with a warning, and with HSTS there is no way past it.",
		See:   "https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5",
		Find: l.certificate(func(c chain) ([]check.Finding, error) {
			return evidence(c.outdated(time.Now())), nil
		}),
	}, {
		ID: "probe.W105", Level: check.Warning,
		Title: "The certificate expires soon.",
		Hint:  "Renew it. Where that is automatic it should have happened: look at the log of whatever does it.",
		Why:   "A certificate that is renewed in its last days leaves no time for what goes wrong.",
		See:   "https://letsencrypt.org/docs/integration-guide/#when-to-renew",
		Find: l.certificate(func(c chain) ([]check.Finding, error) {
			return c.ending(time.Now()), nil
		}),
	}, {
		ID: "probe.E106", Level: check.Error,
		Title: "The chain of certificates breaks off before a root that is known.",
		Hint: "Have the server send the certificates of the issuers with its own (fullchain.pem, not cert.pem). If the root is " +
			"your own, name it with --ca.",
		Why: "Browsers that have seen the missing certificate elsewhere forgive it; others, programs and phones do not.",
		See: "https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2",
		Find: l.certificate(func(c chain) ([]check.Finding, error) {
			what, err := c.incomplete()
			return evidence(what), err
		}),
	}, {
		ID: "probe.E107", Level: check.Error,
		Title: "A certificate has a weak key or signature.",
		Hint:  "Make a new key, of ECDSA P-256 or RSA with 2048 bits or more, and have it certified with SHA-256.",
		Why:   "Whoever finds the key, or a second certificate for the same signature, can pose as the site.",
		See:   "https://cabforum.org/working-groups/server/baseline-requirements/",
		Find: l.certificate(func(c chain) ([]check.Finding, error) {
			return evidence(c.weak()), nil
		}),
	}}
}

// evidence makes the finding of a rule that has one thing to say, or nothing.
func evidence(what string) []check.Finding {
	if what == "" {
		return nil
	}
	return []check.Finding{{Evidence: what}}
}

// chain is what a server sent, its own certificate first, and the roots that it must lead to.
type chain struct {
	certificates []*x509.Certificate
	roots        *x509.CertPool
}

func (c chain) own() *x509.Certificate { return c.certificates[0] }

// names returns for whom a certificate is, the first few.
func names(c *x509.Certificate) string {
	var all []string
	for _, n := range c.DNSNames {
		all = append(all, fmt.Sprintf("%q", n))
	}
	for _, a := range c.IPAddresses {
		all = append(all, a.String())
	}
	switch {
	case len(all) == 0:
		return "no host"
	case len(all) > 5:
		all = append(all[:5], "…")
	}
	return strings.Join(all, ", ")
}

// verify is x509's verdict, at a time when the server's own certificate is valid: whether it is now is another rule's matter.
func (c chain) verify() error {
	between := x509.NewCertPool()
	for _, each := range c.certificates[1:] {
		between.AddCert(each)
	}
	at := time.Now()
	if own := c.own(); at.After(own.NotAfter) {
		at = own.NotAfter
	} else if at.Before(own.NotBefore) {
		at = own.NotBefore
	}
	_, err := c.own().Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: between, CurrentTime: at})
	return err
}

// breaksOff reports whether the issuer of the last certificate that leads on from the server's own was not sent. A chain that
// ends at its own root is whole, even if nobody knows the root.
func (c chain) breaksOff() (last *x509.Certificate, yes bool) {
	last = c.own()
	for range c.certificates {
		if selfIssued(last) {
			return last, false
		}
		i := slices.IndexFunc(c.certificates, func(up *x509.Certificate) bool { return bytes.Equal(up.RawSubject, last.RawIssuer) })
		if i < 0 {
			return last, true
		}
		last = c.certificates[i]
	}
	return last, false // they certify each other
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// untrusted says why the certificate is not trusted, unless time or a missing issuer is all that stands in the way.
func (c chain) untrusted() (string, error) {
	err := c.verify()
	if roots, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return "", fmt.Errorf("probe: the system has no list of trusted certificates: name a file with --ca: %w", roots)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return map[bool]string{false: invalid.Error()}[invalid.Reason == x509.Expired], nil
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		last, off := c.breaksOff()
		switch {
		case off:
			return "", nil
		case last == c.own():
			return "it is signed by itself", nil
		}
		return fmt.Sprintf("nobody knows its root %q", last.Subject.CommonName), nil
	}
	if err != nil {
		return err.Error(), nil
	}
	return "", nil
}

func (c chain) incomplete() (string, error) {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](c.verify())
	last, off := c.breaksOff()
	if !unknown || !off {
		return "", nil
	}
	return fmt.Sprintf("%d sent; nobody sent or knows %q, who issued the last", len(c.certificates), last.Issuer.CommonName), nil
}

// outdated says which certificate is not valid now, of the server's own and those that verify it.
func (c chain) outdated(now time.Time) string {
	const day = "2006-01-02 15:04 MST"
	switch own := c.own(); {
	case now.After(own.NotAfter):
		return "it was valid until " + own.NotAfter.UTC().Format(day)
	case now.Before(own.NotBefore):
		return "it is valid from " + own.NotBefore.UTC().Format(day)
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](c.verify())
	if !ok || invalid.Reason != x509.Expired {
		return ""
	}
	if invalid.Cert != nil {
		return fmt.Sprintf("that of its issuer %q was valid until %s", invalid.Cert.Subject.CommonName, invalid.Cert.NotAfter.UTC().Format(day))
	}
	return "that of an issuer"
}

// ending reports a certificate that should have been renewed.
func (c chain) ending(now time.Time) []check.Finding {
	own := c.own()
	left, whole := own.NotAfter.Sub(now), own.NotAfter.Sub(own.NotBefore)
	if now.Before(own.NotBefore) || left < 0 || left > min(soon, whole/4) {
		return nil
	}
	f := check.Finding{Evidence: "it is valid until " + own.NotAfter.UTC().Format("2006-01-02 15:04 MST"), Key: "own"}
	if left <= min(urgent, whole/12) {
		f.Level = check.Error
	}
	return []check.Finding{f}
}

// weak says which certificate has a key or a signature that is too weak. What a root says of itself is not signed.
func (c chain) weak() string {
	for _, each := range c.certificates {
		switch key := each.PublicKey.(type) {
		case *rsa.PublicKey:
			if n := key.N.BitLen(); n < 2048 {
				return fmt.Sprintf("%q has an RSA key of %d bits", each.Subject.CommonName, n)
			}
		case *ecdsa.PublicKey:
			if n := key.Curve.Params().BitSize; n < 256 {
				return fmt.Sprintf("%q has an ECDSA key of %d bits", each.Subject.CommonName, n)
			}
		}
		old := []x509.SignatureAlgorithm{x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1}
		if !selfIssued(each) && slices.Contains(old, each.SignatureAlgorithm) {
			return fmt.Sprintf("%q is signed with %s", each.Subject.CommonName, each.SignatureAlgorithm)
		}
	}
	return ""
}

// certificate makes the Find of a rule about the certificates that the server sent.
func (l *Live) certificate(judge func(chain) ([]check.Finding, error)) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		state, err := l.state(ctx)
		if err != nil {
			return nil, err
		}
		if len(state.PeerCertificates) == 0 {
			return nil, errors.New("probe: the server sent no certificate")
		}
		return judge(chain{state.PeerCertificates, l.Roots})
	}
}

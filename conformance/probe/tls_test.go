package probe_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// TestTLS runs the good nginx with certificates and protocols that are not. One broken chain hides nothing else: the rest of
// the site is looked at, and found good.
func TestTLS(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	until := func(left time.Duration) kind {
		return kind{edit: func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(left-90*day), now.Add(left) }}
	}
	for _, row := range []struct {
		name      string
		cert      kind
		protocols string // instead of "TLSv1.2 TLSv1.3"
		ciphers   string // instead of the good ones
		want      []line
	}{
		{"good", kind{}, "", "", nil},
		{"expired", until(-day), "", "", []line{{"probe.E104", check.Error, "valid until", "it ended yesterday"}}},
		{"not valid yet", kind{edit: func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(day), now.Add(90*day) }}, "", "", []line{
			{"probe.E104", check.Error, "valid from", "it begins tomorrow"},
		}},
		{"ends in 20 days", until(20 * day), "", "", []line{{"probe.W105", check.Warning, "valid until", "it was made for 90 days"}}},
		{"ends in 5 days", until(5 * day), "", "", []line{{"probe.W105", check.Error, "valid until", "it was made for 90 days"}}},
		{"wrong name", kind{edit: func(c *x509.Certificate) { c.DNSNames = []string{"site.example"} }}, "", "", []line{
			{"probe.E103", check.Error, `"site.example"`, "www. is not in it"},
		}},
		{"self-signed", kind{selfSigned: true}, "", "", []line{{"probe.E102", check.Error, "by itself", "nobody signed it"}}},
		{"missing intermediate", kind{alone: true}, "", "", []line{
			{"probe.E106", check.Error, `"Probe Test Intermediate"`, "the server sends one certificate instead of two"},
		}},
		{"TLS 1.0 alone", kind{rsa: true}, "TLSv1", "ALL:@SECLEVEL=0", []line{
			{"probe.E109", check.Error, "TLS 1.0", "ssl_protocols is TLSv1"},
			{"probe.W108", check.Warning, "TLS 1.0 is accepted", "ssl_protocols is TLSv1"},
			{"probe.W111", check.Info, "TLS_RSA_WITH", "ssl_ciphers is ALL"},
		}},
		{"TLS 1.0 to 1.3", kind{}, "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", "ALL:@SECLEVEL=0", []line{
			{"probe.W108", check.Warning, "TLS 1.0 is accepted, TLS 1.1 is accepted", "ssl_protocols lists both"},
		}},
		{"TLS 1.3 alone", kind{}, "TLSv1.3", "", nil},
		{"TLS 1.2 alone", kind{}, "TLSv1.2", "", []line{{"probe.I110", check.Info, "TLS 1.2", "ssl_protocols is TLSv1.2"}}},
		{"no forward secrecy", kind{rsa: true}, "TLSv1.2 TLSv1.3", "AES128-GCM-SHA256:ECDHE+AESGCM", []line{
			{"probe.W111", check.Info, "TLS_RSA_WITH_AES_128_GCM_SHA256", "ssl_ciphers lists it"},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			config := goodNginx
			if row.protocols != "" {
				config = strings.Replace(config, "TLSv1.2 TLSv1.3", row.protocols, 1)
			}
			if row.ciphers != "" { // beside the protocols, for the default server, whose ciphers count
				config = strings.Replace(config, "charset utf-8;", "charset utf-8; ssl_ciphers "+row.ciphers+";", 1)
				config = strings.Replace(config, "ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;", "", 1)
			}
			s := nginx(t, config, made(t, row.cert), goodFiles(t))
			verdict(t, s, row.want)
		})
	}
}

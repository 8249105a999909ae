package proxy

import (
	"maps"
	"net/http"
	"strings"
)

// forwarding names the headers in which proxies tell about a request. A name may end in *.
var forwarding = []string{
	"Forwarded", "X-Forwarded-*", "X-Forwarded", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host",
	"X-Original-Forwarded-For", "X-Forwarder-For", "X-Url-Scheme", "Front-End-Https", "Client-Ip", "True-Client-Ip",
	"Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Cf-Visitor", "Fastly-Client-Ip", "Fly-Client-Ip", "Cloudfront-Viewer-Address",
}

// identity names the headers in which proxies that log users in tell who it is, or which certificate was shown.
var identity = []string{
	"Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups", "X-Remote-*", "X-Auth-Request-*", "X-Webauth-*",
	"X-Authenticated-*", "X-Authentik-*", "X-Amzn-Oidc-*", "X-Goog-Authenticated-User-*", "X-Goog-Iap-*", "X-Ms-Client-Principal*",
	"Cf-Access-*", "Tailscale-User-*", "Client-Cert", "Client-Cert-Chain", "X-Client-Cert*", "X-Ssl-*", "Ssl-Client-*",
	"X-Airworthy-*",
}

// dropList says which headers are not for everybody to send. Each has its slot, by the first two bytes of its name, so
// that most headers of a request cost one look at an empty one.
type dropList [256][]guarded

// guarded is a header's name, or what names start with.
type guarded struct {
	name   string
	prefix bool
}

func newDropList(c Config) *dropList {
	d := &dropList{}
	for _, names := range [][]string{forwarding, identity, c.Identity, {c.SSLHeader.Name}} {
		for _, name := range names {
			if name == "" {
				continue
			}
			name, prefix := strings.CutSuffix(name, "*")
			g := guarded{canonical(name), prefix}
			if prefix && len(name) < 2 { // the second byte can be any
				for i := range d {
					d[i] = append(d[i], g)
				}
				continue
			}
			i := slot(g.name)
			d[i] = append(d[i], g)
		}
	}
	return d
}

// slot returns where a name is looked up, and its twin too: case and the kind of the stroke make no difference.
func slot(name string) byte {
	switch len(name) {
	case 0:
		return 0
	case 1:
		return 31 * folded(name[0])
	}
	return 31*folded(name[0]) + folded(name[1])
}

func folded(c byte) byte {
	if c == '_' {
		c = '-'
	}
	return c | 0x20
}

// has reports whether a header in canonical form is on the list.
func (d *dropList) has(name string) bool {
	for _, g := range d[slot(name)] {
		if name == g.name || g.prefix && strings.HasPrefix(name, g.name) {
			return true
		}
	}
	return false
}

// twin reports whether the name has underscores and would be on the list with hyphens: servers of the CGI kind cannot
// tell the two apart. No proxy of ours writes such, so they always go.
func (d *dropList) twin(name string) bool {
	return strings.IndexByte(name, '_') >= 0 && d.has(canonical(strings.ReplaceAll(name, "_", "-")))
}

// find reports whether h has headers on the list, and twins of such. Most requests have neither and cost one look at
// each name.
func (d *dropList) find(h http.Header) (listed, twins bool) {
	for name := range h {
		if len(d[slot(name)]) == 0 {
			continue
		}
		listed = listed || d.has(name)
		twins = twins || d.twin(name)
	}
	return listed, twins
}

// without returns a copy of h without twins and, unless the peer is trusted, without headers on the list.
func (d *dropList) without(h http.Header, trusted bool) http.Header {
	kept := maps.Clone(h)
	for name := range h {
		if d.twin(name) || !trusted && d.has(name) {
			delete(kept, name)
		}
	}
	return kept
}

package probe

import (
	"context"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) cachingRules() []check.Check {
	return []check.Check{{
		ID: "probe.E048", Level: check.Error,
		Title: "A shared cache hands out an answer that was made for one visitor.",
		Hint:  "Have the CDN or proxy cache only files, and send Cache-Control: private, no-store with what sets a cookie or carries a nonce. Empty the cache.",
		Why: "Visitors get each other's cookies, and with them sessions; a nonce that everybody can read lets every " +
			"injected script run.",
		See:  "https://www.rfc-editor.org/rfc/rfc9111#section-7.3",
		Find: p.findShared,
	}}
}

// findShared asks for the page twice, since a cache keeps what it has seen once.
func (p *prober) findShared(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.seen(ctx)
	if err != nil {
		return nil, err
	}
	again, err := p.get(ctx, p.again())
	return wrong(append(answers, again), "", func(a answer) (string, bool) {
		sign, what := fromCache(a), personal(a)
		return what + " and " + sign, sign != "" && what != ""
	}), err
}

// fromCache names the header by which a shared cache says that the answer was not made for this request.
func fromCache(a answer) string {
	if age, err := strconv.Atoi(strings.TrimSpace(a.header.Get("Age"))); err == nil && age > 0 {
		return "Age"
	}
	for _, name := range []string{"Cf-Cache-Status", "X-Cache", "X-Cache-Status", "X-Proxy-Cache", "X-Nginx-Cache", "X-Vercel-Cache", "X-Drupal-Cache"} {
		word := strings.ToUpper(strings.TrimSpace(a.header.Get(name)))
		if strings.HasPrefix(word, "HIT") || strings.HasPrefix(word, "TCP_HIT") || strings.HasPrefix(word, "STALE") || strings.HasSuffix(word, ", HIT") {
			return name
		}
	}
	for _, line := range a.header["Cache-Status"] { // RFC 9211
		for cache := range strings.SplitSeq(line, ",") {
			for i, word := range strings.Split(cache, ";") {
				if i > 0 && strings.EqualFold(strings.TrimSpace(word), "hit") {
					return "Cache-Status"
				}
			}
		}
	}
	if len(strings.Fields(a.header.Get("X-Varnish"))) == 2 { // of this request, and of the one that it was kept from
		return "X-Varnish"
	}
	return ""
}

// edge are the beginnings of names of cookies that CDNs and load balancers set on every answer, after their cache.
var edge = []string{
	"__cf", "_cfuvid", "cf_clearance", "AWSALB", "visid_incap_", "incap_ses_", "nlbi_", "ak_bmsc", "bm_s", "_abck", "AKA_",
	"GCLB", "ARRAffinity", "BIGipServer", "TS01",
}

// personal says what of an answer is meant for one visitor: a cookie that the site sets, or a nonce of a page. Nonces that
// only the header of a file names are nobody's.
func personal(a answer) string {
	for _, line := range a.header["Set-Cookie"] {
		if c := parseCookie(line); !c.gone() && !c.edge() {
			return "sets the cookie " + c.name
		}
	}
	if htmlOf(a) && len(nonces(a)) > 0 {
		return "carries a nonce"
	}
	return ""
}

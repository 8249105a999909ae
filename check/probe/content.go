package probe

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) contentRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.W051", Level: check.Warning,
		Title: "A page runs another site's script, or applies its stylesheet, whatever that site sends.",
		Hint:  "Serve the file from the site itself, or pin a version and add integrity and crossorigin to the element.",
		Why: "Whoever breaks into the other site, or buys its name, runs scripts in this one and in the name of each " +
			"visitor (as happened with polyfill.io).",
		See:  "https://www.w3.org/TR/sri-2/#goals",
		Find: p.findRefs(p.unpinned),
	}, {
		ID: "probe.W052", Level: check.Warning,
		Title: "An integrity attribute does not do what it is there for.",
		Hint:  "Write sha384- and the digest in base64 (openssl dgst -sha384 -binary FILE | openssl base64 -A), and crossorigin=\"anonymous\" for another site's file.",
		Why: "Browsers ignore a digest that they cannot read and load whatever comes; without crossorigin they cannot " +
			"compare another site's file with it, and load nothing.",
		See:  "https://www.w3.org/TR/sri-2/#the-integrity-attribute",
		Find: p.findRefs(p.badIntegrity),
	}, {
		ID: "probe.E053", Level: check.Error,
		Title: "A page over https loads scripts, stylesheets or frames over http.",
		Hint:  "Write https:// or no scheme in the address; upgrade-insecure-requests in the Content-Security-Policy does so for what is left.",
		Why: "Browsers block them, so that the page breaks; where one does not, anybody on the network puts another " +
			"script into the page.",
		See:  "https://www.w3.org/TR/mixed-content/#category-blockable",
		Find: p.findMixed(refScript, refStyle, refFrame),
	}, {
		ID: "probe.W054", Level: check.Warning,
		Title: "A page over https shows images, sound or films that are loaded over http.",
		Hint:  "Write https:// or no scheme in the address; upgrade-insecure-requests in the Content-Security-Policy does so for what is left.",
		Why: "Whoever is on the network sees which pages are read and can exchange the pictures; browsers mark the " +
			"page as not secure, or show nothing.",
		See:  "https://www.w3.org/TR/mixed-content/#category-upgradeable",
		Find: p.findMixed(refMedia, refIcon),
	}, {
		ID: "probe.E055", Level: check.Error,
		Title: "A form on a page over https is sent over http.",
		Hint:  "Write https:// or no scheme in action and formaction.",
		Why:   "Whatever the visitor types, passwords included, crosses the network in the clear.",
		See:   "https://cwe.mitre.org/data/definitions/319.html",
		Find:  p.findMixed(refForm),
	}}
	if p.InsecureHTTP {
		for i := range checks {
			if checks[i].ID != "probe.W051" && checks[i].ID != "probe.W052" {
				checks[i].Find = nothing
			}
		}
	}
	return checks
}

// visited returns what visitors see as pages.
func (p *prober) visited(ctx context.Context) ([]answer, error) {
	var asks []ask
	for _, path := range p.Paths {
		asks = append(asks, p.ask("GET", path, ""))
	}
	return p.all(ctx, append(asks, p.missing())...)
}

// findRefs makes the Find of a rule about scripts and stylesheets. Each address is a finding, of the level that bad
// gives or, at 0, the rule's.
func (p *prober) findRefs(bad func(answer, ref) (what string, level check.Level, found bool)) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		answers, err := p.visited(ctx)
		var out []check.Finding
		seen := map[string]bool{}
		for _, a := range answers {
			for _, r := range p.read(a).refs {
				what, level, found := bad(a, r)
				if !found || r.kind != refScript && r.kind != refStyle || seen[shown(r.url)] || len(out) == maxFindings {
					continue
				}
				seen[shown(r.url)] = true
				out = append(out, p.about(a, r, what, level))
			}
		}
		return out, err
	}
}

// maxFindings is how many findings of a kind a page may raise.
const maxFindings = 10

// about is a finding about an address in a page.
func (p *prober) about(a answer, r ref, what string, level check.Level) check.Finding {
	evidence := strings.TrimSuffix(a.String()+", which loads "+shown(r.url)+", "+what, ", ")
	if a.repeat != "" {
		evidence += "; see " + a.repeat
	}
	return check.Finding{Level: level, Evidence: evidence, Key: r.url.Host + digest.ReplaceAllString(r.url.Path, "*")}
}

// moving are hosts whose files change under the same address by design, so that no digest can be given.
var moving = []string{
	"js.stripe.com", "www.googletagmanager.com", "www.google-analytics.com", "fonts.googleapis.com", "maps.googleapis.com",
	"www.google.com", "accounts.google.com", "challenges.cloudflare.com", "static.cloudflareinsights.com", "js.hcaptcha.com",
	"www.recaptcha.net", "www.paypal.com", "connect.facebook.net", "platform.twitter.com",
}

func (p *prober) unpinned(_ answer, r ref) (string, check.Level, bool) {
	if r.integrity != "" || sameAuthority(r.url.Scheme, r.url.Host, p.Host) {
		return "", 0, false
	}
	if slices.Contains(moving, strings.ToLower(r.url.Hostname())) {
		return "which changes by design, so that it cannot be pinned", check.Info, true
	}
	return "without integrity", 0, true
}

func (p *prober) badIntegrity(_ answer, r ref) (string, check.Level, bool) {
	switch {
	case r.integrity == "":
		return "", 0, false
	case !slices.ContainsFunc(strings.Fields(r.integrity), readable):
		return "whose integrity is no digest that browsers know", 0, true
	case !p.own(r.url) && !r.shared:
		return "with integrity but without crossorigin", 0, true
	}
	return "", 0, false
}

// readable reports whether browsers understand one digest of an integrity attribute.
func readable(word string) bool {
	word, _, _ = strings.Cut(word, "?")
	algorithm, text, _ := strings.Cut(word, "-")
	length := map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}[strings.ToLower(algorithm)]
	sum, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(text))
	return err == nil && length > 0 && len(sum) == length
}

// findMixed makes the Find of a rule about addresses of some kinds that lead from https to http.
func (p *prober) findMixed(some ...refKind) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		answers, err := p.visited(ctx)
		var out []check.Finding
		seen := map[string]bool{}
		for _, a := range answers {
			if upgraded(p.enforced(a)) {
				continue
			}
			for _, r := range p.read(a).refs {
				if !slices.Contains(some, r.kind) || r.url.Scheme != "http" || local(r.url) || seen[shown(r.url)] || len(out) == maxFindings {
					continue
				}
				seen[shown(r.url)] = true
				out = append(out, p.about(a, r, "", 0))
			}
		}
		return out, err
	}
}

// upgraded reports whether browsers turn http addresses of the page into https ones.
func upgraded(enforced []string) bool {
	return slices.ContainsFunc(policiesOf(enforced), func(p policy) bool {
		_, ok := p["upgrade-insecure-requests"]
		return ok
	})
}

// local reports whether an address is the visitor's own machine, which browsers trust over http.
func local(u *url.URL) bool {
	host := u.Hostname()
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "::1" || strings.HasPrefix(host, "127.")
}

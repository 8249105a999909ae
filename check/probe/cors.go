package probe

import (
	"context"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) corsRules() []check.Check {
	const see = "https://fetch.spec.whatwg.org/#http-cors-protocol"
	return []check.Check{{
		ID: "probe.E049", Level: check.Error,
		Title: "Scripts of foreign sites may read what the site shows a visitor who is logged in.",
		Hint:  "Compare Origin with a list of whole origins, scheme and port included, and never with a part of one; do not send Access-Control-Allow-Credentials unless a site of yours needs it.",
		Why: "A page that a visitor opens elsewhere fetches that visitor's pages here, cookies included, and reads " +
			"them: data, tokens and all.",
		See:  see,
		Find: func(ctx context.Context) ([]check.Finding, error) { return p.findCORS(ctx, true) },
	}, {
		ID: "probe.W050", Level: check.Warning,
		Title: "Every site's scripts may read the answers.",
		Hint:  "Send Access-Control-Allow-Origin only with what is for everybody, as * and never together with Access-Control-Allow-Credentials; list origins for the rest.",
		Why: "What is shown to visitors of one network, or was meant for one site, is read by any page that somebody " +
			"there opens.",
		See:  see,
		Find: func(ctx context.Context) ([]check.Finding, error) { return p.findCORS(ctx, false) },
	}}
}

// maxCORS is how many pages are asked as a foreign site's script would.
const maxCORS = 3

// origins are those that comparisons by half get wrong: any at all, the one that sandboxed frames have, one that begins and
// one that ends like the site's own, and the site's own over http, where anybody on the network can be it.
func (p *prober) origins() map[string]string {
	return map[string]string{
		"https://" + evil: "a foreign origin",
		"null":            "the origin null, which every sandboxed frame has",
		"https://" + withoutPort(p.Host) + "." + evil: "an origin that begins like the site's own",
		"https://airworthy-probe" + p.Host:            "an origin that ends like the site's own",
		"http://" + withoutPort(p.Host):               "the site's origin over http",
	}
}

func (p *prober) findCORS(ctx context.Context, credentials bool) ([]check.Finding, error) {
	var asks []ask
	origins := p.origins()
	for i, path := range p.Paths {
		if i < maxCORS {
			asks = append(asks, p.ask("GET", path, "Origin: https://"+evil))
		}
	}
	for _, o := range []string{"null", "https://" + withoutPort(p.Host) + "." + evil, "https://airworthy-probe" + p.Host, "http://" + withoutPort(p.Host)} {
		if !p.InsecureHTTP || !strings.HasPrefix(o, "http://") {
			asks = append(asks, p.ask("GET", p.Paths[0], "Origin: "+o))
		}
	}
	answers, err := p.all(ctx, asks...)
	var out []check.Finding
	for _, a := range answers {
		origin := strings.TrimPrefix(a.headers, "Origin: ")
		level, what := judgeCORS(a, origin, origins[origin], credentials)
		if what == "" {
			continue
		}
		f := wrong([]answer{a}, "", func(answer) (string, bool) { return what, true })[0]
		f.Level = level
		out = append(out, f)
	}
	if len(out) > 1 && !credentials { // an origin is let in by the same rule as the first
		out = out[:1]
	}
	return out, err
}

// judgeCORS says what is wrong with letting an origin read an answer, with the visitor's cookies or without.
func judgeCORS(a answer, origin, who string, credentials bool) (check.Level, string) {
	allowed := one(a, "Access-Control-Allow-Origin")
	cookies := strings.EqualFold(one(a, "Access-Control-Allow-Credentials"), "true")
	switch echo := strings.EqualFold(allowed, origin); {
	case echo && cookies && credentials && strings.HasPrefix(origin, "http://"):
		return check.Warning, "which lets in " + who + ", with cookies"
	case echo && cookies && credentials:
		return 0, "which lets in " + who + ", with cookies"
	case credentials || echo && cookies:
		return 0, ""
	case allowed == "*" && cookies:
		return 0, "which asks for cookies from everybody; browsers refuse that, so that somebody will soon repeat the origin instead"
	case allowed == "*", echo && !strings.HasPrefix(origin, "http://"):
		return check.Info, "which lets in " + who + ", without cookies"
	}
	return 0, ""
}

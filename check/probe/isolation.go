package probe

import (
	"context"
	"mime"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// isolationRules are about headers that narrow what a page may do and who may load it. Few of them stop an attack by
// themselves, so that most are worth knowing only.
func (p *prober) isolationRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.I037", Level: check.Info,
		Title: "Pages say nothing about which features of the browser they need (Permissions-Policy).",
		Hint:  "Send Permissions-Policy: camera=(), microphone=(), geolocation=() and so on, for what the site does not use.",
		Why: "An injected script may ask for camera, place and payment in the site's name; visitors who trust the site " +
			"agree.",
		See:     "https://www.w3.org/TR/permissions-policy/#introduction",
		Setting: "PERMISSIONS_POLICY",
		Find: p.each("", func(a answer) (string, bool) {
			return "", a.ask == p.page() && htmlOf(a) && a.header["Permissions-Policy"] == nil
		}),
	}, {
		ID: "probe.W038", Level: check.Warning,
		Title: "The Permissions-Policy gives a feature to every site, or cannot be read.",
		Hint:  "Write feature=() to deny, feature=(self) for the site alone, with commas in between. The syntax of Feature-Policy is not understood.",
		Why: "Browsers drop the whole header for one mistake in it; with * any page that is embedded may ask for the " +
			"camera in the site's name.",
		See:     "https://www.w3.org/TR/permissions-policy/#permissions-policy-http-header-field",
		Setting: "PERMISSIONS_POLICY",
		Find: p.each("", func(a answer) (string, bool) {
			what := permissive(strings.Join(a.header["Permissions-Policy"], ", "))
			return what, what != ""
		}),
	}, {
		ID: "probe.I039", Level: check.Info,
		Title: "Pages may be loaded into other sites' pages (no Cross-Origin-Resource-Policy).",
		Hint:  "Send Cross-Origin-Resource-Policy: same-origin with pages, and cross-origin with files that are for everybody.",
		Why: "A page of another site that loads this one as an image or a script gets it into its own process, where " +
			"faults of processors (Spectre) let it read what it must not.",
		See:     "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header",
		Setting: "SECURE_CROSS_ORIGIN_RESOURCE_POLICY",
		Find: p.each("", func(a answer) (string, bool) {
			return "", a.ask == p.page() && htmlOf(a) && one(a, "Cross-Origin-Resource-Policy") == ""
		}),
	}, {
		ID: "probe.I040", Level: check.Info,
		Title: "Answers carry headers that browsers no longer know.",
		Hint:  "Drop them. Content-Security-Policy does what X-XSS-Protection was for, Permissions-Policy what Feature-Policy was.",
		Why: "They protect nobody while somebody counts on them; where X-XSS-Protection is still known it can be turned " +
			"against the page.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html",
		Find: p.each("", func(a answer) (string, bool) { return obsolete(a), a.ask == p.page() && obsolete(a) != "" }),
	}, {
		ID: "probe.W041", Level: check.Warning,
		Title: "A page does not say in which encoding it is written.",
		Hint:  "Send Content-Type: text/html; charset=utf-8.",
		Why: "Browsers guess, and what an attacker writes can make them guess an encoding in which harmless text is a " +
			"script.",
		See:  "https://encoding.spec.whatwg.org/#security-background",
		Find: p.findEncoding,
	}, {
		ID: "probe.I043", Level: check.Info,
		Title: "Strict-Transport-Security does not cover the hosts below this one.",
		Hint:  "Once all of them work over https, add includeSubDomains (SECURE_HSTS_INCLUDE_SUBDOMAINS).",
		Why:   "Whoever is on the network invents such a host over http, and sets cookies from there for this one.",
		See:   "https://www.rfc-editor.org/rfc/rfc6797#section-14.4",
		Find: p.each("", func(a answer) (string, bool) {
			_, ok := maxAge(a)
			return "", ok && a.ask == p.page() && !strings.Contains(strings.ToLower(one(a, "Strict-Transport-Security")), "includesubdomains")
		}),
		Setting: "SECURE_HSTS_INCLUDE_SUBDOMAINS",
	}}
	if p.InsecureHTTP || p.InsecureNoHSTS || !p.Outside {
		checks[5].Find = nothing // what was set is known, and judged, without asking
	}
	return checks
}

// powerful are features that nobody gives to every site on purpose.
var powerful = []string{
	"bluetooth", "camera", "clipboard-read", "display-capture", "geolocation", "hid", "idle-detection", "local-fonts",
	"microphone", "midi", "payment", "serial", "usb", "window-management", "xr-spatial-tracking",
}

// permissive says what is wrong with a Permissions-Policy.
func permissive(header string) string {
	var open []string
	for member := range strings.SplitSeq(header, ",") {
		feature, list, found := strings.Cut(strings.TrimSpace(member), "=")
		list, _, _ = strings.Cut(list, ";") // a parameter, such as report-to
		list = strings.TrimSpace(list)
		inner, closed := strings.CutPrefix(list, "(")
		inner, ends := strings.CutSuffix(inner, ")")
		switch {
		case strings.TrimSpace(header) == "":
			return ""
		case feature == "" || !found || strings.ContainsAny(feature, " '\"") || closed != ends || strings.Contains(list, "'"):
			return "which cannot be read"
		case slices.Contains(powerful, feature) && slices.Contains(strings.Fields(inner), "*"):
			open = append(open, feature)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return "which gives everybody " + strings.Join(open, ", ")
}

// obsolete names the headers that do nothing, or harm.
func obsolete(a answer) string {
	var names []string
	for _, name := range []string{"Expect-Ct", "Feature-Policy", "Public-Key-Pins", "X-Content-Security-Policy", "X-Webkit-Csp"} {
		if a.header[name] != nil {
			names = append(names, name)
		}
	}
	if strings.HasPrefix(one(a, "X-Xss-Protection"), "1") {
		names = append(names, "X-XSS-Protection")
	}
	return strings.Join(names, ", ")
}

func (p *prober) findEncoding(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.visited(ctx)
	return wrong(answers, "", func(a answer) (string, bool) {
		_, parameters, err := mime.ParseMediaType(a.header.Get("Content-Type"))
		said := err == nil && parameters["charset"] != "" || p.read(a).charset || strings.HasPrefix(a.body, "\xef\xbb\xbf")
		return "", a.status < 300 && htmlOf(a) && a.body != "" && !said
	}), err
}

package probe

import (
	"mime"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

func (p *prober) headerRules() []check.Check {
	return []check.Check{{
		ID: "probe.W008", Level: check.Warning,
		Title: "Answers lack X-Content-Type-Options: nosniff.",
		Hint:  "Send it with every answer, refusals and errors included, so that browsers do not guess what a file is.",
		Why: "A file that a visitor has uploaded as text or image may be run as a script or a page of the site, " +
			"with the rights of whoever opens it.",
		See:     "https://fetch.spec.whatwg.org/#x-content-type-options-header",
		Setting: "SECURE_CONTENT_TYPE_NOSNIFF",
		Find: p.each("SECURE_CONTENT_TYPE_NOSNIFF", func(a answer) (string, bool) {
			return "", !strings.EqualFold(one(a, "X-Content-Type-Options"), "nosniff")
		}),
	}, {
		ID: "probe.W009", Level: check.Warning,
		Title: "Answers can be framed by other sites.",
		Hint:  "Send X-Frame-Options: DENY, or a Content-Security-Policy with frame-ancestors, with every answer.",
		Why: "Another site can lay the page invisibly over its own buttons: visitors who are logged in here then " +
			"confirm, pay or delete without seeing it (clickjacking).",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Clickjacking_Defense_Cheat_Sheet.html",
		Setting: "X_FRAME_OPTIONS",
		Find: p.each("X_FRAME_OPTIONS", func(a answer) (string, bool) {
			return "", p.document(a) && !framingRefused(a)
		}),
	}, {
		ID: "probe.W010", Level: check.Warning,
		Title: "Answers lack a Referrer-Policy, or have one that tells other sites whole addresses.",
		Hint:  "Send Referrer-Policy: same-origin or strict-origin-when-cross-origin with every answer.",
		Why: "The address of a page may hold a reset token, a search or a customer's number. Each site that the " +
			"page links to, or loads an image from, is told.",
		See:     "https://www.w3.org/TR/referrer-policy/#information-leakage",
		Setting: "SECURE_REFERRER_POLICY",
		Find: p.each("SECURE_REFERRER_POLICY", func(a answer) (string, bool) {
			return "", p.document(a) && !p.referrerKept(a)
		}),
	}, {
		ID: "probe.W011", Level: check.Warning,
		Title: "Answers lack a Cross-Origin-Opener-Policy that keeps foreign windows apart.",
		Hint:  "Send Cross-Origin-Opener-Policy: same-origin with every answer.",
		Why: "A site that opens this one in a window keeps a reference to it: it can count frames, learn whether a " +
			"visitor is logged in, and lead the window to a copy of the login page.",
		See:     "https://html.spec.whatwg.org/multipage/browsers.html#the-coop-headers",
		Setting: "SECURE_CROSS_ORIGIN_OPENER_POLICY",
		Find: p.each("SECURE_CROSS_ORIGIN_OPENER_POLICY", func(a answer) (string, bool) {
			apart := []string{"same-origin", "same-origin-allow-popups", "noopener-allow-popups"}
			value, _, _ := strings.Cut(one(a, "Cross-Origin-Opener-Policy"), ";")
			return "", p.document(a) && !slices.Contains(apart, strings.TrimSpace(value))
		}),
	}}
}

// one returns the header's value if it was sent exactly once: what browsers make of two differs.
func one(a answer, name string) string {
	if v := a.header[name]; len(v) == 1 {
		return strings.TrimSpace(v[0])
	}
	return ""
}

// document reports whether rules for documents apply to the answer: from outside only to HTML, of our own application
// to all, since a refusal that lacks the headers is one that did not pass through the parts.
func (p *prober) document(a answer) bool {
	if !p.Outside {
		return true
	}
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	return err != nil && a.body != "" || kind == "text/html" || kind == "application/xhtml+xml"
}

func framingRefused(a answer) bool {
	switch strings.ToUpper(one(a, "X-Frame-Options")) {
	case "DENY", "SAMEORIGIN":
		return true
	}
	return slices.ContainsFunc(policies(a), func(p policy) bool {
		from, ok := p["frame-ancestors"]
		return ok && !slices.ContainsFunc(from, func(s string) bool {
			return s == "*" || s == "http:" || s == "https:" || s == "data:"
		})
	})
}

// referrerKept reports whether the policy keeps paths and queries from other sites. Of a list, browsers take the last
// word that they know; a meta element comes after the header.
func (p *prober) referrerKept(a answer) bool {
	kept := false
	for _, line := range slices.Concat(a.header["Referrer-Policy"], p.read(a).referrer) {
		for word := range strings.SplitSeq(line, ",") {
			switch strings.ToLower(strings.TrimSpace(word)) {
			case "no-referrer", "origin", "origin-when-cross-origin", "same-origin", "strict-origin",
				"strict-origin-when-cross-origin":
				kept = true
			case "unsafe-url", "no-referrer-when-downgrade":
				kept = false
			}
		}
	}
	return kept
}

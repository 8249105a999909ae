package headers

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

var tags = []string{"security", "headers"}

// Checks returns the rules that judge c. Those with an ID of Django's fire where Django's do; where Django tells
// SecurityMiddleware from XFrameOptionsMiddleware, InsecureOff stands for the former.
func (c Config) Checks() []check.Check {
	return append(c.djangoChecks(), c.ownChecks()...)
}

func (c Config) djangoChecks() []check.Check {
	return []check.Check{
		{
			ID: "security.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "The security headers are switched off.",
			Hint:  "Remove headers.Config.InsecureOff, unless whatever stands in front sets these headers.",
			Why: "Every protection that a browser can give is asked for by a header: against framing, sniffing, " +
				"leaking addresses and foreign windows. None of them is on.",
			See:  "https://docs.djangoproject.com/en/stable/ref/checks/#security",
			Find: when(c.InsecureOff),
		},
		{
			ID: "security.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Answers have no X-Frame-Options header, so other sites can frame them and steal clicks.",
			Hint:  "Remove X_FRAME_OPTIONS=none, or set DENY.",
			Why: "Another site lays the page invisibly over its own buttons, and visitors who are logged in here " +
				"confirm, pay or delete without seeing it (clickjacking).",
			See:     "https://docs.djangoproject.com/en/stable/ref/clickjacking/",
			Setting: "X_FRAME_OPTIONS",
			Find:    when(c.FrameOptions == InsecureNone),
		},
		{
			ID: "security.W006", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Answers have no X-Content-Type-Options: nosniff, so browsers guess what a file is and may run it.",
			Hint:  "Set SECURE_CONTENT_TYPE_NOSNIFF=true.",
			Why: "A file that a visitor has uploaded as text or image may be run as a script or a page of the " +
				"site, with the rights of whoever opens it.",
			See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-content-type-nosniff",
			Setting: "SECURE_CONTENT_TYPE_NOSNIFF",
			Find:    when(!c.InsecureOff && c.InsecureSniff),
		},
		{
			ID: "security.W019", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "X_FRAME_OPTIONS is not DENY.",
			Hint:  "Set DENY. If pages of this site frame each other, keep SAMEORIGIN and silence this with that reason.",
			Why: "SAMEORIGIN lets every page of the site frame every other. One page with content of visitors is " +
				"then enough to lay buttons over the others.",
			See:     "https://docs.djangoproject.com/en/stable/ref/settings/#x-frame-options",
			Setting: "X_FRAME_OPTIONS",
			Find:    when(!slices.Contains([]string{"", "DENY", InsecureNone}, c.FrameOptions)),
		},
		{
			ID: "security.W022", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Answers have no Referrer-Policy header, so addresses of pages leak to other sites.",
			Hint:  "Remove SECURE_REFERRER_POLICY=none, or set same-origin.",
			Why: "The address of a page may hold a reset token, a search or a customer's number. Each site that " +
				"the page links to, or loads an image from, is told.",
			See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-referrer-policy",
			Setting: "SECURE_REFERRER_POLICY",
			Find:    when(!c.InsecureOff && c.ReferrerPolicy == InsecureNone),
		},
		{
			ID: "security.E023", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "SECURE_REFERRER_POLICY has an invalid value.",
			Hint:  "Use " + strings.Join(referrerPolicies, ", ") + "; several are separated by commas.",
			Why: "Browsers ignore a policy that they do not know and fall back to their own. Whoever set it " +
				"believes that addresses are kept, and they may not be.",
			See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-referrer-policy",
			Setting: "SECURE_REFERRER_POLICY",
			Find:    when(!c.InsecureOff && !c.referrer().ok()),
		},
		{
			ID: "security.E024", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "SECURE_CROSS_ORIGIN_OPENER_POLICY has an invalid value.",
			Hint:  "Use " + strings.Join(openerPolicies, ", ") + ".",
			Why: "Browsers take a value that they do not know for unsafe-none: other sites that open this one in a " +
				"window keep a reference to it.",
			See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secure-cross-origin-opener-policy",
			Setting: "SECURE_CROSS_ORIGIN_OPENER_POLICY",
			Find:    when(!c.InsecureOff && !c.opener().ok()),
		},
	}
}

func (c Config) ownChecks() []check.Check {
	tokens := strings.Split(c.referrer().text, ",")
	return []check.Check{
		{
			ID: "headers.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Referrer-Policy is unsafe-url: whole addresses, query included, go to every site and over plain HTTP.",
			Hint:  "Set SECURE_REFERRER_POLICY=same-origin.",
			Why: "A reset token or a search in an address goes to every site that a page links to or loads from, " +
				"and unencrypted where that site is http.",
			See:     "https://www.w3.org/TR/referrer-policy/#referrer-policy-unsafe-url",
			Setting: "SECURE_REFERRER_POLICY",
			Find:    when(!c.InsecureOff && slices.Contains(tokens, "unsafe-url")),
		},
		{
			ID: "headers.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Referrer-Policy is no-referrer: browsers send Origin: null with form posts, which CSRF protection refuses.",
			Hint:  "Set SECURE_REFERRER_POLICY=same-origin: other sites learn just as little, and logins work.",
			Why: "In some browsers nobody can log in or send a form, and the likely mend in a hurry is to switch " +
				"the protection against forged requests off.",
			See:     "https://fetch.spec.whatwg.org/#append-a-request-origin-header",
			Setting: "SECURE_REFERRER_POLICY",
			Find:    when(!c.InsecureOff && tokens[len(tokens)-1] == "no-referrer"),
		},
		{
			ID: "headers.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "No Cross-Origin-Opener-Policy: a site that opens ours in a window keeps a hold on it.",
			Hint:  "Set SECURE_CROSS_ORIGIN_OPENER_POLICY=same-origin, or same-origin-allow-popups for logins in a window.",
			Why: "The other site can count frames and watch timing to learn whether a visitor is logged in, and " +
				"lead the window to a copy of the login page.",
			See:     "https://html.spec.whatwg.org/multipage/browsers.html#the-coop-headers",
			Setting: "SECURE_CROSS_ORIGIN_OPENER_POLICY",
			Find:    when(!c.InsecureOff && (c.opener().text == "" || c.opener().text == "unsafe-none")),
		},
		{
			ID: "headers.W004", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Every answer may be embedded by any site: Cross-Origin-Resource-Policy is cross-origin or not sent.",
			Hint:  "Unset SECURE_CROSS_ORIGIN_RESOURCE_POLICY, and set cross-origin on the answers that are for others.",
			Why: "A page elsewhere loads answers that are meant for a logged-in visitor, as images or scripts, and " +
				"reads them out of its own process's memory (Spectre) or by their size.",
			See:     "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header",
			Setting: "SECURE_CROSS_ORIGIN_RESOURCE_POLICY",
			Find:    when(!c.InsecureOff && slices.Contains([]string{InsecureNone, "cross-origin"}, c.CrossOriginResourcePolicy)),
		},
		{
			ID: "headers.W005", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "No Permissions-Policy: embedded code may ask for camera, place and payment in our name.",
			Hint:  "Remove headers.Config.InsecureNoPermissionsPolicy and name the features in use in PERMISSIONS_POLICY.",
			Why: "An advertisement in a frame, or an injected script, asks the visitor for the camera, and the " +
				"browser shows the name of this site.",
			See:     "https://www.w3.org/TR/permissions-policy/#permissions-policy-http-header-field",
			Setting: "PERMISSIONS_POLICY",
			Find:    when(!c.InsecureOff && c.InsecureNoPermissionsPolicy),
		},
		{
			ID: "headers.W006", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "A feature of the browser is given to every site that a page embeds.",
			Hint:  "In PERMISSIONS_POLICY write self, or the origins that need the feature, instead of *.",
			Why: "Every frame that a page embeds, however it got there, may use the feature without a question if " +
				"the visitor has granted it to this site.",
			See:     "https://www.w3.org/TR/permissions-policy/#permissions-policy-http-header-field",
			Setting: "PERMISSIONS_POLICY",
			Find:    c.findWildcards,
		},
		{
			ID: "headers.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
			Title: "A header is configured with a value that cannot be sent.",
			Hint:  "Correct what the evidence names; the application does not start with it.",
			Why: "A header with a line break or another control character cannot be sent; sent as it is, it would " +
				"let whoever wrote the value add headers of their own.",
			See:  "https://www.rfc-editor.org/rfc/rfc9110#section-5.5",
			Find: c.findInvalid,
		},
	}
}

func when(wrong bool) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) { return check.When(wrong, check.Finding{}) }
}

func (c Config) findWildcards(context.Context) ([]check.Finding, error) {
	var found []check.Finding
	for _, feature := range slices.Sorted(maps.Keys(c.PermissionsPolicy)) {
		if slices.Contains(c.PermissionsPolicy[feature], "*") && !c.InsecureNoPermissionsPolicy && !c.InsecureOff {
			found = append(found, check.Finding{Evidence: feature + "=*"})
		}
	}
	return found, nil
}

// findInvalid reports what New refuses, save what E023 and E024 already say.
func (c Config) findInvalid(context.Context) ([]check.Finding, error) {
	if c.referrer().err() != nil {
		c.ReferrerPolicy = ""
	}
	if c.opener().err() != nil {
		c.CrossOriginOpenerPolicy = ""
	}
	err := c.validate()
	if err == nil {
		return nil, nil
	}
	return check.When(true, check.Finding{Evidence: err.Error()})
}

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
			Hint:  "Remove InsecureOff from the headers part, unless whatever stands in front sets these headers.",
			Find:  when(c.InsecureOff, ""),
		},
		{
			ID: "security.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Answers have no X-Frame-Options header, so other sites can frame them and steal clicks.",
			Hint:  "Remove X_FRAME_OPTIONS=none, or set DENY.",
			Find:  when(c.FrameOptions == InsecureNone, "X_FRAME_OPTIONS"),
		},
		{
			ID: "security.W006", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Answers have no X-Content-Type-Options: nosniff, so browsers guess what a file is and may run it.",
			Hint:  "Set SECURE_CONTENT_TYPE_NOSNIFF=true.",
			Find:  when(!c.InsecureOff && c.InsecureSniff, "SECURE_CONTENT_TYPE_NOSNIFF"),
		},
		{
			ID: "security.W019", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "X_FRAME_OPTIONS is not DENY.",
			Hint:  "Set DENY. If pages of this site frame each other, keep SAMEORIGIN and silence this with that reason.",
			Find:  when(!slices.Contains([]string{"", "DENY", InsecureNone}, c.FrameOptions), "X_FRAME_OPTIONS"),
		},
		{
			ID: "security.W022", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Answers have no Referrer-Policy header, so addresses of pages leak to other sites.",
			Hint:  "Remove SECURE_REFERRER_POLICY=none, or set same-origin.",
			Find:  when(!c.InsecureOff && c.ReferrerPolicy == InsecureNone, "SECURE_REFERRER_POLICY"),
		},
		{
			ID: "security.E023", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "SECURE_REFERRER_POLICY has an invalid value.",
			Hint:  "Use " + strings.Join(referrerPolicies, ", ") + "; several are separated by commas.",
			Find:  when(!c.InsecureOff && !c.referrer().ok(), "SECURE_REFERRER_POLICY"),
		},
		{
			ID: "security.E024", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "SECURE_CROSS_ORIGIN_OPENER_POLICY has an invalid value.",
			Hint:  "Use " + strings.Join(openerPolicies, ", ") + ".",
			Find:  when(!c.InsecureOff && !c.opener().ok(), "SECURE_CROSS_ORIGIN_OPENER_POLICY"),
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
			Find:  when(!c.InsecureOff && slices.Contains(tokens, "unsafe-url"), "SECURE_REFERRER_POLICY"),
		},
		{
			ID: "headers.W002", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Referrer-Policy is no-referrer: browsers send Origin: null with form posts, which CSRF protection refuses.",
			Hint:  "Set SECURE_REFERRER_POLICY=same-origin: other sites learn just as little, and logins work.",
			Find:  when(!c.InsecureOff && tokens[len(tokens)-1] == "no-referrer", "SECURE_REFERRER_POLICY"),
		},
		{
			ID: "headers.W003", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "No Cross-Origin-Opener-Policy: a site that opens ours in a window keeps a hold on it.",
			Hint:  "Set SECURE_CROSS_ORIGIN_OPENER_POLICY=same-origin, or same-origin-allow-popups for logins in a window.",
			Find: when(!c.InsecureOff && (c.opener().text == "" || c.opener().text == "unsafe-none"),
				"SECURE_CROSS_ORIGIN_OPENER_POLICY"),
		},
		{
			ID: "headers.W004", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "Every answer may be embedded by any site: Cross-Origin-Resource-Policy is cross-origin or not sent.",
			Hint:  "Unset SECURE_CROSS_ORIGIN_RESOURCE_POLICY, and set cross-origin on the answers that are for others.",
			Find: when(!c.InsecureOff && slices.Contains([]string{InsecureNone, "cross-origin"}, c.CrossOriginResourcePolicy),
				"SECURE_CROSS_ORIGIN_RESOURCE_POLICY"),
		},
		{
			ID: "headers.W005", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "No Permissions-Policy: embedded code may ask for camera, place and payment in our name.",
			Hint:  "Remove InsecureNoPermissionsPolicy and name the features in use in PERMISSIONS_POLICY.",
			Find:  when(!c.InsecureOff && c.InsecureNoPermissionsPolicy, "PERMISSIONS_POLICY"),
		},
		{
			ID: "headers.W006", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Settings,
			Title: "A feature of the browser is given to every site that a page embeds.",
			Hint:  "In PERMISSIONS_POLICY write self, or the origins that need the feature, instead of *.",
			Find:  c.findWildcards,
		},
		{
			ID: "headers.E001", Level: check.Error, Tags: tags, Needs: check.Settings,
			Title: "A header is configured with a value that cannot be sent.",
			Hint:  "Correct the value; the part does not start with it.",
			Find:  c.findInvalid,
		},
	}
}

func when(wrong bool, setting string) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) {
		return check.When(wrong, check.Finding{Setting: setting})
	}
}

func (c Config) findWildcards(context.Context) ([]check.Finding, error) {
	var found []check.Finding
	for _, feature := range slices.Sorted(maps.Keys(c.PermissionsPolicy)) {
		if slices.Contains(c.PermissionsPolicy[feature], "*") && !c.InsecureNoPermissionsPolicy && !c.InsecureOff {
			found = append(found, check.Finding{Setting: "PERMISSIONS_POLICY", Evidence: feature + "=*"})
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

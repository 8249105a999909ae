package headers

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// value is one header as a Config asks for it.
type value struct {
	header   string
	variable string   // what the operator sets
	text     string   // empty if the header is not sent
	valid    []string // what text may be; nil if anything
	list     bool     // text is a list, separated by commas, of valid ones
}

var (
	referrerPolicies = []string{
		"no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "same-origin",
		"strict-origin", "strict-origin-when-cross-origin", "unsafe-url",
	}
	frameOptions     = []string{"DENY", "SAMEORIGIN"}
	openerPolicies   = []string{"same-origin", "same-origin-allow-popups", "unsafe-none"}
	resourcePolicies = []string{"same-origin", "same-site", "cross-origin"}
	embedderPolicies = []string{"require-corp", "credentialless", "unsafe-none"}
)

// values returns the headers of c in a fixed order, those that are not sent with an empty text.
func (c Config) values() []value {
	vs := []value{
		c.referrer(),
		c.frame(),
		c.opener(),
		{header: "Cross-Origin-Resource-Policy", variable: "SECURE_CROSS_ORIGIN_RESOURCE_POLICY",
			text: either(c.CrossOriginResourcePolicy, "same-origin"), valid: resourcePolicies},
		{header: "Cross-Origin-Embedder-Policy", variable: "SECURE_CROSS_ORIGIN_EMBEDDER_POLICY",
			text: either(c.CrossOriginEmbedderPolicy, ""), valid: embedderPolicies},
	}
	if !c.InsecureNoPermissionsPolicy {
		vs = append(vs, value{header: "Permissions-Policy", text: DefaultPermissions().With(c.PermissionsPolicy).String()})
	}
	if !c.InsecureSniff {
		vs = append(vs, value{header: "X-Content-Type-Options", text: "nosniff"})
	}
	return vs
}

// referrer is the list without its blanks: "a, b" is sent as "a,b", which is what Django sends.
func (c Config) referrer() value {
	tokens := strings.Split(either(c.ReferrerPolicy, "same-origin"), ",")
	for i := range tokens {
		tokens[i] = strings.TrimSpace(tokens[i])
	}
	v := value{header: "Referrer-Policy", variable: "SECURE_REFERRER_POLICY", valid: referrerPolicies, list: true}
	if c.ReferrerPolicy != InsecureNone {
		v.text = strings.Join(tokens, ",")
		if v.text == "" {
			v.text = "," // blank, but not unset: it is sent, so it must be judged
		}
	}
	return v
}

func (c Config) frame() value {
	return value{header: "X-Frame-Options", variable: "X_FRAME_OPTIONS",
		text: upper(either(c.FrameOptions, "DENY")), valid: frameOptions}
}

func (c Config) opener() value {
	return value{header: "Cross-Origin-Opener-Policy", variable: "SECURE_CROSS_ORIGIN_OPENER_POLICY",
		text: either(c.CrossOriginOpenerPolicy, "same-origin"), valid: openerPolicies}
}

// either returns what is configured, the default where nothing is, and nothing for InsecureNone.
func either(configured, byDefault string) string {
	switch configured {
	case "":
		return byDefault
	case InsecureNone:
		return ""
	}
	return configured
}

// upper is strings.ToUpper for ASCII: no letter of another script becomes one of ours.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// ok reports whether the header may be sent.
func (v value) ok() bool {
	switch {
	case v.text == "" || v.valid == nil:
		return true
	case v.list:
		return !slices.ContainsFunc(strings.Split(v.text, ","), func(t string) bool { return !slices.Contains(v.valid, t) })
	}
	return slices.Contains(v.valid, v.text)
}

func (v value) err() error {
	if v.ok() {
		return nil
	}
	return fmt.Errorf("headers: %s: %q is no value of %s: use %s, or %s to leave the header out",
		v.variable, v.text, v.header, strings.Join(v.valid, ", "), InsecureNone)
}

// validate returns every mistake in c.
func (c Config) validate() error {
	var errs []error
	for _, v := range c.values() {
		errs = append(errs, v.err())
	}
	errs = append(errs, c.PermissionsPolicy.validate())
	return errors.Join(append(errs, c.validateExtra()...)...)
}

// owned says whose a header is that Extra must not set, and what to use instead.
var owned = map[string]string{
	"Referrer-Policy":                     "set ReferrerPolicy",
	"X-Frame-Options":                     "set FrameOptions",
	"Cross-Origin-Opener-Policy":          "set CrossOriginOpenerPolicy",
	"Cross-Origin-Resource-Policy":        "set CrossOriginResourcePolicy",
	"Cross-Origin-Embedder-Policy":        "set CrossOriginEmbedderPolicy",
	"Permissions-Policy":                  "set PermissionsPolicy",
	"X-Content-Type-Options":              "set InsecureSniff to leave it out",
	"Content-Security-Policy":             "use package csp",
	"Content-Security-Policy-Report-Only": "use package csp",
	"Strict-Transport-Security":           "use package https",
	"Clear-Site-Data":                     "call ClearSiteData where it is meant",
	"Set-Cookie":                          "a cookie is no constant",
	"Location":                            "a redirect is no constant",
	"Content-Length":                      "it belongs to the connection",
	"Content-Encoding":                    "it belongs to the answer",
	"Content-Type":                        "it belongs to the answer",
	"Connection":                          "it belongs to the connection",
	"Trailer":                             "it belongs to the connection",
	"Transfer-Encoding":                   "it belongs to the connection",
	"Upgrade":                             "it belongs to the connection",
}

func (c Config) validateExtra() []error {
	var errs []error
	seen := map[string]string{}
	for name, text := range c.Extra {
		key := http.CanonicalHeaderKey(name)
		switch remedy, taken := owned[key]; {
		case !httpx.IsToken(name):
			errs = append(errs, fmt.Errorf("headers: Extra: %q is no header name: use letters, digits and hyphens", name))
		case taken:
			errs = append(errs, fmt.Errorf("headers: Extra: %s is refused: %s", key, remedy))
		case seen[key] != "":
			errs = append(errs, fmt.Errorf("headers: Extra: %s is given twice, as %q and as %q: keep one", key, seen[key], name))
		case !visible(text):
			errs = append(errs, fmt.Errorf("headers: Extra: the value of %s is empty, or has a control character, a character "+
				"outside ASCII or a space at an end: remove it", key))
		}
		seen[key] = name
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// visible reports whether s may be a header's value: RFC 9110, section 5.5, without obs-text and without tabs.
func visible(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

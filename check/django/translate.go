package django

import (
	"net/http"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/errorpages"
	"github.com/airworthy-go/airworthy/headers"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/proxy"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// invalid stands, in a Config, for a value of Django's that is none of those that are allowed.
const invalid = "(invalid)"

func (p Project) keyring() keyring.Config {
	c := keyring.Config{}
	if key, ok := p.get("SECRET_KEY").str(); ok {
		c.Key = secret.New(key)
	}
	fallbacks := p.get("SECRET_KEY_FALLBACKS")
	for _, key := range fallbacks.items() {
		text, _ := key.str()
		c.Fallbacks = append(c.Fallbacks, secret.New(text))
	}
	if !p.series().before(4, 1) && (!fallbacks.set || !fallbacks.iterable()) {
		c.Fallbacks = make([]secret.Text, 1) // what cannot be read is weak
	}
	return c
}

func (p Project) hosts() hosts.Config {
	allowed := p.get("ALLOWED_HOSTS")
	c := hosts.Config{Allowed: allowed.texts()}
	if len(c.Allowed) == 0 && allowed.truthy() {
		c.Allowed = []string{allowed.text()} // true, but no list: not empty for Django
	}
	return c
}

func (p Project) https() https.Config {
	c := https.Config{
		InsecureOff:       !p.middleware(securityMiddleware),
		InsecureHTTP:      !p.get("SECURE_SSL_REDIRECT").isTrue(),
		IncludeSubdomains: p.get("SECURE_HSTS_INCLUDE_SUBDOMAINS").isTrue(),
		Preload:           p.get("SECURE_HSTS_PRELOAD").isTrue(),
		Exempt:            p.get("SECURE_REDIRECT_EXEMPT").texts(),
		HSTS:              https.Off,
	}
	c.Host, _ = p.get("SECURE_SSL_HOST").str()
	if age := p.get("SECURE_HSTS_SECONDS"); age.truthy() {
		n, _ := age.positive()
		c.HSTS = https.MaxAge(max(n, 1)) // what is true but no number is on, for Django
	}
	return c
}

func (p Project) headers() headers.Config {
	c := headers.Config{
		InsecureOff:             !p.middleware(securityMiddleware),
		InsecureSniff:           !p.get("SECURE_CONTENT_TYPE_NOSNIFF").isTrue(),
		FrameOptions:            headers.InsecureNone,
		ReferrerPolicy:          referrerPolicy(p.get("SECURE_REFERRER_POLICY")),
		CrossOriginOpenerPolicy: openerPolicy(p.get("SECURE_CROSS_ORIGIN_OPENER_POLICY")),
	}
	if p.middleware(frameMiddleware) {
		c.FrameOptions = p.get("X_FRAME_OPTIONS").text()
		if c.FrameOptions == "" || c.FrameOptions == headers.InsecureNone {
			c.FrameOptions = invalid // words that mean something else to us
		}
	}
	return c
}

// referrerPolicy returns the policy in our words. Django splits a string on commas and strips the parts; elements of
// a list it takes as they are, and an empty list has nothing wrong in it.
func referrerPolicy(v value) string {
	if v.isNone() {
		return headers.InsecureNone
	}
	var words []string
	if s, ok := v.str(); ok {
		for word := range strings.SplitSeq(s, ",") {
			words = append(words, strip(word))
		}
	} else if v.iterable() {
		words = v.texts()
	} else {
		words = []string{invalid}
	}
	valid := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !slices.Contains(referrerPolicies, w) })
	if len(valid) < len(words) {
		valid = append(valid, invalid)
	}
	return strings.Join(valid, ",")
}

func openerPolicy(v value) string {
	switch s := v.text(); {
	case v.isNone():
		return headers.InsecureNone
	case slices.Contains(openerPolicies, s):
		return s
	}
	return invalid
}

// Django's lists, to which the translation holds whatever browsers may learn.
var (
	referrerPolicies = []string{"no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin",
		"same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url"}
	openerPolicies = []string{"same-origin", "same-origin-allow-popups", "unsafe-none"}
)

func (p Project) csrf() csrf.Config {
	c := csrf.Config{
		Django:         true,
		InsecureOff:    !p.middleware(csrfMiddleware),
		UseSessions:    p.get("CSRF_USE_SESSIONS").truthy(),
		InsecureCookie: !p.on("CSRF_COOKIE_SECURE"),
		CookieSameSite: sameSite(p.get("CSRF_COOKIE_SAMESITE")),
		TrustedOrigins: p.get("CSRF_TRUSTED_ORIGINS").texts(),
	}
	if origins := p.get("CSRF_TRUSTED_ORIGINS"); origins.set && !origins.iterable() {
		c.TrustedOrigins = []string{origins.text()}
	}
	c.CookieDomain, _ = p.get("CSRF_COOKIE_DOMAIN").str()
	return c
}

func (p Project) session() session.Config {
	c := session.Config{
		InsecureCookie:       !p.on("SESSION_COOKIE_SECURE"),
		InsecureScriptAccess: !p.on("SESSION_COOKIE_HTTPONLY"),
		CookieSameSite:       sameSite(p.get("SESSION_COOKIE_SAMESITE")),
		Age:                  p.get("SESSION_COOKIE_AGE").seconds(),
	}
	c.CookieDomain, _ = p.get("SESSION_COOKIE_DOMAIN").str()
	switch app, middleware := p.app(sessionApp), p.middleware(sessionMiddleware); {
	case app && middleware:
		c.Presence = session.Complete
	case app:
		c.Presence = session.ApplicationOnly
	case middleware:
		c.Presence = session.MiddlewareOnly
	default:
		return session.Config{} // nothing can be wrong with what is not there, and the list of rules stays whole
	}
	return c
}

// sameSite returns what a cookie is sent with. Python's None and False leave the attribute out, which some browsers
// take for None.
func sameSite(v value) http.SameSite {
	switch strings.ToLower(v.text()) {
	case "lax":
		return http.SameSiteLaxMode
	case "strict":
		return http.SameSiteStrictMode
	}
	if v.set {
		return http.SameSiteNoneMode
	}
	return http.SameSiteDefaultMode // a Django without the setting sends Lax
}

func (p Project) errorpages() errorpages.Config {
	return errorpages.Config{Debug: p.get("DEBUG").truthy()}
}

// proxy returns a Config that trusts nobody, since Django has no list of proxies.
func (p Project) proxy() proxy.Config {
	c := proxy.Config{UseHost: p.get("USE_X_FORWARDED_HOST").truthy(), UsePort: p.get("USE_X_FORWARDED_PORT").truthy()}
	if header := p.get("SECURE_PROXY_SSL_HEADER"); header.truthy() {
		c.SSLHeader = proxy.SSLHeader{Name: strings.Join(header.texts(), ","), Value: "https"}
	}
	return c
}

package bench

import (
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/justinas/nosurf"
	"github.com/unrolled/secure"
)

// peerHeaders is unrolled/secure with what airworthy's headers, hosts and https parts do by default.
func peerHeaders(next http.Handler) http.Handler {
	return secure.New(secure.Options{
		AllowedHosts:            []string{"example.com", "www.example.com"},
		SSLRedirect:             true,
		SSLProxyHeaders:         map[string]string{},
		STSSeconds:              31536000,
		STSIncludeSubdomains:    true,
		FrameDeny:               true,
		ContentTypeNosniff:      true,
		ReferrerPolicy:          "same-origin",
		CrossOriginOpenerPolicy: "same-origin",
		PermissionsPolicy:       "camera=(), geolocation=(), microphone=()",
		ContentSecurityPolicy:   "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
	}).Handler(next)
}

// peerHeadersNonce is the same with a nonce in the policy.
func peerHeadersNonce(next http.Handler) http.Handler {
	return secure.New(secure.Options{
		AllowedHosts:            []string{"example.com", "www.example.com"},
		SSLRedirect:             true,
		STSSeconds:              31536000,
		STSIncludeSubdomains:    true,
		FrameDeny:               true,
		ContentTypeNosniff:      true,
		ReferrerPolicy:          "same-origin",
		CrossOriginOpenerPolicy: "same-origin",
		PermissionsPolicy:       "camera=(), geolocation=(), microphone=()",
		ContentSecurityPolicy:   "default-src 'self'; script-src $NONCE; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
	}).Handler(next)
}

// peers is the whole chain: unrolled/secure, nosurf and scs with its memory store, each with its safe options on.
func peers(app http.Handler) (http.Handler, *scs.SessionManager) {
	m := scs.New()
	m.Lifetime = 14 * 24 * time.Hour
	m.Cookie.Secure = true
	m.Cookie.Name = "__Host-sessionid"
	csrf := nosurf.New(app)
	csrf.SetBaseCookie(http.Cookie{Name: "__Host-csrftoken", Path: "/", Secure: true, HttpOnly: true})
	return peerHeaders(m.LoadAndSave(csrf)), m
}

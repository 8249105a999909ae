package bench

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/justinas/nosurf"
	"github.com/unrolled/secure"
)

// secureOptions are what airworthy's headers, hosts and https parts do by default.
func secureOptions() secure.Options {
	return secure.Options{
		AllowedHosts:            []string{"example.com", "www.example.com"},
		SSLRedirect:             true,
		SSLProxyHeaders:         map[string]string{"X-Forwarded-Proto": "https"},
		STSSeconds:              31536000,
		STSIncludeSubdomains:    true,
		FrameDeny:               true,
		ContentTypeNosniff:      true,
		ReferrerPolicy:          "same-origin",
		CrossOriginOpenerPolicy: "same-origin",
		PermissionsPolicy:       "camera=(), geolocation=(), microphone=()",
	}
}

func peerHeaders(next http.Handler) http.Handler { return secure.New(secureOptions()).Handler(next) }

func withPolicy(policy string, next http.Handler) http.Handler {
	options := secureOptions()
	options.ContentSecurityPolicy = policy
	return secure.New(options).Handler(next)
}

func peerPolicy(next http.Handler) http.Handler { return withPolicy(plainPolicy, next) }

func peerNonce(next http.Handler) http.Handler {
	return withPolicy("script-src $NONCE; object-src 'none'; base-uri 'none'", next)
}

// sessions is scs with its memory store.
func sessions() *scs.SessionManager {
	m := scs.New()
	m.Lifetime = 14 * 24 * time.Hour
	m.Cookie.Secure = true
	m.Cookie.Name = "__Host-sessionid"
	return m
}

// surf is nosurf with a cookie that subdomains cannot plant.
func surf(app http.Handler) http.Handler {
	h := nosurf.New(app)
	h.SetBaseCookie(http.Cookie{Name: "__Host-csrftoken", Path: "/", Secure: true, HttpOnly: true})
	return h
}

// peers is the whole chain: unrolled/secure, nosurf and scs, each with its safe options on.
func peers(app http.Handler) (http.Handler, *scs.SessionManager) {
	m := sessions()
	return peerPolicy(m.LoadAndSave(surf(app))), m
}

func peersNonce(app http.Handler) http.Handler { return peerNonce(sessions().LoadAndSave(surf(app))) }

func peersSession(tb testing.TB) contestant {
	var m *scs.SessionManager
	h, m := peers(greeting(func(ctx context.Context) string { return m.GetString(ctx, "name") }))
	r := request("GET", "Cookie", "theme=dark; "+m.Cookie.Name+"="+scsToken(tb, m))
	return serving(tb, "secure+nosurf+scs", h, r, 200)
}

// scsToken is the token of a session that has been stored.
func scsToken(tb testing.TB, m *scs.SessionManager) string {
	ctx, err := m.Load(context.Background(), "")
	if err != nil {
		tb.Fatal(err)
	}
	m.Put(ctx, "name", "Ada Lovelace")
	m.Put(ctx, "cart", "[1,2,3]")
	token, _, err := m.Commit(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

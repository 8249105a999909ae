package bench

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"
	"sync"
	"time"
)

// limit is what the whole chain could cost: the same decisions and headers as the parts make, written by hand into one
// function, with one context and nothing that a part could be switched off, configured or combined by.
type limit struct {
	hosts   map[string]bool
	headers [][2]any // canonical key, values
	aead    cipher.AEAD
	app     http.Handler
	nonces  bool
}

type limitKey struct{}

// limitState is the context, so that the request's copy and this are the only allocations.
type limitState struct {
	context.Context
	nonce   string
	session [128]byte
	n       int
}

func (s *limitState) Value(key any) any {
	if _, ok := key.(limitKey); ok {
		return s
	}
	return s.Context.Value(key)
}

func newLimit(app http.Handler, key []byte, nonces bool) *limit {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	l := &limit{hosts: map[string]bool{"example.com": true, "www.example.com": true}, aead: aead, app: app, nonces: nonces}
	for k, v := range map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
		"Content-Security-Policy":      "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
		"Strict-Transport-Security":    "max-age=31536000; includeSubDomains",
	} {
		l.headers = append(l.headers, [2]any{k, []string{v}})
	}
	return l
}

func (l *limit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for i := range l.headers {
		h[l.headers[i][0].(string)] = l.headers[i][1].([]string)
	}
	if !l.hosts[r.Host] {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.TLS == nil {
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	if r.Method != "GET" && r.Method != "HEAD" {
		if f := r.Header["Sec-Fetch-Site"]; len(f) != 1 || f[0] != "same-origin" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
	}
	s := &limitState{Context: r.Context()}
	if l.nonces {
		var b [16]byte
		_, _ = rand.Read(b[:])
		s.nonce = base64.RawURLEncoding.EncodeToString(b[:])
		h["Content-Security-Policy"] = []string{"default-src 'self'; script-src 'nonce-" + s.nonce +
			"'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"}
	}
	l.session(s, r)
	l.app.ServeHTTP(w, r.WithContext(s))
}

// session opens the sealed cookie and checks its age, as a cookie store must.
func (l *limit) session(s *limitState, r *http.Request) {
	for _, line := range r.Header["Cookie"] {
		_, value, ok := strings.Cut(line, "__Host-sessionid=")
		if !ok {
			continue
		}
		value, _, _ = strings.Cut(value, ";")
		var raw [256]byte
		n, err := base64.RawURLEncoding.Decode(raw[:], []byte(value))
		if err != nil || n < 12 {
			return
		}
		plain, err := l.aead.Open(s.session[:0], raw[:12], raw[12:n], nil)
		if err != nil || len(plain) < 8 {
			return
		}
		var at int64
		for _, b := range plain[:8] {
			at = at<<8 | int64(b)
		}
		if time.Now().Unix() < at+1209600 {
			s.n = len(plain)
		}
	}
}

// sealLimit makes the cookie that session opens.
func (l *limit) seal(data string) string {
	plain := make([]byte, 8, 8+len(data))
	for i, now := 0, time.Now().Unix(); i < 8; i++ {
		plain[i] = byte(now >> (56 - 8*i))
	}
	nonce := make([]byte, 12)
	_, _ = rand.Read(nonce)
	sealed := l.aead.Seal(nonce, nonce, append(plain, data...), nil)
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// macLimit verifies Django's signature of a value as cheaply as crypto/hmac can: with a state that is reused.
type macLimit struct{ pool sync.Pool }

func newMACLimit(key []byte) *macLimit {
	return &macLimit{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (m *macLimit) verify(signed string, scratch *[128]byte) bool {
	i := strings.LastIndexByte(signed, ':')
	if i < 0 || len(signed)-i-1 != 43 || i > 64 {
		return false
	}
	mac := m.pool.Get().(hash.Hash)
	mac.Reset()
	mac.Write(append(scratch[:0], signed[:i]...))
	sum := mac.Sum(scratch[64:64])
	m.pool.Put(mac)
	var text [43]byte
	base64.RawURLEncoding.Encode(text[:], sum)
	return hmac.Equal(text[:], append(scratch[:0], signed[i+1:]...))
}

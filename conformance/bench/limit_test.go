package bench

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// limit is what the whole chain could cost. It decides what every site has to decide, bad inputs included: twins of
// forwarding headers with underscores go whoever sends them (9), a session cookie that comes twice is none (19), as is
// one with quotes or among more cookies than are read (20), what the application says in Vary and Cache-Control is not
// lost, and no header for shared caches alone outranks that an answer is one visitor's, or has a nonce (26).
type limit struct {
	hosts   map[string]bool
	drop    map[string]bool
	headers []field
	policy  [2]string // around the nonce
	aead    cipher.AEAD
	app     http.Handler
	proxied bool // believe X-Forwarded-For and -Proto of whoever connects

	mu     sync.Mutex
	since  time.Time
	logged map[refused]int
	missed int
}

type field struct {
	name  string
	value []string
}

// refused is what refusals are counted by.
type refused struct{ reason, origin string }

// limitState is the context and the response's writer too, so that with the request's copy there are two allocations.
type limitState struct {
	context.Context
	http.ResponseWriter
	limit  *limit
	r      *http.Request
	peer   netip.Addr
	status int
	opened bool
	data   string
	nonce  string
	random [16]byte
	policy [1]string
}

type limitKey struct{}

func (s *limitState) Value(key any) any {
	if _, ok := key.(limitKey); ok {
		return s
	}
	return s.Context.Value(key)
}

const plainPolicy = "script-src 'self'; object-src 'none'; base-uri 'none'"

func newLimit(app http.Handler) *limit {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	l := &limit{
		hosts: map[string]bool{"example.com": true, "www.example.com": true}, aead: aead, app: app,
		drop: map[string]bool{"Forwarded": true, "X-Forwarded-For": true, "X-Forwarded-Proto": true,
			"X-Forwarded-Host": true, "X-Real-Ip": true, "Remote-User": true},
		policy: [2]string{"script-src 'nonce-", "'; object-src 'none'; base-uri 'none'"},
		logged: map[refused]int{},
	}
	for _, line := range append(plainHeaders, "Content-Security-Policy: "+plainPolicy) {
		name, value, _ := strings.Cut(line, ": ")
		l.headers = append(l.headers, field{name, []string{value}})
	}
	return l
}

// plainHeaders are those that airworthy sends by default, but for the policy.
var plainHeaders = []string{
	"X-Content-Type-Options: nosniff",
	"Referrer-Policy: same-origin",
	"X-Frame-Options: DENY",
	"Cross-Origin-Opener-Policy: same-origin",
	"Cross-Origin-Resource-Policy: same-origin",
	"Permissions-Policy: camera=(), geolocation=(), microphone=()",
	"Strict-Transport-Security: max-age=31536000; includeSubDomains",
}

func (l *limit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := &limitState{Context: r.Context(), ResponseWriter: w, limit: l}
	s.r = r.WithContext(s)
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		s.peer = peer.Addr().Unmap()
	}
	for name := range r.Header {
		if l.drop[name] && !l.proxied || strings.IndexByte(name, '_') >= 0 && l.drop[hyphens(name)] {
			s.r.Header = r.Header.Clone()
			s.r.Header.Del(name)
		}
	}
	h := w.Header()
	for i := range l.headers {
		h[l.headers[i].name] = l.headers[i].value
	}
	defer func() {
		if v := recover(); v != nil {
			s.WriteHeader(http.StatusInternalServerError)
		}
	}()
	switch {
	case !l.hosts[r.Host]:
		s.refuse(http.StatusBadRequest, "host")
	case !s.secure():
		s.WriteHeader(http.StatusMovedPermanently)
	case r.Method != "GET" && r.Method != "HEAD" && !sameOrigin(r):
		s.refuse(http.StatusForbidden, "cross-site")
	default:
		l.app.ServeHTTP(s, s.r)
		if s.status == 0 {
			s.WriteHeader(http.StatusOK)
		}
	}
}

// hyphens is a name as servers of the CGI kind take it.
func hyphens(name string) string { return http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-")) }

// secure reports whether the request came by HTTPS, and takes the client's address from a proxy that says so.
func (s *limitState) secure() bool {
	if !s.limit.proxied {
		return s.r.TLS != nil
	}
	if lines := s.r.Header["X-Forwarded-For"]; len(lines) == 1 {
		client, err := netip.ParseAddr(strings.TrimSpace(lines[0][strings.LastIndexByte(lines[0], ',')+1:]))
		if err != nil {
			return false
		}
		s.peer = client
	}
	proto := s.r.Header["X-Forwarded-Proto"]
	return len(proto) == 1 && proto[0] == "https"
}

func sameOrigin(r *http.Request) bool {
	from := r.Header["Sec-Fetch-Site"]
	return len(from) == 1 && (from[0] == "same-origin" || from[0] == "none")
}

var (
	contentType = []string{"text/plain; charset=utf-8"}
	noStore     = []string{"no-store"}
	forbidden   = []byte("403 Forbidden\n")
	cookie      = []string{"Cookie"}
	private     = []string{"private"}
	neverStore  = []string{"private, no-store"}
)

// refuse counts the refusal, as a log that is not to be flooded has to, and answers.
func (s *limitState) refuse(status int, reason string) {
	kind := refused{reason, s.r.Header.Get("Origin")}
	s.limit.mu.Lock()
	if now := time.Now(); now.Sub(s.limit.since) >= time.Minute {
		clear(s.limit.logged)
		s.limit.since = now
	}
	if s.limit.logged[kind]++; s.limit.logged[kind] > 10 {
		s.limit.missed++
	}
	s.limit.mu.Unlock()
	h := s.Header()
	h["Content-Type"], h["Cache-Control"] = contentType, noStore
	s.WriteHeader(status)
	_, _ = s.Write(forbidden)
}

// WriteHeader tells caches what belongs to one visitor.
func (s *limitState) WriteHeader(status int) {
	h := s.Header()
	if s.opened || s.nonce != "" {
		delete(h, "Cdn-Cache-Control")
		delete(h, "Surrogate-Control")
	}
	if s.opened {
		if have := h["Vary"]; len(have) == 0 {
			h["Vary"] = cookie
		} else {
			h["Vary"] = append(have, "Cookie")
		}
		if len(h["Cache-Control"]) == 0 {
			h["Cache-Control"] = private
		}
	}
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *limitState) Write(p []byte) (int, error) {
	if s.status == 0 {
		s.WriteHeader(http.StatusOK)
	}
	return s.ResponseWriter.Write(p)
}

// limitNonce makes the nonce of the page and puts it into the policy.
func limitNonce(ctx context.Context) string {
	s := ctx.Value(limitKey{}).(*limitState)
	_, _ = rand.Read(s.random[:])
	var nonce [22]byte
	base64.RawURLEncoding.Encode(nonce[:], s.random[:])
	s.policy[0] = s.limit.policy[0] + string(nonce[:]) + s.limit.policy[1]
	s.nonce = s.policy[0][len(s.limit.policy[0]):][:len(nonce)]
	h := s.Header()
	h["Content-Security-Policy"] = s.policy[:]
	if len(h["Cache-Control"]) == 0 {
		h["Cache-Control"] = neverStore
	}
	return s.nonce
}

// limitValue opens the sealed cookie, checks its age, as a cookie store must, and finds the value.
func limitValue(ctx context.Context, key string) string {
	s := ctx.Value(limitKey{}).(*limitState)
	if !s.opened {
		s.opened = true
		s.open()
	}
	for data := s.data; data != ""; {
		k, rest := cutText(data)
		v, rest := cutText(rest)
		if k == key {
			return v
		}
		data = rest
	}
	return ""
}

func cutText(s string) (string, string) { return s[1 : 1+s[0]], s[1+s[0]:] }

func (s *limitState) open() {
	var sealed string
	count, found := 0, 0
	for _, line := range s.r.Header["Cookie"] {
		if len(line) > maxCookies {
			return
		}
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			if count++; count > 256 {
				return
			}
			if value, ok := strings.CutPrefix(strings.TrimSpace(pair), "__Host-sessionid="); ok {
				sealed = value
				found++
			}
		}
	}
	if found == 1 {
		s.unseal(sealed)
	}
}

// maxCookies is how long a line of cookies may be.
const maxCookies = 32 << 10

// scratch is where a cookie is read, decoded and opened.
type scratch [3][512]byte

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (s *limitState) unseal(value string) {
	buf := scratches.Get().(*scratch)
	defer scratches.Put(buf)
	if len(value) > len(buf[0]) {
		return
	}
	n, err := base64.RawURLEncoding.Decode(buf[1][:], append(buf[0][:0], value...))
	if err != nil {
		return
	}
	open, err := s.limit.aead.Open(buf[2][:0], nil, buf[1][:n], nil)
	if err == nil && time.Now().Unix() < int64(binary.BigEndian.Uint64(open[17:])) {
		s.data = string(open[26:])
	}
}

// seal makes the cookie that open opens: flags, three times, no user, and the pairs, as airworthy's has them.
func (l *limit) seal(pairs ...string) string {
	plain := make([]byte, 26)
	binary.BigEndian.PutUint64(plain[17:], uint64(time.Now().Add(14*24*time.Hour).Unix()))
	for _, s := range pairs {
		plain = append(append(plain, byte(len(s))), s...)
	}
	return base64.RawURLEncoding.EncodeToString(l.aead.Seal(nil, nil, plain, nil))
}

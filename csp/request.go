package csp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// request is what is known of an answer that departs from the CSP's own headers. There is none until then: State.CSP
// is the *CSP itself.
type request struct {
	csp     *CSP
	state   *httpx.State
	nonce   string // empty until it is asked for
	current [2]*compiled
	value   [2][1]string // what this part has set with a nonce; empty where the compiled plain value stands
}

// requestOf returns the request that ctx belongs to, or nil if no CSP has seen it.
func requestOf(ctx context.Context) *request {
	s := httpx.From(ctx)
	if s == nil {
		return nil
	}
	switch c := s.CSP.(type) {
	case *request:
		return c
	case *CSP:
		q := &request{csp: c, state: s, current: c.base}
		s.CSP = q
		return q
	}
	return nil
}

// open reports whether the header has not gone out.
func (q *request) open() bool { return q.state.Status() == 0 }

func (q *request) responseHeader() http.Header { return (*httpx.Writer)(q.state).Header() }

// Nonce returns the nonce of the answer that ctx belongs to, for the nonce attribute of its script and style elements.
// It is made when it is first asked for: until then the header names none. It is 22 characters that need no escaping.
//
// Ask before the first byte of the answer is written, from the goroutine that serves the request; a template that
// writes straight to the ResponseWriter must get the nonce as data. Asked later, or without a CSP that has
// [NonceSource], Nonce returns "", and browsers do not run what carries it.
//
// An answer with a nonce must not be stored, so Nonce sets Cache-Control: private, no-store unless the application has
// set one.
func Nonce(ctx context.Context) string {
	q := requestOf(ctx)
	switch {
	case q == nil:
		return ""
	case q.nonce != "":
		return q.nonce
	}
	size := q.size(0) + q.size(1)
	if size == 0 {
		return ""
	}
	if !q.open() {
		if _, ok := q.csp.late.Take(); ok {
			q.csp.warn(ctx, "airworthy.security.NonceLate",
				"csp: a nonce was asked for after the header had gone out: ask before the first Write")
		}
		return ""
	}
	q.issue(size)
	return q.nonce
}

// Attr returns the nonce as an attribute of a script or style element, for html/template:
//
//	<script {{.Nonce}}>…</script>
//
// It is empty where [Nonce] is.
func Attr(ctx context.Context) template.HTMLAttr {
	nonce := Nonce(ctx)
	if nonce == "" {
		return ""
	}
	return template.HTMLAttr(`nonce="` + nonce + `"`)
}

// size is how long header i is with its nonces; 0 if it has none.
func (q *request) size(i int) int {
	if q.current[i] == nil {
		return 0
	}
	return q.current[i].rendered(q.state.HTTPS).size
}

// issue makes the nonce and puts it into the headers, but for one that the application has set or deleted; size is how
// long they are together. Both values are slices of one string, and the nonce is a slice of one of them: one allocation
// for all.
func (q *request) issue(size int) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	var nonce [nonceLen]byte
	base64.RawURLEncoding.Encode(nonce[:], random[:])

	h := q.responseHeader()
	var b strings.Builder
	b.Grow(size)
	for i, c := range q.current {
		if c == nil {
			continue
		}
		r := c.rendered(q.state.HTTPS)
		if r.parts == nil {
			continue
		}
		start := b.Len()
		join(&b, r.parts, nonce[:])
		value := b.String()[start:]
		q.nonce = value[len(r.parts[0]):][:nonceLen]
		if have := h[q.csp.header[i]]; len(have) == 1 && have[0] == r.plain[0] {
			q.put(h, i, value)
		}
	}
	q.state.OnHeader(q)
	protectCache(h)
}

func join(b *strings.Builder, parts []string, nonce []byte) {
	for i, p := range parts {
		if i > 0 {
			b.Write(nonce)
		}
		b.WriteString(p)
	}
}

func (q *request) put(h http.Header, i int, value string) {
	q.value[i][0] = value
	h[q.csp.header[i]] = q.value[i][:]
}

// adopt puts the nonce of an outer CSP into the policies.
func (q *request) adopt(nonce string) {
	q.nonce = nonce
	for i, c := range q.current {
		if c != nil {
			q.force(i, c)
		}
	}
}

// force makes c the policy of header i, whatever stands there.
func (q *request) force(i int, c *compiled) {
	q.current[i] = c
	r := c.rendered(q.state.HTTPS)
	if q.nonce == "" || r.parts == nil {
		q.value[i][0] = ""
		q.responseHeader()[q.csp.header[i]] = r.plain
		return
	}
	var b strings.Builder
	b.Grow(r.size)
	join(&b, r.parts, []byte(q.nonce))
	q.put(q.responseHeader(), i, b.String())
}

var (
	errNoCSP  = errors.New("csp: no CSP has seen this request: wrap the handler with one")
	errLate   = errors.New("csp: the header has gone out: change the policy before the first Write")
	errNoSlot = errors.New("csp: with InsecureReportOnly there is no second policy: change the first")
)

// Override makes p the policy of the answer that ctx belongs to, in place of Config.Enforce. The error says what is
// wrong with p, or that the header has gone out; the answer then keeps the policy it had. For a policy that many
// answers share, [Compile] it once.
func Override(ctx context.Context, p Policy) error { return override(ctx, 0, p) }

// OverrideReportOnly makes p the report-only policy of the answer that ctx belongs to, whether or not the Config has
// one. It fails as [Override] does.
func OverrideReportOnly(ctx context.Context, p Policy) error { return override(ctx, 1, p) }

func override(ctx context.Context, i int, p Policy) error {
	q, err := changeable(ctx, i)
	if q == nil {
		return err
	}
	if err := sendable(p); err != nil {
		return prefix("csp: ", err)
	}
	q.force(i, q.csp.compile(p, i))
	return nil
}

// changeable returns the request whose header i can still be changed: nil, and no error, if the part is switched off.
func changeable(ctx context.Context, i int) (*request, error) {
	q := requestOf(ctx)
	switch {
	case q == nil:
		return nil, errNoCSP
	case q.csp.off:
		return nil, nil
	case !q.open():
		return nil, errLate
	case q.csp.header[i] == "":
		return nil, errNoSlot
	}
	return q, nil
}

// Extend adds sources to the policies of the answer that ctx belongs to, the enforced and the report-only one, as
// [Policy.With] does. It fails as [Override] does.
//
//	err := csp.Extend(ctx, csp.Policy{FrameSrc: []csp.Source{"https://www.youtube-nocookie.com"}})
func Extend(ctx context.Context, extra Policy) error {
	q := requestOf(ctx)
	if q == nil {
		return errNoCSP
	}
	for i, c := range q.current {
		if c == nil {
			continue
		}
		if err := override(ctx, i, c.policy.With(extra)); err != nil {
			return err
		}
	}
	return nil
}

var privateNoStore = []string{"private, no-store"}

// protectCache keeps an answer with a nonce out of caches, unless the application has decided.
func protectCache(h http.Header) {
	if len(h["Cache-Control"]) == 0 {
		h["Cache-Control"] = privateNoStore
	}
}

// BeforeHeader looks again at Cache-Control, which the application may have changed since the nonce was made. It does
// not run where the application writes nothing, and then no nonce is in the body.
func (q *request) BeforeHeader(w http.ResponseWriter, status int) {
	h := w.Header()
	control := h["Cache-Control"]
	if len(control) == 0 {
		control = privateNoStore
		h["Cache-Control"] = control
	}
	if !cacheable(h, control) {
		return
	}
	if _, ok := q.csp.cacheable.Take(); ok {
		q.csp.warn(q.state.Request.Context(), "airworthy.security.NonceCacheable",
			"csp: an answer with a nonce may be stored by shared caches, which serve the nonce again: set Cache-Control: private, no-store",
			slog.Int("status", status))
	}
}

// cacheable reports whether a shared cache may store an answer with the header h, of which control is Cache-Control,
// and serve it again without asking: it must be told that it may not. The headers that are for caches alone outrank
// Cache-Control (RFC 9213).
func cacheable(h http.Header, control []string) bool {
	for _, name := range []string{"Cdn-Cache-Control", "Surrogate-Control"} {
		if lines := h[name]; len(lines) > 0 && shared(lines) {
			return true
		}
	}
	return shared(control)
}

func shared(lines []string) bool {
	if len(lines) == 1 && lines[0] == privateNoStore[0] {
		return false // as this part has set it
	}
	forbidden := false
	for _, line := range lines {
		for d := range strings.SplitSeq(strings.ToLower(line), ",") {
			switch name, _, valued := strings.Cut(strings.TrimSpace(d), "="); name {
			case "public", "s-maxage":
				return true
			case "private", "no-cache": // with a value they are about one header of the answer
				forbidden = forbidden || !valued
			case "no-store":
				forbidden = true
			}
		}
	}
	return !forbidden
}

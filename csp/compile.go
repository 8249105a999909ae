package csp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

const (
	enforceHeader = "Content-Security-Policy"
	reportHeader  = "Content-Security-Policy-Report-Only"
)

// rendered is one policy as one header's value.
type rendered struct {
	plain []string // without a nonce; len is cap, so that an Add of the application copies it
	parts []string // what stands around each nonce; nil if the policy has none
	size  int      // of the value with nonces
}

// compiled is one policy ready for one header, for answers over HTTP and over HTTPS.
type compiled struct {
	policy Policy
	scheme [2]rendered
}

func (c *compiled) rendered(https bool) *rendered {
	if https {
		return &c.scheme[1]
	}
	return &c.scheme[0]
}

const nonceLen = 22 // 16 bytes in base64 without padding

// compile renders p for the given header.
func compile(p Policy, header string) *compiled {
	p = p.clone()
	return &compiled{policy: p, scheme: [2]rendered{render(p, header, false), render(p, header, true)}}
}

func render(p Policy, header string, https bool) rendered {
	if header == reportHeader { // neither means anything there, and browsers complain
		p.UpgradeInsecureRequests, p.Sandbox = false, nil
	}
	if !https {
		p.UpgradeInsecureRequests = false
		if len(p.ReportURI) > 0 { // browsers report to named endpoints over HTTPS only, and then ignore report-uri
			p.ReportTo = nil
		}
	}
	r := rendered{plain: []string{p.withoutNonce().String()}}
	parts := strings.Split(p.withNonce("\x00").String(), "\x00")
	if len(parts) > 1 {
		r.parts = parts
		r.size = len(strings.Join(parts, "")) + (len(parts)-1)*nonceLen
	}
	return r
}

// withoutNonce is the policy of an answer that did not ask for a nonce. Two things must not happen: a directive must
// not vanish, or its fallback would count (a list that is left empty is 'none'), and 'unsafe-inline', which browsers
// ignore beside a nonce, must not come to life.
func (p Policy) withoutNonce() Policy {
	return p.mapNonces(func(list []Source) []Source {
		return slices.DeleteFunc(list, func(s Source) bool { return s == NonceSource || s == UnsafeInline })
	})
}

func (p Policy) withNonce(nonce string) Policy {
	return p.mapNonces(func(list []Source) []Source {
		list[slices.Index(list, NonceSource)] = Source("'nonce-" + nonce + "'")
		return list
	})
}

// mapNonces returns p with each list that has a nonce replaced by what f makes of a copy.
func (p Policy) mapNonces(f func([]Source) []Source) Policy {
	p = p.clone()
	for i := range directives {
		if d := &directives[i]; d.kind == code && slices.Contains(*d.list(&p), NonceSource) {
			*d.list(&p) = f(*d.list(&p))
		}
	}
	return p
}

// sendable reports what keeps p from being sent, beyond its own mistakes.
func sendable(p Policy) error {
	errs := []error{p.validate()}
	if p.IsZero() {
		errs = append(errs, errors.New("it is empty: to leave the header out of an answer, delete it"))
	}
	for i := range directives {
		d := &directives[i]
		if d.kind == code && slices.ContainsFunc(*d.list(&p), Source.isNonce) {
			errs = append(errs, errors.New(d.name+": a nonce that is the same in every answer protects from nothing: write 'nonce'"))
		}
	}
	return errors.Join(errs...)
}

// Compiled is a policy for some routes, rendered once. It is safe for concurrent use and works with any [CSP].
type Compiled struct {
	policy Policy
	cache  [2]atomic.Pointer[bound] // for the first and the second header of a CSP
}

// bound is a policy rendered for one CSP, whose reports it names.
type bound struct {
	csp *CSP
	c   *compiled
}

// Compile renders p for use by many answers, or reports every mistake in it.
func Compile(p Policy) (*Compiled, error) {
	if err := sendable(p); err != nil {
		return nil, prefix("csp: ", err)
	}
	return &Compiled{policy: p.clone()}, nil
}

// MustCompile is [Compile] for policies written in the program. It panics if p has a mistake.
func MustCompile(p Policy) *Compiled {
	c, err := Compile(p)
	if err != nil {
		panic(err)
	}
	return c
}

func (c *Compiled) bind(g *CSP, i int) *compiled {
	if b := c.cache[i].Load(); b != nil && b.csp == g {
		return b.c
	}
	b := &bound{g, g.compile(c.policy, i)}
	c.cache[i].Store(b)
	return b.c
}

// Override makes c the policy of the answer that ctx belongs to, as the function [Override] does and fails.
func (c *Compiled) Override(ctx context.Context) error { return c.override(ctx, 0) }

// OverrideReportOnly makes c the report-only policy of the answer that ctx belongs to.
func (c *Compiled) OverrideReportOnly(ctx context.Context) error { return c.override(ctx, 1) }

func (c *Compiled) override(ctx context.Context, i int) error {
	q, err := changeable(ctx, i)
	if q == nil {
		return err
	}
	q.force(i, c.bind(q.csp, i))
	return nil
}

// Handler answers with next under the policy c. Where that fails, because no [CSP] is around it, it refuses: the
// answer would have no policy at all.
func (c *Compiled) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.Override(r.Context()); err != nil {
			slog.ErrorContext(r.Context(), err.Error())
			httpx.Refuse(w, r, http.StatusInternalServerError, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

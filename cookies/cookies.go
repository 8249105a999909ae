// Package cookies says how a cookie is called, which attributes it gets, and which of the cookies in a request is
// believed.
//
// It protects from cookies that somebody else has set: a subdomain, or an attacker on the network, can give the
// browser a cookie of our name, but not one whose name starts with __Host-. On https a cookie gets that name unless it
// asks for a Domain or a Path; where a name arrives twice, neither cookie is believed.
//
//	session, err := cookies.New(cookies.Config{}, cookies.Spec{Name: "sessionid"})
//	…
//	value, err := session.Read(r, secure) // __Host-sessionid on https, sessionid on http
//	err = session.Set(w, secure, value)
//
// The package does not sign or encrypt values, and it writes only values that need no quotes.
package cookies

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is common to all cookies of a site.
type Config struct {
	// InsecurePlainNames calls cookies by their plain names on https too, as Django does: for a site that shares its
	// cookies with a Django site. A subdomain, or whoever can answer for the site over http, can then replace them.
	// On http names are plain in any case, for browsers take no other there.
	InsecurePlainNames bool
}

// Spec describes one cookie. Zero is the safest: HttpOnly, SameSite=Lax, for this host alone, until the browser closes.
type Spec struct {
	Name           string        // without a prefix such as __Host-, which is added on https
	Path           string        // "/" if empty
	Domain         string        // the host alone if empty; otherwise its subdomains get the cookie too, and can set it
	MaxAge         time.Duration // whole seconds; 0 for a cookie that lasts until the browser closes
	SameSite       http.SameSite // Lax if zero; None is Lax on http, where browsers would drop the cookie
	ScriptReadable bool          // scripts may read it: no HttpOnly

	// Setting is what the variables begin with that the fields come from, such as SESSION_COOKIE, for errors to name
	// them: SESSION_COOKIE_NAME, and the same with PATH, DOMAIN, AGE and SAMESITE. Empty if there are none.
	Setting string
}

// Errors that [Cookie.Set] returns. Nothing has been set then.
var (
	ErrValue   = errors.New("cookies: the value holds bytes that a cookie cannot")
	ErrTooLong = errors.New("cookies: name and value are longer than the 4096 bytes that browsers keep")
)

const (
	maxLength    = 4096 // of name and value together, RFC 6265bis section 5.5
	hostPrefix   = "__Host-"
	securePrefix = "__Secure-"
	longGone     = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
)

// Cookie is one cookie, validated. It is immutable and safe for concurrent use.
type Cookie struct {
	plain, secure variant
	maxAge        string // attribute for Spec.MaxAge
}

// variant is the cookie on http or on https.
type variant struct {
	name       string
	start      string // name and =
	attributes string // all but Max-Age
}

// New returns the cookie that spec describes, or every mistake in it.
func New(cfg Config, spec Spec) (*Cookie, error) {
	spec, err := spec.complete()
	if err != nil {
		return nil, err
	}
	c := &Cookie{maxAge: maxAge(spec.MaxAge)}
	name := spec.Name
	c.plain = variant{name, name + "=", spec.attributes(false)}
	switch {
	case cfg.InsecurePlainNames:
	case spec.Domain == "" && spec.Path == "/":
		name = hostPrefix + name
	default:
		name = securePrefix + name
	}
	c.secure = variant{name, name + "=", spec.attributes(true)}
	return c, nil
}

// attributes returns what follows the value, in Django's order.
func (s Spec) attributes(secure bool) string {
	var b strings.Builder
	if s.Domain != "" {
		b.WriteString("; Domain=" + s.Domain)
	}
	if !s.ScriptReadable {
		b.WriteString("; HttpOnly")
	}
	b.WriteString("; Path=" + s.Path)
	switch {
	case s.SameSite == http.SameSiteStrictMode:
		b.WriteString("; SameSite=Strict")
	case s.SameSite == http.SameSiteNoneMode && secure:
		b.WriteString("; SameSite=None")
	default:
		b.WriteString("; SameSite=Lax")
	}
	if secure {
		b.WriteString("; Secure")
	}
	return b.String()
}

func maxAge(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return "; Max-Age=" + strconv.FormatInt(int64(d/time.Second), 10)
}

func (c *Cookie) variant(secure bool) *variant {
	if secure {
		return &c.secure
	}
	return &c.plain
}

// Name returns what the cookie is called on https, or on http. On https the plain name is never read: whoever can
// answer over http could have set it.
func (c *Cookie) Name(secure bool) string { return c.variant(secure).name }

// Read returns the value of the cookie in r. The errors are those of the function [Read].
func (c *Cookie) Read(r *http.Request, secure bool) (string, error) { return Read(r, c.Name(secure)) }

// Find is Read without a look at the bytes of the value. It is for who decodes the value anyway and takes none that is
// not [Valid], as strict base64 is.
func (c *Cookie) Find(r *http.Request, secure bool) (string, error) { return find(r, c.Name(secure)) }

// Set puts the cookie into the response's header, in the place of any that was put there under its name before. The
// error is [ErrValue] or [ErrTooLong].
func (c *Cookie) Set(w http.ResponseWriter, secure bool, value string) error {
	return c.set(w, secure, value, c.maxAge)
}

// SetFor is Set with a lifetime of its own in place of the one in the Spec: whole seconds, or 0 for until the browser
// closes. A lifetime below one second deletes the cookie.
func (c *Cookie) SetFor(w http.ResponseWriter, secure bool, value string, lifetime time.Duration) error {
	if lifetime != 0 && lifetime < time.Second {
		c.Delete(w, secure)
		return nil
	}
	return c.set(w, secure, value, maxAge(lifetime))
}

func (c *Cookie) set(w http.ResponseWriter, secure bool, value, maxAge string) error {
	v := c.variant(secure)
	if !Valid(value) {
		return ErrValue
	}
	if len(v.name)+len(value) > maxLength {
		return ErrTooLong
	}
	put(w.Header(), v.start, v.start+value+maxAge+v.attributes)
	return nil
}

// Delete tells the browser to forget the cookie.
func (c *Cookie) Delete(w http.ResponseWriter, secure bool) {
	v := c.variant(secure)
	put(w.Header(), v.start, v.start+longGone+v.attributes)
}

// put appends line to the cookies of the response, or lets it take the place of those that begin with start: RFC 6265
// section 4.1.1 allows one of each name.
func put(h http.Header, start, line string) {
	lines := h["Set-Cookie"]
	first := slices.IndexFunc(lines, func(have string) bool { return strings.HasPrefix(have, start) })
	if first < 0 {
		h["Set-Cookie"] = append(lines, line)
		return
	}
	kept := append(slices.Clone(lines[:first]), line)
	for _, have := range lines[first+1:] {
		if !strings.HasPrefix(have, start) {
			kept = append(kept, have)
		}
	}
	h["Set-Cookie"] = kept
}

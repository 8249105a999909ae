package cookies

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// complete returns s with its defaults filled in, or every mistake in it.
func (s Spec) complete() (Spec, error) {
	if s.Path == "" {
		s.Path = "/"
	}
	s.Domain = strings.ToLower(strings.TrimPrefix(s.Domain, ".")) // browsers ignore the dot
	var errs []error
	for _, fault := range []struct{ field, why string }{
		{"NAME", faultOfName(s.Name)}, {"PATH", faultOfPath(s.Path)}, {"DOMAIN", faultOfDomain(s.Domain)},
		{"AGE", faultOfMaxAge(s.MaxAge)}, {"SAMESITE", faultOfSameSite(s.SameSite)},
	} {
		if fault.why != "" {
			errs = append(errs, fmt.Errorf("cookies: %s%q: %s", s.variable(fault.field), s.Name, fault.why))
		}
	}
	return s, errors.Join(errs...)
}

// variable returns how an error begins that is about a field.
func (s Spec) variable(field string) string {
	if s.Setting == "" {
		return ""
	}
	return s.Setting + "_" + field + ": "
}

// prefixes are names that browsers treat specially, in lower case, as they compare them.
var prefixes = []string{"__host-", "__secure-", "__http-"}

func faultOfName(name string) string {
	if name == "" {
		return "the name is empty: give the cookie one"
	}
	for i := range len(name) {
		if !httpx.TokenByte(name[i]) {
			return "the name may hold letters, digits and !#$%&'*+-.^_`|~ only"
		}
	}
	if len(name) > 128 {
		return "the name is longer than 128 bytes: choose a shorter one"
	}
	for _, p := range prefixes {
		if len(name) >= len(p) && strings.EqualFold(name[:len(p)], p) {
			return fmt.Sprintf("leave %s out of the name: the prefix that fits is added on https", name[:len(p)])
		}
	}
	return ""
}

func faultOfPath(path string) string {
	switch {
	case path[0] != '/':
		return fmt.Sprintf("the path %q does not begin with /", path)
	case len(path) > 1024:
		return "the path is longer than the 1024 bytes that browsers keep"
	}
	for i := range len(path) {
		if b := path[i]; b <= ' ' || b >= 0x7f || b == ';' {
			return fmt.Sprintf("the path %q holds bytes that a cookie cannot: percent-encode them", path)
		}
	}
	return ""
}

// faultOfDomain refuses what browsers refuse, and what would give the cookie to strangers.
func faultOfDomain(domain string) string {
	if domain == "" {
		return ""
	}
	if !validDomain(domain) {
		return fmt.Sprintf("the domain %q is not a host name such as example.com; international names are "+
			"written in their xn-- form", domain)
	}
	switch top := domain[strings.LastIndexByte(domain, '.')+1:]; {
	case top[0] >= '0' && top[0] <= '9':
		return fmt.Sprintf("the domain %q is an address: leave it out, and the cookie is for that host alone", domain)
	case top == domain:
		return fmt.Sprintf("the domain %q is a single label: leave it out, and the cookie is for that host alone", domain)
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return fmt.Sprintf("the domain %q is a public suffix, which strangers have names under: browsers refuse it", domain)
	}
	return ""
}

// validDomain reports whether domain consists of labels of letters, digits, hyphens and underscores.
func validDomain(domain string) bool {
	if len(domain) > 253 {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if b := label[i]; !alphanumeric(b) && b != '-' && b != '_' {
				return false
			}
		}
	}
	return true
}

func faultOfMaxAge(d time.Duration) string {
	switch {
	case d < 0:
		return "the maximum age is negative: use Delete to delete the cookie"
	case d%time.Second != 0:
		return "the maximum age is not in whole seconds"
	}
	return ""
}

func faultOfSameSite(s http.SameSite) string {
	switch s {
	case 0, http.SameSiteDefaultMode, http.SameSiteLaxMode, http.SameSiteStrictMode, http.SameSiteNoneMode:
		return ""
	}
	return fmt.Sprintf("SameSite is %d: use http.SameSiteLaxMode, SameSiteStrictMode or SameSiteNoneMode", int(s))
}

func alphanumeric(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// Valid reports whether a cookie can have the value: whether it consists of cookie-octets of RFC 6265 section 4.1.1,
// which every reader takes for the same value, without quotes. Session cookies are long and each request's is looked at, so it takes four bytes at a
// time and looks at all of them before it decides.
func Valid(value string) bool {
	ok := uint8(1)
	for ; len(value) >= 4; value = value[4:] {
		ok &= octets[value[0]] & octets[value[1]] & octets[value[2]] & octets[value[3]]
	}
	for i := range len(value) {
		ok &= octets[value[i]]
	}
	return ok == 1
}

// octets is 1 for cookie-octets and 0 for others.
var octets = func() (octets [256]uint8) {
	for b := '!'; b <= '~'; b++ {
		if b != '"' && b != ',' && b != ';' && b != '\\' {
			octets[b] = 1
		}
	}
	return octets
}()

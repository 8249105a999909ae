package headers

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Permissions says which origins may use a feature of the browser: "self", "*" or origins such as
// "https://maps.example.com". An empty list denies the feature to everybody, ourselves included.
//
// Its text is the header's: geolocation=(self "https://maps.example.com"), camera=().
type Permissions map[string][]string

// DefaultPermissions returns a fresh copy of what the zero Config denies: the features that ask for a device, a
// place, a payment, the screen or what else a user would mind. Features that ordinary pages use (fullscreen,
// autoplay, passkeys, the clipboard) are left to the browser, which gives them to our own pages only.
func DefaultPermissions() Permissions {
	return Permissions{
		"accelerometer":       nil,
		"browsing-topics":     nil,
		"camera":              nil,
		"display-capture":     nil,
		"geolocation":         nil,
		"gyroscope":           nil,
		"hid":                 nil,
		"idle-detection":      nil,
		"local-fonts":         nil,
		"magnetometer":        nil,
		"microphone":          nil,
		"midi":                nil,
		"payment":             nil,
		"serial":              nil,
		"usb":                 nil,
		"window-management":   nil,
		"xr-spatial-tracking": nil,
	}
}

// With returns a copy of p in which what over names takes the place of p's.
func (p Permissions) With(over Permissions) Permissions {
	out := make(Permissions, len(p)+len(over))
	maps.Copy(out, p)
	maps.Copy(out, over)
	return out
}

// String returns the header's value, features sorted.
func (p Permissions) String() string {
	var b strings.Builder
	for i, feature := range slices.Sorted(maps.Keys(p)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(feature + "=" + allowlist(p[feature]))
	}
	return b.String()
}

func allowlist(origins []string) string {
	if len(origins) == 1 && origins[0] == "*" {
		return "*"
	}
	quoted := make([]string, len(origins))
	for i, o := range origins {
		quoted[i] = o
		if o != "self" {
			quoted[i] = `"` + o + `"`
		}
	}
	return "(" + strings.Join(quoted, " ") + ")"
}

// Form returns how permissions are written, for errors and documents.
func (Permissions) Form() string { return "a list of features, such as geolocation=(self), camera=()" }

// MarshalText returns what String does.
func (p Permissions) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the header's form. Blank text is no permissions at all, which leaves the default.
func (p *Permissions) UnmarshalText(text []byte) error {
	*p = nil
	if strings.TrimSpace(string(text)) == "" {
		return nil
	}
	out := Permissions{}
	for member := range strings.SplitSeq(string(text), ",") {
		feature, list, found := strings.Cut(strings.TrimSpace(member), "=")
		origins, ok := parseAllowlist(list)
		if _, twice := out[feature]; !found || !ok || twice {
			return fmt.Errorf("headers: PERMISSIONS_POLICY: cannot read %q: write feature=(self \"https://origin\"), "+
				"feature=() to deny, each feature once", member)
		}
		out[feature] = origins
	}
	*p = out
	return out.validate()
}

func parseAllowlist(s string) ([]string, bool) {
	if s == "*" || s == "self" {
		return []string{s}, true
	}
	inner, opened := strings.CutPrefix(s, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !opened || !closed {
		return nil, false
	}
	var origins []string
	for item := range strings.FieldsSeq(inner) {
		o, quoted := strings.CutPrefix(item, `"`)
		o, ended := strings.CutSuffix(o, `"`)
		if quoted != ended || !quoted && o != "self" && o != "*" {
			return nil, false
		}
		origins = append(origins, o)
	}
	return origins, true
}

// validate returns every mistake in p. What passes needs no escaping in the header.
func (p Permissions) validate() error {
	var errs []error
	for _, feature := range slices.Sorted(maps.Keys(p)) {
		if !key(feature) {
			errs = append(errs, fmt.Errorf("headers: PERMISSIONS_POLICY: %q is no feature: use lower-case letters and hyphens", feature))
			continue
		}
		for _, o := range p[feature] {
			if o == "*" && len(p[feature]) > 1 {
				errs = append(errs, fmt.Errorf("headers: PERMISSIONS_POLICY: %q: * stands alone: remove the others, or it", feature))
			}
			if o != "self" && o != "*" && !origin(o) {
				errs = append(errs, fmt.Errorf("headers: PERMISSIONS_POLICY: %q: %q is no origin: use self, * or https://host", feature, o))
			}
		}
	}
	return errors.Join(errs...)
}

// key reports whether s can be a feature: a key of RFC 8941, section 3.1.2, of letters, digits and hyphens.
func key(s string) bool {
	return s != "" && 'a' <= s[0] && s[0] <= 'z' && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-')
	})
}

// origin reports whether s is an http or https origin, as a browser writes it; *. may stand before the host.
func origin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != s {
		return false
	}
	return !strings.ContainsFunc(strings.TrimPrefix(u.Host, "*."), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune(".-:[]", r))
	})
}

package settings

import (
	"encoding"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

// chooser is what a named string type implements to accept a few words only.
type chooser interface{ Choices() []string }

// parser reads a text as a value. Its faults say the rule that was broken and never the text.
type parser func(text string) (any, *Fault)

// parsers are those of single types; they come before what a type's kind or methods say.
var parsers = map[reflect.Type]parser{
	textType:                         func(s string) (any, *Fault) { return secret.New(s), nil },
	reflect.TypeFor[time.Duration](): func(s string) (any, *Fault) { return parseDuration(s) },
	reflect.TypeFor[netip.Prefix]():  func(s string) (any, *Fault) { return parsePrefix(s) },
	reflect.TypeFor[netip.Addr]():    func(s string) (any, *Fault) { return parseAddr(s) },
	reflect.TypeFor[*url.URL]():      func(s string) (any, *Fault) { return parseURL(s) },
	reflect.TypeFor[http.SameSite](): func(s string) (any, *Fault) { return parseSameSite(s) },
	urlType: func(s string) (any, *Fault) {
		u, f := parseURL(s)
		if f != nil {
			return nil, f
		}
		return *u, nil
	},
}

// supported reports whether a text can become a value of type t.
func supported(t reflect.Type) bool {
	switch {
	case scalar(t):
		return true
	case t.Kind() == reflect.Slice:
		return scalar(t.Elem())
	case t.Kind() == reflect.Map:
		return t.Key().Kind() == reflect.String && scalar(t.Elem())
	}
	return false
}

func scalar(t reflect.Type) bool {
	if parsers[t] != nil || reflect.PointerTo(t).Implements(unmarshaler) {
		return true
	}
	switch k := t.Kind(); k {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64:
		return true
	default:
		return k >= reflect.Int && k <= reflect.Uint64
	}
}

// parse reads the variable's text as the field's type.
func (f field) parse(text string) (reflect.Value, *Fault) {
	v := reflect.New(f.typ).Elem()
	switch {
	case f.json:
		return v, parseJSON(text, v)
	case scalar(f.typ):
		if problem := parseScalar(text, v); problem != nil {
			return v, problem
		}
		if f.invert {
			v.SetBool(!v.Bool())
		}
		return v, nil
	case f.typ.Kind() == reflect.Map:
		return v, parseMap(text, v)
	}
	return v, parseList(text, v)
}

func parseScalar(text string, v reflect.Value) *Fault {
	t := v.Type()
	if p := parsers[t]; p != nil {
		got, problem := p(text)
		if problem != nil {
			return problem
		}
		v.Set(reflect.ValueOf(got))
		return nil
	}
	if c, ok := v.Interface().(chooser); ok {
		return parseChoice(text, v, c.Choices())
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return unmarshal(text, u, t)
	}
	return parseKind(text, v)
}

func parseKind(text string, v reflect.Value) *Fault {
	if v.Kind() == reflect.String {
		v.SetString(text)
		return nil
	}
	text = strings.TrimSpace(text)
	switch k := v.Kind(); {
	case k == reflect.Bool:
		b, problem := parseBool(text)
		v.SetBool(b)
		return problem
	case k == reflect.Float32 || k == reflect.Float64:
		n, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return fault("is not a number", "write it like 1.5")
		}
		v.SetFloat(n)
	case k <= reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return integer(err, "")
		}
		v.SetInt(n)
	default:
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		if err != nil {
			return integer(err, " that is not negative")
		}
		v.SetUint(n)
	}
	return nil
}

func integer(err error, kind string) *Fault {
	if errors.Is(err, strconv.ErrRange) {
		return fault("is too large a number", "give a smaller one")
	}
	return fault("is not a whole number"+kind, "write digits only")
}

// parseBool accepts words, because the usual mistake is to take any text but the empty one for true.
func parseBool(text string) (bool, *Fault) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fault("is neither true nor false", "use true or false (yes, no, on, off, 1 and 0 will do)")
}

// parseChoice takes one of the words, in any letter case.
func parseChoice(text string, v reflect.Value, choices []string) *Fault {
	text = strings.TrimSpace(text)
	i := slices.IndexFunc(choices, func(choice string) bool { return strings.EqualFold(choice, text) })
	if i < 0 {
		return fault("is none of the possible values", "use "+strings.Join(choices, ", "))
	}
	v.SetString(choices[i])
	return nil
}

// unmarshal asks the type itself. The text of its error is dropped unless it is a Fault, which is known to hold no
// value: most such errors quote what they refuse.
func unmarshal(text string, u encoding.TextUnmarshaler, t reflect.Type) *Fault {
	err := u.UnmarshalText([]byte(strings.TrimSpace(text)))
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return fault(f.Rule, f.Remedy)
	}
	if _, ok := u.(former); ok {
		return fault("is not "+formOf(t), unquoted(err))
	}
	return fault("is not "+formOf(t), "write it in this form")
}

// unquoted returns the error's text in one line, without what stands in quotes.
func unquoted(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, quoted.ReplaceAllString(strings.TrimSpace(line), `"…"`))
	}
	return strings.Join(lines, "; ")
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// former is what a type implements to say, for errors and documents, in what form it is written: "a number of seconds".
// It vouches that what its errors take from the value stands in quotes, as %q puts them: the rest of their text is shown.
type former interface{ Form() string }

// formOf returns the form of a type that reads itself.
func formOf(t reflect.Type) string {
	if f, ok := reflect.New(t).Interface().(former); ok {
		return f.Form()
	}
	return "a valid " + t.String()
}

// sameSites are Django's words for the attribute of a cookie.
var sameSites = map[http.SameSite]string{
	http.SameSiteLaxMode: "Lax", http.SameSiteStrictMode: "Strict", http.SameSiteNoneMode: "None",
}

func parseSameSite(text string) (http.SameSite, *Fault) {
	for mode, word := range sameSites {
		if strings.EqualFold(strings.TrimSpace(text), word) {
			return mode, nil
		}
	}
	return 0, fault("is none of the possible values", "use Lax, Strict or None")
}

// parseDuration accepts Go's syntax, and a bare number of seconds as Django's settings have it.
func parseDuration(text string) (time.Duration, *Fault) {
	text = strings.TrimSpace(text)
	const maxSeconds = int64(math.MaxInt64 / time.Second)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && -maxSeconds <= n && n <= maxSeconds {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fault("is not a duration", "write a number of seconds, or like 1h30m")
	}
	return d, nil
}

func parseAddr(text string) (netip.Addr, *Fault) {
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fault("is not an IP address", "write it like 192.0.2.1 or 2001:db8::1")
	}
	return a, nil
}

// parsePrefix accepts a network and, for a network of one, a bare address. Bits behind the mask are refused: whoever
// writes 10.0.0.1/8 may mean one address and would get sixteen million.
func parsePrefix(text string) (netip.Prefix, *Fault) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return p, fault("is not a network", "write it like 192.0.2.0/24 or 2001:db8::/32")
	case p.Addr().Is4In6():
		return p, fault("is an IPv4 network in IPv6 form", "write it as IPv4")
	case p.Masked() != p:
		return p, fault("has bits set behind its prefix length", "write the network's first address, or the address alone")
	}
	return p, nil
}

package settings

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// secretive is a type that holds secrets among other things.
type secretive interface{ secrets() []secret.Text }

// address is a service's URL taken apart: scheme://user:password@host:port,host:port/path?options.
type address struct {
	scheme         string
	authority      bool // something stands between // and the path
	user, password string
	hosts, ports   []string
	path           string // decoded, with its leading slash
	options        map[string]string
	mask           string // stands for the password where the URL is printed
}

const escape = "percent-encode what is special in the user name and the password: # %23, / %2F, ? %3F, @ %40, : %3A, % %25"

// splitURL takes a URL apart, and is stricter than net/url on purpose: a "#", "/", "?" or "@" that was left as it is in a
// password must never move the end of the password, and with it the host, somewhere else. Outside of the user
// information there is no unescaped "@", and nowhere a "#"; so none of the four can go unnoticed.
func splitURL(text string) (address, *Fault) {
	text = strings.TrimSpace(text)
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !isScheme(scheme) {
		return address{}, fault("is not a URL", "write it like scheme://user:password@host:port/name")
	}
	a := address{scheme: strings.ToLower(scheme)}
	if strings.Contains(rest, "#") {
		return a, fault("has a # that is not percent-encoded", escape)
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	if strings.Contains(rest, "@") {
		return a, fault("has an @ after the host: a character of the user name or password ends it early", escape)
	}
	a.authority = authority != ""
	path, query, _ := strings.Cut(rest, "?")
	if f := a.setAuthority(authority); f != nil {
		return a, f
	}
	if a.path, ok = decode(path, "/:@"); !ok {
		return a, fault("has a path with characters that are not percent-encoded", "percent-encode them, a space as %20 and a plus as %2B")
	}
	return a, a.setOptions(query)
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c == '_' || !isNameByte(c) && (i == 0 || strings.IndexByte("+-.", c) < 0) || i == 0 && c <= '9' {
			return false
		}
	}
	return s != ""
}

func (a *address) setAuthority(s string) *Fault {
	switch strings.Count(s, "@") {
	case 0:
	case 1:
		var info string
		info, s, _ = strings.Cut(s, "@")
		user, password, _ := strings.Cut(info, ":")
		var ok1, ok2 bool
		a.user, ok1 = decode(user, "+")
		a.password, ok2 = decode(password, "+:")
		if !ok1 || !ok2 {
			return fault("has a user name or password with characters that are not percent-encoded", escape)
		}
	default:
		return fault("has more than one @", escape)
	}
	if s == "" || s == ":memory:" {
		if s != "" {
			a.hosts, a.ports = []string{s}, []string{""}
		}
		return nil
	}
	for one := range strings.SplitSeq(s, ",") {
		host, port, f := splitHost(one)
		if f != nil {
			return f
		}
		a.hosts, a.ports = append(a.hosts, host), append(a.ports, port)
	}
	return nil
}

// decode returns s without its percent-encoding. It refuses every character that RFC 3986 does not allow as it is in
// this place: unreserved, sub-delims and those of extra are allowed. A plus is one of extra or refused, since some
// take it for a space. A NUL or another control character is refused even if it is encoded.
func decode(s, extra string) (string, bool) {
	for i := range len(s) {
		c := s[i]
		if c != '%' && !isNameByte(c) && strings.IndexByte("-.~!$&'()*,;=", c) < 0 && strings.IndexByte(extra, c) < 0 {
			return "", false
		}
	}
	decoded, err := url.PathUnescape(s)
	if err != nil || strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return "", false
	}
	return decoded, true
}

// splitHost takes host:port apart. A host is a name, an IPv4 address, an IPv6 address in brackets, or the
// percent-encoded path of a socket's directory.
func splitHost(s string) (host, port string, f *Fault) {
	bad := fault("has a host that is none", "write host or host:port; "+escape)
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, rest, ok := strings.Cut(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !ok || err != nil || !addr.Is6() || addr.Zone() != "" || rest != "" && rest[0] != ':' {
			return "", "", bad
		}
		host, port = addr.String(), strings.TrimPrefix(rest, ":")
		if rest == ":" {
			return "", "", bad
		}
	} else {
		var colon bool
		host, port, colon = strings.Cut(s, ":")
		if colon && port == "" || !isHost(&host) {
			return "", "", bad
		}
	}
	if port != "" && !isPort(port) {
		return "", "", fault("has a port that is no number from 1 to 65535", "write host:port; "+escape)
	}
	return host, port, nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '+'
}

// isHost reports whether host is a name or the encoded path of a socket, which it decodes.
func isHost(host *string) bool {
	if len(*host) > 3 && strings.EqualFold((*host)[:3], "%2f") {
		path, ok := decode(*host, ":")
		*host = path
		return ok && isSocket(path)
	}
	for i := range len(*host) {
		if c := (*host)[i]; !isNameByte(c) && c != '-' && c != '.' {
			return false
		}
	}
	return *host != ""
}

// isSocket reports whether host is the path of a socket or its directory. A comma would make two hosts of it.
func isSocket(host string) bool {
	return strings.HasPrefix(host, "/") && len(host) > 1 && !strings.Contains(host, ",")
}

// setOptions takes the query. Secrets have no place there: what prints an option does not know that it is one.
func (a *address) setOptions(query string) *Fault {
	a.options = map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, ok1 := decode(name, "")
		value, ok2 := decode(value, "/:")
		_, twice := a.option(name)
		switch {
		case !ok1 || !ok2 || name == "":
			return fault("has an option with characters that are not percent-encoded", "percent-encode them, a space as %20 and a plus as %2B")
		case twice:
			return fault("has an option twice", "leave one of them out")
		case isSecretWord(name):
			return fault("has a secret among its options", "put the password before the host, as user:password@host")
		}
		a.options[name] = value
	}
	return nil
}

// IsSecretName reports whether the name of a variable says that its value is a secret: a key, a password, a token. What
// may hold one among other things, such as DATABASE_URL, counts too.
func IsSecretName(name string) bool {
	upper := strings.ToUpper(name)
	return isSecretWord(name) || strings.HasSuffix(upper, "_KEY") || strings.HasSuffix(upper, "DATABASE_URL") ||
		strings.HasSuffix(upper, "CACHE_URL") || strings.HasSuffix(upper, "EMAIL_URL")
}

// aboutPasswords are how settings begin that say what passwords are to be like, in Django and here. They are no secrets.
var aboutPasswords = []string{
	"auth_password_validators", "password_hashers", "password_reset_timeout", "password_preset", "password_min_length",
	"password_max_similarity", "password_parallel", "password_memory", "password_wait", "password_argon2_",
	"password_pbkdf2_", "password_scrypt_", "password_bcrypt_", "password_common_file", "password_breached_file",
	"password_breached_url", "password_breached_timeout", "password_breached_fail_open",
}

// isSecretWord reports whether what is called name is probably a secret.
func isSecretWord(name string) bool {
	name = strings.ToLower(name)
	if slices.ContainsFunc(aboutPasswords, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		return false
	}
	for _, word := range []string{"passw", "pwd", "secret", "token", "credential", "apikey", "api_key", "dsn"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// option returns the key of the option called name, in any case.
func (a *address) option(name string) (key string, ok bool) {
	for k := range a.options {
		if strings.EqualFold(k, name) {
			return k, true
		}
	}
	return "", false
}

// take removes the option called name, in any case, and returns it.
func (a *address) take(name string) (string, bool) {
	key, ok := a.option(name)
	v := a.options[key]
	delete(a.options, key)
	return v, ok
}

// takeBool removes a bool option. True and true, False and false are the same, unlike in django-environ, where "false"
// is a text and so true.
func (a *address) takeBool(name string, into *bool) *Fault {
	v, ok := a.take(name)
	if !ok {
		return nil
	}
	b, f := parseBool(v)
	if f != nil {
		return fault("has an option "+name+" that "+f.Rule, f.Remedy)
	}
	*into = b
	return nil
}

// one returns the only host and its port.
func (a *address) one() (host, port string, f *Fault) {
	switch len(a.hosts) {
	case 0:
		return "", "", nil
	case 1:
		return a.hosts[0], a.ports[0], nil
	}
	return "", "", fault("has several hosts", "give one")
}

// parseURL reads any absolute URL with the same strictness, by net/url once the dangerous ones are out.
func parseURL(text string) (*url.URL, *Fault) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	web := err == nil && (u.Scheme == "http" || u.Scheme == "https")
	if err != nil || u.Scheme == "" || u.Opaque != "" || web && u.Hostname() == "" ||
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' }) {
		return nil, fault("is not an absolute URL", "write it like https://host/path; "+escape)
	}
	authority := strings.TrimPrefix(text[len(u.Scheme)+1:], "//")
	before := authority
	if end := strings.IndexAny(authority, "/?#"); end >= 0 {
		before = authority[:end]
	}
	if strings.Contains(authority[len(before):], "@") || strings.Count(before, "@") > 1 {
		return nil, fault("has an @ that does not belong to its user name and password", escape)
	}
	return u, nil
}

package settings

import (
	"net/url"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// text puts the URL together again.
func (a address) text() string {
	hosts := make([]string, len(a.hosts))
	for i, host := range a.hosts {
		hosts[i] = hostText(host, a.ports[i])
	}
	return a.prefix() + strings.Join(hosts, ",") + a.suffix()
}

// prefix returns what stands before the hosts.
func (a address) prefix() string {
	switch {
	case a.password != "" && a.mask != "":
		return a.scheme + "://" + encode(a.user) + ":" + a.mask + "@"
	case a.password != "":
		return a.scheme + "://" + encode(a.user) + ":" + encode(a.password) + "@"
	case a.user != "":
		return a.scheme + "://" + encode(a.user) + "@"
	}
	return a.scheme + "://"
}

// suffix returns what stands after the hosts.
func (a address) suffix() string {
	s := strings.ReplaceAll(encode(a.path), "%2F", "/")
	if len(a.options) > 0 {
		s += "?" + encodeOptions(a.options)
	}
	return s
}

func encodeOptions(options map[string]string) string {
	q := url.Values{}
	for k, v := range options {
		q.Set(k, v)
	}
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}

func encode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func hostText(host, port string) string {
	switch {
	case host == ":memory:":
	case strings.HasPrefix(host, "/"):
		host = encode(host)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	if port != "" {
		return host + ":" + port
	}
	return host
}

// SecretsIn returns what a mask must know of the text of a secret setting: the text, and the password in it if it is a
// URL.
func SecretsIn(text string) []secret.Text {
	if text == "" {
		return nil
	}
	all := []secret.Text{secret.New(text)}
	if a, f := splitURL(text); f == nil {
		return append(all, passwords(secret.New(a.password))...)
	}
	if u, err := url.Parse(text); err == nil {
		p, _ := u.User.Password()
		return append(all, passwords(secret.New(p))...)
	}
	if _, rest, ok := strings.Cut(text, "://"); ok { // a URL that nobody can read
		user := rest[:max(0, strings.LastIndexByte(rest, '@'))]
		_, p, _ := strings.Cut(user, ":")
		all = append(all, passwords(secret.New(p))...)
		if plain, err := url.PathUnescape(p); err == nil && plain != p {
			all = append(all, secret.New(plain))
		}
	}
	return all
}

// passwords returns what a mask must know of a password: itself, and as it stands in a URL.
func passwords(p secret.Text) []secret.Text {
	if p.IsZero() {
		return nil
	}
	all := []secret.Text{p}
	if encoded := encode(p.Reveal()); encoded != p.Reveal() {
		all = append(all, secret.New(encoded))
	}
	return all
}

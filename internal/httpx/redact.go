package httpx

import (
	"net/url"
	"regexp"
	"strings"
)

// redacted is secret.Redacted; the floors keep this package from importing it.
const redacted = "[redacted]"

// sensitive holds what makes a name sensitive wherever it stands in it. The first seven are Django's; its list does
// not know of DSNs, so that a DATABASE_DSN is shown in clear there.
var sensitive = []string{
	"API", "AUTH", "TOKEN", "KEY", "SECRET", "PASS", "SIGNATURE",
	"COOKIE", "SESSION", "CREDENTIAL", "CSRF", "DSN", "JWT",
}

// Sensitive reports whether the value of what is called name (a setting, a header, a parameter) is shown to nobody.
// It matches too much, such as PASSENGER, rather than too little.
func Sensitive(name string) bool {
	name = strings.ToUpper(name)
	for _, part := range sensitive {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// RedactURL returns u without user and password, without fragment, and with the values of sensitive parameters
// replaced.
func RedactURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	c := *u
	if c.User != nil {
		c.User = url.User("redacted")
	}
	c.Fragment, c.RawFragment = "", ""
	c.RawQuery = redactQuery(c.RawQuery)
	if c.Opaque != "" {
		c.Opaque = redacted // mailto:, data:, and user:password@host without slashes
	}
	return c.String()
}

func redactQuery(raw string) string {
	if raw == "" {
		return ""
	}
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || Sensitive(plain) {
			pairs[i] = name + "=" + redacted
		}
	}
	return strings.Join(pairs, "&")
}

// RedactUserinfo replaces what stands between :// and the last @ of the same word, the user and password of a URL in
// a text that somebody else wrote. A password may hold any character, so all of them count.
//
// A password with a slash is no longer one to package url, whose error quotes it once more as a port that is none.
func RedactUserinfo(s string) string {
	if strings.Contains(s, "invalid port ") {
		s = invalidPort.ReplaceAllString(s, "invalid port "+redacted+" after host")
	}
	if !strings.Contains(s, "://") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			break
		}
		i += len("://")
		end := len(s)
		if j := strings.IndexAny(s[i:], " \t\r\n\"'<>`"); j >= 0 {
			end = i + j
		}
		b.WriteString(s[:i])
		word := s[i:end]
		if at := strings.LastIndexByte(word, '@'); at >= 0 {
			b.WriteString(redacted)
			word = word[at:]
		}
		b.WriteString(word)
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}

// invalidPort is what package url says of a port that is none.
var invalidPort = regexp.MustCompile(`(?s)invalid port .*? after host`)

package httpx_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

func TestSensitive(t *testing.T) {
	for _, name := range []string{
		// Django's list, 5.2, anywhere in the name and in any case
		"API_URL", "x-api-version", "AUTH_USER_MODEL", "Authorization", "CSRF_TOKEN", "SECRET_KEY", "MONKEY",
		"my_secret", "EMAIL_HOST_PASSWORD", "PASSENGER", "Signature-Input", "HTTP_COOKIE",
		// beyond Django's
		"Cookie", "Set-Cookie", "DATABASE_DSN", "sessionid", "AWS_CREDENTIALS", "X-Jwt-Assertion",
	} {
		if !httpx.Sensitive(name) {
			t.Errorf("Sensitive(%q) = false, want true", name)
		}
	}
	for _, name := range []string{"", "Accept", "User-Agent", "DEBUG", "page", "ALLOWED_HOSTS", "Referer"} {
		if httpx.Sensitive(name) {
			t.Errorf("Sensitive(%q) = true, want false", name)
		}
	}
}

func TestRedactURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com/a?page=2":                  "https://example.com/a?page=2",
		"postgres://app:hunter2@db:5432/x?sslmode=on":   "postgres://redacted@db:5432/x?sslmode=on",
		"redis://:hunter2@cache/0":                      "redis://redacted@cache/0",
		"https://ghp_token@github.com/x":                "https://redacted@github.com/x",
		"https://h/?token=hunter2&page=1&%61pi_key=abc": "https://h/?token=[redacted]&page=1&%61pi_key=[redacted]",
		"https://h/#access_token=hunter2":               "https://h/",
		"mailto:a@b.example":                            "mailto:[redacted]",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := httpx.RedactURL(u); got != want {
			t.Errorf("RedactURL(%q) = %q, want %q", in, got, want)
		}
	}
	if got := httpx.RedactURL(nil); got != "" {
		t.Errorf("RedactURL(nil) = %q, want nothing", got)
	}
}

func TestRedactUserinfo(t *testing.T) {
	for in, want := range map[string]string{
		"no address":                        "no address",
		"see https://example.com/a":         "see https://example.com/a",
		"dial postgres://u:p@h/x failed":    "dial postgres://[redacted]@h/x failed",
		`parse "https://u:p@h": bad`:        `parse "https://[redacted]@h": bad`,
		"p#w/d in x://u:p#w/d@h":            "p#w/d in x://[redacted]@h",
		"an @ inside: x://u:p@ss@h":         "an @ inside: x://[redacted]@h",
		"two: a://u:p@h b://v:q@i":          "two: a://[redacted]@h b://[redacted]@i",
		"mail bob@example.com, x://h/plain": "mail bob@example.com, x://h/plain",
		"://":                               "://",

		// The error of url.Parse for x://u:pa/ss:word@[::1/y, whose password has a slash.
		`parse "x://u:pa/ss:word@[::1/y": invalid port ":pa" after host`: `parse "x://[redacted]@[::1/y": invalid port [redacted] after host`,
		`invalid port ":pa" after host`:                                  `invalid port [redacted] after host`,
	} {
		if got := httpx.RedactUserinfo(in); got != want {
			t.Errorf("RedactUserinfo(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzRedactURL: whatever the URL, its password does not come out.
func FuzzRedactURL(f *testing.F) {
	f.Add("example.com", "/path", "a=b&c=d")
	f.Add("[::1]:80", "//x", "%zz;&&==")
	f.Fuzz(func(t *testing.T, host, path, query string) {
		const password = "QQ-hunter2-QQ"
		if strings.Contains(host+path+query, "hunter2") {
			return
		}
		u := &url.URL{Scheme: "x", User: url.UserPassword("user-QQ", password), Host: host, Path: path, RawQuery: query + "&token=" + password}
		if got := httpx.RedactURL(u); strings.Contains(got, "hunter2") {
			t.Errorf("RedactURL shows the password: %q", got)
		}
		if got := httpx.RedactUserinfo("error: " + u.String()); strings.Contains(strings.SplitN(got, "@", 2)[0], "hunter2") {
			t.Errorf("RedactUserinfo shows the password: %q", got)
		}
	})
}

package secretrule

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

const revokeDjango = "https://docs.djangoproject.com/en/stable/ref/settings/#secret-key-fallbacks"

// frameworks are the keys with which web frameworks sign, and the passwords of their settings.
func frameworks() []*Rule {
	return []*Rule{
		{ID: "rails-secret-key-base", Name: "secret_key_base of Rails or Phoenix", Variable: "SECRET_KEY_BASE",
			Literals: []string{"secret_key_base"}, Tests: check.Info,
			Revoke: "https://guides.rubyonrails.org/security.html#rotating-keys",
			Match:  given(`(?i)secret_key_base$`, `^[0-9A-Za-z+/=]{64,}$`)},
		{ID: "laravel-app-key", Name: "Laravel APP_KEY", Variable: "APP_KEY", Literals: []string{"app_key", "app_previous_keys", "'key'"},
			Tests:  check.Info,
			Revoke: "https://laravel.com/docs/encryption#gracefully-rotating-encryption-keys", Match: given(`(?i)(^|_)(app_key|app_previous_keys|key)$`, `^base64:[0-9A-Za-z+/]{43}=$`)},
		{ID: "wordpress-key", Name: "WordPress key or salt", Variable: "AUTH_KEY",
			Literals: []string{"auth_key", "logged_in_key", "nonce_key", "auth_salt", "logged_in_salt", "nonce_salt"},
			Kinds:    PHP | Env, Tests: check.Info, Revoke: "https://developer.wordpress.org/advanced-administration/security/", Match: given(`(AUTH|LOGGED_IN|NONCE)_(KEY|SALT)$`, `^.{60,70}$`)},
		{ID: "wordpress-database-password", Name: "database password of WordPress", Variable: "DB_PASSWORD",
			Literals: []string{"db_password"}, Kinds: PHP, Tests: check.Info,
			Revoke: "https://developer.wordpress.org/advanced-administration/wordpress/wp-config/", Match: password(`^DB_PASSWORD$`, nil)},
		{ID: "aspnet-machine-key", Name: "ASP.NET machine key", Literals: []string{"validationkey", "decryptionkey"}, Tests: check.Info,
			Revoke: "https://learn.microsoft.com/en-us/iis/troubleshoot/security-issues/troubleshooting-forms-authentication", Match: given(`(?i)^(validation|decryption)key$`, `^[0-9A-Fa-f]{48,}$`)},
		{ID: "django-secret-key", Name: "SECRET_KEY of Django or Flask", Variable: "SECRET_KEY",
			Literals: []string{"secret_key", "secretkey", "secret-key"}, Tests: check.Info,
			Revoke: revokeDjango, Match: secretKey},
		{ID: "django-database-password", Name: "database password in Django's settings", Variable: "DATABASE_URL",
			Literals: []string{`"password"`, "'password'"}, Kinds: Python, Tests: check.Info,
			Revoke: "https://docs.djangoproject.com/en/stable/ref/settings/#password", Match: password(`^PASSWORD$`, isDatabase)},
		{ID: "django-email-password", Name: "mail password in Django's settings", Variable: "EMAIL_HOST_PASSWORD",
			Literals: []string{"email_host_password"}, Tests: check.Info,
			Revoke: "https://docs.djangoproject.com/en/stable/ref/settings/#email-host-password", Match: password(`^EMAIL_HOST_PASSWORD$`, nil)},
	}
}

// given returns a Match that finds the values of a name which match a pattern.
func given(name, value string) func(f *File, at int) []Match {
	names, values := regexp.MustCompile(name), regexp.MustCompile(value)
	return func(f *File, at int) (found []Match) {
		a, ok := f.assigned(at)
		if !ok || !names.MatchString(a.name) {
			return nil
		}
		for _, v := range a.values {
			if values.Match(v.text) && !v.field && !Placeholder(v.text) && !Published(v.text) && distinct(v.text) >= 8 && randomness(v.text) >= 0.3 {
				found = append(found, Match{Start: v.start, End: v.end, Name: a.name, Secret: bytes.Clone(v.text)})
			}
		}
		return found
	}
}

// password returns a Match that finds what a name is given if it is not what stands in every example. People think of
// passwords, so they need not look random; the name, and what is around it, has to say what they are.
func password(name string, around func(f *File, at int) bool) func(f *File, at int) []Match {
	names := regexp.MustCompile(name)
	return func(f *File, at int) (found []Match) {
		a, ok := f.assigned(at)
		if !ok || !names.MatchString(a.name) || around != nil && !around(f, at) {
			return nil
		}
		for _, v := range a.values {
			if len(v.text) < 8 || v.field || names.Match(v.text) || Placeholder(v.text) || weak(v.text, "") || readsLikeName(v.text) && !bytes.ContainsAny(v.text, "0123456789") {
				continue
			}
			found = append(found, Match{Start: v.start, End: v.end, Name: a.name, Secret: bytes.Clone(v.text)})
		}
		return found
	}
}

// isDatabase reports whether a place is in a dictionary of DATABASES, which names an engine.
func isDatabase(f *File, at int) bool {
	around := f.Data[max(0, at-500):min(len(f.Data), at+500)]
	return bytes.Contains(around, []byte("ENGINE")) && bytes.Contains(around, []byte("HOST"))
}

// secretKey finds the key with which Django and Flask sign, in any layout: settings, environment, containers, fallbacks.
func secretKey(f *File, at int) (found []Match) {
	a, ok := f.assigned(at)
	if !ok || f.Kinds&Noise != 0 {
		return nil
	}
	words := wordsOf(a.name)
	if i := strings.LastIndexByte(a.name, '.'); i >= 0 && i < len(a.name)-1 {
		words = wordsOf(a.name[i+1:])
	}
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(notSecret, w) }) {
		return nil
	}
	i := slices.Index(words, "secret")
	if i < 0 || i+1 >= len(words) || words[i+1] != "key" && words[i+1] != "keys" || i > 0 && !slices.Contains(keyOwners, words[i-1]) {
		return nil // another's secret key, such as AWS's
	}
	for _, w := range words[i+2:] {
		if !slices.Contains(qualifiers, w) && !isNumber(w) {
			return nil
		}
	}
	if besideAccessKey(f, a) {
		return nil
	}
	for _, v := range a.values {
		if level, ok := judgeKey(f, a.name, v); ok {
			found = append(found, Match{Start: v.start, End: v.end, Name: a.name, Secret: bytes.Clone(v.text), Level: level})
		}
	}
	return found
}

// besideAccessKey reports whether what is called a secret key is the other half of something that is none of Django's.
func besideAccessKey(f *File, a assignment) bool {
	around := strings.ToLower(string(f.Data[max(0, a.start-250):min(len(f.Data), a.values[0].end+250)]))
	for _, half := range []string{"access_key", "accesskey", "access-key", "public_key", "publickey", "publishable", "integration_key", "site_key", "sitekey"} {
		if strings.Contains(around, half) {
			return true
		}
	}
	return false
}

// keyOwners may stand before SECRET_KEY.
var keyOwners = []string{"django", "flask", "app", "web", "site", "my", "the", "dj", "backend", "server", "session", "project", "default"}

// judgeKey reports whether a value of SECRET_KEY is a key, and its level, 0 for the rule's.
func judgeKey(f *File, name string, v literal) (check.Level, bool) {
	text := v.text
	rest, development := bytes.CutPrefix(text, []byte("django-insecure-"))
	switch {
	case v.field || len(text) > 1000:
		return 0, false
	case development: // what startproject writes: known to whoever reads the code, and so to be replaced before the site is one
		return check.Warning, !Placeholder(rest) && len(rest) >= 20
	case Placeholder(text) || Published(text):
		return 0, false
	case random(text, 16):
		return 0, true
	}
	// A sentence that somebody thought of signs as well. A name in the way that programs name things does not count.
	sentence := f.Kinds&(Python|Env) != 0 && !v.bare && strings.ToUpper(name) == name && len(text) >= 20 && bytes.Count(text, []byte(" ")) >= 2
	return check.Warning, sentence && !bytes.ContainsAny(text, "\n")
}

package deployment

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/settings"
)

// notSecret are ends of names whose values lead to a secret, or are about one, and are none.
var notSecret = []string{
	"_file", "_path", "_dir", "_name", "_id", "_url", "_uri", "_host", "_port", "_user", "_username", "_ttl", "_timeout", "_length",
	"_expiry", "_expires", "_expiration", "_lifetime", "_age", "_header", "_arn", "_ref", "_enabled", "_policy", "_type", "_prefix",
	"_public_key", "_algorithm", "_count", "_limit", "_method", "_mode", "_provider", "_store", "_manager", "_required", "_version",
	"_publishable_key", "_site_key", "_validators", "_hashers", "_endpoint", "_cookie", "_rotation", "_min", "_max", "_field", "_format",
	"_password_key", "_token_key", "existing_secret",
}

// secretName reports whether a variable or a key of a mapping is called as secrets are.
func secretName(name string) bool {
	snake := snakeCase(name)
	short := slices.Contains([]string{"requirepass", "masterauth", "passphrase", "pass", "db_pass", "smtp_pass", "mail_pass"}, snake)
	if !short && !settings.IsSecretName(snake) || strings.HasSuffix(snake, "_key") && !secretKey.MatchString(snake) {
		return false
	}
	if strings.HasSuffix(snake, "database_url") || strings.HasSuffix(snake, "cache_url") || strings.HasSuffix(snake, "email_url") {
		return false // a URL holds one if it has a password, which hasPassword asks
	}
	if slices.Contains([]string{"secrets", "tokens", "credentials", "id_token", "primary_key", "foreign_key", "public_key", "cache_key",
		"partition_key", "sort_key", "passwords", "automount_service_account_token", "persist_credentials", "sort_keys"}, snake) {
		return false
	}
	return !slices.ContainsFunc(notSecret, func(end string) bool { return strings.HasSuffix(snake, end) })
}

// secretKey is the end of a name of a key that is to be kept secret. Others are keys of caches, tables and mappings.
var secretKey = regexp.MustCompile(`(?:secret|api|private|access|signing|sign|encryption|encrypt|auth|master|app|account|deploy|ssh|jwt|hmac|session|` +
	`cookie|service_role|storage|license|consumer|server|shared)_key$`)

// snakeCase writes dbPassword and db-password as db_password.
func snakeCase(name string) string {
	var b strings.Builder
	small := false // the letter before was a small one
	for _, r := range name {
		switch {
		case 'A' <= r && r <= 'Z':
			if small {
				b.WriteByte('_')
			}
			b.WriteRune(r + 'a' - 'A')
		case r == '-' || r == '.' || r == ' ' || r == '/':
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
		small = 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return b.String()
}

// holdsSecret reports whether a variable's value is a secret that stands there, rather than what leads to one.
func holdsSecret(name, value string) bool {
	for _, v := range literals(value) {
		if hasPassword(v) || secretName(name) && plain(v) {
			return true
		}
	}
	return false
}

// variable is what shells, Compose, CI systems and templates put a value in place of. The groups hold a default.
var variable = regexp.MustCompile(`\$\$|\$\{\{[^}]*\}\}|\{\{[^}]*\}\}|\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-=]([^${}]*)|:?[?+][^{}]*)?\}|` +
	`\$\{[^}]*\}|\$\([^()]*\)|\$\[\[?[^\]]*\]\]?|\$[A-Za-z_][A-Za-z0-9_]*|%[A-Za-z_]+%|<%[^%]*%>`)

// literals returns what stands in a value as it is: the whole, if it names no variable, and the defaults of those that it
// names. Of a URL the variables are kept, as a word without meaning, so that its password can be looked at.
func literals(value string) (all []string) {
	value = strings.TrimSpace(value)
	if !variable.MatchString(value) {
		return []string{value}
	}
	for _, m := range variable.FindAllStringSubmatch(value, -1) {
		if m[1] != "" {
			all = append(all, m[1])
		}
	}
	if strings.Contains(value, "://") {
		all = append(all, variable.ReplaceAllString(value, placeholder))
	}
	return all
}

// placeholder stands for a variable in a URL.
const placeholder = "VARIABLE"

// words that stand for a value that somebody else sets.
var stand = regexp.MustCompile(`(?i)^(?:` +
	`true|false|yes|no|on|off|none|null|nil|auto|always|required|optional|inherit|read|write|default|disabled|enabled|redacted|masked|hidden|` +
	`file|env|vault|secret[-_]?key[-_]?ref|variable|\.\.\.|[*x#.?_-]+|` +
	`<.*>|\[.*\]|%.*%|` +
	`(?:change|replace|fill|set|insert|put|enter|add|todo|fixme|tbd)(?:[-_ ]?.*)?|(?:your|my|some|the|an?)[-_ ].*|` +
	`.*(?:placeholder|example|changeme|change[-_ ]me|replace[-_ ]?me).*)$`)

// encrypted are values that say by their form that they are not the secret itself.
var encrypted = regexp.MustCompile(`^(?:ENC\[|ENC\(|vault:|ref\+|\$ANSIBLE_VAULT|age1|-----BEGIN AGE|AQICAH|arn:aws:|projects/[^/]+/secrets/|op://|` +
	`akv:|azurekeyvault:|gcpsm:|awssm:|ssm:|keyring:|bw://|doppler:|infisical:|sops:|!|@|file:|/|\./|~/|[A-Za-z]:\\)`)

// variableName is the name of a variable, which some settings take in place of a value.
var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$`)

// plain reports whether a literal is a value that could be used as it stands.
func plain(v string) bool {
	return v != "" && v != placeholder && !stand.MatchString(v) && !encrypted.MatchString(v) && !small.MatchString(v) &&
		!variableName.MatchString(v)
}

// small are numbers and durations, which are settings about secrets rather than secrets.
var small = regexp.MustCompile(`^[0-9]{1,5}(?:\.[0-9]+)?(?:ms|s|m|h|d)?$`)

// throwaway reports whether a value is one of those that stand in every tutorial.
func throwaway(v string) bool {
	v = strings.ToLower(strings.Trim(v, `"' `))
	for _, l := range literals(v) {
		if u, err := url.Parse(l); err == nil && u.User != nil {
			p, _ := u.User.Password()
			l = p
		}
		if !slices.Contains([]string{"password", "passwd", "pass", "secret", "postgres", "mysql", "root", "admin", "test", "testing", "user", "guest",
			"rabbitmq", "redis", "mongo", "django", "dev", "devel", "development", "ci", "dummy", "insecure", "letmein", "qwerty", "123456",
			"12345678", "toor", "minio", "minioadmin", "minio123", "keycloak", "sonar", "wordpress", "app", "db", "s3cr3t", "p@ssw0rd", "foobar", "foo", "bar", "token", "unused"}, l) {
			return false
		}
	}
	return true
}

// hasPassword reports whether a value is a URL with a password that stands there.
func hasPassword(v string) bool {
	scheme, rest, ok := strings.Cut(v, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, " /") {
		return false
	}
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return false
	}
	_, password, ok := strings.Cut(authority[:at], ":")
	return ok && plain(password) && password != "x-oauth-basic" // what GitHub takes beside a token
}

// debugs reports whether a variable turns debugging on.
func debugs(name, value string) bool {
	name, value = strings.ToUpper(name), strings.ToLower(strings.Trim(value, `"' `))
	on := slices.Contains([]string{"true", "1", "yes", "on"}, value)
	switch {
	case name == "FLASK_ENV":
		return value == "development"
	case name == "DEBUG" || name == "APP_DEBUG" || strings.HasSuffix(name, "_DEBUG") && (strings.HasPrefix(name, "DJANGO") || strings.HasPrefix(name, "FLASK")):
		return on
	}
	return false
}

package django

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// gapRules are rules that Django lacks and no part of ours can break. Their numbers do not say their order.
func (p Project) gapRules() []check.Check {
	return slices.Concat(p.typeRules(), p.accountRules(), p.operationRules(), p.stackRules())
}

func rule(id string, level check.Level, title, hint string, find func(context.Context) ([]check.Finding, error)) check.Check {
	return check.Check{ID: id, Level: level, Tags: tags, Deploy: true, Needs: check.Settings, Title: title, Hint: hint, Find: find}
}

// each returns a finding with each of the evidence.
func each(setting string, evidence []string) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) (found []check.Finding, err error) {
		for _, e := range evidence {
			found = append(found, check.Finding{Setting: setting, Evidence: e})
		}
		return found, nil
	}
}

// perSetting returns a finding for each of the settings that is wrong.
func perSetting(settings []string, wrong func(name string) bool) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) (found []check.Finding, err error) {
		for _, name := range settings {
			if wrong(name) {
				found = append(found, check.Finding{Setting: name})
			}
		}
		return found, nil
	}
}

// switches are settings that Django takes for on when they are any text, "False" included.
var switches = []string{
	"CSRF_COOKIE_SECURE", "CSRF_USE_SESSIONS", "DEBUG", "SECURE_CONTENT_TYPE_NOSNIFF", "SECURE_HSTS_INCLUDE_SUBDOMAINS",
	"SECURE_HSTS_PRELOAD", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SECURE",
	"USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT",
}

// lists are settings in which a string is taken for a list of its characters.
var lists = []string{
	"ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "INSTALLED_APPS", "MIDDLEWARE", "SECRET_KEY_FALLBACKS",
}

func (p Project) typeRules() []check.Check {
	isString := func(name string) bool { s, _ := p.get(name).str(); return s != "" }
	age := p.get("SECURE_HSTS_SECONDS")
	_, positive := age.positive()
	return []check.Check{
		rule("django.E002", check.Error, "A switch is a string, which is on whatever it says, even \"False\".",
			"Convert the variable: os.environ.get(\"DEBUG\") == \"True\", or use django-environ's bool.",
			perSetting(switches, isString)),
		rule("django.E003", check.Error, "A list is a string, of which Django takes each character for an entry.",
			"Write a list, or split the variable on commas.",
			perSetting(lists, isString)),
		rule("django.E004", check.Error, "SECURE_HSTS_SECONDS is no number of seconds: what browsers get is not valid.",
			"Set a whole number such as 31536000, or 0 for no HSTS.",
			when(age.truthy() && !positive, "SECURE_HSTS_SECONDS")),
		rule("django.W005", check.Warning, "An entry of ALLOWED_HOSTS matches nothing.",
			"Write example.com or .example.com, in brackets if it is IPv6; Django knows no networks, ports, schemes or *. patterns.",
			each("ALLOWED_HOSTS", deadHosts(p.get("ALLOWED_HOSTS")))),
	}
}

// deadHosts returns the entries that no valid Host header can match, by the rules of Django's host validation.
func deadHosts(v value) (dead []string) {
	if _, isString := v.str(); isString {
		return nil // E003 has said it
	}
	for _, host := range v.texts() {
		name := strings.ToLower(strings.TrimPrefix(host, "."))
		bracketed := strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]")
		plain := name != "" && !strings.HasSuffix(name, ".") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
		if host != "*" && !plain && !bracketed {
			dead = append(dead, host)
		}
	}
	return dead
}

// weakHashers are those by which a stolen password table is read in a day.
var weakHashers = []string{"MD5PasswordHasher", "UnsaltedMD5PasswordHasher", "SHA1PasswordHasher",
	"UnsaltedSHA1PasswordHasher", "CryptPasswordHasher"}

// class returns the last part of a dotted path.
func class(dotted string) string { return dotted[strings.LastIndexByte(dotted, '.')+1:] }

func (p Project) accountRules() []check.Check {
	accounts := p.app("django.contrib.auth")
	hashers := p.get("PASSWORD_HASHERS").texts()
	weak := slices.DeleteFunc(slices.Clone(hashers), func(h string) bool { return !slices.Contains(weakHashers, class(h)) })
	weakFirst := len(hashers) > 0 && slices.Contains(weakHashers, class(hashers[0]))
	age, _ := p.get("SESSION_COOKIE_AGE").positive()
	signed := check.Info
	if age > 14*24*60*60 {
		signed = check.Warning
	}
	inCookies := p.get("SESSION_ENGINE").text() == "django.contrib.sessions.backends.signed_cookies"
	return []check.Check{
		rule("django.W006", check.Warning, "No password is refused, however short or common.",
			"Set AUTH_PASSWORD_VALIDATORS as startproject does, with a minimum length of 12 or more.",
			when(accounts && !p.get("AUTH_PASSWORD_VALIDATORS").truthy(), "AUTH_PASSWORD_VALIDATORS")),
		rule("django.E007", check.Error, "Passwords are stored by a hash that is no protection once the table is stolen.",
			"Put Argon2PasswordHasher or PBKDF2PasswordHasher first in PASSWORD_HASHERS; logins upgrade the stored hashes.",
			when(weakFirst, "PASSWORD_HASHERS")),
		rule("django.I008", check.Info, "Passwords in a weak hash are accepted until their owners log in.",
			"Once few are left, remove the hasher and let their owners reset the password.",
			func(context.Context) ([]check.Finding, error) {
				return check.When(len(weak) > 0 && !weakFirst, check.Finding{Setting: "PASSWORD_HASHERS", Evidence: strings.Join(weak, ", ")})
			}),
		rule("django.W009", signed, "Sessions are kept in their cookies: a copied one works until it expires, whatever logout or new password.",
			"Use the database or the cache for SESSION_ENGINE, or keep SESSION_COOKIE_AGE short.",
			when(inCookies, "SESSION_ENGINE")),
		rule("django.E010", check.Error, "Sessions are pickled: whoever can write one runs code on the server.",
			"Remove SESSION_SERIALIZER, which leaves JSON.",
			when(class(p.get("SESSION_SERIALIZER").text()) == "PickleSerializer", "SESSION_SERIALIZER")),
		rule("django.W011", check.Warning, "The admin site stands where everybody looks for it.",
			"Give it another path, and let only known networks or a second factor through.",
			known(p.admin, "", func(at string) bool { return path.Clean(at) == "/admin" })),
		rule("django.I012", check.Info, "The admin site asks for a password only, as often as one likes.",
			"Add a second factor (django-otp) and a limit on attempts (django-axes).",
			known(p.admin, "INSTALLED_APPS", func(at string) bool {
				return at != "" && !p.appNamed("django_otp", "two_factor", "axes", "allauth.mfa", "mfa", "defender")
			})),
		rule("django.I013", check.Info, "Retired keys still verify whatever they signed.",
			"Empty SECRET_KEY_FALLBACKS once the longest session and link of the old key has expired.",
			when(p.get("SECRET_KEY_FALLBACKS").truthy(), "SECRET_KEY_FALLBACKS")),
	}
}

func (p Project) operationRules() []check.Check {
	limits := []string{"DATA_UPLOAD_MAX_MEMORY_SIZE", "DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_NUMBER_FILES"}
	notSent := []string{"console", "dummy", "filebased", "locmem"}
	mail := strings.Split(p.get("EMAIL_BACKEND").text(), ".")
	return []check.Check{
		rule("django.W014", check.Warning, "A request may be as large as it likes: one can fill the memory.",
			"Remove the setting, which leaves Django's limit, or set a number.",
			perSetting(limits, func(name string) bool { v := p.get(name); return v.set && v.isNone() })),
		rule("django.W015", check.Warning, "E-mail is not sent: password resets and error reports reach nobody.",
			"Set EMAIL_BACKEND to SMTP or to your provider's backend.",
			when(len(mail) > 1 && slices.Contains(notSent, mail[len(mail)-2]), "EMAIL_BACKEND")),
		rule("django.W016", check.Warning, "A security check of Django's is silenced.",
			"Remove it from SILENCED_SYSTEM_CHECKS, and silence the finding here with a reason if there is one.",
			each("SILENCED_SYSTEM_CHECKS", slices.DeleteFunc(p.get("SILENCED_SYSTEM_CHECKS").texts(), func(id string) bool {
				return !strings.HasPrefix(id, "security.") && id != "4_0.E001"
			}))),
		rule("django.I017", check.Info, "The database is SQLite: one machine, one writer at a time, and the file is the backup.",
			"If the site is to grow beyond one machine, use PostgreSQL.",
			each("DATABASES", p.databases("sqlite3", "spatialite"))),
		rule("django.W018", check.Warning, "Uploads and static files share a directory: an upload can take a script's place.",
			"Give MEDIA_ROOT a directory of its own, outside STATIC_ROOT.",
			when(nested(p.get("MEDIA_ROOT").text(), p.get("STATIC_ROOT").text()), "MEDIA_ROOT")),
	}
}

// databases returns the aliases whose engine ends in one of the names.
func (p Project) databases(engines ...string) (aliases []string) {
	all, _ := p.get("DATABASES").dict()
	for alias, v := range all {
		settings, _ := value{v, true}.dict()
		if slices.Contains(engines, class(value{settings["ENGINE"], true}.text())) {
			aliases = append(aliases, alias)
		}
	}
	slices.Sort(aliases)
	return aliases
}

// nested reports whether one directory is the other or inside it.
func nested(a, b string) bool {
	if a == "" || b == "" || strings.HasPrefix(a, "(") || strings.HasPrefix(b, "(") {
		return false
	}
	a, b = path.Clean(a)+"/", path.Clean(b)+"/"
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

func (p Project) stackRules() []check.Check {
	const whiteNoise = "whitenoise.middleware.WhiteNoiseMiddleware"
	stack := p.get("MIDDLEWARE").texts()
	security, files := slices.Index(stack, securityMiddleware), slices.Index(stack, whiteNoise)
	return []check.Check{
		rule("django.W019", check.Warning, "The debug toolbar is installed: it shows queries, settings and templates.",
			"Add debug_toolbar in development settings only.",
			when(p.appNamed("debug_toolbar"), "INSTALLED_APPS")),
		rule("django.I020", check.Info, "SecurityMiddleware is not first: what answers before it has no security headers.",
			"Put it first in MIDDLEWARE.",
			when(security > 0, "MIDDLEWARE")),
		rule("django.W021", check.Warning, "WhiteNoise stands before SecurityMiddleware, or behind others: files lack headers, or pay for sessions.",
			"Put WhiteNoiseMiddleware right after SecurityMiddleware.",
			when(files >= 0 && files != security+1, "MIDDLEWARE")),
	}
}

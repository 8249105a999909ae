package django

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

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
	return []check.Check{{
		ID: "django.W006", Level: check.Warning,
		Title: "No password is refused, however short or common.",
		Hint:  "Set AUTH_PASSWORD_VALIDATORS as startproject does, with a minimum length of 12 or more.",
		Why: "Lists of the most used passwords are tried on every login form. Users who may choose 123456 do, and " +
			"their accounts are the first to go.",
		See:     "https://docs.djangoproject.com/en/stable/topics/auth/passwords/#password-validation",
		Setting: "AUTH_PASSWORD_VALIDATORS",
		Find:    when(accounts && !p.get("AUTH_PASSWORD_VALIDATORS").truthy()),
	}, {
		ID: "django.E007", Level: check.Error,
		Title: "Passwords are stored by a hash that is no protection once the table is stolen.",
		Hint:  "Put Argon2PasswordHasher or PBKDF2PasswordHasher first in PASSWORD_HASHERS; logins upgrade the stored hashes.",
		Why: "A stolen backup or an SQL injection gives away the table. A graphics card tries billions of MD5 or SHA-1 " +
			"hashes a second, so that most passwords are known in a day, here and wherever else they are used.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#password-hashing-algorithms",
		Setting: "PASSWORD_HASHERS",
		Find:    when(weakFirst),
	}, {
		ID: "django.I008", Level: check.Info,
		Title: "Passwords in a weak hash are accepted until their owners log in.",
		Hint:  "Once few are left, remove the hasher and let their owners reset the password.",
		Why: "Accounts that nobody uses any more keep the weak hash for ever, and are as good a way in as others " +
			"once the table is stolen.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#upgrading-legacy-hashes",
		Setting: "PASSWORD_HASHERS",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(len(weak) > 0 && !weakFirst, check.Finding{Evidence: strings.Join(weak, ", ")})
		},
	}, {
		ID: "django.W009", Level: signed,
		Title: "Sessions are kept in their cookies: a copied one works until it expires, whatever logout or new password.",
		Hint:  "Use the database or the cache for SESSION_ENGINE, or keep SESSION_COOKIE_AGE short.",
		Why: "Logging out only deletes the cookie in that browser. Whoever copied it before, from a shared machine " +
			"or a log, stays logged in, and nobody can end it.",
		See:     "https://docs.djangoproject.com/en/stable/topics/http/sessions/#using-cookie-based-sessions",
		Setting: "SESSION_ENGINE",
		Find:    when(inCookies),
	}, {
		ID: "django.E010", Level: check.Error,
		Title: "Sessions are pickled: whoever can write one runs code on the server.",
		Hint:  "Remove SESSION_SERIALIZER, which leaves JSON.",
		Why: "Unpickling runs what the pickle says. A leaked SECRET_KEY, or a write to the session table, becomes " +
			"control of the server.",
		See:     "https://docs.djangoproject.com/en/stable/topics/http/sessions/#session-serialization",
		Setting: "SESSION_SERIALIZER",
		Find:    when(class(p.get("SESSION_SERIALIZER").text()) == "PickleSerializer"),
	}, {
		ID: "django.W011", Level: check.Warning,
		Title: "The admin site stands where everybody looks for it.",
		Hint:  "Give it another path, and let only known networks or a second factor through.",
		Why: "Programs that try stolen passwords ask every site for /admin/, all day. A login that they do not " +
			"find is not attacked by them.",
		See:  "https://cheatsheetseries.owasp.org/cheatsheets/Django_Security_Cheat_Sheet.html#admin-panel-url",
		Find: known(p.Admin, func(at string) bool { return path.Clean(at) == "/admin" }),
	}, {
		ID: "django.I012", Level: check.Info,
		Title: "The admin site asks for a password only, and for any number of times.",
		Hint:  "Add a second factor (django-otp) and a limit on attempts (django-axes).",
		Why: "Django neither counts failed logins nor asks for a second factor. One password of the staff that is " +
			"guessed, or was used elsewhere and leaked there, opens all data.",
		See:     "https://docs.djangoproject.com/en/stable/topics/security/#additional-security-topics",
		Setting: "INSTALLED_APPS",
		Find: known(p.Admin, func(at string) bool {
			return at != "" && !p.appNamed("django_otp", "two_factor", "axes", "allauth.mfa", "mfa", "defender")
		}),
	}, {
		ID: "django.I013", Level: check.Info,
		Title: "Retired keys still verify whatever they signed.",
		Hint:  "Empty SECRET_KEY_FALLBACKS once the longest session and link of the old key has expired.",
		Why: "A key is retired because it may have leaked. As long as it verifies, whoever has it can still forge " +
			"sessions and password resets.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#secret-key-fallbacks",
		Setting: "SECRET_KEY_FALLBACKS",
		Find:    when(p.get("SECRET_KEY_FALLBACKS").truthy()),
	}}
}

package django_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/check/django"
)

// fixture reads what a real Django told.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, export []byte) django.Project {
	t.Helper()
	p, err := django.Parse(export)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// found returns the IDs of the findings, each as often as it was found.
func found(t testing.TB, p django.Project) []string {
	t.Helper()
	r := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true})
	for _, n := range r.NotRun {
		t.Errorf("%s could not look: %s", n.ID, n.Reason)
	}
	var ids []string
	for _, f := range r.Findings {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	return ids
}

func isDjango(id string) bool { return strings.HasPrefix(id, "security.") || id == "4_0.E001" }

// TestStartproject holds the baseline that Django 5.2 reports for an untouched project.
func TestStartproject(t *testing.T) {
	got := slices.DeleteFunc(found(t, parse(t, fixture(t, "startproject"))), func(id string) bool { return !isDjango(id) })
	want := strings.Fields("security.W004 security.W008 security.W009 security.W012 security.W016 security.W018 security.W020")
	if !slices.Equal(got, want) {
		t.Errorf("findings = %q, want %q", got, want)
	}
}

func TestHardened(t *testing.T) {
	got := found(t, parse(t, fixture(t, "hardened")))
	want := []string{"django.I012"} // its passwords can be guessed as often as one likes
	if !slices.Equal(got, want) {
		t.Errorf("findings = %q, want %q", got, want)
	}
}

// TestGaps holds settings in which Django's own "check --deploy --fail-level WARNING" identifies no issues. Each line of
// them is reported here.
func TestGaps(t *testing.T) {
	got := found(t, parse(t, fixture(t, "gaps")))
	for setting, id := range map[string]string{
		`ALLOWED_HOSTS = ["*"]`:                              "hosts.W001",
		`SECURE_HSTS_SECONDS = 1 with SECURE_HSTS_PRELOAD`:   "https.E001",
		`SECURE_HSTS_SECONDS = 1`:                            "https.I001",
		`AUTH_PASSWORD_VALIDATORS = []`:                      "django.W006",
		`PASSWORD_HASHERS = [MD5PasswordHasher]`:             "django.E007",
		`SECURE_PROXY_SSL_HEADER`:                            "proxy.W004",
		`USE_X_FORWARDED_HOST = True`:                        "proxy.W002",
		`CSRF_TRUSTED_ORIGINS = ["https://*.com"]`:           "csrf.W002",
		`CSRF_TRUSTED_ORIGINS = ["http://example.com"]`:      "csrf.W001",
		`SESSION_COOKIE_SAMESITE = None`:                     "session.W001",
		`SESSION_ENGINE = signed_cookies`:                    "django.W009",
		`SESSION_COOKIE_AGE = 10**9`:                         "session.W002",
		`DATA_UPLOAD_MAX_MEMORY_SIZE = None`:                 "django.W014",
		`SECURE_REFERRER_POLICY = "unsafe-url"`:              "headers.W001",
		`EMAIL_BACKEND = console`:                            "django.W015",
		`SILENCED_SYSTEM_CHECKS = ["security.W018"]`:         "django.W016",
		`no Content-Security-Policy`:                         "csp.W001",
		`DATABASES = sqlite3`:                                "django.I017",
		`the admin site at /admin/`:                          "django.W011",
		`the admin site without a second factor or lock-out`: "django.I012",
	} {
		if !slices.Contains(got, id) {
			t.Errorf("%s: %s is not found", setting, id)
		}
	}
	if i := slices.IndexFunc(got, isDjango); i >= 0 {
		t.Errorf("%s is found, which Django does not find", got[i])
	}
	report := check.Run(t.Context(), parse(t, fixture(t, "gaps")).Checks(), check.Options{Deploy: true})
	if !report.Failed() {
		t.Error("the gate opens")
	}
}

// edit is a change of the hardened project: settings as JSON, and facts.
type edit struct {
	set   string // members of a JSON object
	facts string
}

func (e edit) checks() []check.Check {
	b, err := os.ReadFile("testdata/hardened.json")
	if err != nil {
		panic(err)
	}
	var project, change map[string]any
	settings := map[string]any{}
	for text, into := range map[string]any{string(b): &project, "{" + e.set + "}": &settings, "{" + e.facts + "}": &change} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			panic(err)
		}
	}
	all := project["settings"].(map[string]any)
	maps.Copy(all, settings)
	for name, v := range settings {
		if v == "ABSENT" {
			delete(all, name)
		}
	}
	maps.Copy(project, change)
	if b, err = json.Marshal(project); err != nil {
		panic(err)
	}
	p, err := django.Parse(b)
	if err != nil {
		panic(err)
	}
	return p.Checks()
}

const (
	strong  = `"SECRET_KEY": "0123456789-0123456789-0123456789-0123456789-abcdefg"`
	sm      = `"django.middleware.security.SecurityMiddleware"`
	xm      = `"django.middleware.clickjacking.XFrameOptionsMiddleware"`
	cm      = `"django.middleware.csrf.CsrfViewMiddleware"`
	sessm   = `"django.contrib.sessions.middleware.SessionMiddleware"`
	cspm    = `"django.middleware.csp.ContentSecurityPolicyMiddleware"`
	noise   = `"whitenoise.middleware.WhiteNoiseMiddleware"`
	hash    = `"django.contrib.auth.hashers.`
	sessapp = `"django.contrib.sessions"`
)

func TestChecks(t *testing.T) {
	row := func(id, raises, clean string) checktest.Case[edit] {
		return checktest.Case[edit]{ID: id, Raises: edit{set: raises}, Clean: edit{set: clean}}
	}
	stack := func(classes ...string) string { return `"MIDDLEWARE": [` + strings.Join(classes, ", ") + `]` }
	fact := func(id, raises, clean string) checktest.Case[edit] {
		return checktest.Case[edit]{ID: id, Raises: edit{facts: raises}, Clean: edit{facts: clean}}
	}
	policy := func(directives string) string {
		return stack(sm, cspm) + `, "SECURE_CSP": {"default-src": ["'self'"], "object-src": ["'none'"], "base-uri": ["'none'"], ` +
			`"frame-ancestors": ["'none'"], "form-action": ["'self'"]` + directives + `}`
	}
	safe := policy(`, "script-src": ["'self'", "<CSP_NONCE_SENTINEL>"]`)

	cases := []checktest.Case[edit]{
		// Django's rules. A comment names the trap of Django's that a row holds.
		row("security.W001", stack(), stack(sm)),
		row("security.W001", stack(`"mysite.security.SecurityMiddleware"`), `"MIDDLEWARE": `+sm), // in is for strings too
		row("security.W002", stack(sm), stack(xm)),
		row("security.W003", stack(sm), stack(cm)),
		row("security.W004", `"SECURE_HSTS_SECONDS": 0`, `"SECURE_HSTS_SECONDS": 1`),
		row("security.W004", `"SECURE_HSTS_SECONDS": null`, `"SECURE_HSTS_SECONDS": "0"`), // truth, not number
		row("security.W004", `"SECURE_HSTS_SECONDS": 0.0`, `"SECURE_HSTS_SECONDS": -1`),
		row("security.W004", `"SECURE_HSTS_SECONDS": false`, `"SECURE_HSTS_SECONDS": 0, `+stack(xm)),
		row("security.W005", `"SECURE_HSTS_INCLUDE_SUBDOMAINS": 1`, `"SECURE_HSTS_INCLUDE_SUBDOMAINS": true`), // identity
		row("security.W005", `"SECURE_HSTS_INCLUDE_SUBDOMAINS": "True"`,
			`"SECURE_HSTS_INCLUDE_SUBDOMAINS": false, "SECURE_HSTS_SECONDS": 0`),
		row("security.W006", `"SECURE_CONTENT_TYPE_NOSNIFF": 1`, `"SECURE_CONTENT_TYPE_NOSNIFF": true`),
		row("security.W008", `"SECURE_SSL_REDIRECT": 1`, `"SECURE_SSL_REDIRECT": true`),
		row("security.W009", `"SECRET_KEY": "short"`, strong),
		row("security.W009", `"SECRET_KEY": "`+strings.Repeat("abcd", 20)+`"`, `"SECRET_KEY": "`+strings.Repeat("abcde", 10)+`"`),
		row("security.W009", `"SECRET_KEY": "ABSENT"`, `"SECRET_KEY": "`+strings.Repeat("äöüßé", 10)+`"`), // code points
		row("security.W010", stack(sm)+`, "SESSION_COOKIE_SECURE": 1`, stack(sm)),
		row("security.W011", `"INSTALLED_APPS": [], "SESSION_COOKIE_SECURE": 1`, `"INSTALLED_APPS": []`),
		row("security.W012", `"SESSION_COOKIE_SECURE": 1`, `"SESSION_COOKIE_SECURE": true`),
		row("security.W013", stack(sm)+`, "SESSION_COOKIE_HTTPONLY": 1`, stack(sm)),
		row("security.W014", `"INSTALLED_APPS": [], "SESSION_COOKIE_HTTPONLY": 1`, `"INSTALLED_APPS": []`),
		row("security.W015", `"SESSION_COOKIE_HTTPONLY": 1`, `"INSTALLED_APPS": [], "SESSION_COOKIE_HTTPONLY": 1`),
		row("security.W016", `"CSRF_COOKIE_SECURE": 1`, `"CSRF_COOKIE_SECURE": 1, "CSRF_USE_SESSIONS": 1`),
		row("security.W018", `"DEBUG": "False"`, `"DEBUG": ""`),                        // truth
		row("security.W019", `"X_FRAME_OPTIONS": "deny"`, `"X_FRAME_OPTIONS": "DENY"`), // T9
		row("security.W019", `"X_FRAME_OPTIONS": ""`, stack(sm)),
		row("security.W019", `"X_FRAME_OPTIONS": "none"`, `"X_FRAME_OPTIONS": "DENY"`),
		row("security.W019", `"X_FRAME_OPTIONS": null`, `"X_FRAME_OPTIONS": "DENY"`),
		row("security.W020", `"ALLOWED_HOSTS": []`, `"ALLOWED_HOSTS": ["*"]`), // T9
		row("security.W020", `"ALLOWED_HOSTS": ""`, `"ALLOWED_HOSTS": "example.com"`),
		row("security.W020", `"ALLOWED_HOSTS": null`, `"ALLOWED_HOSTS": true`),
		row("security.W021", `"SECURE_HSTS_PRELOAD": 1`, `"SECURE_HSTS_PRELOAD": true`),
		row("security.W022", `"SECURE_REFERRER_POLICY": null`, `"SECURE_REFERRER_POLICY": ""`), // E023 instead
		row("security.W022", `"SECURE_REFERRER_POLICY": null`, `"SECURE_REFERRER_POLICY": "none"`),
		row("security.E023", `"SECURE_REFERRER_POLICY": ""`, `"SECURE_REFERRER_POLICY": []`),
		row("security.E023", `"SECURE_REFERRER_POLICY": "none"`, `"SECURE_REFERRER_POLICY": null`),
		row("security.E023", `"SECURE_REFERRER_POLICY": "Same-Origin"`, `"SECURE_REFERRER_POLICY": " origin ,\tsame-origin "`),
		row("security.E023", `"SECURE_REFERRER_POLICY": [" origin"]`, `"SECURE_REFERRER_POLICY": ["origin", "no-referrer"]`),
		row("security.E023", `"SECURE_REFERRER_POLICY": ["origin,same-origin"]`, `"SECURE_REFERRER_POLICY": "origin,same-origin"`),
		row("security.E023", `"SECURE_REFERRER_POLICY": "never"`, `"SECURE_REFERRER_POLICY": "never", `+stack(xm)),
		row("security.E024", `"SECURE_CROSS_ORIGIN_OPENER_POLICY": "noopener-allow-popups"`,
			`"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin-allow-popups"`),
		row("security.E024", `"SECURE_CROSS_ORIGIN_OPENER_POLICY": ""`, `"SECURE_CROSS_ORIGIN_OPENER_POLICY": null`),
		row("security.E024", `"SECURE_CROSS_ORIGIN_OPENER_POLICY": "none"`, `"SECURE_CROSS_ORIGIN_OPENER_POLICY": "unsafe-none"`),
		row("security.W025", `"SECRET_KEY_FALLBACKS": ["short"]`, `"SECRET_KEY_FALLBACKS": []`),
		row("security.W025", `"SECRET_KEY_FALLBACKS": "ABSENT"`, `"SECRET_KEY_FALLBACKS": {}`),
		row("security.W025", `"SECRET_KEY_FALLBACKS": null`, `"SECRET_KEY_FALLBACKS": ""`), // None crashes Django's check
		row("security.E026", `"SECURE_CSP": ["default-src"]`, `"SECURE_CSP": null`),
		row("security.E026", `"SECURE_CSP_REPORT_ONLY": "default-src 'self'"`, `"SECURE_CSP_REPORT_ONLY": {}`),
		row("security.W027", safe, safe+`, "TEMPLATES": [{"context_processors": ["django.template.context_processors.csp"]}]`),
		row("security.W027", safe, policy("")),
		fact("security.E101", `"failure_view": "uncallable"`, `"failure_view": "ok"`),
		fact("security.E102", `"failure_view": "missing"`, `"failure_view": "ok"`),
		row("4_0.E001", `"CSRF_TRUSTED_ORIGINS": ["example.com"], `+stack(sm), `"CSRF_TRUSTED_ORIGINS": ["https://example.com"]`),
		row("4_0.E001", `"CSRF_TRUSTED_ORIGINS": "https://example.com"`, `"CSRF_TRUSTED_ORIGINS": ["://"]`),

		// The parts' rules that Django lacks.
		row("hosts.W001", `"ALLOWED_HOSTS": ["example.com", "*"]`, `"ALLOWED_HOSTS": ["*.example.com"]`),
		row("hosts.W002", `"ALLOWED_HOSTS": [".co.uk"]`, `"ALLOWED_HOSTS": [".example.co.uk"]`),
		row("https.E001", `"SECURE_HSTS_SECONDS": 3600`, `"SECURE_HSTS_SECONDS": 31536000`),
		row("https.I001", `"SECURE_HSTS_SECONDS": 3600`, `"SECURE_HSTS_SECONDS": 31536000`),
		row("https.W001", `"SECURE_REDIRECT_EXEMPT": [".*"]`, `"SECURE_REDIRECT_EXEMPT": ["^healthz$"]`),
		row("https.W002", `"SECURE_SSL_HOST": "example.com"`, `"SECURE_SSL_HOST": null`),
		row("headers.W001", `"SECURE_REFERRER_POLICY": "unsafe-url"`, `"SECURE_REFERRER_POLICY": "origin"`),
		row("headers.W002", `"SECURE_REFERRER_POLICY": ["no-referrer"]`, `"SECURE_REFERRER_POLICY": "same-origin"`),
		row("headers.W003", `"SECURE_CROSS_ORIGIN_OPENER_POLICY": null`, `"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin"`),
		row("csrf.E001", `"CSRF_TRUSTED_ORIGINS": ["https://example.com/path"]`, `"CSRF_TRUSTED_ORIGINS": ["https://example.com"]`),
		row("csrf.W001", `"CSRF_TRUSTED_ORIGINS": ["http://example.com"]`, `"CSRF_TRUSTED_ORIGINS": ["https://example.com"]`),
		row("csrf.W002", `"CSRF_TRUSTED_ORIGINS": ["https://*.com"]`, `"CSRF_TRUSTED_ORIGINS": ["https://*.example.com"]`),
		row("csrf.W003", `"CSRF_COOKIE_SAMESITE": "None"`, `"CSRF_COOKIE_SAMESITE": "Strict"`),
		row("csrf.W005", `"CSRF_COOKIE_DOMAIN": ".example.com"`, `"CSRF_COOKIE_DOMAIN": null`),
		row("session.W001", `"SESSION_COOKIE_SAMESITE": "none"`, `"SESSION_COOKIE_SAMESITE": "lax"`),
		row("session.W001", `"SESSION_COOKIE_SAMESITE": false`, `"SESSION_COOKIE_SAMESITE": "Strict"`),
		row("session.W002", `"SESSION_COOKIE_AGE": 1e30`, `"SESSION_COOKIE_AGE": 1209600`),
		row("session.W005", `"SESSION_COOKIE_DOMAIN": ".example.com"`, `"SESSION_COOKIE_DOMAIN": null`),
		row("keyring.E001", `"SECRET_KEY_FALLBACKS": ["changeme"]`, `"SECRET_KEY_FALLBACKS": []`),
		row("keyring.W003", strong+`, "SECRET_KEY_FALLBACKS": [`+strings.TrimPrefix(strong, `"SECRET_KEY": `)+`]`, strong),
		row("proxy.W002", `"USE_X_FORWARDED_HOST": true`, `"USE_X_FORWARDED_HOST": false`),
		row("proxy.W003", `"USE_X_FORWARDED_PORT": true`, `"USE_X_FORWARDED_PORT": false`),
		row("proxy.W004", `"SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"]`, `"SECURE_PROXY_SSL_HEADER": null`),
		row("csp.W001", stack(sm), safe),
		row("csp.W001", stack(sm, cspm)+`, "SECURE_CSP": {}`, safe),
		row("csp.W002", stack(sm, cspm)+`, "SECURE_CSP_REPORT_ONLY": {"default-src": ["'self'"]}`, safe),

		// Rules of this package.
		row("django.E001", policy(`, "scirpt-src": ["'self'"]`), safe),
		row("django.E001", policy(`, "img-src": "self"`), policy(`, "img-src": "'self'", "upgrade-insecure-requests": true, "font-src": null`)),
		row("django.E002", `"DEBUG": "False"`, `"DEBUG": false`),
		row("django.E002", `"SESSION_COOKIE_SECURE": "true"`, `"SESSION_COOKIE_SECURE": 1`),
		row("django.E003", `"ALLOWED_HOSTS": "example.com"`, `"ALLOWED_HOSTS": ["example.com"]`),
		row("django.E004", `"SECURE_HSTS_SECONDS": "3600"`, `"SECURE_HSTS_SECONDS": 3600`),
		row("django.E004", `"SECURE_HSTS_SECONDS": -1`, `"SECURE_HSTS_SECONDS": 0`),
		row("django.W005", `"ALLOWED_HOSTS": ["10.0.0.0/8"]`, `"ALLOWED_HOSTS": ["10.0.0.5", "[::1]", ".Example.com", "*"]`), // T8
		row("django.W005", `"ALLOWED_HOSTS": ["https://example.com"]`, `"ALLOWED_HOSTS": ["example.com"]`),
		row("django.W005", `"ALLOWED_HOSTS": ["example.com:443"]`, `"ALLOWED_HOSTS": ["example.com"]`),
		row("django.W005", `"ALLOWED_HOSTS": ["*.example.com"]`, `"ALLOWED_HOSTS": [".example.com"]`),
		row("django.W005", `"ALLOWED_HOSTS": ["example.com."]`, `"ALLOWED_HOSTS": ["xn--bcher-kva.example"]`),
		row("django.W005", `"ALLOWED_HOSTS": ["::1"]`, `"ALLOWED_HOSTS": ["[::1]"]`),
		row("django.W005", `"ALLOWED_HOSTS": [""]`, `"ALLOWED_HOSTS": []`),
		row("django.W006", `"AUTH_PASSWORD_VALIDATORS": []`, `"AUTH_PASSWORD_VALIDATORS": [], "INSTALLED_APPS": []`),
		row("django.E007", `"PASSWORD_HASHERS": [`+hash+`MD5PasswordHasher"]`, `"PASSWORD_HASHERS": [`+hash+`Argon2PasswordHasher"]`),
		row("django.I008", `"PASSWORD_HASHERS": [`+hash+`Argon2PasswordHasher", `+hash+`MD5PasswordHasher"]`,
			`"PASSWORD_HASHERS": [`+hash+`Argon2PasswordHasher", `+hash+`PBKDF2SHA1PasswordHasher"]`),
		row("django.W009", `"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"`,
			`"SESSION_ENGINE": "django.contrib.sessions.backends.cache"`),
		row("django.E010", `"SESSION_SERIALIZER": "django.contrib.sessions.serializers.PickleSerializer"`,
			`"SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer"`),
		fact("django.W011", `"admin": "/admin/"`, `"admin": "/site/admin/"`),
		fact("django.I012", `"admin": "/backstage/"`, `"admin": ""`),
		row("django.I012", "", `"INSTALLED_APPS": ["axes.apps.AppConfig"]`),
		row("django.I013", `"SECRET_KEY_FALLBACKS": ["x"]`, `"SECRET_KEY_FALLBACKS": []`),
		row("django.W014", `"DATA_UPLOAD_MAX_NUMBER_FIELDS": null`, `"DATA_UPLOAD_MAX_NUMBER_FIELDS": "ABSENT"`), // an older Django
		row("django.W015", `"EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"`,
			`"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"`),
		row("django.W016", `"SILENCED_SYSTEM_CHECKS": ["security.W018"]`, `"SILENCED_SYSTEM_CHECKS": ["urls.W002"]`),
		row("django.I017", `"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}`,
			`"DATABASES": {"default": {"ENGINE": "django.db.backends.mysql"}}`),
		row("django.W018", `"MEDIA_ROOT": "/srv/static/media"`, `"MEDIA_ROOT": "/srv/static-media"`),
		row("django.W018", `"MEDIA_ROOT": "/srv/static/"`, `"MEDIA_ROOT": ""`),
		row("django.W019", `"INSTALLED_APPS": ["debug_toolbar"]`, `"INSTALLED_APPS": ["debug_toolbars"]`),
		row("django.I020", stack(xm, sm), stack(sm, xm)),
		row("django.W021", stack(noise, sm), stack(sm, noise)),
		row("django.W021", stack(sm, sessm, noise), stack(noise)),
	}
	for id, directive := range map[string]string{ // one that each grade of a policy finds fault with
		"csp.W003": `"script-src": ["'unsafe-inline'"]`,
		"csp.W004": `"script-src": ["'unsafe-eval'"]`,
		"csp.W005": `"script-src": ["https:"]`,
		"csp.W006": `"base-uri": null`,
		"csp.W007": `"object-src": false, "default-src": []`,
		"csp.W008": `"default-src": null`,
		"csp.W009": `"script-src": "cdnjs.cloudflare.com"`,
		"csp.W010": `"frame-ancestors": "*"`,
		"csp.W011": `"form-action": null`,
		"csp.W012": `"script-src": ["'nonce-abc'"]`,
		"csp.W013": `"script-src": ["http://example.com"]`,
		"csp.I001": `"style-src": ["'unsafe-inline'"]`,
	} {
		cases = append(cases, row(id, policy(", "+directive), safe))
	}
	checktest.Run(t, edit.checks, cases)
}

func TestParseRefuses(t *testing.T) {
	for name, export := range map[string]string{
		"nothing":                     ``,
		"something printed before":    `loading... {"airworthy": 1, "settings": {}}`,
		"something printed after":     `{"airworthy": 1, "settings": {}} s3cr3t`,
		"two exports":                 `{"airworthy": 1, "settings": {}}{"airworthy": 1, "settings": {}}`,
		"a list":                      `["s3cr3t"]`,
		"another form":                `{"airworthy": 2, "settings": {"SECRET_KEY": "s3cr3t"}}`,
		"no settings":                 `{"airworthy": 1}`,
		"settings of the wrong type":  `{"airworthy": 1, "settings": "s3cr3t"}`,
		"a fact of the wrong type":    `{"airworthy": 1, "settings": {}, "admin": {"s3cr3t": 1}}`,
		"a number that JSON has not":  `{"airworthy": 1, "settings": {"SECRET_KEY": s3cr3t}}`,
		"far more than settings take": `{"airworthy": 1, "settings": {"SECRET_KEY": "` + strings.Repeat("s3cr3t", 2<<20) + `"}}`,
	} {
		_, err := django.Parse([]byte(export))
		if err == nil {
			t.Errorf("%s is accepted", name)
		} else if strings.Contains(err.Error(), "s3cr3t") { // badinput 53
			t.Errorf("%s: the error repeats what was printed", name)
		}
	}
}

// TestUnknownFactsAreNotClean holds that a project whose code could not be run has not passed the rules that need it.
func TestUnknownFactsAreNotClean(t *testing.T) {
	r := check.Run(t.Context(), edit{facts: `"admin": null, "failure_view": null`}.checks(), check.Options{Deploy: true})
	var got []string
	for _, n := range r.NotRun {
		got = append(got, n.ID)
	}
	slices.Sort(got)
	if want := []string{"django.I012", "django.W011", "security.E101", "security.E102"}; !slices.Equal(got, want) {
		t.Errorf("not run = %q, want %q", got, want)
	}
}

// TestNoSecretInTheReport runs a project whose keys are found fault with. badinput 53.
func TestNoSecretInTheReport(t *testing.T) {
	e := edit{set: `"SECRET_KEY": "s3cr3t-key", "SECRET_KEY_FALLBACKS": ["s3cr3t-key", "s3cr3t-old"], ` +
		`"CSRF_TRUSTED_ORIGINS": ["https://user:s3cr3t@example.com"]`}
	r := check.Run(t.Context(), e.checks(), check.Options{Deploy: true})
	var b strings.Builder
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "security.W025") || strings.Contains(b.String(), "s3cr3t") {
		t.Error("the report lacks the weak fallbacks, or holds a key")
	}
}

// TestEveryRuleIsListedForEveryProject holds the IDs steady, so that one can be silenced whatever the project.
func TestEveryRuleIsListedForEveryProject(t *testing.T) {
	list := func(p django.Project) (ids []string) {
		for _, c := range p.Checks() {
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		return ids
	}
	want := list(django.Project{})
	for _, name := range []string{"startproject", "hardened", "gaps"} {
		if got := list(parse(t, fixture(t, name))); !slices.Equal(got, want) {
			t.Errorf("%s: rules = %q, want %q", name, got, want)
		}
	}
	for _, id := range strings.Fields(`security.W001 security.W002 security.W003 security.W004 security.W005
		security.W006 security.W008 security.W009 security.W010 security.W011 security.W012 security.W013 security.W014
		security.W015 security.W016 security.W018 security.W019 security.W020 security.W021 security.W022 security.E023
		security.E024 security.W025 security.E026 security.W027 security.E101 security.E102 4_0.E001`) {
		if !slices.Contains(want, id) {
			t.Errorf("Django's %s is missing", id)
		}
	}
}

// FuzzParse holds that whatever Python prints is refused or judged, and that judging never fails.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"startproject", "hardened", "gaps"} {
		f.Add(fixture(f, name))
	}
	for _, v := range []string{"null", "1e400", `[[1],{"a":null}]`, `{"__python__":"x","true":true}`, `"\ud800"`, `[null,true]`} {
		var all []string
		for _, name := range strings.Fields(`ALLOWED_HOSTS MIDDLEWARE SECRET_KEY SECRET_KEY_FALLBACKS SECURE_HSTS_SECONDS
			SECURE_REFERRER_POLICY SECURE_CSP SESSION_COOKIE_AGE CSRF_TRUSTED_ORIGINS DATABASES TEMPLATES`) {
			all = append(all, `"`+name+`":`+v)
		}
		f.Add([]byte(`{"airworthy":1,"admin":"","failure_view":"ok","settings":{` + strings.Join(all, ",") + `}}`))
	}
	f.Fuzz(func(t *testing.T, export []byte) {
		p, err := django.Parse(export)
		if err != nil {
			return
		}
		checks := p.Checks()
		if err := check.Validate(checks); err != nil {
			t.Fatal(err)
		}
		for _, n := range check.Run(t.Context(), checks, check.Options{Deploy: true}).NotRun {
			if !strings.Contains(n.Reason, "could not be run") {
				t.Errorf("%s could not look: %s", n.ID, n.Reason)
			}
		}
	})
}

func BenchmarkChecks(b *testing.B) {
	export := fixture(b, "gaps")
	b.ReportAllocs()
	for b.Loop() {
		p, err := django.Parse(export)
		if err != nil {
			b.Fatal(err)
		}
		check.Run(b.Context(), p.Checks(), check.Options{Deploy: true})
	}
}

// TestLevels holds level and deployment flag of the rules that are Django's.
func TestLevels(t *testing.T) {
	always := strings.Fields("4_0.E001 security.E026 security.E101 security.E102 security.W027")
	n := 0
	for _, c := range (django.Project{}).Checks() {
		if !isDjango(c.ID) {
			continue
		}
		n++
		level := map[byte]check.Level{'W': check.Warning, 'E': check.Error}[c.ID[strings.IndexByte(c.ID, '.')+1]]
		if c.Level != level || c.Deploy == slices.Contains(always, c.ID) {
			t.Errorf("%s: level %s, deploy %t, want %s, %t", c.ID, c.Level, c.Deploy, level, !c.Deploy)
		}
	}
	if n != 28 {
		t.Errorf("%d rules of Django's, want 28", n)
	}
}

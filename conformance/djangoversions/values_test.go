package djangoversions_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

const (
	sm    = "'django.middleware.security.SecurityMiddleware'"
	xm    = "'django.middleware.clickjacking.XFrameOptionsMiddleware'"
	cm    = "'django.middleware.csrf.CsrfViewMiddleware'"
	sessm = "'django.contrib.sessions.middleware.SessionMiddleware'"
	authm = "'django.contrib.auth.middleware.AuthenticationMiddleware'"
	login = "'django.contrib.auth.middleware.LoginRequiredMiddleware'"
	cspm  = "'django.middleware.csp.ContentSecurityPolicyMiddleware'"

	strong = "0123456789-0123456789-0123456789-0123456789-abcdefg"
)

// switches are what a switch may be set to; Django asks of some whether they are True, of others whether they are true.
var switches = strings.Split("True|False|1|0|2|'True'|'False'|''|None|1.0|0.0|[]|[0]|()|{}|object()|not True|1 == 1|bool('x')", "|")

// values holds, for each setting that the claimed checks look at, source on both sides of every boundary.
func values() map[string][]string {
	v := map[string][]string{
		"MIDDLEWARE": {"[" + strings.Join([]string{sm, sessm, cm, authm, xm}, ", ") + "]", "[]", "[" + sm + "]", "[" + xm + "]", "[" + cm + "]",
			"[" + sessm + "]", "(" + sm + ", " + xm + ")", "[" + xm + "] + [" + cm + ", " + sessm + "]", "[" + sm + ", " + login + ", " + authm + "]",
			"[" + sm + ", " + authm + ", " + login + "]", "[" + login + "]", "[" + sm + ", " + cspm + "]", "[" + cspm + "]"},
		"INSTALLED_APPS": {"APPS + ['django.contrib.sessions']", "APPS", "APPS + ['django.contrib.sessions.apps.SessionsConfig']",
			"tuple(APPS) + ('django.contrib.sessions',)", "[*APPS, 'django.contrib.sessions']"},
		"SECURE_HSTS_SECONDS":  {"0", "1", "60 * 60", "31_536_000", "-1", "None", "'0'", "''", "'3600'", "0.5", "0.0", "True", "False", "[]", "[0]", "10**9", "float('inf')"},
		"X_FRAME_OPTIONS":      {"'DENY'", "'deny'", "'SAMEORIGIN'", "''", "' DENY'", "'DE' 'NY'", "'DENY '", "'none'", "None", "0", "['DENY']", "'deny'.upper()"},
		"ALLOWED_HOSTS":        {"[]", "['example.com']", "['*']", "['']", "()", "''.split()", "'a,b'.split(',')", "['a'] + []"},
		"CSRF_TRUSTED_ORIGINS": {"[]", "['https://example.com']", "['example.com', 'https://a', 'b']", "['://']", "['']", "['http:/x']", "('*',)", "''", "['a', 'a']", "{'x'}"},
		"CSRF_FAILURE_VIEW": {"'django.views.csrf.csrf_failure'", "'no.such.view'", "'django.views.csrf.no_such'", "'views.uncallable'",
			"'views.callable_view'"},
		"SECRET_KEY": {quote(strong), quote(strong[2:]), quote(strong[:49]), "'a' * 60", "'abcd' * 13", "'abcde' * 10", "'é' * 50", "'äöüßé' * 10",
			"'äöüßé' * 9 + 'äöüß'", quote("django-insecure-" + strong), quote("Django-insecure-" + strong), "''", "' ' * 50", "'😀😁😂🤣😃' * 10",
			"r'\\n' + " + quote(strong), "'\\x61\\x62cde' * 10", "f'{PREFIX}" + strong + "'"},
		"SECRET_KEY_FALLBACKS": {"[]", "[" + quote(strong) + "]", "['weak']", "['weak', " + quote(strong) + ", '']", "('a', 'b', 'c')", "['äöüßé' * 9]", "''", "{}"},
		"SECURE_CROSS_ORIGIN_OPENER_POLICY": {"None", "'same-origin'", "'same-origin-allow-popups'", "'unsafe-none'", "'noopener-allow-popups'",
			"''", "'none'", "'Same-Origin'", "5", "False"},
		"CACHES": {"{'default': {'BACKEND': LOCMEM}}", "{}", "{'other': {'BACKEND': LOCMEM}}", "{'default': {'BACKEND': FILES, 'LOCATION': '/srv/media/cache'}}",
			"{'default': {'BACKEND': FILES, 'LOCATION': '/srv'}, 'b': {'BACKEND': FILES, 'LOCATION': '/srv/static'}}",
			"{'default': {'BACKEND': FILES, 'LOCATION': 'relative'}}", "{'default': {'BACKEND': FILES, 'LOCATION': BASE / 'cache'}}"},
		"MEDIA_ROOT":             {"''", "'/srv/media'", "'/srv/static/media'", "BASE / 'cache'", "str(BASE / 'media')"},
		"STATIC_ROOT":            {"None", "'/srv/static'", "os.path.join(BASE, 'static')"},
		"STATIC_URL":             {"'/static/'", "'/static'", "'static/'", "'https://cdn.example.com/s'", "None"},
		"MEDIA_URL":              {"''", "'/media/'", "'/media'"},
		"FILE_UPLOAD_TEMP_DIR":   {"None", "'/tmp'", "'/no/such'", "''"},
		"ROOT_URLCONF":           {"'urls'", "'urls_missing'", "'urls_uncallable'", "'urls_good'"},
		"SILENCED_SYSTEM_CHECKS": {"[]", "['security.W018']"},
	}
	for _, name := range strings.Fields(`DEBUG SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD SECURE_CONTENT_TYPE_NOSNIFF
		SECURE_SSL_REDIRECT SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY CSRF_COOKIE_SECURE CSRF_USE_SESSIONS`) {
		v[name] = switches
	}
	for _, word := range strings.Fields(`no-referrer no-referrer-when-downgrade origin origin-when-cross-origin same-origin
		strict-origin strict-origin-when-cross-origin unsafe-url`) {
		v["SECURE_REFERRER_POLICY"] = append(v["SECURE_REFERRER_POLICY"], quote(word), quote(word+"x"))
	}
	v["SECURE_REFERRER_POLICY"] = append(v["SECURE_REFERRER_POLICY"], "None", "''", "'same-origin, origin'", "'same-origin,'", "'Same-Origin'",
		"['origin']", "('origin', 'no-referrer')", "['origin,no-referrer']", "[]", "{'origin': 1}")
	return v
}

// only are settings that belong to some releases.
func only(release string) map[string][]string {
	v := map[string][]string{}
	if strings.HasPrefix(release, "3.") {
		v["DEFAULT_HASHING_ALGORITHM"] = []string{"'sha1'", "'sha256'", "'md5'", "None"}
	}
	if strings.HasPrefix(release, "6.") {
		policies := []string{"None", "{}", "{'default-src': [CSP.SELF]}", "{'script-src': [CSP.SELF, CSP.NONCE]}", "{'script-src': CSP.NONCE}",
			"{'img-src': None, 'script-src': (CSP.NONCE,)}", "{'script-src': True}", "[]", "''", "\"default-src 'self'\"", "0", "True"}
		v["SECURE_CSP"], v["SECURE_CSP_REPORT_ONLY"] = policies, policies
		v["TEMPLATES"] = []string{"TEMPLATES_PLAIN", "TEMPLATES_CSP"}
	}
	if strings.HasPrefix(release, "6.") && !strings.HasPrefix(release, "6.0") {
		v["MAILERS"] = []string{"{'default': {'BACKEND': 'django.core.mail.backends.console.EmailBackend'}}",
			"{'default': {'BACKEND': 'django.core.mail.backends.smtp.EmailBackend', 'OPTIONS': {'host': 'localhost'}}}", "{}", "{'other': {}}", "{'default': {}}"}
	}
	return v
}

func quote(s string) string { return "'" + s + "'" }

// head is what every module begins with.
const head = `import os
from pathlib import Path
%s
BASE = Path(__file__).resolve().parent
PREFIX = 'django-insecure-'
LOCMEM = 'django.core.cache.backends.locmem.LocMemCache'
FILES = 'django.core.cache.backends.filebased.FileBasedCache'
APPS = ['django.contrib.admin', 'django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.messages', 'django.contrib.staticfiles']
TEMPLATES_PLAIN = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True, 'OPTIONS': {'context_processors': [
    'django.template.context_processors.request', 'django.contrib.auth.context_processors.auth', 'django.contrib.messages.context_processors.messages']}}]
TEMPLATES_CSP = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True, 'OPTIONS': {'context_processors': [
    'django.template.context_processors.csp', 'django.template.context_processors.request', 'django.contrib.auth.context_processors.auth',
    'django.contrib.messages.context_processors.messages']}}]
TEMPLATES = TEMPLATES_PLAIN
INSTALLED_APPS = APPS + ['django.contrib.sessions']
ROOT_URLCONF = 'urls'
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}
DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'
USE_TZ = True
`

// hardened are settings with which nothing is found.
const hardened = `SECRET_KEY = '` + strong + `'
ALLOWED_HOSTS = ['example.com']
MIDDLEWARE = [` + sm + ", " + sessm + ", " + cm + ", " + authm + ", " + xm + `]
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
`

// files are what the modules refer to.
var files = map[string]string{
	"urls.py":         "from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path('admin/', admin.site.urls)]\n",
	"urls_missing.py": "urlpatterns = []\nhandler404 = 'no.such.view'\nhandler500 = 'views.no_such'\n",
	"urls_uncallable.py": "import views\nurlpatterns = []\nhandler400 = 'views.uncallable'\nhandler403 = views.uncallable\n" +
		"handler500 = 'views.callable_view'\n",
	"urls_good.py": "urlpatterns = []\nhandler404 = 'views.two'\nhandler500 = 'views.uncallable'\n",
	"views.py":     "def uncallable(request): pass\ndef callable_view(request, reason=''): pass\ndef two(request, exception): pass\n",
}

// modules returns the source of settings modules: each value of each setting on its own, twice, and random mixtures, in
// several ways of writing them down.
func modules(r *rand.Rand, release string) []string {
	all := values()
	for name, v := range only(release) {
		all[name] = v
	}
	names := []string{}
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	csp := ""
	if strings.HasPrefix(release, "6.") {
		csp = "from django.utils.csp import CSP"
	}
	first := fmt.Sprintf(head, csp)
	var out []string
	for _, name := range names {
		for _, v := range all[name] {
			out = append(out, first+hardened+write(r, name, v))
		}
	}
	together := []string{ // which chance seldom brings about
		"INSTALLED_APPS = APPS\nSESSION_COOKIE_SECURE = SESSION_COOKIE_HTTPONLY = False\n",
		"MIDDLEWARE = [" + sm + "]\nSESSION_COOKIE_SECURE = SESSION_COOKIE_HTTPONLY = False\n",
		"MEDIA_ROOT = '/srv/media'\nCACHES = {'default': {'BACKEND': FILES, 'LOCATION': '/srv/media/cache'}}\n",
	}
	if csp != "" {
		together = append(together, "MIDDLEWARE = ["+sm+", "+cspm+"]\nSECURE_CSP = {'script-src': [CSP.NONCE]}\n")
	}
	for _, c := range together {
		out = append(out, first+hardened+c)
	}
	for len(out) < 620 {
		src := first
		if r.IntN(2) == 0 {
			src += hardened
		} else if r.IntN(2) == 0 {
			src += "from base import *\n"
		}
		mixed := slices.Clone(names)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		for _, name := range mixed[:3+r.IntN(12)] {
			src += write(r, name, all[name][r.IntN(len(all[name]))])
		}
		out = append(out, src)
	}
	return out
}

// write writes an assignment down in one of several ways.
func write(r *rand.Rand, name, v string) string {
	switch r.IntN(7) {
	case 0:
		return fmt.Sprintf("%s = None\n%s = (\n    %s  # a comment\n)\n", name, name, v)
	case 1:
		return fmt.Sprintf("if BASE:\n    %s = %s\nelse:\n    %s = None\n", name, v, name)
	case 2:
		return fmt.Sprintf("if os.environ.get('AIRWORTHY_NO_SUCH'):\n    %s = None\nelse:\n    %s = %s\n", name, name, v)
	case 3:
		return fmt.Sprintf("%s: object = %s; AFTER_%s = 1\n", name, v, name)
	case 4:
		return fmt.Sprintf("try:\n    %s = %s\nexcept NameError:\n    %s = 0\n", name, v, name)
	}
	return fmt.Sprintf("%s = %s\n", name, v)
}

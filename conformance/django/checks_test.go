package django_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
	"github.com/airworthy-go/airworthy/conformance/django/oracle"
)

// special stands for a Python value that JSON does not have; see ops/checks.py.
func special(kind string, v any) map[string]any { return map[string]any{"$": kind, "v": v} }

func list(v ...any) []any { return append([]any{}, v...) }

var (
	absent = map[string]any{"$": "absent"}
	object = map[string]any{"$": "object"}

	// Whatever a switch may be set to; Django asks whether some are True and whether others are true.
	switches = []any{true, false, 1, 0, 2, "True", "False", "", "0", nil, 1.0, 0.0, list(), list(0), special("tuple", list()),
		map[string]any{}, map[string]any{"a": 1}, object, special("float", "nan")}

	strong = "0123456789-0123456789-0123456789-0123456789-abcdefg"
	keys   = []any{strong, strong[1:], strong[2:], strong[:49], strings.Repeat("a", 60), strings.Repeat("abcd", 13),
		strings.Repeat("abcde", 10), strings.Repeat("é", 50), strings.Repeat("äöüßé", 10), strings.Repeat("äöüßé", 9) + "äöüß",
		"django-insecure-" + strong, "Django-insecure-" + strong, "django-insecure" + strong, "", " ", strings.Repeat(" ", 50),
		strings.Repeat("😀😁😂🤣😃", 10), strong + "\x00", strings.Repeat("e\u0301abc", 10)}
)

const (
	sm    = "django.middleware.security.SecurityMiddleware"
	xm    = "django.middleware.clickjacking.XFrameOptionsMiddleware"
	cm    = "django.middleware.csrf.CsrfViewMiddleware"
	sessm = "django.contrib.sessions.middleware.SessionMiddleware"
)

// values holds, for each setting that Django's security checks look at, the values on both sides of every boundary.
func values() map[string][]any {
	v := map[string][]any{
		"MIDDLEWARE": {list(sm, xm, cm, sessm), list(), list(sm), list(xm), list(cm), list(sessm), list(sm, xm), list(xm, cm, sessm),
			list("mysite." + sm), list(strings.ToLower(sm)), special("tuple", list(sm, xm, cm, sessm)), special("set", list(sm)),
			sm + "," + xm, ""},
		"INSTALLED_APPS": {list("django.contrib.sessions"), list(), list("django.contrib.sessions.apps.SessionsConfig"),
			special("tuple", list("django.contrib.sessions")), list("django.contrib.auth")},
		"SECURE_HSTS_SECONDS": {0, 1, 3600, 31536000, -1, nil, "0", "", "3600", 0.5, 0.0, true, false, list(), list(0), object,
			1 << 60, special("float", "inf"), special("float", "-0.0")},
		"X_FRAME_OPTIONS":      {"DENY", "deny", "Deny", "SAMEORIGIN", "", " DENY", "DENY ", "none", nil, 0, list("DENY"), "ALLOWALL"},
		"ALLOWED_HOSTS":        {list(), list("example.com"), list("*"), list(""), "", "example.com", "*", nil, 0, true, special("tuple", list()), special("set", list("a"))},
		"CSRF_TRUSTED_ORIGINS": {list(), list("https://example.com"), list("example.com", "https://a", "b"), list("://"), list(""), list("http:/x"), list("*"), "", "https://a", "ab", special("tuple", list("a", "a")), special("set", list("x")), nil, list(5), list(nil)},
		"CSRF_FAILURE_VIEW":    {"django.views.csrf.csrf_failure", "no.such.view", "", "django.views.csrf.no_such", "oracle_checks._uncallable_view", "django.views.csrf"},
		"SECRET_KEY":           slices.Concat(keys, []any{absent, nil, 5, list("a"), object}),
		"SECRET_KEY_FALLBACKS": {list(), absent, list(strong), list("weak"), list("weak", strong, ""), list(strings.Repeat("äöüßé", 9)),
			special("tuple", list("a", "b", "c")), "", "abc", nil, list(nil), list(5, strong)},
		"SECURE_CROSS_ORIGIN_OPENER_POLICY": {nil, "same-origin", "same-origin-allow-popups", "unsafe-none", "noopener-allow-popups",
			"", "none", "Same-Origin", " same-origin", 5, false, list("same-origin"), special("tuple", list("same-origin"))},
	}
	for _, name := range strings.Fields(`DEBUG SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD SECURE_CONTENT_TYPE_NOSNIFF
		SECURE_SSL_REDIRECT SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY CSRF_COOKIE_SECURE CSRF_USE_SESSIONS`) {
		v[name] = switches
	}
	policies := []any{nil, "", " ", ",", "none", "same-origin,", "same-origin, origin", "same-origin;origin", "Same-Origin",
		"\u00a0origin\u2003", "\x1corigin", "origin\n", "origin\u200b", "same-origin origin",
		list(), list(""), list("origin"), list(" origin"), list("origin", "no-referrer"), list("origin,no-referrer"), list("bad", "origin"),
		special("tuple", list("origin")), special("set", list("origin", "unsafe-url")), special("frozenset", list("x")),
		map[string]any{"origin": 1}, map[string]any{"x": 1}, map[string]any{}, list(nil), list(1), 5, true, false, object}
	for _, word := range strings.Fields(`no-referrer no-referrer-when-downgrade origin origin-when-cross-origin same-origin
		strict-origin strict-origin-when-cross-origin unsafe-url`) {
		policies = append(policies, word, word+"x")
	}
	v["SECURE_REFERRER_POLICY"] = policies
	return v
}

// bases are projects of which one setting at a time is changed: one with nothing wrong, and Django's defaults.
func bases() []map[string]any {
	good := map[string]any{
		"SECRET_KEY": strong, "ALLOWED_HOSTS": list("example.com"), "MIDDLEWARE": list(sm, xm, cm, sessm),
		"INSTALLED_APPS": list("django.contrib.sessions"), "SECURE_HSTS_SECONDS": 31536000,
	}
	for _, name := range strings.Fields(`SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD SECURE_CONTENT_TYPE_NOSNIFF
		SECURE_SSL_REDIRECT SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY CSRF_COOKIE_SECURE`) {
		good[name] = true
	}
	return []map[string]any{good, {}}
}

// mayFind says which findings a check function of Django's would have made had it not crashed.
var mayFind = map[string][]string{
	"check_secret_key":                 {"security.W009"},
	"check_secret_key_fallbacks":       {"security.W025"},
	"check_referrer_policy":            {"security.W022", "security.E023"},
	"check_cross_origin_opener_policy": {"security.E024"},
	"check_csrf_trusted_origins":       {"4_0.E001"},
	"check_csrf_failure_view":          {"security.E101", "security.E102"},
}

// everywhere are the IDs of every Django that is supported.
const everywhere = `security.W001 security.W002 security.W003 security.W004 security.W005 security.W006 security.W008
	security.W009 security.W010 security.W011 security.W012 security.W013 security.W014 security.W015 security.W016
	security.W018 security.W019 security.W020 security.W021 security.W022 security.E023 security.E024 security.W025
	security.E101 security.E102 4_0.E001`

// policies reports whether this Django has Content-Security-Policy and both checks of it, as 6.1 does.
func policies(o *oracle.Oracle) bool {
	var version struct{ Django string }
	err := o.Call("version", nil, &version)
	return err == nil && !strings.HasPrefix(version.Django, "5.") && !strings.HasPrefix(version.Django, "6.0")
}

// policyValues are for the settings that Django's checks of the policy look at.
func policyValues() map[string][]any {
	const nonce = "<CSP_NONCE_SENTINEL>"
	policies := []any{nil, map[string]any{}, map[string]any{"default-src": list("'self'")}, map[string]any{"script-src": list("'self'", nonce)},
		map[string]any{"script-src": nonce}, map[string]any{"script-src": "'self' " + nonce}, map[string]any{"script-src": special("set", list(nonce))},
		map[string]any{"img-src": nil, "script-src": special("tuple", list(nonce))}, map[string]any{"script-src": true, "x": 5},
		list(), list("default-src"), "", "default-src 'self'", 0, false, true, object}
	with := func(processors ...any) any {
		return list(map[string]any{"BACKEND": "django.template.backends.django.DjangoTemplates",
			"OPTIONS": map[string]any{"context_processors": append([]any{}, processors...)}})
	}
	const csp = "django.middleware.csp.ContentSecurityPolicyMiddleware"
	return map[string][]any{
		"SECURE_CSP": policies, "SECURE_CSP_REPORT_ONLY": policies,
		"TEMPLATES": {list(), with(), with("django.template.context_processors.request"), with("django.template.context_processors.csp"),
			list(map[string]any{"BACKEND": "x"})},
		"MIDDLEWARE": {list(sm, xm, cm, sessm, csp), list(csp), list(sm, xm, cm, sessm), csp},
	}
}

func TestChecksAgree(t *testing.T) {
	o := oracle.ForTest(t)
	r := oracle.Rand(t)
	all := values()
	wanted := strings.Fields(everywhere)
	if policies(o) {
		maps.Copy(all, policyValues())
		wanted = append(wanted, "security.E026", "security.W027")
	}
	names := slices.Sorted(maps.Keys(all))

	n, crashes, seen := 0, 0, map[string]int{}
	try := func(settings map[string]any) {
		n++
		crashes += compare(t, o, settings, seen)
	}
	for _, base := range bases() {
		for _, name := range names {
			for _, value := range all[name] {
				settings := maps.Clone(base)
				settings[name] = value
				try(settings)
			}
		}
	}
	for range 1000 {
		try(random(r, names, all))
	}
	t.Logf("%d settings compared, %d checks of Django's crashed, findings by ID: %v", n, crashes, seen)
	if n < 500 {
		t.Errorf("only %d settings were compared", n)
	}
	for _, id := range wanted {
		if seen[id] == 0 {
			t.Errorf("%s was never found, so that its comparison means nothing", id)
		}
	}
}

// random returns settings of which each is left out, or one of its values.
func random(r *rand.Rand, names []string, all map[string][]any) map[string]any {
	settings := map[string]any{}
	for _, name := range names {
		if r.IntN(4) > 0 {
			settings[name] = oracle.Pick(r, all[name])
		}
	}
	if r.IntN(3) > 0 { // many rules ask nothing without their middleware
		settings["MIDDLEWARE"] = all["MIDDLEWARE"][0]
	}
	return settings
}

// compare reports where Django and check/django differ, and returns how many of Django's checks crashed. For what
// crashes Django, check/django must find something.
func compare(t *testing.T, o *oracle.Oracle, settings map[string]any, seen map[string]int) (crashes int) {
	t.Helper()
	var answer struct {
		IDs     []string
		Crashed []string
		Export  json.RawMessage
	}
	if err := o.Call("checks", map[string]any{"settings": settings}, &answer); err != nil {
		t.Fatalf("%v\nsettings: %v", err, describe(settings))
	}
	got := ours(t, answer.Export)
	want := answer.IDs
	for _, function := range answer.Crashed {
		ids, ok := mayFind[function]
		if !ok {
			t.Errorf("%s crashed, of which the test does not know the findings\nsettings: %s", function, describe(settings))
		}
		without := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return slices.Contains(ids, id) })
		if len(without) == len(got) {
			t.Errorf("%s crashes Django, and nothing is found\nsettings: %s", function, describe(settings))
		}
		got = without
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings = %q\nDjango's  = %q\nsettings: %s", got, want, describe(settings))
	}
	for _, id := range want {
		seen[id]++
	}
	return len(answer.Crashed)
}

// ours returns what check/django finds, of the IDs that are Django's.
func ours(t *testing.T, export []byte) []string {
	t.Helper()
	p, err := django.Parse(export)
	if err != nil {
		t.Fatal(err)
	}
	report := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true})
	for _, f := range report.NotRun {
		if strings.HasPrefix(f.ID, "security.") || f.ID == "4_0.E001" { // others need a project around the settings
			t.Errorf("%s could not look: %s", f.ID, f.Reason)
		}
	}
	ids := []string{}
	for _, f := range report.Findings {
		if strings.HasPrefix(f.ID, "security.") || f.ID == "4_0.E001" {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func describe(settings map[string]any) string {
	b, err := json.Marshal(settings)
	if err != nil {
		return fmt.Sprint(settings)
	}
	return string(b)
}

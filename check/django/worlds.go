package django

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/pyliteral"
)

// A rule about settings that are not all known is asked in several worlds, in each of which they are something else. If it
// finds the same in all, that is true whatever they are. If not, the rule could not look. The values are those on both
// sides of what rules ask for; TestUnknownIsNeverClean holds them to the cases of all rules.

// judged returns the rules with verdicts that hold in every world.
func (p Project) judged() []check.Check {
	verdicts := sync.OnceValue(p.verdicts)
	checks := p.base(0).rules()
	for i, c := range checks {
		checks[i].Find = func(ctx context.Context) ([]check.Finding, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			v := verdicts()[c.ID]
			return v.found, v.err
		}
	}
	return checks
}

// verdict is what a rule finds.
type verdict struct {
	found []check.Finding
	err   error
}

// verdicts asks every rule in every world: some bases, and each base with one setting after the other changed.
func (p Project) verdicts() map[string]verdict {
	out := map[string]verdict{}
	open := map[string][]gap{} // by rule, what makes a difference
	for n := range bases {
		base := p.base(n).ask()
		for id, v := range base {
			first, seen := out[id]
			if !seen {
				out[id] = v
			} else if !same(first, v) {
				out[id] = common(first, v)
				if len(open[id]) == 0 {
					open[id] = []gap{}
				}
			}
		}
		for _, g := range p.open {
			for _, c := range p.candidates(g) {
				for id, v := range p.base(n).with(g, c).ask() {
					if same(base[id], v) && same(out[id], v) {
						continue
					}
					out[id] = common(out[id], v)
					if !slices.Contains(open[id], g) {
						open[id] = append(open[id], g)
					}
				}
			}
		}
	}
	for id, gaps := range open {
		v := out[id]
		// What is found whatever the rest is keeps the gate shut as well as not knowing does, and says more.
		serious := slices.ContainsFunc(v.found, func(f check.Finding) bool { return f.Level >= check.Warning })
		if v.err == nil && !serious {
			out[id] = verdict{err: notKnown(gaps)}
		}
	}
	return out
}

// notKnown says what a rule would have to know.
func notKnown(gaps []gap) error {
	if len(gaps) == 0 {
		return errors.New("it depends on several settings that are known only at run time")
	}
	var texts []string
	for _, g := range gaps {
		texts = append(texts, g.String())
	}
	slices.Sort(texts)
	return errors.New("not known without running the settings: " + strings.Join(texts, "; "))
}

// ask runs the rules. Levels of findings are filled in.
func (p Project) ask() map[string]verdict {
	out := map[string]verdict{}
	for _, c := range p.rules() {
		found, err := c.Find(context.Background())
		for i := range found {
			if found[i].Level == 0 {
				found[i].Level = c.Level
			}
		}
		out[c.ID] = verdict{found, err}
	}
	return out
}

func same(a, b verdict) bool {
	return (a.err == nil) == (b.err == nil) && slices.Equal(a.found, b.found)
}

// common returns what both verdicts say. What a finding shows of a value that is not known is left out.
func common(a, b verdict) verdict {
	if a.err != nil || b.err != nil {
		return verdict{err: errors.Join(a.err, b.err)}
	}
	var both []check.Finding
	for _, f := range a.found {
		if slices.Contains(b.found, f) {
			both = append(both, f)
			continue
		}
		bare := f
		bare.Evidence, bare.Key = "", ""
		if len(a.found) == 1 && len(b.found) == 1 && b.found[0].Setting == f.Setting && b.found[0].Level == f.Level {
			both = append(both, bare)
		}
	}
	return verdict{found: both}
}

// bases is how many base worlds there are: in one everything has its first candidate, in the next its last, in the third
// they take turns.
var bases = [3]func(i, n int) int{
	func(_, _ int) int { return 0 },
	func(_, n int) int { return n - 1 },
	func(i, n int) int { return (i + 1) % n },
}

// base returns the project in a base world.
func (p Project) base(n int) Project {
	world := p
	world.open = nil
	world.settings = maps.Clone(p.settings)
	for i, g := range p.open {
		all := p.candidates(g)
		world.settings[g.setting] = value{fill(p.settings[g.setting].raw, all[bases[n](i, len(all))], true), true}
		world.keep(g, p)
	}
	return world
}

// with returns the world with another value of one setting. Its gaps are those of the project that it was made of.
func (p Project) with(g gap, candidate any) Project {
	world := p
	world.settings = maps.Clone(p.settings)
	world.settings[g.setting] = value{fill(p.partial[g.setting].raw, candidate, true), true}
	return world
}

// keep notes a setting as it was before it was filled.
func (p *Project) keep(g gap, from Project) {
	if p.partial == nil {
		p.partial = map[string]value{}
	}
	p.partial[g.setting] = from.settings[g.setting]
}

// fill puts a candidate in the place of what is unknown. In a list, what stands for several entries takes them from a list.
func fill(v, candidate any, top bool) any {
	switch v := v.(type) {
	case *pyliteral.Unknown:
		if list, ok := candidate.([]any); ok && !top {
			if len(list) == 0 {
				return ""
			}
			return list[0]
		}
		return candidate
	case []any:
		out := []any{}
		for _, e := range v {
			u, unknown := e.(*pyliteral.Unknown)
			more, several := candidate.([]any)
			switch {
			case unknown && u.Rest && several:
				out = append(out, more...)
			case unknown && u.Rest:
			default:
				out = append(out, fill(e, candidate, false))
			}
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = fill(e, candidate, false)
		}
		return out
	}
	return v
}

// candidates are what a setting that is not known may be.
func (p Project) candidates(g gap) []any {
	if all, ok := byName()[g.setting]; ok {
		switch g.setting { // which are compared with each other
		case "SECRET_KEY":
			for _, key := range p.get("SECRET_KEY_FALLBACKS").items() {
				if s, ok := key.str(); ok {
					all = append(all, s)
				}
			}
		case "SECRET_KEY_FALLBACKS":
			if s, ok := p.get("SECRET_KEY").str(); ok {
				all = append(all, []any{s, s})
			}
			all = append(all, []any{"Xq7Lw2-Zk9Tn4_Rv8Xc3Mb6Hd1Js5Gf0Pa-Qu7Ei2Oy9Wt4Nl6Bz", "Xq7Lw2-Zk9Tn4_Rv8Xc3Mb6Hd1Js5Gf0Pa-Qu7Ei2Oy9Wt4Nl6Bz"})
		}
		if g.why.Type == "bool" {
			return []any{true, false}
		}
		if g.why.Type == "str" && !slices.ContainsFunc(all, isText) {
			return []any{"", "False", "*"}
		}
		return all
	}
	return []any{nil, "", "x", true, false, []any{}, map[string]any{}}
}

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }

// judgedBy reports whether some rule looks at the setting.
func judgedBy(name string) bool { _, ok := byName()[name]; return ok }

// byName returns the candidates of every setting that a rule looks at.
func byName() map[string][]any {
	list := func(items ...any) []any { return append([]any{}, items...) }
	entry := func(k string, v any) map[string]any { return map[string]any{k: v} }
	const noise = "whitenoise.middleware.WhiteNoiseMiddleware"
	usual := list(securityMiddleware, sessionMiddleware, csrfMiddleware, frameMiddleware, policyMiddleware)
	strong := "Yq7Lw2-Zk9Tn4_Rv8Xc3Mb6Hd1Js5Gf0Pa-Qu7Ei2Oy9Wt4Nl6Bz"
	nonce := entry("script-src", list("'self'", nonceSentinel))
	remote := entry("default", map[string]any{"ENGINE": "django.db.backends.postgresql", "HOST": "db.example.com", "OPTIONS": map[string]any{}})
	onOff := list(true, false, "False", nil)
	awful := map[string]any{"default-src": list("'self'"), "script-src": list("'self'", "'unsafe-inline'", "'unsafe-eval'", "https:", "http://example.com",
		"cdnjs.cloudflare.com"), "style-src": list("'self'", "'unsafe-inline'"), "frame-ancestors": list("*")}
	spelt := map[string]any{"default-src": list("'self'"), "script-src": list("'nonce-abc'", "http://example.com", "cdnjs.cloudflare.com"),
		"object-src": list("'self'"), "style-src": list("'unsafe-inline'")}
	loose := map[string]any{"img-src": list("'self'"), "script-src": list("https:")}
	out := map[string][]any{
		"ALLOWED_HOSTS":            list(list("www.example.com"), list(), list("*"), list(".co.uk"), list("https://x.example"), "*"),
		"AUTH_PASSWORD_VALIDATORS": list(list("django.contrib.auth.password_validation.MinimumLengthValidator"), list()),
		"CACHES": list(entry("default", map[string]any{"BACKEND": "x", "LOCATION": ""}), map[string]any{},
			entry("default", map[string]any{"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://cache.example.com"})),
		"CONTENT_SECURITY_POLICY": list(nil, entry("DIRECTIVES", entry("default-src", list("'self'"))), entry("DIRECTIVES", awful), entry("DIRECTIVES", spelt), entry("DIRECTIVES", loose),
			entry("DIRECTIVES", entry("scirpt-src", "x")), entry("DIRECTIVES", map[string]any{"default-src": nil, "img-src": list("'self'")})),
		"CONTENT_SECURITY_POLICY_REPORT_ONLY": list(nil, entry("DIRECTIVES", entry("default-src", list("'self'")))),
		"CSRF_COOKIE_DOMAIN":                  list(nil, ".example.com"),
		"CSRF_COOKIE_SAMESITE":                list("Lax", "None", nil),
		"CSRF_FAILURE_VIEW":                   list("django.views.csrf.csrf_failure", "x"),
		"CSRF_TRUSTED_ORIGINS": list(list(), list("https://www.example.com"), list("example.com"), list("http://example.com"),
			list("https://*.com"), list("https://*.example.com"), list("https://example.com/path"), "x"),
		"DATABASES": list(entry("default", map[string]any{"ENGINE": "django.db.backends.postgresql", "HOST": "", "OPTIONS": map[string]any{}}),
			entry("default", map[string]any{"ENGINE": "django.db.backends.sqlite3"}), remote, "db.example.com", "django.db.backends.sqlite3"),
		"DEFAULT_HASHING_ALGORITHM": list("sha256", "md5"),
		"EMAIL_BACKEND":             list("django.core.mail.backends.smtp.EmailBackend", "django.core.mail.backends.console.EmailBackend"),
		"EMAIL_HOST":                list("localhost", "smtp.example.com"),
		"FILE_UPLOAD_TEMP_DIR":      list(nil, "x"),
		"INSTALLED_APPS": list(list("django.contrib.auth", sessionApp), list(), list("debug_toolbar", "silk", "django.contrib.auth", "axes"),
			list("axes", "django_otp", sessionApp), "x"),
		"LOGGING": list(entry("handlers", map[string]any{}), entry("handlers", map[string]any{
			"a": map[string]any{"class": "logging.FileHandler"}, "b": map[string]any{"class": "django.utils.log.AdminEmailHandler", "include_html": "True"}})),
		"MAILERS":    list(entry("default", map[string]any{}), map[string]any{}, entry("default", entry("BACKEND", "django.core.mail.backends.console.EmailBackend"))),
		"MEDIA_ROOT": list("", "/srv/media", "/srv/static/media", "/"),
		"MEDIA_URL":  list("", "/media/", "/media"),
		"MIDDLEWARE": list(usual, list(), append(list(noise, addOn[0], "django.middleware.cache.UpdateCacheMiddleware",
			"django.contrib.auth.middleware.LoginRequiredMiddleware"), usual...), list(addOn[0]), "x"),
		"PASSWORD_HASHERS": list(list("django.contrib.auth.hashers.Argon2PasswordHasher"), list("django.contrib.auth.hashers.MD5PasswordHasher"),
			list("django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.MD5PasswordHasher")),
		"SECRET_KEY":                        list(strong, "short", "changeme", nil),
		"SECRET_KEY_FALLBACKS":              list(list(), list("changeme"), list(strong), "x", nil),
		"SECURE_CROSS_ORIGIN_OPENER_POLICY": list("same-origin", nil, "x"),
		"SECURE_CSP":                        list(map[string]any{}, nonce, entry("scirpt-src", "x"), "x", awful, spelt, loose),
		"SECURE_CSP_REPORT_ONLY":            list(map[string]any{}, nonce, entry("scirpt-src", "x"), "x"),
		"SECURE_HSTS_SECONDS":               list(json.Number("0"), json.Number("3600"), json.Number("31536000"), "3600", json.Number("-1")),
		"SECURE_PROXY_SSL_HEADER":           list(nil, list("HTTP_X_FORWARDED_PROTO", "https")),
		"SECURE_REDIRECT_EXEMPT":            list(list(), list(".*")),
		"SECURE_REFERRER_POLICY":            list("same-origin", nil, "unsafe-url", "x", "no-referrer"),
		"SECURE_SSL_HOST":                   list(nil, "example.com"),
		"SESSION_COOKIE_AGE":                list(json.Number("1209600"), json.Number("1000000000")),
		"SESSION_COOKIE_DOMAIN":             list(nil, ".example.com"),
		"SESSION_COOKIE_SAMESITE":           list("Lax", "None", nil),
		"SESSION_ENGINE":                    list("django.contrib.sessions.backends.db", "django.contrib.sessions.backends.signed_cookies"),
		"SESSION_SERIALIZER":                list("django.contrib.sessions.serializers.JSONSerializer", "django.contrib.sessions.serializers.PickleSerializer"),
		"SILENCED_SYSTEM_CHECKS":            list(list(), list("security.W018")),
		"STATICFILES_DIRS":                  list(list(), list("/srv/media")),
		"STATIC_ROOT":                       list(nil, "/srv/static", "/srv/media", "/"),
		"STATIC_URL":                        list("/static/", "/static"),
		"TEMPLATES":                         list(list(), list(entry("context_processors", list(nonceProcessor)))),
		"X_FRAME_OPTIONS":                   list("DENY", "SAMEORIGIN", nil),
	}
	for _, name := range append(slices.Clone(switches), "EMAIL_USE_TLS", "EMAIL_USE_SSL") {
		out[name] = onOff
	}
	for _, name := range []string{"DATA_UPLOAD_MAX_MEMORY_SIZE", "DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_NUMBER_FILES"} {
		out[name] = list(json.Number("100"), nil)
	}
	return out
}

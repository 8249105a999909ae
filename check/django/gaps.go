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
	rules := slices.Concat(p.typeRules(), p.accountRules(), p.operationRules(), p.stackRules(), p.supportRules(), p.sourceRules(), p.networkRules())
	for i := range rules {
		rules[i].Tags, rules[i].Deploy, rules[i].Needs = tags, true, check.Settings
	}
	return rules
}

// each returns a finding with each of the evidence.
func each(evidence []string) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) (found []check.Finding, err error) {
		for _, e := range evidence {
			found = append(found, check.Finding{Evidence: e})
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
	return []check.Check{{
		ID: "django.E002", Level: check.Error,
		Title: "A switch is a string, which is on whatever it says, even \"False\".",
		Hint:  "Convert the variable: os.environ.get(\"DEBUG\") == \"True\", or use django-environ's bool.",
		Why: "Variables of the environment are strings. DEBUG = os.environ[\"DEBUG\"] with DEBUG=False switches " +
			"debugging on, and every visitor who causes an error sees settings and source.",
		See: "https://docs.python.org/3/library/stdtypes.html#truth-value-testing",
		Find: func(ctx context.Context) ([]check.Finding, error) {
			found, err := perSetting(switches, isString)(ctx)
			if p.Source == nil {
				return found, err
			}
			for _, name := range switches {
				if at, ok := p.Source.Switches[name]; ok && !isString(name) {
					found = append(found, check.Finding{Setting: name, File: at.File, Line: at.Line,
						Evidence: "it is what a variable of the environment says, which is a string as soon as it is set"})
				}
			}
			return found, err
		},
	}, {
		ID: "django.E003", Level: check.Error,
		Title: "A list is a string, of which Django takes each character for an entry.",
		Hint:  "Write a list, or split the variable on commas.",
		Why: "The names that were meant are not in the list, but single letters are: hosts are refused, middleware " +
			"is missing, and a * in the string allows everything.",
		See:  "https://docs.python.org/3/library/stdtypes.html#sequence-types-list-tuple-range",
		Find: perSetting(lists, isString),
	}, {
		ID: "django.E004", Level: check.Error,
		Title: "SECURE_HSTS_SECONDS is no number of seconds: what browsers get is not valid.",
		Hint:  "Set a whole number such as 31536000, or 0 for no HSTS.",
		Why: "Browsers ignore a header whose max-age they cannot read. Django's own check is content, since the " +
			"setting is not zero, while visitors are unprotected on open networks.",
		See:     "https://www.rfc-editor.org/rfc/rfc6797#section-6.1.1",
		Setting: "SECURE_HSTS_SECONDS",
		Find:    when(age.truthy() && !positive),
	}, {
		ID: "django.W005", Level: check.Warning,
		Title: "An entry of ALLOWED_HOSTS matches nothing.",
		Hint:  "Write example.com or .example.com, in brackets if it is IPv6; Django knows no networks, ports, schemes or *. patterns.",
		Why: "The site answers 400 to the visitors or the load balancer for whom the entry was meant; the usual " +
			"mend in a hurry is *, which allows every forged name.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts",
		Setting: "ALLOWED_HOSTS",
		Find:    each(deadHosts(p.get("ALLOWED_HOSTS"))),
	}}
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

func (p Project) operationRules() []check.Check {
	limits := []string{"DATA_UPLOAD_MAX_MEMORY_SIZE", "DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_NUMBER_FILES"}
	notSent := []string{"console", "dummy", "filebased", "locmem"}
	mail := strings.Split(p.get("EMAIL_BACKEND").text(), ".")
	return []check.Check{{
		ID: "django.W014", Level: check.Warning,
		Title: "A request may be as large as it likes, so that one can fill the memory.",
		Hint:  "Remove the setting, which leaves Django's limit, or set a number.",
		Why: "One client with one request can use up the memory of the server; the site is down for everybody, and " +
			"no login is needed.",
		See:  "https://docs.djangoproject.com/en/stable/ref/settings/#data-upload-max-memory-size",
		Find: perSetting(limits, func(name string) bool { v := p.get(name); return v.set && v.isNone() }),
	}, {
		ID: "django.W015", Level: check.Warning,
		Title: "E-mail is not sent: password resets and error reports reach nobody.",
		Hint:  "Set EMAIL_BACKEND to SMTP or to your provider's backend.",
		Why: "The page says that a mail was sent, and none was: users who forgot their password are locked out, " +
			"and the administrators never hear of errors.",
		See:     "https://docs.djangoproject.com/en/stable/topics/email/#email-backends",
		Setting: "EMAIL_BACKEND",
		Find:    when(len(mail) > 1 && slices.Contains(notSent, mail[len(mail)-2])),
	}, {
		ID: "django.W016", Level: check.Warning,
		Title: "A security check of Django's is silenced.",
		Hint:  "Remove it from SILENCED_SYSTEM_CHECKS, and silence the finding here with a reason if there is one.",
		Why: "Django gives no reason for a silence and never asks again. What was acceptable on a developer's " +
			"machine is then silent in production as well.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#silenced-system-checks",
		Setting: "SILENCED_SYSTEM_CHECKS",
		Find: each(slices.DeleteFunc(p.get("SILENCED_SYSTEM_CHECKS").texts(), func(id string) bool {
			return !strings.HasPrefix(id, "security.") && id != "4_0.E001"
		})),
	}, {
		ID: "django.I017", Level: check.Info,
		Title: "The database is SQLite: one machine, one writer at a time, and the file is the backup.",
		Hint:  "If the site is to grow beyond one machine, use PostgreSQL.",
		Why: "While one request writes, all others that write wait, and fail if it takes long. A disk that is lost, or " +
			"a container that is replaced, takes the data along.",
		See:     "https://www.sqlite.org/whentouse.html",
		Setting: "DATABASES",
		Find:    each(p.databases("sqlite3", "spatialite")),
	}, {
		ID: "django.W018", Level: check.Warning,
		Title: "Uploads and static files share a directory: an upload can take a script's place.",
		Hint:  "Give MEDIA_ROOT a directory of its own, outside STATIC_ROOT.",
		Why: "A visitor who uploads a file with the name of a script, or one that is an HTML page, has it served " +
			"from where the site's own code comes from.",
		See:     "https://docs.djangoproject.com/en/stable/topics/security/#user-uploaded-content",
		Setting: "MEDIA_ROOT",
		Find:    when(nested(p.get("MEDIA_ROOT").text(), p.get("STATIC_ROOT").text())),
	}}
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
	return []check.Check{{
		ID: "django.W019", Level: check.Warning,
		Title: "The debug toolbar is installed: it shows queries, settings and templates.",
		Hint:  "Add debug_toolbar in development settings only.",
		Why: "It shows the SQL with its values, the headers and the settings to whoever it takes for a developer, by " +
			"address or DEBUG. One mistake about a proxy makes everybody one.",
		See:     "https://django-debug-toolbar.readthedocs.io/en/latest/installation.html",
		Setting: "INSTALLED_APPS",
		Find:    when(p.appNamed("debug_toolbar")),
	}, {
		ID: "django.I020", Level: check.Info,
		Title: "SecurityMiddleware is not first: what answers before it has no security headers.",
		Hint:  "Put it first in MIDDLEWARE.",
		Why: "Redirects, maintenance pages and refusals of what comes first go out over http and without HSTS or " +
			"nosniff.",
		See:     "https://docs.djangoproject.com/en/stable/ref/middleware/#middleware-ordering",
		Setting: "MIDDLEWARE",
		Find:    when(security > 0),
	}, {
		ID: "django.W021", Level: check.Warning,
		Title: "WhiteNoise stands before SecurityMiddleware, or behind others: files lack headers, or pay for sessions.",
		Hint:  "Put WhiteNoiseMiddleware right after SecurityMiddleware.",
		Why: "Before SecurityMiddleware, files are served over plain http and without nosniff; behind others each " +
			"image opens a session, and pages with cookies get into caches.",
		See:     "https://whitenoise.readthedocs.io/en/stable/django.html#enable-whitenoise",
		Setting: "MIDDLEWARE",
		Find:    when(files >= 0 && files != security+1),
	}}
}

package django

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// networkRules are about what goes over the network, or into files and mails, beside answers.
func (p Project) networkRules() []check.Check {
	return []check.Check{{
		ID: "django.W027", Level: check.Warning,
		Title: "Pages with a nonce are kept in the cache of the site: all visitors get the same nonce.",
		Hint:  "Remove the cache's middleware, and cache parts of pages; or use hashes instead of the nonce.",
		Why: "A nonce protects because nobody can guess it. One that comes from the cache stands in everybody's page, and " +
			"injected scripts can carry it; or it differs from the one in the header, and the page's own scripts are refused.",
		See:     "https://www.w3.org/TR/CSP3/#security-nonces",
		Setting: "MIDDLEWARE",
		Find: when(p.wantsNonce() && (p.middleware("django.middleware.cache.UpdateCacheMiddleware") ||
			p.middleware("django.middleware.cache.FetchFromCacheMiddleware"))),
	}, {
		ID: "django.I028", Level: check.Info,
		Title: "The log is written to files of this machine.",
		Hint:  "Log to stderr and let the system collect it, or see that files are rotated, readable by their owner alone and backed up.",
		Why: "In a container they are lost with it; on a server they fill the disk, and two processes that rotate one file lose " +
			"lines. Whoever breaks in removes his traces.",
		See:     "https://12factor.net/logs",
		Setting: "LOGGING",
		Find:    each(p.handlers(func(class string, _ bool) bool { return strings.HasSuffix(class, "FileHandler") })),
	}, {
		ID: "django.W029", Level: check.Warning,
		Title: "Errors are mailed with the settings, cookies and variables of the request.",
		Hint:  "Remove include_html from the handler, or report errors to a service that takes secrets out.",
		Why: "Django hides settings by their names only: an address with a password, such as DATABASE_URL, goes by mail in the " +
			"clear to every administrator and stays in their mailboxes.",
		See:     "https://docs.djangoproject.com/en/stable/howto/error-reporting/#filtering-error-reports",
		Setting: "LOGGING",
		Find: each(p.handlers(func(class string, html bool) bool {
			return html && strings.HasSuffix(class, "AdminEmailHandler")
		})),
	}, {
		ID: "django.W030", Level: check.Warning,
		Title: "The connection to a database on another machine may be in the clear.",
		Hint:  "Set sslmode to verify-full and sslrootcert in OPTIONS (PostgreSQL), or ssl_mode to VERIFY_IDENTITY (MySQL).",
		Why: "PostgreSQL's default takes an unencrypted connection when somebody on the way wants one: passwords, sessions and " +
			"personal data can be read and changed there.",
		See:     "https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION",
		Setting: "DATABASES",
		Find:    found(p.plainDatabases()),
	}, {
		ID: "django.W031", Level: check.Warning,
		Title:   "The connection to a cache on another machine is in the clear.",
		Hint:    "Use rediss://, or a network that nobody else can listen on, and say so when you waive this.",
		Why:     "Sessions and the cache's password can be read on the way, and entries that are pickled run code when they are changed.",
		See:     "https://redis.io/docs/latest/operate/oss_and_stack/management/security/encryption/",
		Setting: "CACHES",
		Find:    found(p.plainCaches()),
	}, {
		ID: "django.W032", Level: check.Warning,
		Title:   "E-mail goes to a server on another machine in the clear.",
		Hint:    "Set EMAIL_USE_TLS (port 587) or EMAIL_USE_SSL (port 465).",
		Why:     "The password of the mail account and every link to reset a password can be read on the way.",
		See:     "https://www.rfc-editor.org/rfc/rfc8314#section-3",
		Setting: "EMAIL_USE_TLS",
		Find:    found(p.plainMail()),
	}, {
		ID: "django.I033", Level: check.Info,
		Title: "Every name below a domain may send forms in the visitors' names.",
		Hint:  "List the origins that need it one by one in CSRF_TRUSTED_ORIGINS.",
		Why: "One forgotten name that somebody else took over, or one site below the domain with a hole, is enough to act for " +
			"every visitor who is logged in. The domain itself is trusted too.",
		See:     "https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins",
		Setting: "CSRF_TRUSTED_ORIGINS",
		Find: each(slices.DeleteFunc(p.get("CSRF_TRUSTED_ORIGINS").texts(), func(o string) bool {
			u, err := url.Parse(o)
			return err != nil || !strings.HasPrefix(u.Host, "*.") || u.User != nil
		})),
	}}
}

func found(f []check.Finding) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) { return f, nil }
}

// wantsNonce reports whether a policy that is sent has a nonce.
func (p Project) wantsNonce() bool {
	enforced, reported := p.policies()
	for _, policy := range []map[string]any{enforced, reported} {
		for _, v := range policy {
			for _, word := range append((value{v, true}).texts(), value{v, true}.text()) {
				if word == nonceSentinel || strings.HasPrefix(word, "(csp.") {
					return true
				}
			}
		}
	}
	return false
}

// handlers returns the names of the handlers of logs that are wanted.
func (p Project) handlers(want func(class string, html bool) bool) (names []string) {
	logging, _ := p.get("LOGGING").dict()
	all, _ := value{logging["handlers"], true}.dict()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		h, _ := value{all[name], true}.dict()
		if want(value{h["class"], true}.text(), value{h["include_html"], true}.text() == "True") {
			names = append(names, name)
		}
	}
	return names
}

// distance says how far a host is: on this machine, one label as inside of one deployment, or anywhere.
func distance(host string) (level check.Level, remote bool) {
	host = strings.Trim(strings.ToLower(host), "[]")
	if host == "" || host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || strings.HasSuffix(host, ".localhost") {
		return 0, false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return 0, !ip.IsLoopback()
	}
	if !strings.Contains(host, ".") {
		return check.Info, true // a service beside this one, in one Compose file or one namespace
	}
	return 0, true
}

// entries returns the dictionaries in a setting that is a dictionary of them.
func (p Project) entries(setting string) (aliases []string, all map[string]map[string]any) {
	d, _ := p.get(setting).dict()
	all = map[string]map[string]any{}
	for alias, v := range d {
		if below, ok := (value{v, true}).dict(); ok {
			all[alias] = below
		}
	}
	return slices.Sorted(maps.Keys(all)), all
}

func (p Project) plainDatabases() (out []check.Finding) {
	aliases, all := p.entries("DATABASES")
	for _, alias := range aliases {
		engine := strings.ToLower(value{all[alias]["ENGINE"], true}.text())
		host, _ := value{all[alias]["HOST"], true}.str()
		options, _ := value{all[alias]["OPTIONS"], true}.dict()
		level, remote := distance(host)
		option := func(name string) string { return strings.ToLower(value{options[name], true}.text()) }
		tls := true
		switch {
		case strings.Contains(engine, "postg") || strings.Contains(engine, "timescale") || strings.Contains(engine, "cockroach"):
			tls = slices.Contains([]string{"require", "verify-ca", "verify-full"}, option("sslmode"))
		case strings.Contains(engine, "mysql") || strings.Contains(engine, "mariadb"):
			mode := option("ssl_mode")
			tls = value{options["ssl"], true}.truthy() || options["ssl_ca"] != nil || mode == "required" || strings.HasPrefix(mode, "verify")
		}
		if remote && !tls {
			out = append(out, check.Finding{Level: level, Evidence: alias + ": nothing in OPTIONS demands TLS", Key: alias})
		}
	}
	return out
}

func (p Project) plainCaches() (out []check.Finding) {
	aliases, all := p.entries("CACHES")
	for _, alias := range aliases {
		locations := value{all[alias]["LOCATION"], true}
		texts := locations.texts()
		if s, ok := locations.str(); ok {
			texts = strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' })
		}
		for _, location := range texts {
			u, err := url.Parse(strings.TrimSpace(location))
			if err != nil || u.Scheme != "redis" && u.Scheme != "valkey" {
				continue
			}
			if level, remote := distance(u.Hostname()); remote {
				out = append(out, check.Finding{Level: level, Evidence: alias + ": " + u.Scheme + "://, without TLS", Key: alias})
				break
			}
		}
	}
	return out
}

func (p Project) plainMail() (out []check.Finding) {
	smtp := p.get("EMAIL_BACKEND").text() == "django.core.mail.backends.smtp.EmailBackend"
	host, _ := p.get("EMAIL_HOST").str()
	level, remote := distance(host)
	if smtp && remote && !p.get("EMAIL_USE_TLS").truthy() && !p.get("EMAIL_USE_SSL").truthy() {
		out = append(out, check.Finding{Level: cmp.Or(level, check.Warning), Evidence: "neither EMAIL_USE_TLS nor EMAIL_USE_SSL is on"})
	}
	return out
}

package django

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// frameworkRules are Django's rules outside of its tag "security" that matter for a deployment and can be told from
// settings and the few facts beside them.
func (p Project) frameworkRules() []check.Check {
	old := []check.Check{{
		ID: "security.E100", Level: check.Error,
		Title:   "DEFAULT_HASHING_ALGORITHM is neither sha1 nor sha256: nothing can be signed.",
		Hint:    "Remove the setting, which leaves sha256.",
		Why:     "Sessions, cookies and links to reset passwords are signed with it; with an unknown name every login fails.",
		See:     "https://docs.djangoproject.com/en/3.2/ref/checks/#security",
		Setting: "DEFAULT_HASHING_ALGORITHM",
		Find: when(p.get("DEFAULT_HASHING_ALGORITHM").set &&
			!slices.Contains([]string{"sha1", "sha256"}, p.get("DEFAULT_HASHING_ALGORITHM").text())),
	}}
	if !p.series().before(4, 0) {
		old = silent(old)
	}
	rules := slices.Concat(old, p.cacheRules(), p.urlRules(), p.mailRules(), p.since(4, 0, check.Check{
		ID: "files.E001", Level: check.Error,
		Title:   "FILE_UPLOAD_TEMP_DIR is no directory: large uploads fail.",
		Hint:    "Make the directory, or remove the setting, which leaves the system's.",
		Why:     "An upload that does not fit into memory is written there; without the directory the visitor sees an error of the server.",
		See:     "https://docs.djangoproject.com/en/stable/ref/checks/#files",
		Setting: "FILE_UPLOAD_TEMP_DIR",
		Find:    known(p.Upload, func(v string) bool { return v == "missing" }),
	}), p.since(5, 1, check.Check{
		ID: "auth.E013", Level: check.Error,
		Title:   "LoginRequiredMiddleware stands where nobody is logged in yet.",
		Hint:    "Put AuthenticationMiddleware before it in MIDDLEWARE.",
		Why:     "It asks who the user is before that is known, so that every page fails.",
		See:     "https://docs.djangoproject.com/en/stable/ref/checks/#auth",
		Setting: "MIDDLEWARE",
		Find: known(p.Login, func(v string) bool {
			return v == "missing" && p.appNamed("django.contrib.auth")
		}),
	}), []check.Check{{
		ID: "async.E001", Level: check.Error, Deploy: true,
		Title:   "DJANGO_ALLOW_ASYNC_UNSAFE is set: code that must not run at the same time may.",
		Hint:    "Unset the variable in production; use sync_to_async where the database is used from asynchronous code.",
		Why:     "Two requests may share one connection to the database, and one sees or writes the data of the other.",
		See:     "https://docs.djangoproject.com/en/stable/topics/async/#async-safety",
		Setting: "DJANGO_ALLOW_ASYNC_UNSAFE",
		Find:    when(p.Async != nil && *p.Async),
	}})
	for i := range rules {
		rules[i].Tags, rules[i].Needs = tags, check.Settings
	}
	return rules
}

const fileCache = "https://docs.djangoproject.com/en/stable/ref/checks/#caches"

func (p Project) cacheRules() []check.Check {
	caches, isDict := p.get("CACHES").dict()
	_, hasDefault := caches["default"]
	exposed, relative := p.Directories.faults()
	unknown := func(find func(context.Context) ([]check.Finding, error)) func(context.Context) ([]check.Finding, error) {
		if p.Directories != nil {
			return find
		}
		return known(nil, nil)
	}
	return []check.Check{{
		ID: "caches.E001", Level: check.Error,
		Title:   "CACHES has no entry default, which Django itself uses.",
		Hint:    "Add an entry default.",
		Why:     "Sessions, pages and whatever else is cached fail when they are first asked for.",
		See:     fileCache,
		Setting: "CACHES",
		Find:    when(isDict && !hasDefault),
	}, {
		ID: "caches.W002", Level: check.Warning, Deploy: true,
		Title:   "A cache in files shares its directory with uploads or static files.",
		Hint:    "Give the cache a directory of its own, outside of MEDIA_ROOT, STATIC_ROOT and STATICFILES_DIRS.",
		Why:     "Entries are pickled: whoever can upload one runs code on the server, and whoever can fetch one reads what others cached.",
		See:     fileCache,
		Setting: "CACHES",
		Find:    unknown(each(exposed)),
	}, {
		ID: "caches.W003", Level: check.Warning,
		Title:   "A cache in files stands at a relative path: where that is depends on where the process was started.",
		Hint:    "Make LOCATION absolute.",
		Why:     "Each way to start the site has a cache of its own, and one of them may be where files are served.",
		See:     fileCache,
		Setting: "CACHES",
		Find:    unknown(each(relative)),
	}}
}

// faults returns what is wrong with the directories of caches in files.
func (d *directories) faults() (exposed, relative []string) {
	if d == nil {
		return nil, nil
	}
	for _, name := range []string{"MEDIA_ROOT", "STATIC_ROOT", "STATICFILES_DIRS"} {
		for _, alias := range slices.Sorted(maps.Keys(d.Caches)) {
			cache := d.Caches[alias].Path
			if slices.ContainsFunc(d.Roots[name], func(root string) bool { return within(cache, root) || within(root, cache) }) {
				exposed = append(exposed, alias+" and "+name)
			}
		}
	}
	for _, alias := range slices.Sorted(maps.Keys(d.Caches)) {
		if !d.Caches[alias].Absolute {
			relative = append(relative, alias)
		}
	}
	return exposed, relative
}

// within reports whether a is b or below it.
func within(a, b string) bool {
	return a == b || strings.HasPrefix(a, strings.TrimSuffix(b, "/")+"/")
}

func (p Project) urlRules() []check.Check {
	handlers := func(state string) func(context.Context) ([]check.Finding, error) {
		if p.Handlers == nil {
			return known(nil, nil)
		}
		var found []string
		for _, code := range slices.Sorted(maps.Keys(*p.Handlers)) {
			if (*p.Handlers)[code] == state {
				found = append(found, "handler"+code)
			}
		}
		return each(found)
	}
	return []check.Check{{
		ID: "urls.E006", Level: check.Error,
		Title: "An address of files does not end with a slash.",
		Hint:  "End STATIC_URL and MEDIA_URL with a slash.",
		Why:   "Addresses are made by putting the name of a file behind it: every style sheet, script and picture is missing.",
		See:   "https://docs.djangoproject.com/en/stable/ref/checks/#urls",
		Find: perSetting([]string{"STATIC_URL", "MEDIA_URL"}, func(name string) bool {
			v := p.get(name)
			return v.truthy() && !strings.HasSuffix(v.text(), "/")
		}),
	}, {
		ID: "urls.E007", Level: check.Error,
		Title: "A view for errors cannot be called as Django calls it, so that the error page fails too.",
		Hint:  "Let it take (request, exception), and for 500 (request).",
		Why:   "Whoever meets an error sees the server's bare one, and the log has a second error that hides the first.",
		See:   "https://docs.djangoproject.com/en/stable/ref/checks/#urls",
		Find:  handlers("uncallable"),
	}, {
		ID: "urls.E008", Level: check.Error,
		Title: "A view for errors cannot be imported, so that the error page fails too.",
		Hint:  "Correct the dotted path in the root URLconf.",
		Why:   "Whoever meets an error sees the server's bare one, and the log has a second error that hides the first.",
		See:   "https://docs.djangoproject.com/en/stable/ref/checks/#urls",
		Find:  handlers("missing"),
	}}
}

func (p Project) mailRules() []check.Check {
	mailers, isDict := p.get("MAILERS").dict()
	_, has := mailers["default"]
	settings, _ := value{mailers["default"], true}.dict()
	backend := value{settings["BACKEND"], true}.text()
	const prefix = "django.core.mail.backends."
	development := []string{prefix + "console.EmailBackend", prefix + "dummy.EmailBackend", prefix + "filebased.EmailBackend",
		prefix + "locmem.EmailBackend"}
	return p.since(6, 1, check.Check{
		ID: "mail.E001", Level: check.Error, Deploy: true,
		Title:   "E-mail is not sent: the default of MAILERS is for development.",
		Hint:    "Set its BACKEND to SMTP or to your provider's backend.",
		Why:     "The page says that a mail was sent, and none was: users who forgot their password are locked out.",
		See:     "https://docs.djangoproject.com/en/stable/ref/checks/#mail",
		Setting: "MAILERS",
		Find:    when(slices.Contains(development, backend)),
	}, check.Check{
		ID: "mail.W001", Level: check.Warning,
		Title:   "MAILERS has no default: mail that names no mailer fails.",
		Hint:    "Add an entry default.",
		Why:     "Password resets and error reports name none, so that they fail when they are needed.",
		See:     "https://docs.djangoproject.com/en/stable/ref/checks/#mail",
		Setting: "MAILERS",
		Find:    when(isDict && !has),
	})
}

// staticDirectories is the exporter's directories, of settings that were read from their source. It is nil if that is
// not enough.
func (p Project) staticDirectories(dir string) *directories {
	d := &directories{Roots: map[string][]string{}}
	caches, ok := p.get("CACHES").dict()
	if !ok {
		return nil
	}
	for alias, v := range caches {
		cache, isDict := value{v, true}.dict()
		backend, isText := value{cache["BACKEND"], true}.str()
		if !isDict || !isText {
			return nil
		}
		if class(backend) != "FileBasedCache" {
			if !strings.HasPrefix(backend, "django.core.cache.backends.") && !strings.HasPrefix(backend, "django_redis.") {
				return nil
			}
			continue
		}
		location, isText := value{cache["LOCATION"], true}.str()
		if !isText {
			return nil
		}
		if d.Caches == nil {
			d.Caches = map[string]cacheDirectory{}
		}
		d.Caches[alias] = cacheDirectory{absolute(dir, location), path.IsAbs(location)}
	}
	for _, name := range []string{"MEDIA_ROOT", "STATIC_ROOT"} {
		v := p.get(name)
		if s, ok := v.str(); ok && s != "" {
			d.Roots[name] = []string{absolute(dir, s)}
		} else if len(d.Caches) > 0 && !ok && !v.isNone() {
			return nil
		}
	}
	for _, v := range p.get("STATICFILES_DIRS").items() {
		if pair := v.items(); len(pair) == 2 {
			v = pair[1]
		}
		s, ok := v.str()
		if !ok && len(d.Caches) > 0 {
			return nil
		}
		d.Roots["STATICFILES_DIRS"] = append(d.Roots["STATICFILES_DIRS"], absolute(dir, s))
	}
	return d
}

func absolute(dir, p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(dir, p)
}

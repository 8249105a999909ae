// Package django judges the security settings of a Django project: Django's own rules, where Django fires them, and
// those that Django lacks.
//
// [Read] has the project's own Python tell the settings, in a bounded process; [ReadStatic] reads their source, runs nothing
// and says what it could not know:
//
//	p, err := django.Read(ctx, django.ReadConfig{Dir: "site", Settings: "mysite.settings"})
//	checks := append(p.Checks(), django.ReadCheck(err))
//	report := check.Run(ctx, checks, check.Options{Deploy: true})
//
// Most rules are those of the parts, asked about a Config that means what the project's settings mean; so a Go
// application and a Django project are judged by one list. The few that only Django can break stand here. Django's
// IDs fire exactly where the project's own Django fires them, from 3.2 to 6.1, down to 1 not being True, except that what makes
// Django's own check crash is a finding. docs/django-check.md lists them.
//
// Reading settings with Python runs them, so [Read] is for those who asked for it. It bounds and hides the process; it does
// not keep settings from doing harm.
package django

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// format is what the exporter calls its form.
const format = 1

// maxExport is far beyond any project's settings.
const maxExport = 8 << 20

//go:embed export.py
var exporter string

// Exporter returns the Python program that prints what [Parse] reads, for who runs it otherwise than [Read] does. It needs
// the project's own Python, the project's directory and DJANGO_SETTINGS_MODULE, and it executes the settings and
// whatever they import.
func Exporter() string { return exporter }

// Project is the settings of a Django project. The zero Project has none, and is judged accordingly.
type Project struct {
	version  string
	python   string
	settings map[string]value
	facts
	open    []gap            // what is not known of the settings, if only their source was read
	partial map[string]value // in a world, the gaps as they are
	now     time.Time        // for tests; zero means now
}

// facts are what the project's code tells beside its settings. Each is nil if that is not known.
type facts struct {
	Failure     *string            `json:"failure_view"`   // CSRF_FAILURE_VIEW: ok, missing or uncallable
	Handlers    *map[string]string `json:"handlers"`       // the same of the views for errors, by status
	Admin       *string            `json:"admin"`          // the admin site's path, empty if there is none
	Login       *string            `json:"login_required"` // LoginRequiredMiddleware: ok, or missing what it needs
	Directories *directories       `json:"directories"`
	Upload      *string            `json:"upload_directory"` // FILE_UPLOAD_TEMP_DIR: ok or missing
	Async       *bool              `json:"async_unsafe"`     // DJANGO_ALLOW_ASYNC_UNSAFE is set
	Source      *source            `json:"source"`           // which Read finds out itself
}

// directories are absolute paths without symbolic links.
type directories struct {
	Roots  map[string][]string       // by the setting
	Caches map[string]cacheDirectory // by the alias
}

type cacheDirectory struct {
	Path     string
	Absolute bool // as it is written
}

// Parse reads what the [Exporter] printed. The error never holds any of it.
func Parse(export []byte) (Project, error) {
	var in struct {
		Format int    `json:"airworthy"`
		Django string `json:"django"`
		Python string `json:"python"`
		facts
		Settings map[string]any `json:"settings"`
	}
	if len(export) > maxExport {
		return Project{}, fmt.Errorf("django: the settings are longer than %d bytes", maxExport)
	}
	dec := json.NewDecoder(bytes.NewReader(export))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return Project{}, errors.New("django: the settings are not JSON: something else was printed among them")
	}
	if _, err := dec.Token(); err != io.EOF {
		return Project{}, errors.New("django: something follows the settings")
	}
	if in.Format != format || in.Settings == nil {
		return Project{}, fmt.Errorf("django: these are not settings in form %d: use this version's exporter", format)
	}
	p := Project{version: in.Django, python: in.Python, facts: in.facts, settings: map[string]value{}}
	for name, v := range in.Settings {
		p.settings[name] = value{v, true}
	}
	return p, nil
}

// Version returns the project's version of Django, such as 5.2.19, or nothing if it is not known.
func (p Project) Version() string { return p.version }

// Python returns the project's version of Python, such as 3.13.1, or nothing if it is not known.
func (p Project) Python() string { return p.python }

// get returns a setting, None if there is none.
func (p Project) get(name string) value { return p.settings[name] }

// middleware reports whether MIDDLEWARE names the class. As in Django, a subclass or a wrapper is another name.
func (p Project) middleware(class string) bool { return p.get("MIDDLEWARE").contains(class) }

// known returns the Find of a rule about a fact that only the running project tells, which nil is not.
func known(fact *string, wrong func(string) bool) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) {
		if fact == nil {
			return nil, errors.New("django: the project's code could not be run: see that it starts where it is judged")
		}
		return check.When(wrong(*fact), check.Finding{Evidence: *fact})
	}
}

// app reports whether INSTALLED_APPS names the application, not its AppConfig.
func (p Project) app(name string) bool { return p.get("INSTALLED_APPS").contains(name) }

// appNamed is app for other people's applications, which may stand there with their AppConfig.
func (p Project) appNamed(names ...string) bool {
	for _, app := range p.get("INSTALLED_APPS").items() {
		for _, name := range names {
			if s := app.text(); s == name || strings.HasPrefix(s, name+".") {
				return true
			}
		}
	}
	return false
}

// Middleware that Django's rules ask for.
const (
	securityMiddleware = "django.middleware.security.SecurityMiddleware"
	frameMiddleware    = "django.middleware.clickjacking.XFrameOptionsMiddleware"
	csrfMiddleware     = "django.middleware.csrf.CsrfViewMiddleware"
	sessionMiddleware  = "django.contrib.sessions.middleware.SessionMiddleware"
	sessionApp         = "django.contrib.sessions"
)

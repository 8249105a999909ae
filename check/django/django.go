// Package django judges the security settings of a Django project: Django's own rules, where Django fires them, and
// those that Django lacks.
//
// [Exporter] is the program that the project's own Python runs to tell its settings; [Parse] reads what it printed:
//
//	p, err := django.Parse(out)
//	if err != nil {
//		return err
//	}
//	report := check.Run(ctx, p.Checks(), check.Options{Deploy: true})
//
// Most rules are those of the parts, asked about a Config that means what the project's settings mean; so a Go
// application and a Django project are judged by one list. The few that only Django can break stand here. Django's
// IDs fire exactly where Django 5.2 fires them, down to 1 not being True, except that what makes Django's own check
// crash is a finding.
//
// The package runs nothing. Who calls it decides whether the project may be run, since reading settings runs them.
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

	"github.com/airworthy-go/airworthy/check"
)

// format is what the exporter calls its form.
const format = 1

// maxExport is far beyond any project's settings.
const maxExport = 8 << 20

//go:embed export.py
var exporter string

// Exporter returns the Python program that prints what Parse reads. It needs the project's own Python, the project's
// directory and DJANGO_SETTINGS_MODULE, and it executes the settings and whatever they import.
func Exporter() string { return exporter }

// Project is the settings of a Django project. The zero Project has none, and is judged accordingly.
type Project struct {
	version  string
	settings map[string]value
	failure  *string // of CSRF_FAILURE_VIEW: ok, missing or uncallable; nil if that is not known
	admin    *string // the admin site's path, empty if there is none; nil if that is not known
}

// Parse reads what the [Exporter] printed. The error never holds any of it.
func Parse(export []byte) (Project, error) {
	var in struct {
		Format      int            `json:"airworthy"`
		Django      string         `json:"django"`
		FailureView *string        `json:"failure_view"`
		Admin       *string        `json:"admin"`
		Settings    map[string]any `json:"settings"`
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
	p := Project{version: in.Django, failure: in.FailureView, admin: in.Admin, settings: map[string]value{}}
	for name, v := range in.Settings {
		p.settings[name] = value{v, true}
	}
	return p, nil
}

// Version returns the project's version of Django, such as 5.2.19.
func (p Project) Version() string { return p.version }

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

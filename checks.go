package airworthy

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// failPath is where the gate, and nobody else, finds a page that fails, to look at the error page for it.
const failPath = "/airworthy-probe-fail"

// failing answers the gate's request for failPath with an error whose text no visitor may see.
type failing struct{ application http.Handler }

func (f *failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == failPath && httpx.Probing(r.Context()) {
		cause := errors.New("panic: the gate asked for a failure\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:1")
		httpx.Refuse(w, r, http.StatusInternalServerError, cause)
		return
	}
	f.application.ServeHTTP(w, r)
}

// Checks returns all checks: those of the settings, and those that ask the running application.
func (a *App) Checks() []check.Check {
	gate := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.ServeHTTP(w, r.WithContext(httpx.WithProbe(r.Context())))
	})
	s := a.settings
	s.Ring = a.parts.ring // with which the store that New chose is known too
	return slices.Concat(s.Checks(), a.parts.runningChecks(), probe.Checks(probe.InProcess(gate), a.settings.claims()))
}

// Check judges the application as `check --deploy` does. It is for the application's own tests.
func (a *App) Check(ctx context.Context) *check.Report {
	report := check.Run(ctx, a.Checks(), check.Options{
		Deploy: true, Silenced: a.settings.Silences(), Edge: a.settings.Edge,
		Rules: probe.Checks(nil, probe.Claims{Outside: true}), // which could confirm what the edge owns
	})
	report.Redact(a.Mask().String)
	return report
}

// Checks returns the checks that look at the settings alone. They run even where [New] refuses the settings.
func (s Settings) Checks() []check.Check {
	all := s.partChecks()
	if repo.Exists("") { // elsewhere these would seem to have passed
		all = append(all, s.repository().Checks()...)
	}
	for i := range all {
		all[i] = s.located(all[i])
	}
	return all
}

// partChecks are those of the parts, and those about the settings as a whole.
func (s Settings) partChecks() []check.Check {
	// Without the ring the session store that New chooses is not known; its checks ask only what was set.
	c := s.connected(s.Ring)
	return slices.Concat(
		c.Keyring.Checks(),
		c.Proxy.Checks(),
		c.Logs.Checks(),
		c.Headers.Checks(),
		c.CSP.Checks(),
		c.ErrorPages.Checks(),
		c.Hosts.Checks(),
		c.HTTPS.Checks(),
		c.Cookies.Checks(),
		c.Session.Checks(),
		c.CSRF.Checks(),
		c.userChecks(),
		c.console(&parts{}).Checks(),
		secrets.Checks(s.keeper(), s.Loaded),
		s.ownChecks(),
		s.OwnChecks,
	)
}

// HistoryChecks returns the checks that read the history of the repository that the program runs in, and look for the secrets of
// these settings in it. That takes as long as git needs to read all it holds, or twice that. Where there is no repository they
// could not look: an answer that nothing was found would be wrong.
func (s Settings) HistoryChecks() []check.Check {
	all := s.repository().ScanChecks()
	for i := range all {
		if !repo.Exists("") {
			all[i].Find = func(context.Context) ([]check.Finding, error) {
				return nil, errors.New("the working directory is in no repository of git")
			}
		}
		all[i] = s.located(all[i])
	}
	return all
}

// repository is what is known of the repository that the program runs in.
func (s Settings) repository() repo.Config {
	c := repo.Config{Environment: s.Loaded.Environment}
	for _, v := range s.Loaded.Values {
		for _, value := range v.Secrets() {
			c.Secrets = append(c.Secrets, repo.Secret{Setting: v.Variable, Value: value})
		}
	}
	return c
}

// located returns k with the place where a setting was set in each finding about it.
func (s Settings) located(k check.Check) check.Check {
	find := k.Find
	k.Find = func(ctx context.Context) ([]check.Finding, error) {
		findings, err := find(ctx)
		for i, f := range findings {
			if f.Source == "" {
				findings[i].Source = s.Loaded.Origin(cmp.Or(f.Setting, k.Setting))
			}
		}
		return findings, err
	}
	return k
}

// ownChecks are about the settings as a whole.
func (s Settings) ownChecks() []check.Check {
	return []check.Check{{
		ID: "settings.W001", Level: check.Warning, Tags: []string{"settings"}, Needs: check.Settings,
		Title: "A setting is probably not what was meant.",
		Hint:  "Correct the name or the value, or remove it.",
		Why: "A misspelled name changes nothing and says nothing: the protection that it was to switch on stays " +
			"off, and everybody believes that it is on.",
		See: "https://12factor.net/config",
		Find: func(context.Context) ([]check.Finding, error) {
			var found []check.Finding
			for _, w := range s.Loaded.Warnings {
				if !w.Note && !w.Exposed() { // secrets.W004 has these
					found = append(found, check.Finding{Setting: w.Variable, Source: w.Origin, Evidence: w.Text, Hint: w.Hint})
				}
			}
			return found, nil
		},
	}, {
		ID: "settings.W002", Level: check.Warning, Deploy: true, Tags: []string{"settings", "security"}, Needs: check.Settings,
		Title: "The environment is development, which shows its insides.",
		Hint:  "Set AIRWORTHY_ENV to the environment that is deployed, such as production.",
		Why: "In development errors show source and settings, keys may be weak and http is allowed. On the " +
			"internet each of these is a way in.",
		See:     "https://docs.djangoproject.com/en/stable/howto/deployment/checklist/",
		Setting: settings.EnvironmentVariable,
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(s.Loaded.Environment == settings.Development, check.Finding{})
		},
	}}
}

// BuildCheck returns the check that stands for an application that could not be built: each fault of err is a finding.
func BuildCheck(err error) check.Check {
	return check.Check{
		ID: "airworthy.E001", Level: check.Critical, Tags: []string{"security", "settings"}, Needs: check.Settings,
		Title: "The application cannot be built, and will not start.",
		Hint:  "Mend what the evidence says.",
		Why:   "A program that is deployed with these settings ends at once, and the site is down until they are mended.",
		See:   "https://12factor.net/config",
		Find: func(context.Context) ([]check.Finding, error) {
			var found []check.Finding
			for _, fault := range flatten(err) {
				var f check.Finding
				f.Setting, f.Source, f.Evidence, f.Hint = settings.About(fault)
				found = append(found, f)
			}
			return found, nil
		},
	}
}

// Faults returns the faults in an error of [New] or of package settings, a line each.
func Faults(err error) []string {
	var lines []string
	for _, fault := range flatten(err) {
		lines = append(lines, strings.Split(fault.Error(), "\n")...)
	}
	return lines
}

// flatten returns the errors that err joins, however deep.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		joined, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		var all []error
		for _, each := range joined.Unwrap() {
			all = append(all, flatten(each)...)
		}
		return all
	}
	return []error{err}
}

// LiveChecks looks at the live site of these settings and returns the checks that compare its answers with what the settings
// promise. What somebody before the application looks after, such as redirects to https, is judged all the same: a
// visitor sees both as one. Add them to [App.Checks] of the same settings.
func (s Settings) LiveChecks(ctx context.Context, live *probe.Live, profile probe.Profile) []check.Check {
	claims := s.claims()
	claims.Profile = profile
	claims.InsecureHTTP, claims.InsecureNoHSTS, claims.InsecureNoCSP = false, false, false
	checks, _ := live.Checks(ctx, claims)
	return checks
}

// claims says what the settings promise, for the gate to compare with what the application answers.
func (s Settings) claims() probe.Claims {
	plain := s.HTTPS.InsecureHTTP || s.HTTPS.InsecureOff
	return probe.Claims{
		Host:                 s.probeHost(),
		Paths:                s.ProbePaths,
		FailPath:             failPath,
		HealthPath:           s.Hosts.HealthPath,
		AdminPath:            s.Admin.Path,
		SessionCookie:        s.Session.CookieName,
		Tokens:               !s.CSRF.InsecureOff,
		InsecureHTTP:         plain,
		InsecureNoHSTS:       plain || s.HTTPS.HSTS == https.Off,
		InsecureNoCSP:        s.CSP.InsecureOff || s.CSP.InsecureReportOnly,
		InsecureNoCSRF:       s.CSRF.InsecureOff,
		InsecurePlainCookies: s.Cookies.InsecurePlainNames,
	}
}

// probeHost returns a name that the application answers to.
func (s Settings) probeHost() string {
	if len(s.Hosts.Allowed) == 0 || s.Hosts.Allowed[0] == "*" {
		return "localhost"
	}
	first := s.Hosts.Allowed[0]
	if prefix, err := netip.ParsePrefix(first); err == nil {
		return httpx.AddrHost(prefix.Addr())
	}
	return strings.TrimPrefix(first, ".")
}

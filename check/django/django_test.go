package django_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
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
	return p.At(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
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

func isDjango(id string) bool {
	return strings.Contains("security 4_0 async auth caches files mail urls", id[:strings.IndexByte(id, '.')])
}

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
			if !strings.Contains(n.Reason, "could not be run") && !strings.Contains(n.Reason, "is not known") {
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
	always := strings.Fields("4_0.E001 security.E026 security.E100 security.E101 security.E102 security.W027 caches.E001 " +
		"caches.W003 urls.E006 urls.E007 urls.E008 mail.W001 files.E001 auth.E013")
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
	if n != 40 {
		t.Errorf("%d rules of Django's, want 40", n)
	}
}

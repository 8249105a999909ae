package django

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/pyliteral"
)

// cases returns, of each rule, the projects that raise it, and the settings that make them do so.
func cases(t *testing.T) (out []struct {
	id       string
	project  Project
	settings []string
}) {
	t.Helper()
	files, _ := filepath.Glob("testdata/checks/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		facts := map[string][]byte{}
		for _, f := range archive.Files {
			if side, ok := strings.CutSuffix(f.Name, "/facts.json"); ok {
				facts[side] = f.Data
			}
		}
		for _, f := range archive.Files {
			side, ok := strings.CutSuffix(f.Name, "/settings.json")
			if !ok || !strings.HasPrefix(side, "raises") {
				continue
			}
			p, settings := laid(t, f.Data, facts[side])
			id := strings.TrimSuffix(filepath.Base(file), ".txtar")
			out = append(out, struct {
				id       string
				project  Project
				settings []string
			}{id, p, settings})
		}
	}
	return out
}

// laid returns the sound project with settings and facts laid over it.
func laid(t *testing.T, settings, facts []byte) (Project, []string) {
	t.Helper()
	base, err := os.ReadFile("testdata/hardened.json")
	if err != nil {
		t.Fatal(err)
	}
	var project, more, change map[string]any
	for text, into := range map[string]*map[string]any{string(base): &project, string(settings): &change, string(facts) + " ": &more} {
		if strings.TrimSpace(text) == "" {
			continue
		}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	all := project["settings"].(map[string]any)
	var merge func(base, change map[string]any)
	merge = func(base, change map[string]any) {
		for k, v := range change {
			below, ok := v.(map[string]any)
			under, has := base[k].(map[string]any)
			if ok && has {
				merge(under, below)
				continue
			}
			base[k] = v
		}
		maps.DeleteFunc(base, func(_ string, v any) bool { return v == "ABSENT" })
	}
	merge(all, change)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == "ABSENT" })
	maps.Copy(project, more)
	export, err := json.Marshal(project)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(export)
	if err != nil {
		t.Fatal(err)
	}
	return p, slices.Sorted(maps.Keys(change))
}

// TestUnknownIsNeverClean takes each project that raises a rule, and takes away what is known of a setting that does: the
// rule finds something all the same, or it could not look. It never passes.
func TestUnknownIsNeverClean(t *testing.T) {
	n := 0
	for _, c := range cases(t) {
		for _, name := range c.settings {
			if !decisive(t, c.project, c.id, name) {
				continue
			}
			n++
			p := c.project
			p.settings = maps.Clone(p.settings)
			u := &pyliteral.Unknown{Why: "it comes from the environment"}
			p.settings[name] = value{u, true}
			p.open = []gap{{name, u}}
			report := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true})
			found := slices.ContainsFunc(report.Findings, func(f check.Finding) bool { return f.ID == c.id })
			notRun := slices.ContainsFunc(report.NotRun, func(f check.NotRun) bool {
				return f.ID == c.id && strings.Contains(f.Reason, name)
			})
			if !found && !notRun {
				t.Errorf("%s: without %s it is clean", c.id, name)
			}
		}
	}
	if n < 80 {
		t.Errorf("only %d settings were taken away", n)
	}
}

// decisive reports whether the rule is not raised with the sound project's value of a setting.
func decisive(t *testing.T, p Project, id, name string) bool {
	t.Helper()
	sound, _ := laid(t, []byte("{}"), nil)
	p.settings = maps.Clone(p.settings)
	p.settings[name] = sound.settings[name]
	report := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true})
	return !slices.ContainsFunc(report.Findings, func(f check.Finding) bool { return f.ID == id })
}

// TestKnownStaysKnown holds that rules which do not depend on what is unknown are judged.
func TestKnownStaysKnown(t *testing.T) {
	p, _ := laid(t, []byte(`{"DEBUG": true, "SECURE_SSL_REDIRECT": false}`), nil)
	u := &pyliteral.Unknown{Why: "it comes from the environment", Type: "str", File: "s.py", Line: 3}
	p.settings["SECRET_KEY"] = value{u, true}
	p.settings["MIDDLEWARE"] = value{append(p.settings["MIDDLEWARE"].raw.([]any), &pyliteral.Unknown{Rest: true, Why: "it depends"}), true}
	p.open = []gap{{"MIDDLEWARE", u}, {"SECRET_KEY", u}}
	report := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true})
	var found, notRun []string
	for _, f := range report.Findings {
		found = append(found, f.ID)
	}
	for _, f := range report.NotRun {
		notRun = append(notRun, f.ID)
	}
	slices.Sort(notRun)
	for _, id := range []string{"security.W018", "security.W008"} { // the list begins with SecurityMiddleware, whatever follows
		if !slices.Contains(found, id) {
			t.Errorf("%s is not found among %q", id, found)
		}
	}
	for _, id := range []string{"security.W009", "keyring.E001"} {
		if !slices.Contains(notRun, id) {
			t.Errorf("%s is judged without SECRET_KEY", id)
		}
	}
	if slices.Contains(notRun, "security.W020") || slices.Contains(notRun, "security.W001") {
		t.Errorf("not run = %q, which depend on nothing unknown", notRun)
	}
}

func BenchmarkWorlds(b *testing.B) {
	p := Project{settings: map[string]value{}}
	for name, v := range defaults(release{5, 2}) {
		p.settings[name] = value{v, true}
	}
	for _, name := range []string{"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "DATABASES", "MIDDLEWARE", "EMAIL_BACKEND"} {
		u := &pyliteral.Unknown{}
		p.settings[name] = value{u, true}
		p.open = append(p.open, gap{name, u})
	}
	for b.Loop() {
		p.verdicts()
	}
}

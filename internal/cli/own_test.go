package cli_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/internal/cli"
)

// TestOwnRules runs the cases of what the gate says of waivers, baselines and the edge, on 10 March 2026, about a house whose
// door stands open: door.W001 finds it, probe.W900 is a look from the street.
//
// waivers.yaml and baseline.json are what the flags of that name read; "outside" puts the waivers out of the repository,
// "edge" names what is left to the edge, "live" says that somebody looked from the street, and what they saw.
func TestOwnRules(t *testing.T) {
	covered := checktest.Golden(t, "testdata/checks", func(t *testing.T, files fs.FS) []check.Check { return house(t, files) })
	want := map[string]bool{}
	for _, c := range check.Own() {
		want[c.ID] = true
	}
	for _, id := range covered {
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("no cases of %v", want)
	}
}

// house returns the gate's own rules as checks, each of which runs the gate on the house.
func house(t *testing.T, files fs.FS) []check.Check {
	report := judgeHouse(t, files)
	all := check.Own()
	for i, c := range all {
		all[i].Find = func(context.Context) (found []check.Finding, err error) {
			for _, f := range report.Findings {
				if f.ID == c.ID {
					found = append(found, f)
				}
			}
			return found, nil
		}
	}
	return all
}

func judgeHouse(t *testing.T, files fs.FS) *check.Report {
	t.Helper()
	read := func(name string) string {
		text, err := fs.ReadFile(files, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	dir := t.TempDir()
	repository := filepath.Join(dir, "house")
	if err := os.MkdirAll(filepath.Join(repository, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(repository)
	var gate cli.Gate
	gate.Format = "text"
	if text := read("waivers.yaml"); text != "" {
		gate.Waivers = "waivers.yaml"
		if read("outside") != "" {
			gate.Waivers = "../waivers.yaml"
		}
		write(t, gate.Waivers, text)
	}
	if text := read("baseline.json"); text != "" {
		gate.Baseline = "baseline.json"
		write(t, gate.Baseline, text)
	}
	if edge := read("edge"); edge != "" {
		gate.Edge = []string{edge}
	}
	street := check.Check{
		ID: "probe.W900", Level: check.Warning, Tags: []string{"house"}, Needs: check.URL, Setting: "DOOR", Title: "It is open.", Hint: "Shut it.",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(read("live") == "open", check.Finding{})
		},
	}
	opt, err := gate.Options(&cli.Program{Rules: func() []check.Check { return []check.Check{street} }})
	if err != nil {
		t.Fatal(err)
	}
	opt.Now = time.Date(2026, 3, 10, 23, 0, 0, 0, time.UTC)
	checks := []check.Check{{
		ID: "door.W001", Level: check.Warning, Tags: []string{"house"}, Needs: check.Settings, Title: "It is open.", Hint: "Shut it.",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(true, check.Finding{Setting: "DOOR"})
		},
	}}
	if read("live") != "" {
		checks = append(checks, street)
	}
	return check.Run(t.Context(), checks, opt)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSettingAsideWronglyIsUsage: what cannot be read as it was meant must not be guessed at.
func TestSettingAsideWronglyIsUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "list.yaml", "- id: door.W001\n")
	write(t, "text.json", "hello")
	for name, row := range map[string]struct {
		gate cli.Gate
		want string
	}{
		"no waivers":        {cli.Gate{Waivers: "gone.yaml"}, "--waivers: gone.yaml: no such file"},
		"a folder":          {cli.Gate{Waivers: "."}, "--waivers: . is no file"},
		"no list":           {cli.Gate{Waivers: "list.yaml"}, "below the name waivers"},
		"no baseline":       {cli.Gate{Baseline: "gone.json"}, "--baseline: gone.json: no such file"},
		"no report":         {cli.Gate{Baseline: "text.json"}, "no report in JSON"},
		"new compared with": {cli.Gate{NewOnly: true}, "--new-only goes with --baseline"},
	} {
		row.gate.Format = "text"
		_, err := row.gate.Options(&cli.Program{})
		f, ok := errors.AsType[*cli.Failure](err)
		if !ok || f.Status != cli.Wrong || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want usage with %q", name, err, row.want)
		}
	}
}

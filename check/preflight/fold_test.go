package preflight_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
)

// told makes a report of words: ID@kind is a check that was asked, with !LEVEL behind it for a finding, ~ for one that was set aside
// and ? for a check that could not look.
func told(words string) *check.Report {
	r := &check.Report{FailLevel: check.Warning}
	for word := range strings.FieldsSeq(words) {
		id, rest, _ := strings.Cut(word, "@")
		kind := strings.TrimRight(rest, "!~?CEWI")
		mark := strings.TrimPrefix(rest, kind)
		c := check.Check{ID: id, Level: check.Warning, Title: "The title of " + id + ".", Hint: "Mend it.", Needs: check.Evidence(kind)}
		r.Asked = append(r.Asked, c)
		f := check.Finding{ID: id, Title: c.Title, Hint: c.Hint, Needs: c.Needs, Level: check.Warning, Evidence: "seen"}
		switch mark {
		case "?":
			r.NotRun = append(r.NotRun, check.NotRun{ID: id, Title: c.Title, Reason: "no answer", Needs: c.Needs})
			continue
		case "~":
			f.Silenced = "the proxy does it"
			r.Silenced = append(r.Silenced, f)
		case "!C", "!E", "!W", "!I":
			f.Level = map[string]check.Level{"!C": check.Critical, "!E": check.Error, "!W": check.Warning, "!I": check.Info}[mark]
			r.Findings = append(r.Findings, f)
		}
		r.Ran++
	}
	return r
}

// states returns those of the items that are not unverified, as "3 pass".
func states(r *preflight.Result) string {
	var all []string
	for _, o := range r.Items {
		if o.State != preflight.Unverified {
			all = append(all, fmt.Sprintf("%d %s", o.Number, o.State))
		}
	}
	return strings.Join(all, ", ")
}

func TestFold(t *testing.T) {
	for name, row := range map[string]struct{ words, want string }{
		"nobody looked":                                {"", ""},
		"a setting was looked at":                      {"security.W018@settings", "1 pass, 12 pass"},
		"an answer was looked at":                      {"probe.W009@handler", "8 pass"},
		"the live site was looked at":                  {"probe.W009@url", "8 pass"},
		"one of two kinds finds":                       {"security.W019@settings probe.W009@handler!W", "8 fail, 12 fail"},
		"one of two checks finds":                      {"security.W019@settings security.W002@settings!W", "8 fail, 12 fail"},
		"an error is a finding":                        {"probe.W009@url!E", "8 fail, 12 fail"},
		"a remark is none":                             {"security.W019@settings!I", "8 pass, 12 pass"},
		"what was set aside passes":                    {"security.W019@settings~", "8 pass, 12 pass"},
		"a check could not look":                       {"security.W019@settings probe.W009@url?", "12 fail"},
		"a finding outweighs what could not look":      {"security.W019@settings!W probe.W009@url?", "8 fail, 12 fail"},
		"another kind of evidence could not":           {"probe.W009@handler probe.W009@url?", "12 fail"},
		"deployment files do not prove debug off":      {"deployment.W006@repository", ""},
		"deployment files prove debug on":              {"deployment.W006@repository!W", "1 fail, 12 fail"},
		"a clean history does not prove a key":         {"repo.E001@repository", ""},
		"a key and a clean history do":                 {"repo.E001@repository security.W009@settings", "2 pass, 12 pass"},
		"a leaked key fails":                           {"repo.E001@repository!E security.W009@settings", "2 fail, 12 fail"},
		"a silent /admin does not prove a guard":       {"probe.W032@url", ""},
		"an ID counts before its part":                 {"csp.W010@settings csrf.W003@settings https.W001@settings", "4 pass, 6 pass, 8 pass, 12 pass"},
		"a part stands for its checks":                 {"keyring.W900@settings", "2 pass, 12 pass"},
		"a part is a whole word":                       {"keyrings.W001@settings", "12 pass"},
		"what no item names is the gate's":             {"headers.W001@settings", "12 pass"},
		"what no item names fails the gate":            {"headers.W001@settings!W", "12 fail"},
		"a remark of the gate's":                       {"headers.W001@settings!I", "12 pass"},
		"a live site alone is not the gate":            {"probe.W008@url", ""},
		"a live site alone fails the gate":             {"probe.W008@url!W", "12 fail"},
		"the build failed":                             {"airworthy.E001@settings!C", "12 fail"},
		"nobody can say that backups run":              {"security.W018@settings headers.W001@settings", "1 pass, 12 pass"},
		"a check of backups that there will be":        {"backup.W001@settings", "12 pass, 15 pass"},
		"a check of static files that there will be":   {"static.E001@handler!E", "12 fail, 13 fail"},
		"evidence that an item does not count on":      {"policy.W001@url", "10 pass"},
		"evidence that an item does not count on, bad": {"policy.W001@url!W", "10 fail, 12 fail"},
	} {
		if got := states(preflight.Fold(preflight.Options{}, told(row.words))); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// TestFoldOfAClaim holds that what is left to the edge has passed once the live site has shown it, and not before.
func TestFoldOfAClaim(t *testing.T) {
	hsts := check.Check{ID: "security.W004", Level: check.Warning, Title: "No HSTS.", Tags: []string{"x"}, Needs: check.Settings, Setting: "SECURE_HSTS_SECONDS",
		Find: func(context.Context) ([]check.Finding, error) { return []check.Finding{{}}, nil }}
	live := check.Check{ID: "probe.W005", Level: check.Warning, Title: "No HSTS.", Tags: []string{"x"}, Needs: check.URL, Setting: hsts.Setting,
		Find: func(context.Context) ([]check.Finding, error) { return nil, nil }}
	for _, row := range []struct {
		name   string
		checks []check.Check
		want   string
	}{
		{"nobody asked", []check.Check{hsts}, "12 pass"},
		{"the live site was asked", []check.Check{hsts, live}, "5 pass, 12 pass"},
	} {
		r := check.Run(t.Context(), row.checks, check.Options{Edge: []string{hsts.Setting}, Rules: []check.Check{live}})
		if got := states(preflight.Fold(preflight.Options{}, r)); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestFoldReportsTogether(t *testing.T) {
	r := preflight.Fold(preflight.Options{Subject: "site"}, told("security.W018@settings probe.E025@handler"), told("deployment.W006@repository"),
		told("probe.E025@url!E"))
	o := r.Items[0]
	var got []string
	for _, p := range o.Proofs {
		got = append(got, fmt.Sprint(p.Needs, " ", p.State, " ", p.Checks, " ", len(p.Findings)))
	}
	want := "settings pass [security.W018] 0, handler pass [probe.E025] 0, repository pass [deployment.W006] 0, url fail [] 1"
	if strings.Join(got, ", ") != want || o.State != preflight.Failed {
		t.Errorf("%s: %s, want fail: %s", o.State, strings.Join(got, ", "), want)
	}
	if gate := r.Items[11]; gate.State != preflight.Failed || gate.Note != "Item 1 fails." {
		t.Errorf("the gate: %s, %q", gate.State, gate.Note)
	}
}

// A question that was asked wrongly is nobody's evidence, and keeps the gate shut.
func TestFoldOfAWrongQuestion(t *testing.T) {
	r := told("security.W018@settings")
	r.NotRun = append(r.NotRun, check.NotRun{ID: "check", Title: "An unknown tag was asked for.", Reason: "no check has it"})
	got := preflight.Fold(preflight.Options{}, r)
	if states(got) != "1 pass, 12 fail" || got.Items[11].Note != "An unknown tag was asked for. no check has it" {
		t.Errorf("%s: %q", states(got), got.Items[11].Note)
	}
}

func TestFailed(t *testing.T) {
	for name, row := range map[string]struct {
		words          string
		failed, strict bool
	}{
		"nothing":   {"", false, true},
		"a failure": {"security.W018@settings!W", true, true},
		"a pass":    {"security.W018@settings", false, true},
	} {
		for _, strict := range []bool{false, true} {
			want := row.failed
			if strict {
				want = row.strict
			}
			if got := preflight.Fold(preflight.Options{Strict: strict}, told(row.words)).Failed(); got != want {
				t.Errorf("%s, strict %v: failed %v, want %v", name, strict, got, want)
			}
		}
	}
	var all strings.Builder
	for _, item := range preflight.Items() {
		for _, id := range item.Checks {
			if strings.HasSuffix(id, ".") {
				id += "W999"
			}
			all.WriteString(id + "@settings ")
		}
	}
	if r := preflight.Fold(preflight.Options{Strict: true}, told(all.String())); r.Failed() || r.Count(preflight.Passed) != 16 {
		t.Errorf("everything passed, and the checklist did not: %s", states(r))
	}
}

func TestItemsOfAnApplication(t *testing.T) {
	opt := preflight.Options{Items: []preflight.Item{
		{Title: "Invoices are their owner's alone", Checks: []string{"shop.E001"}},
		{Title: "The shop is well", Checks: []string{"shop."}, Evidence: []preflight.Evidence{{Needs: check.URL, Shows: "its front page"}}},
		{Title: "The lawyers have read it", ByHand: "Ask them."},
	}}
	r := preflight.Fold(opt, told("shop.E001@handler shop.W002@settings!W"))
	if got := states(r); got != "12 fail, 17 pass, 18 fail" {
		t.Error(got)
	}
	if o := r.Items[18]; o.Number != 19 || o.Title != "The lawyers have read it" || o.State != preflight.Unverified {
		t.Errorf("%+v", o)
	}
	// An application cannot take a check from the sixteen without naming it, nor replace the gate.
	opt.Items = []preflight.Item{{Title: "All", Checks: []string{"security.", "headers."}}}
	if got := states(preflight.Fold(opt, told("security.W018@settings headers.W001@settings"))); got != "1 pass, 12 pass, 17 pass" {
		t.Error(got)
	}
}

// There is one gate, whatever items an application copies.
func TestTheGateIsOne(t *testing.T) {
	r := preflight.Fold(preflight.Options{Items: preflight.Items()[11:12]}, told("headers.W001@settings"))
	if got := states(r); got != "12 pass" {
		t.Error(got)
	}
}

func TestCommands(t *testing.T) {
	commands := map[check.Evidence]string{check.URL: "bulletin preflight --url https://bulletin.example"}
	r := preflight.Fold(preflight.Options{Commands: commands}, told("headers.W001@settings"))
	if o := r.Items[9]; o.Proofs[0].Command != "" || o.Proofs[1].Command == "" || !strings.Contains(o.Note, "no such part") {
		t.Errorf("an application without passwords: %+v", o)
	}
	r = preflight.Fold(preflight.Options{Commands: commands}, told(""))
	for i, want := range map[int][]string{
		0:  {"airworthy check --deploy --django DIR --settings MODULE", "APP check --deploy", "airworthy scan DIR", commands[check.URL]},
		12: {"", "", ""}, // no check looks at these
		14: {""},
	} {
		for j, p := range r.Items[i].Proofs {
			if p.Command != want[j] {
				t.Errorf("item %d, %s: %q, want %q", i+1, p.Needs, p.Command, want[j])
			}
		}
	}
}

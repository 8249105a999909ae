package cli_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/cli"
)

// lamp is a list with one check, which finds something if wrong.
func lamp(wrong bool) []check.Check {
	return []check.Check{{
		ID: "lamp.W001", Level: check.Warning, Tags: []string{"light"}, Needs: check.Settings, Title: "It is dark.", Hint: "Switch it on.",
		Find: func(context.Context) ([]check.Finding, error) { return check.When(wrong, check.Finding{}) },
	}}
}

// TestGate asks as the flags of a command do.
func TestGate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reports", "report.json") // in a folder that is not there yet
	for _, row := range []struct {
		name   string
		gate   cli.Gate
		wrong  bool
		status int
		out    string
	}{
		{"clean", cli.Gate{Format: "text"}, false, cli.Passed, "No findings"},
		{"a warning passes without --deploy", cli.Gate{Format: "text"}, true, cli.Passed, "lamp.W001"},
		{"--fail-level", cli.Gate{Format: "text", FailLevel: "warning"}, true, cli.Refused, "lamp.W001"},
		{"unknown level", cli.Gate{Format: "text", FailLevel: "loud"}, true, cli.Wrong, ""},
		{"unknown format", cli.Gate{Format: "pdf"}, true, cli.Wrong, ""},
		{"unknown tag", cli.Gate{Format: "text", Tags: []string{"dark"}}, true, cli.Wrong, ""},
		{"--list-tags", cli.Gate{Format: "text", ListTags: true}, true, cli.Passed, "light\n"},
		{"--list-checks", cli.Gate{Format: "text", ListChecks: true}, true, cli.Passed, "It is dark."},
		{"--report without a file", cli.Gate{Format: "text", Reports: []string{"json"}}, true, cli.Wrong, ""},
		{"--report", cli.Gate{Format: "text", FailLevel: "warning", Reports: []string{"json=" + file}}, true, cli.Refused, "lamp.W001"},
	} {
		var out, errs strings.Builder
		p := &cli.Program{Out: &out, Err: &errs}
		opt, err := row.gate.Options(p)
		if err == nil {
			err = row.gate.Judge(t.Context(), p, "a lamp", lamp(row.wrong), opt)
		}
		if status := p.Status(err); status != row.status || !strings.Contains(out.String(), row.out) {
			t.Errorf("%s: status %d, stdout %q, stderr %q; want %d, %q", row.name, status, out.String(), errs.String(), row.status, row.out)
		}
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"id": "lamp.W001"`) {
		t.Errorf("--report wrote %q, %v", text, err)
	}
}

// TestReportFollowsNoLink holds that a link in a hostile repository leads no report over a file of ours.
func TestReportFollowsNoLink(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("ours", []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink("ours", "gate.json"), os.Symlink("nowhere", "new.json")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gate.json", "new.json"} {
		var out, errs strings.Builder
		p := &cli.Program{Out: &out, Err: &errs}
		gate := cli.Gate{Format: "text", Reports: []string{"json=" + name, "html=gate.html"}}
		opt, err := gate.Options(p)
		if err == nil {
			err = gate.Judge(t.Context(), p, "a lamp", lamp(false), opt)
		}
		if err == nil || !strings.Contains(err.Error(), "is a link") {
			t.Errorf("%s: error %v, want that it is a link", name, err)
		}
	}
	if text, err := os.ReadFile("ours"); string(text) != "precious" {
		t.Errorf("the file is now %q, %v", text, err)
	}
	if _, err := os.Stat("nowhere"); err == nil {
		t.Error("a file was made where a link leads")
	}
	if _, err := os.Stat("gate.html"); err != nil {
		t.Error("the other report was not written: ", err)
	}
}

// TestStatusShowsWhatCannotBeSeen holds that an error which repeats a name of a hostile folder moves no terminal's cursor.
func TestStatusShowsWhatCannotBeSeen(t *testing.T) {
	var errs strings.Builder
	p := &cli.Program{Err: &errs}
	status := p.Status(cli.Usage("it has \x1b[2J\x1b]0;x\asettings\u202e\nand more"))
	want := "error: it has \\x1b[2J\\x1b]0;x\\asettings\\u202e\nand more\nhint: "
	if got := errs.String(); status != cli.Wrong || !strings.HasPrefix(got, want) {
		t.Errorf("status %d, %q, want %q", status, got, want)
	}
}

func TestStatusHidesSecrets(t *testing.T) {
	var errs strings.Builder
	p := &cli.Program{Err: &errs, Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "…") }}
	if status := p.Status(errors.New("the password is hunter2")); status != cli.Wrong || strings.Contains(errs.String(), "hunter2") {
		t.Errorf("status %d, stderr %q, want %d and no secret", status, errs.String(), cli.Wrong)
	}
}

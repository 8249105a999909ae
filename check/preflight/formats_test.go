package preflight_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/internal/schematest"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// results are checklists with something of everything.
func results() map[string]*preflight.Result {
	report := told("security.W018@settings probe.E025@handler security.W009@settings repo.E004@repository!E hosts.W001@settings!W " +
		"probe.E001@url! security.W008@settings~ https.I001@settings!I csp.W003@settings probe.W012@url? headers.W001@settings admin.W001@settings!W " +
		"policy.W001@settings password.W001@settings")
	for i, f := range report.Findings {
		switch f.ID {
		case "hosts.W001":
			report.Findings[i].Setting, report.Findings[i].Source = "ALLOWED_HOSTS", ".env:3"
		case "repo.E004":
			report.Findings[i].File, report.Findings[i].Line, report.Findings[i].Source = "deploy/compose.yaml", 14, "deploy/compose.yaml:14"
		}
	}
	own := []preflight.Item{{Title: "Invoices are their owner’s alone", Checks: []string{"shop."},
		Evidence: []preflight.Evidence{{Needs: check.Handler, Shows: "a stranger asks for an invoice"}}}}
	commands := map[check.Evidence]string{check.Settings: "bulletin check --deploy", check.Handler: "bulletin check --deploy",
		check.Repository: "bulletin preflight --history", check.URL: "bulletin preflight --url https://bulletin.example"}
	var all strings.Builder
	for _, item := range preflight.Items() {
		for _, id := range item.Checks {
			if strings.HasSuffix(id, ".") {
				id += "W999"
			}
			all.WriteString(id + "@settings ")
		}
	}
	return map[string]*preflight.Result{
		"mixed":  preflight.Fold(preflight.Options{Subject: "bulletin", Items: own, Commands: commands}, report),
		"empty":  preflight.Fold(preflight.Options{}),
		"strict": preflight.Fold(preflight.Options{Subject: "bulletin", Strict: true}, told("security.W018@settings")),
		"ready":  preflight.Fold(preflight.Options{Subject: "bulletin", Strict: true}, told(all.String())),
	}
}

var writers = map[string]func(*preflight.Result, io.Writer) error{
	".txt": func(r *preflight.Result, w io.Writer) error { return r.WriteText(w, preflight.TextOptions{}) },
	".color.txt": func(r *preflight.Result, w io.Writer) error {
		return r.WriteText(w, preflight.TextOptions{Color: true})
	},
	".json": (*preflight.Result).WriteJSON,
	".html": (*preflight.Result).WriteHTML,
}

func write(t testing.TB, r *preflight.Result, form string) string {
	t.Helper()
	var b bytes.Buffer
	if err := writers[form](r, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, r := range results() {
		for form := range writers {
			t.Run(name+form, func(t *testing.T) {
				got := write(t, r, form)
				file := filepath.Join("testdata", name+form)
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("differs from %s (rewrite it with -update)\ngot:\n%s\nwant:\n%s", file, got, want)
				}
			})
		}
	}
}

func TestResultMeetsItsSchema(t *testing.T) {
	raw, err := os.ReadFile("../../docs/preflight.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	for name, r := range results() {
		var v any
		if err := json.Unmarshal([]byte(write(t, r, ".json")), &v); err != nil {
			t.Fatal(err)
		}
		for _, fault := range schematest.Meets(schema, v, name) {
			t.Error(fault)
		}
		if got := v.(map[string]any)["failed"]; got != r.Failed() {
			t.Errorf("%s: failed is %v", name, got)
		}
	}
	// What is written of a finding is what the gate's own report says of it.
	var report map[string]any
	if raw, err = os.ReadFile("../../docs/report.schema.json"); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatal(err)
	}
	finding := func(s map[string]any) map[string]any {
		return s["$defs"].(map[string]any)["finding"].(map[string]any)["properties"].(map[string]any)
	}
	for field := range finding(report) {
		if _, ok := finding(schema)[field]; !ok {
			t.Errorf("the schema of the checklist does not know %s of a finding", field)
		}
	}
}

// hostile is what a server or a repository may write into a checklist.
func hostile(s string) *preflight.Result {
	r := told("hosts.W001@settings!W security.W008@settings~ probe.W012@url?")
	f, w, n := &r.Findings[0], &r.Silenced[0], &r.NotRun[0]
	for _, text := range []*string{&f.Title, &f.Hint, &f.Setting, &f.Source, &f.Evidence, &w.Silenced, &w.Title, &w.Source, &n.Title, &n.Reason} {
		*text = "x" + s
	}
	return preflight.Fold(preflight.Options{
		Subject: "x" + s, Items: []preflight.Item{{Title: "x" + s, ByHand: "x" + s, Evidence: []preflight.Evidence{{Needs: check.URL, Shows: "x" + s}}}},
		Commands: map[check.Evidence]string{check.URL: "x" + s},
	}, r)
}

// stands fails the test if a text breaks a form of the checklist, or shows in it as anything else than text.
func stands(t *testing.T, s string) {
	t.Helper()
	r, plain := hostile(s), hostile("")
	for form := range writers {
		if form == ".color.txt" {
			continue
		}
		for _, c := range write(t, r, form) {
			if c != '\n' && !unicode.IsPrint(c) {
				t.Fatalf("%s: holds %U", form, c)
			}
		}
	}
	if !json.Valid([]byte(write(t, r, ".json"))) {
		t.Error("the JSON is not valid")
	}
	flush := func(r *preflight.Result) (n int) {
		for line := range strings.Lines(write(t, r, ".txt")) {
			if !strings.HasPrefix(line, "     ") {
				n++
			}
		}
		return n
	}
	if got, want := flush(r), flush(plain); got != want {
		t.Errorf("%d lines of items, want %d:\n%s", got, want, write(t, r, ".txt"))
	}
	tag := regexp.MustCompile(`<(/?[a-zA-Z!][^\s>]*)[^<>]*>`)
	names := func(r *preflight.Result) string {
		page := write(t, r, ".html")
		if strings.Count(page, "<") != len(tag.FindAllString(page, -1)) {
			t.Fatal("a mark that begins no tag")
		}
		var all []string
		for _, m := range tag.FindAllStringSubmatch(page, -1) {
			all = append(all, m[1])
		}
		return strings.Join(all, " ")
	}
	if got, want := names(r), names(plain); got != want {
		t.Errorf("elements\n%s\nwant\n%s", got, want)
	}
}

var attacks = []string{
	"\x1b[2J\u009b31m", "</p></style><script>alert(1)</script><!--", `" onmouseover="alert(1)' x='`, "\xff\xc0\x00\ufffe", "\u202egpj.exe\u2066",
	"\r\nPASS          2  Forged\n\n17 passed, 0 failed, 0 not verified. Passed.\n", "a\u2028b\u2029c", "{{.}} ${x} `x`",
}

func TestHostileText(t *testing.T) {
	for _, s := range attacks {
		stands(t, s)
	}
}

func FuzzForms(f *testing.F) {
	for _, s := range attacks {
		f.Add(s)
	}
	f.Add(strings.Repeat("ü", 500))
	f.Fuzz(stands)
}

func TestRedact(t *testing.T) {
	r := hostile(" hunter2")
	r.Redact(func(s string) string { return strings.ReplaceAll(s, "hunter2", "***") })
	for _, o := range r.Items {
		for _, p := range o.Proofs {
			for _, f := range append(p.Findings, p.Waived...) {
				if strings.Contains(f.Title+f.Hint+f.Evidence+f.Source+f.Setting+f.Silenced, "hunter2") {
					t.Errorf("%+v", f)
				}
			}
			for _, n := range p.NotRun {
				if strings.Contains(n.Title+n.Reason, "hunter2") {
					t.Errorf("%+v", n)
				}
			}
			if strings.Contains(p.Command, "hunter2") {
				t.Error(p.Command)
			}
		}
		if strings.Contains(o.Note, "hunter2") {
			t.Error(o.Note)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriteErrors(t *testing.T) {
	for form, write := range writers {
		if write(results()["empty"], brokenPipe{}) == nil {
			t.Errorf("%s: a checklist that was not written counts as written", form)
		}
	}
}

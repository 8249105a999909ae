package check_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/schematest"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// hostile holds what a server, or a repository, may send to whoever reads the report: ANSI in both forms, line ends,
// text reordering, an invisible character beyond the basic plane, markup, invalid UTF-8. badinput 61.
const hostile = "a\x1b[2Jb\u009b2Jc\r\nERRORS\n\x7f\u202etxt\u2028\U000e0041</script>]]>\xff\u00e9"

func reports() map[string]*check.Report {
	return map[string]*check.Report{
		"rich":  rich(),
		"clean": {FailLevel: check.Warning, Ran: 34},
		"findings": {
			FailLevel: check.Warning, Ran: 2,
			Findings: []check.Finding{
				{ID: "probe.E001", Level: check.Error, Title: "A forged Host is answered.", Hint: "Set ALLOWED_HOSTS.",
					Setting: "ALLOWED_HOSTS", Source: ".env:3", Evidence: "GET / for evil.example: 200"},
				{ID: "security.W004", Level: check.Warning, Title: "No HSTS.", Hint: "Set it.", Setting: "SECURE_HSTS_SECONDS"},
				{ID: "security.W008", Level: check.Warning, Title: "No redirect.", Hint: "Turn it on."},
				{ID: "probe.I001", Level: check.Info, Title: "The server says what it is.", Hint: "Drop it.", Evidence: "Server: x"},
			},
			Silenced: []check.Finding{{ID: "security.W021", Level: check.Warning, Title: "No preload.",
				Setting: "SECURE_HSTS_PRELOAD", Silenced: "not until March"}},
			NotRun: []check.NotRun{{ID: "probe.E002", Title: "HTTPS is not enforced.", Reason: "GET /: no answer"}},
		},
		"passed": {
			FailLevel: check.Error, Ran: 1,
			Findings: []check.Finding{{ID: "lamp.W001", Level: check.Warning, Title: "It is off.", Hint: "On."}},
		},
		"notrun": {FailLevel: check.Critical, NotRun: []check.NotRun{{ID: "lamp.W001", Title: "It is off.", Reason: "dark\nand cold"}}},
		"hostile": {
			FailLevel: check.Error, Ran: 1,
			Findings: []check.Finding{{ID: hostile, Level: check.Error, Title: hostile, Hint: hostile, Setting: hostile,
				Source: hostile, Evidence: hostile + strings.Repeat("ü", 1000)}},
			Silenced: []check.Finding{{ID: "lamp.W001", Level: check.Info, Title: hostile, Evidence: hostile, Silenced: hostile}},
			NotRun:   []check.NotRun{{ID: hostile, Title: hostile, Reason: hostile}},
		},
	}
}

func TestReportGolden(t *testing.T) {
	for name, r := range reports() {
		for suffix, write := range map[string]func(*bytes.Buffer) error{
			".txt":       func(b *bytes.Buffer) error { return r.WriteText(b, check.TextOptions{}) },
			".color.txt": func(b *bytes.Buffer) error { return r.WriteText(b, check.TextOptions{Color: true}) },
			".json":      func(b *bytes.Buffer) error { return r.WriteJSON(b) },
			".sarif":     func(b *bytes.Buffer) error { return r.WriteSARIF(b) },
			".xml":       func(b *bytes.Buffer) error { return r.WriteJUnit(b) },
			".github":    func(b *bytes.Buffer) error { return r.WriteGitHub(b) },
			".html":      func(b *bytes.Buffer) error { return r.WriteHTML(b) },
		} {
			t.Run(name+suffix, func(t *testing.T) {
				var got bytes.Buffer
				if err := write(&got); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", name+suffix)
				if *update {
					if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Errorf("report differs from %s (rewrite it with -update)\ngot:\n%s\nwant:\n%s", file, got.Bytes(), want)
				}
			})
		}
	}
}

// TestReportIsVisible demands that what is written without colour holds line ends and printable characters only.
func TestReportIsVisible(t *testing.T) {
	r := reports()["hostile"]
	var text, object bytes.Buffer
	if err := errors.Join(r.WriteText(&text, check.TextOptions{}), r.WriteJSON(&object)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"text": text.String(), "JSON": object.String()} {
		for _, bad := range []string{"\x1b", "\x7f", "\r", "\u009b", "\u202e", "\u2028", "\U000e0041", "\xff"} {
			if strings.Contains(got, bad) {
				t.Errorf("the %s report holds %q", name, bad)
			}
		}
	}
	if lines := strings.Split(text.String(), "\n"); slices.Contains(lines[1:], "ERRORS") {
		t.Error("evidence forged a heading")
	}
	if strings.Contains(object.String(), "</script>") {
		t.Error("the JSON report would end a script element")
	}
	var back struct{ Findings []check.Finding }
	if err := json.Unmarshal(object.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if got, want := back.Findings[0].Title, strings.ToValidUTF8(hostile, "\ufffd"); got != want {
		t.Errorf("title read back = %q, want %q", got, want)
	}
}

// What the gate finds about its own waivers says why it matters, as any other finding does.
func TestReportsOfTheGatesOwnRules(t *testing.T) {
	r := &check.Report{FailLevel: check.Warning, Findings: []check.Finding{{ID: "waiver.W002", Level: check.Warning, Title: "It has expired."}}}
	for _, rule := range check.Own() {
		if rule.ID == "waiver.W002" && (!strings.Contains(write(t, r, "html"), rule.See) || !strings.Contains(write(t, r, "sarif"), rule.See)) {
			t.Errorf("the forms do not say where %s comes from", rule.ID)
		}
	}
}

// A fault that stands everywhere is told once, and what is not shown is counted.
func TestPageOfAFaultThatStandsEverywhere(t *testing.T) {
	r := &check.Report{FailLevel: check.Warning}
	for i := range 60 {
		r.Findings = append(r.Findings, check.Finding{ID: "lamp.W001", Level: check.Warning, Title: "It is off.", Hint: "On.",
			Evidence: fmt.Sprintf("lamp %d", i)})
	}
	page := write(t, r, "html")
	if n := strings.Count(page, "<h3>It is off.</h3>"); n != 1 {
		t.Errorf("the fault is told %d times", n)
	}
	if !strings.Contains(page, "lamp 49") || strings.Contains(page, "lamp 50") || !strings.Contains(page, "… and 10 more") {
		t.Error("not fifty places and the number of the others")
	}
	if !strings.Contains(page, "<b>60</b> Warnings") || !strings.Contains(page, "60 findings must be dealt with first") {
		t.Error("the page does not count them")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestReportTellsWriteErrors(t *testing.T) {
	r := reports()["clean"]
	for name, write := range writers {
		if write(r, brokenPipe{}) == nil {
			t.Errorf("%s: a report that was not written counts as written", name)
		}
	}
}

func TestReportMeetsItsSchema(t *testing.T) {
	raw, err := os.ReadFile("../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	for name, r := range reports() {
		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		for _, fault := range schematest.Meets(root, v, name) {
			t.Error(fault)
		}
	}
	properties := func(of any) map[string]any { return of.(map[string]any)["properties"].(map[string]any) }
	for form, known := range map[reflect.Type]map[string]any{
		reflect.TypeFor[check.Report]():  properties(root),
		reflect.TypeFor[check.Finding](): properties(root["$defs"].(map[string]any)["finding"]),
		reflect.TypeFor[check.NotRun]():  properties(properties(root)["not_run"].(map[string]any)["items"]),
	} {
		for i := range form.NumField() {
			name, _, _ := strings.Cut(form.Field(i).Tag.Get("json"), ",")
			if _, ok := known[name]; !ok && name != "-" {
				t.Errorf("the schema lacks %s of %s", name, form)
			}
		}
	}
	broken := map[string]any{"version": 2.0, "failed": "no", "findings": nil, "extra": 1.0}
	if got := schematest.Meets(root, broken, "broken"); len(got) != 8 {
		t.Errorf("the test's own validator finds %q, want 8 faults", got)
	}
}

// TestHintIsWhole holds that a remedy is not cut where evidence is: who reads the half of it may do the wrong half.
func TestHintIsWhole(t *testing.T) {
	hint := strings.Repeat("rotate ", 150) + "first"
	r := &check.Report{Findings: []check.Finding{{ID: "lamp.W001", Level: check.Warning, Title: "It is dark.", Hint: hint, Evidence: strings.Repeat("a ", 500)}}}
	for name, write := range map[string]func(io.Writer) error{
		"text":   func(w io.Writer) error { return r.WriteText(w, check.TextOptions{}) },
		"HTML":   r.WriteHTML,
		"GitHub": r.WriteGitHub,
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "rotate"); n != 150 || !strings.Contains(b.String(), " … ") {
			t.Errorf("%s: %d of 150 words of the hint, want the hint whole and the evidence cut", name, n)
		}
	}
}

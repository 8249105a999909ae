package formats_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"
)

// schema returns the text of the standard's schema. The module that carries it validates only what its own types can hold,
// so that a field which they do not know would pass: the log is validated as it was written.
func schema(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(strings.TrimSpace(string(out)), "pkg", "report", "v210", "sarif", "schema.go")
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text, err = strconv.Unquote(lit.Value)
		}
		return true
	})
	if err != nil || !strings.Contains(text, "docs.oasis-open.org/sarif/sarif/v2.1.0/errata01") {
		t.Fatalf("the schema is not where it was: %v", err)
	}
	return text
}

func TestSARIF(t *testing.T) {
	rules, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(schema(t)))
	if err != nil {
		t.Fatal(err)
	}
	valid := func(t *testing.T, log []byte) []gojsonschema.ResultError {
		t.Helper()
		result, err := rules.Validate(gojsonschema.NewBytesLoader(log))
		if err != nil {
			t.Fatal(err)
		}
		return result.Errors()
	}
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			log := text(t, r.WriteSARIF)
			for _, fault := range valid(t, log) {
				t.Error(fault)
			}
			read, err := sarif.FromBytes(log, sarif.WithStrictValidation())
			if err != nil {
				t.Fatal(err)
			}
			if n := len(read.Runs); n != 1 {
				t.Fatalf("%d runs, want one", n)
			}
			one := read.Runs[0]
			if got, want := len(one.Results), len(r.Findings)+len(r.Silenced); got != want {
				t.Errorf("%d results, want %d", got, want)
			}
			github(t, one)
		})
	}
	t.Run("the schema refuses a fault", func(t *testing.T) {
		log := text(t, reports(t)["everything"].WriteSARIF)
		for _, change := range [][2]string{{`"error"`, `"fatal"`}, {`"ruleIndex"`, `"ruleindex"`}, {`"executionSuccessful"`, `"ok"`}} {
			bad := strings.Replace(string(log), change[0], change[1], 1)
			if bad == string(log) || len(valid(t, []byte(bad))) == 0 {
				t.Errorf("%s passes for %s", change[1], change[0])
			}
		}
	})
}

// github holds a run to what GitHub's code scanning asks beyond the schema:
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
func github(t *testing.T, run *sarif.Run) {
	t.Helper()
	rules := map[string]bool{}
	for _, rule := range run.Tool.Driver.Rules {
		if rules[*rule.ID] {
			t.Errorf("two rules are %s", *rule.ID)
		}
		rules[*rule.ID] = true
		raw, err := json.Marshal(rule)
		if err != nil {
			t.Fatal(err)
		}
		var has struct {
			ShortDescription, FullDescription, Help struct{ Text, Markdown string }
			Properties                              struct {
				Tags     []string
				Severity string `json:"security-severity"`
			}
		}
		if err := json.Unmarshal(raw, &has); err != nil {
			t.Fatal(err)
		}
		if has.ShortDescription.Text == "" || has.FullDescription.Text == "" || has.Help.Text == "" || has.Help.Markdown == "" {
			t.Errorf("%s lacks a description: %s", *rule.ID, raw)
		}
		if len(has.Properties.Tags) > 20 {
			t.Errorf("%s has %d tags, of which 20 are kept", *rule.ID, len(has.Properties.Tags))
		}
		if v, err := strconv.ParseFloat(has.Properties.Severity, 64); has.Properties.Severity != "" && (err != nil || v <= 0 || v > 10) {
			t.Errorf("%s has the severity %q", *rule.ID, has.Properties.Severity)
		}
	}
	prints := map[string]bool{}
	for _, res := range run.Results {
		if !rules[*res.RuleID] || *run.Tool.Driver.Rules[res.RuleIndex].ID != *res.RuleID {
			t.Errorf("a result of %s has no rule, or another's", *res.RuleID)
		}
		if len(res.Locations) != 1 {
			t.Fatalf("%s: %d locations, want one", *res.RuleID, len(res.Locations))
		}
		uri := *res.Locations[0].PhysicalLocation.ArtifactLocation.URI
		if uri == "" || strings.HasPrefix(uri, "/") || strings.Contains(uri, ":") || strings.Contains(uri, "..") {
			t.Errorf("%s: %q is no path below the top of the tree", *res.RuleID, uri)
		}
		print := res.PartialFingerprints["primaryLocationLineHash"]
		if print == "" || prints[print] {
			t.Errorf("%s: the fingerprint %q is none, or another's too", *res.RuleID, print)
		}
		prints[print] = true
	}
}

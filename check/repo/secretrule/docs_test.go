package secretrule

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

const page = "../../../docs/secret-rules.md"

// TestPage holds the page that lists the rules to the rules. UPDATE=1 writes it.
func TestPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# The secrets that a scan knows

[airworthy scan](scan.md) looks for these. Made by ` + "`UPDATE=1 go test -run TestPage ./check/repo/secretrule`" + `; each rule has its cases in
` + "`check/repo/secretrule/testdata/rules`" + `.

* A rule higher up wins: a GitHub token under the name ` + "`api_key`" + ` is a GitHub token, and one finding.
* What only stands for a secret is none: ` + "`changeme`, `<your key>`, `${NAME}`, `{{ name }}`" + `, 0123456789, examples of the documentation.
* Where a format has a checksum, it is verified. Where it has none, a finding in tests, examples and documents is only a note (INFO).
* The last rule guesses: a random text under a name that ends with what is secret. It leaves out tests and the code of others.

| what | level | usual variable | where to revoke or rotate it |
|---|---|---|---|
`)
	for _, r := range All() {
		level := cmp.Or(r.Level, check.Error)
		variable := ""
		if r.Variable != "" {
			variable = "`" + r.Variable + "`"
		}
		fmt.Fprintf(&b, "| %s (`%s`) | %s | %s | %s |\n", r.Name, r.ID, level, variable, r.Revoke)
	}
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not up to date: run UPDATE=1 go test -run TestPage ./check/repo/secretrule", page)
	}
}

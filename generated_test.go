package airworthy_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// TestGeneratedDocs compares the pages that are made from the code with the files. UPDATE=1 writes them.
func TestGeneratedDocs(t *testing.T) {
	for name, page := range map[string]string{"docs/settings.md": settingsPage(t), "docs/checks.md": checksPage(t)} {
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != page {
			t.Errorf("%s is not what the code says: run UPDATE=1 go test -run TestGeneratedDocs .", name)
		}
	}
}

func settingsPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# Settings

The variables of ` + "`airworthy.Settings`" + `, made from its struct; an application's own stand in a table of the same kind. Each can
be set in the process environment, in a file that ` + "`NAME_FILE`" + ` names, or in [.env](dotenv.md); the first that has it wins. The
defaults are those of ` + "`airworthy.Production()`" + `; an empty one means what the last column says. ` + "`AIRWORTHY_ENV`" + ` chooses the
environment and is read before them. ` + "`AIRWORTHY_SECRETS`" + ` and what follows it configure a [keeper of secrets](secrets.md), for
programs that have one among their sources.

`)
	if err := settings.WriteMarkdown(&b, airworthy.Production(), secrets.New(secrets.Config{})); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// whole are settings with every part in use.
func whole(t *testing.T) airworthy.Settings {
	s := good()
	memory := session.NewMemory(session.MemoryOptions{})
	t.Cleanup(func() { _ = memory.Close() })
	s.Session.Store, s.Accounts.Store, s.Admin.Path = memory, accounts.NewMemory(), "/ops-7f3k"
	return s
}

func checksPage(t *testing.T) string {
	checks := append(mustNew(t, whole(t)).Checks(), airworthy.BuildCheck(os.ErrInvalid))
	if !repo.Exists("") { // the code was unpacked from an archive
		checks = append(checks, repo.Config{}.Checks()...)
	}
	if err := check.Validate(checks); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(checks, func(a, b check.Check) int { return cmp.Compare(a.ID, b.ID) })
	var b strings.Builder
	b.WriteString(`# Checks

What ` + "`check`" + ` looks for in an application, made from the code. Those marked *deploy* run with ` + "`--deploy`" + ` only. An ID that
Django has means what it means there. IDs are never renamed and never used again; levels may change, which the changelog
says. Set one aside with ` + "`SILENCED_SYSTEM_CHECKS=ID=reason`" + `.

| ID | level | | looks at | what is wrong | what to do |
|---|---|---|---|---|---|
`)
	for _, c := range checks {
		if !strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(c.Hint, ".") {
			t.Errorf("%s: title and hint are sentences, with a full stop", c.ID)
		}
		deploy := ""
		if c.Deploy {
			deploy = "deploy"
		}
		cell := func(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", c.ID, c.Level, deploy, c.Needs, cell(c.Title), cell(c.Hint))
	}
	return b.String()
}

// TestReadmeProgram holds the README's program to the example that is built and tested.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("examples/minimal/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(program), "package main")
	if !ok || !strings.Contains(string(readme), "```go\npackage main"+code+"```") {
		t.Error("the README's program is not that of examples/minimal/main.go")
	}
	if lines := strings.Count(string(readme), "\n"); lines >= 250 {
		t.Errorf("the README has %d lines, want fewer than 250", lines)
	}
}

// TestChangelogListsEveryCheck holds the changelog to the promise that IDs are announced there.
func TestChangelogListsEveryCheck(t *testing.T) {
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range mustNew(t, whole(t)).Checks() {
		if !strings.Contains(string(changelog), c.ID) {
			t.Errorf("CHANGELOG.md does not name %s", c.ID)
		}
	}
}

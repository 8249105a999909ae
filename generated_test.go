package airworthy_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/internal/catalog"
	"github.com/airworthy-go/airworthy/internal/cli"
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

// TestRules holds the list of an application's rules to what an application with every part is judged by.
func TestRules(t *testing.T) {
	ids := func(checks []check.Check) []string {
		var ids []string
		for _, c := range checks {
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		return slices.Compact(ids)
	}
	checks := append(mustNew(t, whole(t)).Checks(), airworthy.BuildCheck(os.ErrInvalid))
	if !repo.Exists("") { // the code was unpacked from an archive
		checks = append(checks, repo.Config{}.Checks()...)
	}
	rules := airworthy.Rules()
	if got, want := ids(rules), ids(checks); !slices.Equal(got, want) {
		t.Errorf("the rules are %q, and the application's checks %q", got, want)
	}
	if err := check.Validate(rules); err != nil {
		t.Error(err)
	}
	for _, c := range rules {
		if found, err := c.Find(t.Context()); err == nil {
			t.Errorf("%s was run without an application, and found %v", c.ID, found)
		}
	}
}

func checksPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# Checks

Every rule of the gate, made from the code. Those marked *deploy* are asked with ` + "`--deploy`" + ` only. ` + "`APP explain ID`" + ` and
` + "`airworthy explain ID`" + ` print what stands here on the terminal; ` + "`--list-checks`" + ` prints those that a run would ask.

An ID that Django has means what it means there. The letter in an ID is the level that the rule had when it was named. IDs are
never renamed and never used again; levels may change, which the changelog says. ` + "`SILENCED_SYSTEM_CHECKS=ID=reason`" + ` sets a
finding aside for good, a file of waivers (` + "`--waivers`" + `) until a day.

`)
	rules := map[string]cli.Rule{}
	for _, r := range cli.Merge(catalog.Known()) {
		rules[r.ID] = r
	}
	slug := func(heading string) string {
		return strings.ToLower(strings.NewReplacer(".", "", " ", "-").Replace(heading))
	}
	groups := catalog.Groups()
	for _, g := range groups {
		fmt.Fprintf(&b, "* [%s](#%s): %d\n", g.Title, slug(g.Title), len(g.IDs))
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| | level | | what is wrong |\n|---|---|---|---|\n", g.Title, lines(g.About))
		for _, id := range g.IDs {
			r, deploy := rules[id], ""
			if r.Deploy && r.Needs != check.URL {
				deploy = "deploy"
			}
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", id, slug(id), r.Level, deploy, markdown(r.Title))
		}
		for _, id := range g.IDs {
			checkSection(&b, rules[id])
		}
	}
	return b.String()
}

// checkSection writes what there is to say of one rule.
func checkSection(b *strings.Builder, r cli.Rule) {
	part := func(text string) { b.WriteString("\n" + lines(text) + "\n") }
	fmt.Fprintf(b, "\n### %s\n", r.ID)
	part("**" + markdown(r.Title) + "**")
	about := r.Level.String() + ", " + r.Runs() + ". It looks at " + r.LooksAt()
	if r.Setting != "" {
		about += ", and judges `" + r.Setting + "`"
	}
	part(about + ".")
	part(markdown(r.Why))
	part("*What to do:* " + markdown(r.Hint))
	if text := r.Django(); text != "" {
		part("*In a Django project:* " + markdown(text))
	}
	part("*Source:* <" + r.See + ">")
}

// lines breaks a paragraph as the other pages are.
func lines(text string) string { return strings.Join(cli.Wrap(text, 120), "\n") }

// code is what stands in the texts of checks as it is typed: variables with or without a value.
var code = regexp.MustCompile(`[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:=[^\s,;:]*[^\s,;:.])?`)

// markdown returns a text that markdown shows as it is, with the variables as code.
func markdown(text string) string {
	text = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", `\<`, "*", `\*`, "`", "\\`", "[", `\[`, "__", `\_\_`).Replace(text)
	return code.ReplaceAllString(text, "`$0`")
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
	for _, c := range catalog.Rules() {
		if !strings.Contains(string(changelog), "`"+c.ID+"`") {
			t.Errorf("CHANGELOG.md does not name %s", c.ID)
		}
	}
}

package check

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

// WriteSARIF writes the report as a SARIF 2.1.0 log of one run, for code scanning. The same report is the same bytes.
//
//   - Every check that was asked is a rule. A finding is a result of level error, warning or note; one that was silenced is
//     a result with a suppression, which says why. A check that could not look is a notification of an invocation that
//     was not successful.
//   - A file is named from the top of the tree (%SRCROOT%). A finding without one has its setting or its kind of evidence as
//     logical location, and, because GitHub shows no result without a file, a location named airworthy/settings,
//     airworthy/handler, airworthy/repository or airworthy/url, which is no file of the tree.
//   - Results are known across runs by the finding's fingerprint, which does not depend on the line.
//   - The run's category says which kinds of evidence were asked for, so that GitHub does not take the log of a scan for a newer
//     one of the settings' check. Who uploads two logs of the same kind gives each a category.
func (r *Report) WriteSARIF(w io.Writer) error {
	rules := r.rules()
	place := map[string]int{}
	driver := sarifDriver{Name: "airworthy", InformationURI: "https://github.com/airworthy-go/airworthy", Rules: []sarifRule{}}
	for i, c := range rules {
		place[c.ID] = i
		driver.Rules = append(driver.Rules, newSarifRule(c))
	}
	run := sarifRun{
		Tool:       sarifTool{driver},
		Automation: sarifAutomation{ID: r.category()},
		Bases: map[string]sarifBase{srcRoot: {sarifText{
			Text: "The top of the tree that was judged.",
		}}},
		ColumnKind:  "unicodeCodePoints",
		Invocations: []sarifInvocation{r.invocation()},
		Results:     []sarifResult{},
	}
	for _, f := range slices.Concat(r.Findings, r.Silenced) {
		run.Results = append(run.Results, newSarifResult(f, place[f.ID]))
	}
	err := sheet.WriteJSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
	if err != nil {
		return fmt.Errorf("check: SARIF: %w", err)
	}
	return nil
}

const srcRoot = "%SRCROOT%"

// category ends with a slash: what would follow it names the single run.
func (r *Report) category() string {
	var asked []string
	for _, kind := range kinds {
		if slices.ContainsFunc(r.Asked, func(c Check) bool { return c.Needs == kind }) {
			asked = append(asked, string(kind))
		}
	}
	return "airworthy/" + cmp.Or(strings.Join(asked, "-"), "none") + "/"
}

func (r *Report) invocation() sarifInvocation {
	inv := sarifInvocation{Successful: len(r.NotRun) == 0}
	for _, n := range r.NotRun {
		note := sarifNotification{Level: "error", Descriptor: sarifReference{ID: n.ID},
			Message: sarifText{Text: n.Title + " Could not be checked: " + n.Reason}}
		if validID(n.ID) {
			note.Rule = &sarifReference{ID: n.ID}
		}
		inv.Notifications = append(inv.Notifications, note)
	}
	return inv
}

func newSarifRule(c Check) sarifRule {
	rule := sarifRule{
		ID: c.ID, Short: sarifText{Text: c.Title}, Full: sarifText{Text: cmp.Or(c.Why, c.Title)}, HelpURI: link(c.See),
		Configuration: sarifConfiguration{Level: sarifLevel(c.Level)},
		Properties:    sarifRuleProperties{Tags: slices.Clone(c.Tags), Precision: "high"},
	}
	help, markdown := cmp.Or(c.Hint, c.Title), "**What to do.** "+markup(cmp.Or(c.Hint, c.Title))
	if c.Why != "" {
		help, markdown = c.Why+"\n\n"+help, markup(c.Why)+"\n\n"+markdown
	}
	if see := link(c.See); see != "" {
		help, markdown = help+"\n\n"+see, markdown+"\n\n[Source]("+see+")"
	}
	rule.Help = sarifHelp{Text: help, Markdown: markdown}
	if slices.Contains(c.Tags, "security") {
		rule.Properties.Severity = severity(c.Level)
	}
	return rule
}

// markup keeps a text from being read as Markdown or HTML: every mark that could begin some has a backslash.
func markup(s string) string {
	var b strings.Builder
	for _, r := range sheet.Visible(s) {
		if strings.ContainsRune("\\`*_{}[]<>#|!~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// link returns an address that a reader may follow, or nothing.
func link(s string) string {
	if (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) && !strings.ContainsAny(s, " \"<>\\^`{|}()\n\r\t") &&
		sheet.Visible(s) == s && isASCII(s) {
		return s
	}
	return ""
}

func isASCII(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e }) }

func newSarifResult(f Finding, rule int) sarifResult {
	res := sarifResult{
		RuleID: f.ID, RuleIndex: rule, Level: sarifLevel(f.Level), Message: sarifText{Text: f.message()},
		Locations: []sarifLocation{newSarifLocation(f)},
	}
	if f.Fingerprint != "" {
		// GitHub knows an alert by the second name and would make one of the text around the line.
		res.Fingerprints = map[string]string{"airworthy/v1": f.Fingerprint, "primaryLocationLineHash": f.Fingerprint + ":1"}
	}
	if f.Known {
		res.Baseline = "unchanged"
	}
	if f.Silenced != "" {
		res.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: f.Silenced}}
	}
	return res
}

func newSarifLocation(f Finding) (loc sarifLocation) {
	file, line := f.fileAndLine()
	if f.Setting != "" {
		loc.Logical = []sarifLogical{{Name: f.Setting, FullName: string(f.Needs) + "/" + f.Setting, Kind: "variable"}}
	} else if file == "" {
		kind := string(cmp.Or(f.Needs, Settings))
		loc.Logical = []sarifLogical{{Name: kind, FullName: kind, Kind: "resource"}}
	}
	if file == "" {
		loc.Physical.Artifact = sarifArtifact{
			URI:         "airworthy/" + string(cmp.Or(f.Needs, Settings)),
			Description: &sarifText{Text: "No file of the tree: see the logical location."},
		}
		return loc
	}
	loc.Physical.Artifact = sarifArtifact{URI: reference(file), Base: srcRoot}
	if line > 0 {
		loc.Physical.Region = &sarifRegion{StartLine: line}
	}
	return loc
}

func sarifLevel(l Level) string {
	switch {
	case l >= Error:
		return "error"
	case l >= Warning:
		return "warning"
	}
	return "note"
}

// severity is GitHub's number for a security rule: critical above 9, high from 7, medium from 4, low below.
func severity(l Level) string {
	switch {
	case l >= Critical:
		return "9.5"
	case l >= Error:
		return "8.0"
	case l >= Warning:
		return "5.5"
	}
	return "2.0"
}

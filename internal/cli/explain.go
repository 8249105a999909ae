package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check"
)

// width is that of what explain prints, in columns.
const width = 92

// ExplainCommand is the command that says what checks are about. rules returns every check that there is, those that look at
// several kinds of evidence once for each.
func ExplainCommand(p *Program, rules func() []check.Check) *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID…",
		Short: "Say what a check looks for, why, and what to do about it",
		Long: `Say what a check looks for, why it matters, what to do about it, and where the rule comes from. The ID is what a report
shows before each finding, such as hosts.W001; several can be asked for. An ID that Django has means what it means there.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nil
			}
			return Usage("no ID: write it as %q; --list-checks of the commands that judge prints the IDs", cmd.UseLine())
		},
		RunE: func(_ *cobra.Command, args []string) error {
			all := Merge(rules())
			var asked []Rule
			for _, id := range args {
				i := slices.IndexFunc(all, func(r Rule) bool { return strings.EqualFold(r.ID, id) })
				if i < 0 {
					return unknown(all, id)
				}
				asked = append(asked, all[i])
			}
			var b strings.Builder
			for i, r := range asked {
				if i > 0 {
					b.WriteByte('\n')
				}
				explain(&b, r, Terminal(p.Out))
			}
			_, err := io.WriteString(p.Out, b.String())
			return err
		},
	}
}

func unknown(all []Rule, id string) error {
	near := Nearest(all, id)
	switch {
	case len(near) == 0:
		return Usage("no check has the ID %q: --list-checks of the commands that judge prints the IDs", id)
	case len(near) > 3:
		return Usage("no check has the ID %q: there are %s", id, strings.Join(near, ", "))
	}
	return Usage("no check has the ID %q: is it %s?", id, strings.Join(near, " or "))
}

// explain writes what there is to say of a rule, each paragraph beside its label.
func explain(b *strings.Builder, r Rule, bold bool) {
	title := r.ID
	if bold {
		title = "\x1b[1m" + r.ID + "\x1b[0m"
	}
	fmt.Fprintf(b, "%s  %s\n", title, r.Level)
	for _, line := range Wrap(r.Title, width) {
		b.WriteString(line + "\n")
	}
	b.WriteByte('\n')
	part := func(label, text string) {
		const indent = "              "
		for i, line := range Wrap(text, width-len(indent)) {
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(b, "%-*s%s\n", len(indent), label, line)
		}
	}
	part("why", r.Why)
	part("what to do", r.Hint)
	part("in Django", r.Django())
	part("setting", r.Setting)
	part("looks at", r.LooksAt()+", "+r.Runs())
	part("set aside", r.SetAside())
	part("tags", strings.Join(r.Tags, ", "))
	part("source", r.See)
}

// Wrap breaks a text at blanks into lines of at most so many columns; a longer word has a line of its own. Of nothing
// there are no lines.
func Wrap(text string, columns int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

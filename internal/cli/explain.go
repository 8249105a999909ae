package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check"
)

// ExplainCommand is the command that says what a check is about. rules returns every check that there is.
func ExplainCommand(p *Program, rules func() []check.Check) *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Say what a check looks for, why, and what to do about it",
		Args:  Exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			all := rules()
			i := slices.IndexFunc(all, func(c check.Check) bool { return strings.EqualFold(c.ID, args[0]) })
			if i < 0 {
				return Usage("no check has the ID %q: --list-checks prints them", args[0])
			}
			return explain(p.Out, all[i])
		},
	}
}

func explain(w io.Writer, c check.Check) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s\n", c.ID, c.Level, c.Title)
	for _, part := range []struct{ label, text string }{{"why", c.Why}, {"what to do", c.Hint}, {"source", c.See}} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s\n  %s\n", part.label, part.text)
		}
	}
	fmt.Fprintf(&b, "\nlooks at: %s; tags: %s\n", c.Needs, strings.Join(c.Tags, ", "))
	_, err := io.WriteString(w, b.String())
	return err
}

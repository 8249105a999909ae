package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// listed is a check in a list that programs read.
type listed struct {
	ID      string         `json:"id"`
	Level   check.Level    `json:"level"`
	Needs   check.Evidence `json:"needs"`
	Deploy  bool           `json:"deploy"`
	Tags    []string       `json:"tags"`
	Setting string         `json:"setting,omitempty"`
	Title   string         `json:"title"`
	Why     string         `json:"why,omitempty"`
	Hint    string         `json:"hint,omitempty"`
	See     string         `json:"see,omitempty"`
}

// writeList prints the checks that would run, by ID: a line each, in columns, or as JSON.
func writeList(w io.Writer, checks []check.Check, opt check.Options, format string) error {
	asked := slices.DeleteFunc(slices.Clone(checks), func(c check.Check) bool { return !opt.Asks(c) })
	slices.SortStableFunc(asked, func(a, b check.Check) int { return cmp.Compare(a.ID, b.ID) })
	if format == "json" {
		list := []listed{}
		for _, c := range asked {
			list = append(list, listed{c.ID, c.Level, c.Needs, c.Deploy, c.Tags, c.Setting, c.Title, c.Why, c.Hint, c.See})
		}
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	}
	var ids, levels, needs int
	for _, c := range asked {
		ids, levels, needs = max(ids, len(c.ID)), max(levels, len(c.Level.String())), max(needs, len(c.Needs))
	}
	var b strings.Builder
	for _, c := range asked {
		deploy := ""
		if c.Deploy {
			deploy = "deploy"
		}
		fmt.Fprintf(&b, "%-*s  %-*s  %-*s  %-6s  %s\n", ids, c.ID, levels, c.Level, needs, c.Needs, deploy, c.Title)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

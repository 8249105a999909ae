package main

import (
	"strings"
	"testing"
)

// TestCommands runs commands as a shell would and looks at what they print and how they end.
func TestCommands(t *testing.T) {
	for _, row := range []struct {
		args   string
		status int
		out    string // part of stdout
		errs   string // part of stderr
	}{
		{"--help", 0, "explain", ""},
		{"explain hosts.W001", 0, "ALLOWED_HOSTS", ""},
		{"explain hosts.W001 probe.E001 waiver.W003", 0, "waiver.W003  WARNING", ""},
		{"explain hosts.W999", 2, "", "no check has the ID"},
		{"explain hosts.W01", 2, "", "is it hosts.W001?"},
		{"explain", 2, "", "explain ID"},
		{"nonsense", 2, "", "unknown command"},
	} {
		var out, errs strings.Builder
		status := run(t.Context(), strings.Fields(row.args), &out, &errs)
		if status != row.status || !strings.Contains(out.String(), row.out) || !strings.Contains(errs.String(), row.errs) {
			t.Errorf("airworthy %s: status %d, stdout %q, stderr %q; want %d, %q, %q",
				row.args, status, out.String(), errs.String(), row.status, row.out, row.errs)
		}
	}
}

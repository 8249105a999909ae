package waivers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/waivers"
)

// TestBadInput is the gate with a file of waivers that somebody wants to pass by. Each is a finding, and what it was to hide
// stands, or is told beside it.
func TestBadInput(t *testing.T) {
	entry := func(id, scope, expires string) string {
		return "waivers:\n- {id: " + id + ", scope: " + scope + ", reason: r, owner: o, expires: " + expires + "}\n"
	}
	for _, row := range []struct{ name, file, want string }{
		{"60: everything, by ID", entry(`"*"`, "KEY", "2026-06-01"), "waiver.E001"},
		{"60: everything, by label", entry("lamp.*", "KEY", "2026-06-01"), "waiver.E001"},
		{"60: everything, by scope", entry("lamp.W001", `"*"`, "2026-06-01"), "waiver.W004"},
		{"60: everything, by a pattern", entry("lamp.W001", `"**/*"`, "2026-06-01"), "waiver.W004"},
		{"60: expired", entry("lamp.W001", "KEY", "2026-03-09"), "waiver.W002"},
		{"60: for ever", entry("lamp.W001", "KEY", "9999-12-31"), "waiver.W004"},
		{"60: an unknown ID", entry("lamp.W999", "KEY", "2026-06-01"), "waiver.E001"},
		{"60: a path outside the repository", entry("lamp.W001", "../../etc/", "2026-06-01"), "waiver.E001"},
		{"60: an absolute path", entry("lamp.W001", "/etc/passwd", "2026-06-01"), "waiver.E001"},
		{"60: what waives the waivers", entry("waiver.E001", "KEY", "2026-06-01"), "waiver.E001"},
		{"60: nothing any more", entry("lamp.W001", "OTHER", "2026-06-01"), "waiver.W003"},
		{"60: an alias for the reason", "waivers:\n- {id: lamp.W001, scope: KEY, reason: &r {a: b}, owner: *r, expires: 2026-06-01}\n", "waiver.E001"},
	} {
		list, err := waivers.Read("w.yaml", []byte(row.file))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		r := check.Run(t.Context(), []check.Check{{
			ID: "lamp.W001", Level: check.Warning, Tags: []string{"t"}, Needs: check.Settings, Title: "It is dark.", Hint: "Switch it on.",
			Find: func(context.Context) ([]check.Finding, error) { return check.When(true, check.Finding{Setting: "KEY"}) },
		}}, check.Options{Deploy: true, Waivers: list, Now: time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)})
		var ids []string
		for _, f := range r.Findings {
			ids = append(ids, f.ID)
		}
		if !r.Failed() || !strings.Contains(strings.Join(ids, " "), row.want) {
			t.Errorf("%s: findings %q, failed %t; want %s", row.name, ids, r.Failed(), row.want)
		}
	}
}

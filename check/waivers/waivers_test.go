package waivers_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/waivers"
)

const full = `# why we live with these
waivers:
  - id: hosts.W001
    scope: ALLOWED_HOSTS
    reason: >
      the load balancer
      validates hosts
    owner: ops@example.com
    expires: 2027-03-01
  - {id: repo.E004, scope: docs/, reason: examples, owner: docs, expires: "2026-12-31"}
`

func TestRead(t *testing.T) {
	got, err := waivers.Read("w.yaml", []byte(full))
	want := []check.Waiver{{
		ID: "hosts.W001", Scope: "ALLOWED_HOSTS", Reason: "the load balancer validates hosts", Owner: "ops@example.com",
		Expires: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), Place: "w.yaml:3",
	}, {
		ID: "repo.E004", Scope: "docs/", Reason: "examples", Owner: "docs",
		Expires: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), Place: "w.yaml:10",
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Read = %+v, %v; want %+v", got, err, want)
	}
	for _, empty := range []string{"", "# nothing\n", "waivers:\n", "waivers: []\n", "~\n"} {
		if got, err := waivers.Read("w", []byte(empty)); err != nil || len(got) != 0 {
			t.Errorf("%q: %+v, %v; want no waivers", empty, got, err)
		}
	}
}

// TestFaultyEntries are told where they stand, and waive nothing.
func TestFaultyEntries(t *testing.T) {
	for _, row := range []struct{ entry, want string }{
		{"hosts.W001", "no list of id"},
		{"[hosts.W001]", "no list of id"},
		{"{id: a.W001, until: 2027-01-01}", `unknown name "until"`},
		{"{id: a.W001, id: b.W001}", "id stands twice"},
		{"{id: [a.W001, b.W001]}", "id is no text"},
		{"{id: a.W001, expires: soon}", "no day"},
		{"{id: a.W001, expires: 2027-02-30}", "no day"},
		{"{id: a.W001, expires: 2027-03-01T00:00:00Z}", "no day"},
		{"{id: a.W001, expires: 01.03.2027}", "no day"},
	} {
		got, err := waivers.Read("w", []byte("waivers:\n- "+row.entry+"\n"))
		if err != nil || len(got) != 1 || !strings.Contains(got[0].Fault, row.want) || got[0].Place != "w:2" {
			t.Errorf("%s: %+v, %v; want the fault %q at w:2", row.entry, got, err, row.want)
		}
	}
}

func TestFilesThatAreNoWaivers(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"- id: a.W001\n", "one list, below the name waivers"},
		{"hello\n", "one list, below the name waivers"},
		{"waiver:\n- id: a.W001\n", "unknown name"},
		{"waivers: all\n", "no list"},
		{"waivers: {id: a.W001}\n", "no list"},
		{"waivers: []\nwaivers: []\n", "one list"},
		{"waivers: []\n---\nwaivers: []\n", "several documents"},
		{"waivers: [\n", "yaml: "},
		{"waivers:\n- &a {id: a.W001, <<: *a}\n", "without end"},
		{"waivers:\n" + strings.Repeat("- {}\n", 1001), "more than 1000"},
	} {
		if got, err := waivers.Read("w", []byte(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%.40q: %+v, %v; want an error with %q", row.text, got, err, row.want)
		}
	}
}

// FuzzRead holds Read to its law: what it returns without a fault has been written plainly, and a place.
func FuzzRead(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("waivers:\n- {id: a, expires: 2027-01-01}\n- *x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := waivers.Read("w", text)
		if err != nil && len(got) > 0 {
			t.Error("an error, and waivers")
		}
		for _, w := range got {
			if !strings.HasPrefix(w.Place, "w:") || w.ID != strings.TrimSpace(w.ID) {
				t.Errorf("%+v", w)
			}
		}
	})
}

package settingstest

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// TestWriter runs the contract of [settings.Writer], and that of [settings.Source] after a writing. New returns a source
// that holds exactly the values, and can be written.
func TestWriter(t *testing.T, new func(t *testing.T, values map[string]string) settings.Writer) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, w settings.Writer)
	}{
		{"it replaces and adds, and leaves the rest alone", replaces},
		{"it writes every value as it is", writesWhole},
		{"a version is another one after a writing", versions},
		{"it writes nothing over what somebody else wrote", conflicts},
		{"it takes an empty list of changes", func(t *testing.T, w settings.Writer) { write(t, w) }},
		{"it ends with its context and says so", writeCancelled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, new(t, maps.Clone(values))) })
	}
}

func write(t *testing.T, w settings.Writer, changes ...settings.Change) {
	t.Helper()
	if err := w.Write(t.Context(), changes); err != nil {
		t.Fatalf("Write failed: %v", err)
	}
}

func change(name, text string) settings.Change {
	return settings.Change{Name: name, Text: secret.New(text)}
}

// all returns the names of want.
func all(want map[string]string) []string {
	var names []string
	for name := range want {
		names = append(names, name)
	}
	return names
}

func replaces(t *testing.T, w settings.Writer) {
	write(t, w, change("AIRWORTHY_TEST_PLAIN", "replaced"), change("AIRWORTHY_TEST_ADDED", "added"))
	want := maps.Clone(values)
	want["AIRWORTHY_TEST_PLAIN"], want["AIRWORTHY_TEST_ADDED"] = "replaced", "added"
	equal(t, w, all(want), want)
}

func writesWhole(t *testing.T, w settings.Writer) {
	var changes []settings.Change
	want := map[string]string{}
	for name, text := range values {
		if text != "" { // some managers cannot hold the empty text in a place of its own
			changes = append(changes, change(name+"_COPY", text))
			want[name+"_COPY"] = text
		}
	}
	write(t, w, changes...)
	equal(t, w, all(want), want)
	equal(t, w, all(values), values)
}

// versioned returns the version of a value, and whether the source keeps versions.
func versioned(t *testing.T, w settings.Writer, name string) string {
	t.Helper()
	got, err := w.Lookup(t.Context(), []string{name})
	if err != nil {
		t.Fatalf("Lookup failed: %v", err)
	}
	if _, ok := got[name]; !ok {
		t.Fatalf("Lookup did not return %s", name)
	}
	return got[name].Version
}

func versions(t *testing.T, w settings.Writer) {
	before := versioned(t, w, "AIRWORTHY_TEST_PLAIN")
	if before == "" {
		t.Error("a source that can be written says which version it returned")
	}
	if versioned(t, w, "AIRWORTHY_TEST_PLAIN") != before {
		t.Error("the version changes without a writing")
	}
	write(t, w, change("AIRWORTHY_TEST_PLAIN", "replaced"))
	if versioned(t, w, "AIRWORTHY_TEST_PLAIN") == before {
		t.Error("the version is the same after a writing")
	}
}

func conflicts(t *testing.T, w settings.Writer) {
	mine := change("AIRWORTHY_TEST_PLAIN", "mine: never to be seen")
	mine.Version = versioned(t, w, "AIRWORTHY_TEST_PLAIN")
	write(t, w, change("AIRWORTHY_TEST_PLAIN", "theirs"))
	err := w.Write(t.Context(), []settings.Change{mine, change("AIRWORTHY_TEST_ADDED", "added")})
	if !errors.Is(err, settings.ErrConflict) {
		t.Errorf("Write over a newer version returned %T, want an error that wraps ErrConflict", err)
	} else if strings.Contains(err.Error(), "never to be seen") || strings.Contains(err.Error(), "theirs") {
		t.Error("the error holds a value")
	}
	equal(t, w, []string{"AIRWORTHY_TEST_PLAIN", "AIRWORTHY_TEST_ADDED"}, map[string]string{"AIRWORTHY_TEST_PLAIN": "theirs"})

	mine.Version = versioned(t, w, "AIRWORTHY_TEST_PLAIN")
	write(t, w, mine)
	equal(t, w, []string{"AIRWORTHY_TEST_PLAIN"}, map[string]string{"AIRWORTHY_TEST_PLAIN": mine.Text.Reveal()})
}

func writeCancelled(t *testing.T, w settings.Writer) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.Write(ctx, []settings.Change{change("AIRWORTHY_TEST_PLAIN", "never to be seen")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Write under a cancelled context returned %T, want an error that wraps context.Canceled", err)
	} else if strings.Contains(err.Error(), "never to be seen") {
		t.Error("the error holds a value")
	}
}

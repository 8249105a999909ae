// Package settingstest holds implementations of [settings.Source] to their contract. It protects an application from a
// source that mistakes "not found" for the empty text, or that prints a secret when it fails.
//
//	func TestSource(t *testing.T) {
//		settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
//			return newSource(startServer(t, values))
//		})
//	}
//
// [TestWriter] does the same for a source that can be written, and [TestHTTP] and [TestAnswers] let servers loose on
// one that asks over HTTP.
//
// It does not test how a source finds its server or proves who it is.
package settingstest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/settings"
)

// values are what the source under test holds: what values may contain, and what sources tend to trim or to parse.
var values = map[string]string{
	"AIRWORTHY_TEST_PLAIN":   "plain",
	"AIRWORTHY_TEST_EMPTY":   "",
	"AIRWORTHY_TEST_SPACES":  "  a  b  ",
	"AIRWORTHY_TEST_EQUALS":  "a=b==",
	"AIRWORTHY_TEST_QUOTES":  `'single' "double" ` + "`back`",
	"AIRWORTHY_TEST_DOLLAR":  `$HOME ${HOME} $$ \$`,
	"AIRWORTHY_TEST_HASH":    "a # b#c",
	"AIRWORTHY_TEST_LINES":   "-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n",
	"AIRWORTHY_TEST_UNICODE": "grüße, 世界",
	"AIRWORTHY_TEST_JSON":    `{"a": ["b", "c\\d"]}`,
	"AIRWORTHY_TEST_LONG":    strings.Repeat("0123456789abcdef", 256),
}

// TestSource runs the contract of [settings.Source]. New returns a source that holds exactly the values, and whatever
// else the machine's environment has.
func TestSource(t *testing.T, new func(t *testing.T, values map[string]string) settings.Source) {
	t.Helper()
	names := slices.Sorted(maps.Keys(values))
	tests := []struct {
		name string
		run  func(t *testing.T, s settings.Source)
	}{
		{"it has a name", named},
		{"it returns every value as it is, with its origin", func(t *testing.T, s settings.Source) { whole(t, s, names) }},
		{"it returns nothing for what it does not have", absent},
		{"it returns nothing that was not asked for", func(t *testing.T, s settings.Source) { asked(t, s) }},
		{"it takes an empty list of names", func(t *testing.T, s settings.Source) { equal(t, s, nil, map[string]string{}) }},
		{"it can be asked again, and the map is the caller's", func(t *testing.T, s settings.Source) { again(t, s, names) }},
		{"it can be asked by several at once", func(t *testing.T, s settings.Source) { together(t, s, names) }},
		{"it leaves the names alone", func(t *testing.T, s settings.Source) { untouched(t, s, names) }},
		{"it ends with its context and says so", func(t *testing.T, s settings.Source) { cancelled(t, s, names) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, new(t, maps.Clone(values))) })
	}
	t.Run("settings mean what they mean in the environment", func(t *testing.T) { loads(t, new) })
	t.Run("wrong settings are faults without a value", func(t *testing.T) { refuses(t, new) })
	t.Run("a key is the same, byte for byte", func(t *testing.T) { keys(t, new) })
}

func named(t *testing.T, s settings.Source) {
	if strings.TrimSpace(s.Name()) == "" {
		t.Error("Name() is empty: errors could not say where they come from")
	}
}

// equal asks for names and compares. It prints no value: the source may be somebody's real one.
func equal(t *testing.T, s settings.Source, names []string, want map[string]string) map[string]settings.Value {
	t.Helper()
	got, err := s.Lookup(t.Context(), names)
	if err != nil {
		t.Errorf("Lookup failed: %v", err)
		return nil
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("Lookup returned %s, which is not there or was not asked for", name)
		}
	}
	for name, text := range want {
		switch v, ok := got[name]; {
		case !ok:
			t.Errorf("Lookup did not return %s", name)
		case v.Text != text:
			t.Errorf("%s came back changed: %d bytes, want %d", name, len(v.Text), len(text))
		}
	}
	return got
}

func whole(t *testing.T, s settings.Source, names []string) {
	for name, v := range equal(t, s, names, values) {
		if v.Origin == "" {
			t.Errorf("%s has no origin", name)
		}
		if text := values[name]; len(text) > 4 && strings.Contains(v.Origin, text) {
			t.Errorf("the origin of %s holds its value", name)
		}
	}
}

func absent(t *testing.T, s settings.Source) {
	equal(t, s, []string{"AIRWORTHY_TEST_ABSENT", "AIRWORTHY_TEST_PLAI", "airworthy_test_absent"}, map[string]string{})
	equal(t, s, []string{"AIRWORTHY_TEST_ABSENT", "AIRWORTHY_TEST_EMPTY"}, map[string]string{"AIRWORTHY_TEST_EMPTY": ""})
}

func asked(t *testing.T, s settings.Source) {
	equal(t, s, []string{"AIRWORTHY_TEST_PLAIN"}, map[string]string{"AIRWORTHY_TEST_PLAIN": "plain"})
}

func again(t *testing.T, s settings.Source, names []string) {
	got := equal(t, s, names, values)
	if got == nil {
		return
	}
	got["AIRWORTHY_TEST_PLAIN"] = settings.Value{Text: "changed by the caller"}
	delete(got, "AIRWORTHY_TEST_HASH")
	equal(t, s, names, values)
}

func together(t *testing.T, s settings.Source, names []string) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { equal(t, s, names, values) })
	}
	wg.Wait()
}

func untouched(t *testing.T, s settings.Source, names []string) {
	shuffled := slices.Clone(names)
	slices.Reverse(shuffled)
	before := slices.Clone(shuffled)
	equal(t, s, shuffled, values)
	if !slices.Equal(shuffled, before) {
		t.Error("Lookup changed the caller's slice")
	}
}

func cancelled(t *testing.T, s settings.Source, names []string) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Lookup(ctx, names)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Lookup under a cancelled context returned %T, want an error that wraps context.Canceled", err)
		return
	}
	for name, text := range values {
		if len(text) > 4 && strings.Contains(err.Error(), text) {
			t.Errorf("the error holds the value of %s", name)
		}
	}
}

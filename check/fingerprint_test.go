package check_test

import (
	"context"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

// prints returns the fingerprints of one check's findings.
func prints(t *testing.T, findings ...check.Finding) (all []string) {
	t.Helper()
	r := check.Run(t.Context(), []check.Check{{
		ID: "lamp.W001", Level: check.Warning, Tags: []string{"t"}, Needs: check.Settings, Title: "A.", Hint: "B.",
		Find: func(context.Context) ([]check.Finding, error) { return findings, nil },
	}}, check.Options{})
	for _, f := range r.Findings {
		all = append(all, f.Fingerprint)
	}
	return all
}

// TestFingerprints holds them to what a baseline needs: the same fault keeps its name, another has another one.
func TestFingerprints(t *testing.T) {
	base := check.Finding{File: "a/b.go", Line: 3, Setting: "S", Key: "k", Evidence: "e"}
	is := prints(t, base)[0]
	same := base
	same.Line, same.Evidence, same.Title, same.Hint, same.Level = 70, "other words", "t", "h", check.Error
	if got := prints(t, same)[0]; got != is {
		t.Error("a fault that moved to another line, or is told in other words, has another fingerprint")
	}
	for name, change := range map[string]func(*check.Finding){
		"file":    func(f *check.Finding) { f.File = "a/c.go" },
		"setting": func(f *check.Finding) { f.Setting = "R" },
		"key":     func(f *check.Finding) { f.Key = "l" },
		"border":  func(f *check.Finding) { f.File, f.Setting = "b.go", "Sa/" },
	} {
		other := base
		change(&other)
		if prints(t, other)[0] == is {
			t.Errorf("findings that differ in their %s have one fingerprint", name)
		}
	}
	same.Level = 0 // the worse one would come first
	if twins := prints(t, base, same); twins[0] == twins[1] || twins[0] != is {
		t.Errorf("fingerprints of twins = %q, want two, the first as ever", twins)
	}
	if a, b := prints(t, check.Finding{Evidence: "a"}), prints(t, check.Finding{Evidence: "b"}); a[0] == b[0] {
		t.Error("without a key, evidence does not tell findings apart")
	}
}

// TestFingerprintsOfWhatIsRedacted: no fingerprint is made of a secret, nor of where a machine keeps things.
func TestFingerprintsOfWhatIsRedacted(t *testing.T) {
	with := func(evidence string) string {
		return check.Run(t.Context(), []check.Check{rule("lamp.W001", check.Warning, check.Finding{Evidence: evidence})}, check.Options{
			Redact: func(s string) string { return strings.NewReplacer("hunter2", "…", "hunter3", "…").Replace(s) },
		}).Findings[0].Fingerprint
	}
	if with("it is hunter2") != with("it is hunter3") {
		t.Error("the fingerprint depends on a secret")
	}
	if with("it is hunter2") == with("it was hunter2") {
		t.Error("the fingerprint does not depend on the evidence")
	}
}

package errorpages_test

import (
	"os"
	"strings"
	"testing"
)

// TestDebugPageIsKnown holds the sentence by which probe.E025 knows the page from outside.
func TestDebugPageIsKnown(t *testing.T) {
	const says = "You see this page because DEBUG is on."
	page, err := os.ReadFile("debug.html")
	if err != nil || !strings.Contains(string(page), says) {
		t.Errorf("debug.html does not say %q, by which package probe knows it (%v)", says, err)
	}
}

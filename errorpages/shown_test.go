package errorpages

import (
	"html/template"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
)

// TestSettingsAreShownAsTheyAre: what was kept from the page before is not shown once a setting or a known secret has changed.
func TestSettingsAreShownAsTheyAre(t *testing.T) {
	rows := []Setting{{"GREETING", "hello-from-here", ".env:1"}}
	mask := secret.NewMask()
	p, err := New(Config{Debug: true, Settings: func() []Setting { return rows }, Mask: func() secret.Mask { return mask }})
	if err != nil {
		t.Fatal(err)
	}
	first := p.settings()
	if !strings.Contains(string(first), "hello-from-here") || p.settings() != first {
		t.Fatalf("settings = %q, want the greeting, twice alike", first)
	}
	mask = secret.NewMask(secret.New("hello-from-here"))
	if got := p.settings(); got == first || strings.Contains(string(got), "hello-from-here") {
		t.Errorf("after it became a secret: %q", got)
	}
	rows = []Setting{{"GREETING", "<b>good evening</b>", ".env:1"}}
	if got := p.settings(); !strings.Contains(string(got), template.HTMLEscapeString("<b>good evening</b>")) {
		t.Errorf("after it changed: %q", got)
	}
	rows = nil
	if got := p.settings(); got != "" {
		t.Errorf("without settings: %q", got)
	}
}

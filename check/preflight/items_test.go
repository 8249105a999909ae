package preflight_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/internal/catalog"
)

// general are the checks that no single item is about, and parts of which all are such.
var general = map[string]bool{
	"airworthy": true, "headers": true, "logs": true, "settings": true, "waiver": true, "async": true, "caches": true, "files": true, "mail": true, "urls": true, "baseline": true, "edge": true,
}

// TestEveryCheckHasItsItem holds a new check to be sorted, or to be named as one that no single item is about.
func TestEveryCheckHasItsItem(t *testing.T) {
	n := 0
	for _, c := range catalog.Rules() {
		n++
		part, _, _ := strings.Cut(c.ID, ".")
		if preflight.Of(c.ID) == 12 && !general[part] && !slices.Contains(rest, c.ID) {
			t.Errorf("%s belongs to no item of the checklist (%s): name it in items.go, or here", c.ID, c.Title)
		}
	}
	if n < 100 {
		t.Fatalf("%d checks, want more than 100", n)
	}
	for id, item := range map[string]int{
		"security.W018": 1, "keyring.W005": 2, "repo.E001": 2, "deployment.E001": 2, "hosts.W001": 3, "proxy.W001": 4, "https.W001": 4,
		"https.E001": 5, "csrf.W003": 6, "csrf.W001": 7, "csp.W010": 8, "csp.W003": 9, "policy.W001": 10, "password.W001": 11, "settings.W001": 12,
		"static.W001": 13, "sentry.W001": 14, "backup.W001": 15, "admin.W001": 16, "nobody.W001": 12,
	} {
		if got := preflight.Of(id); got != item {
			t.Errorf("%s is of item %d, want %d", id, got, item)
		}
	}
}

// rest are single checks that no single item is about.
var rest = strings.Fields(`
	security.W001 security.W006 security.W022 security.E023 security.E024
	django.E002 django.E003 django.W014 django.W015 django.W016 django.I017 django.W018 django.I020 django.W021 django.E022 django.W023 django.W024
	probe.W008 probe.W010 probe.W011 probe.E024 probe.E026 probe.I027 probe.W028 probe.W029 probe.E101
	probe.I037 probe.W038 probe.I039 probe.I040 probe.W041 probe.W051 probe.W052 probe.E056 probe.E057 probe.E058 probe.W060
	django.I028 django.W029 django.W030 django.W031 django.W032 probe.E071 probe.I069
	probe.I061 probe.I062 probe.I063 probe.I064 probe.W065 probe.I066 probe.E068
`)

// TestItems holds the list to what it must be: sixteen, each with a title, with checks that no other names, and with what each kind
// of evidence can show.
func TestItems(t *testing.T) {
	items := preflight.Items()
	if len(items) != 16 {
		t.Fatalf("%d items, want sixteen", len(items))
	}
	known := map[string]bool{}
	for _, c := range catalog.Known() {
		part, _, _ := strings.Cut(c.ID, ".")
		known[c.ID], known[part+"."] = true, true
	}
	for _, future := range []string{"auth.", "otp.", "static.", "tracking.", "sentry.", "backup."} {
		known[future] = true
	}
	seen := map[string]int{}
	for i, item := range items {
		if item.Title == "" || strings.HasSuffix(item.Title, ".") || len(item.Evidence) == 0 {
			t.Errorf("item %d: %+v", i+1, item)
		}
		for _, id := range item.Checks {
			if seen[id] != 0 {
				t.Errorf("items %d and %d both name %s", seen[id], i+1, id)
			}
			seen[id] = i + 1
			if !known[id] {
				t.Errorf("item %d names %s, which is no check", i+1, id)
			}
		}
		kinds := map[check.Evidence]bool{}
		for _, e := range item.Evidence {
			if e.Shows == "" || kinds[e.Needs] {
				t.Errorf("item %d: %+v", i+1, e)
			}
			kinds[e.Needs] = true
		}
	}
}

// table is the list as docs/preflight.md has it.
func table() string {
	var b strings.Builder
	for i, item := range preflight.Items() {
		fmt.Fprintf(&b, "| %d | %s |", i+1, item.Title)
		for _, kind := range []check.Evidence{check.Settings, check.Handler, check.Repository, check.URL} {
			cell := ""
			for _, e := range item.Evidence {
				switch {
				case e.Needs != kind:
				case e.Weak:
					cell = "(" + e.Shows + ")"
				default:
					cell = e.Shows
				}
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestGuideHasTheItems(t *testing.T) {
	const file = "../../docs/preflight.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "|---|---|---|---|---|---|\n")
	got, end, more := strings.Cut(rest, "\n\n")
	if !ok || !more {
		t.Fatal("the guide has no table")
	}
	if got += "\n"; got == table() {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimSuffix(string(page), rest)+table()+"\n"+end), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the guide's table is not what the code says (rewrite it with -update):\n%s\nwant\n%s", got, table())
}

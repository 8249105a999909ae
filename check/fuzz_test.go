package check_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/airworthy-go/airworthy/check"
)

// FuzzReport holds that no text can forge the report around it: the text form holds line ends and what is visible, and as
// many headings as without the text; the JSON form gives back what it was given.
func FuzzReport(f *testing.F) {
	f.Add(hostile)
	f.Add("plain")
	f.Add("\u202e\u2066\U000e0001\x00\ufeff")
	f.Add(strings.Repeat("ü", 300))
	f.Fuzz(func(t *testing.T, s string) {
		report := func(s string) *check.Report {
			return &check.Report{FailLevel: check.Error, Findings: []check.Finding{
				{ID: "lamp.W001", Level: check.Error, Title: "x" + s, Hint: "x" + s, Setting: "x" + s, Source: "x" + s, Evidence: "x" + s},
			}}
		}
		var text, want, object bytes.Buffer
		if err := errors.Join(report(s).WriteText(&text, check.TextOptions{}), report("").WriteText(&want, check.TextOptions{}),
			report(s).WriteJSON(&object)); err != nil {
			t.Fatal(err)
		}
		for _, r := range text.String() + object.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("the report holds %U", r)
			}
		}
		if got, want := headings(text.String()), headings(want.String()); got != want {
			t.Errorf("%d headings, want %d:\n%s", got, want, &text)
		}
		var back check.Report
		if err := json.Unmarshal(object.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if got, want := back.Findings[0].Evidence, jsonString(t, "x"+s); got != want || back.Findings[0].Level != check.Error {
			t.Errorf("evidence read back = %q, want %q", got, want)
		}
	})
}

// headings counts the lines that are not below a finding's: what a finding says stands deeper than four spaces.
func headings(text string) (n int) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "    ") {
			n++
		}
	}
	return n
}

// jsonString is what JSON makes of s: invalid UTF-8 is replaced.
func jsonString(t *testing.T, s string) (back string) {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// FuzzForms holds that every form of the report is well-formed and has the same structure whatever the text in it.
func FuzzForms(f *testing.F) {
	f.Add(hostile)
	f.Add("]]>\x00\ufffe")
	f.Add("\n::error::x%0A##[warning]y")
	f.Add(`"><script>'`)
	f.Add("/home/ada/settings.py")
	f.Add(strings.Repeat("\u202e", 300))
	f.Fuzz(func(t *testing.T, s string) { stands(t, s) })
}

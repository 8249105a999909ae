package check_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/airworthy-go/airworthy/check"
)

// writers are the forms of a report, by name.
var writers = map[string]func(*check.Report, io.Writer) error{
	"text":   func(r *check.Report, w io.Writer) error { return r.WriteText(w, check.TextOptions{}) },
	"json":   (*check.Report).WriteJSON,
	"sarif":  (*check.Report).WriteSARIF,
	"junit":  (*check.Report).WriteJUnit,
	"github": (*check.Report).WriteGitHub,
	"html":   (*check.Report).WriteHTML,
}

func write(t testing.TB, r *check.Report, name string) string {
	t.Helper()
	var b bytes.Buffer
	if err := writers[name](r, &b); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b.String()
}

// filled returns a report whose every text is s.
func filled(s string) *check.Report {
	f := check.Finding{ID: "lamp.W001", Level: check.Error, Title: "x" + s, Hint: "x" + s, Setting: "x" + s, Source: "x" + s,
		Evidence: "x" + s, Needs: check.URL, File: "x" + s, Line: 3, Fingerprint: "00"}
	aside := f
	aside.Silenced = "x" + s
	return &check.Report{
		Subject: "x" + s, FailLevel: check.Error, Ran: 1, Findings: []check.Finding{f, f}, Silenced: []check.Finding{aside},
		NotRun: []check.NotRun{{ID: "lamp.W002", Title: "x" + s, Reason: "x" + s, Needs: check.URL}},
		Asked: []check.Check{{ID: "lamp.W001", Level: check.Error, Title: "x" + s, Hint: "x" + s, Why: "x" + s, See: "https://x" + s,
			Needs: check.URL, Tags: []string{"security"}}, {ID: "lamp.W003", Title: "x" + s, Needs: check.URL}},
	}
}

// TestHostileText holds every form of the report to what a server or a repository may have written into it.
func TestHostileText(t *testing.T) {
	for name, in := range map[string]string{
		"61: commands to a terminal":                   "\x1b[2J\x1b]0;owned\x07\u009b31m\x9b31m",
		"61: the end of a CDATA section":               "]]><failure/>]]>",
		"61: the end of an element":                    "</code></li></pre></title></style></script><script>alert(1)</script><!--",
		"61: an attribute's end":                       `" onmouseover="alert(1)' x='&quot;&lt;`,
		"61: an address that runs":                     "javascript:alert(1)",
		"61: bytes that are no UTF-8":                  "\xff\xfe\xc0\xaf\xed\xa0\x80",
		"61: text that runs the other way":             "\u202egpj.exe\u2066\u2069\u200f",
		"61: characters that XML has not":              "\x00\x01\x0b\ufffe\uffff\ufffd",
		"61: lines of a report":                        "\r\nERRORS\n  lamp.W009  Forged.\n\nNo findings, 0 silenced, 0 not run, 9 checks ran. Passed.\n",
		"61: commands of a workflow":                   "\n::stop-commands::x\n::set-env name=A::b\r\n##[set-env name=A]b\n::error ::%0A::add-mask::x",
		"61: a workflow's command in an escape's form": "%0A::error::x%2C,line=7,title=y:z%25",
		"61: separators of lines":                      "a\u2028b\u2029c\u0085d",
		"61: markup of another language":               "[a](javascript:x) ![](http://x/) <img src=x> `x` {{.}} ${x}",
	} {
		t.Run(name, func(t *testing.T) { stands(t, in) })
	}
}

// stands reports a text that breaks a form of the report, or shows there as anything else than text.
func stands(t *testing.T, s string) {
	t.Helper()
	r, plain := filled(s), filled("")
	for name := range writers {
		got := write(t, r, name)
		for _, c := range got {
			if c != '\n' && !unicode.IsPrint(c) {
				t.Fatalf("%s: holds %U", name, c)
			}
		}
		if again := write(t, r, name); again != got {
			t.Errorf("%s: two reports of the same differ", name)
		}
	}
	if got, want := headings(write(t, r, "text")), headings(write(t, plain, "text")); got != want {
		t.Errorf("text: %d headings, want %d", got, want)
	}
	for _, name := range []string{"json", "sarif"} {
		if !json.Valid([]byte(write(t, r, name))) {
			t.Errorf("%s: not valid", name)
		}
	}
	if got, want := elements(t, write(t, r, "junit")), elements(t, write(t, plain, "junit")); !slices.Equal(got, want) {
		t.Errorf("junit: elements\n%v, want\n%v", got, want)
	}
	if got, want := commands(t, write(t, r, "github")), commands(t, write(t, plain, "github")); !slices.Equal(got, want) {
		t.Errorf("github: commands\n%v, want\n%v", got, want)
	}
	if got, want := tags(t, write(t, r, "html")), tags(t, write(t, plain, "html")); !slices.Equal(got, want) {
		t.Errorf("html: elements\n%v, want\n%v", got, want)
	}
}

// elements returns the elements of an XML document and their attributes, without the file and line that a path may lack.
func elements(t *testing.T, doc string) (all []string) {
	t.Helper()
	for dec := xml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("junit: %v\n%s", err, doc)
		}
		if start, ok := token.(xml.StartElement); ok {
			text := start.Name.Local
			for _, a := range start.Attr {
				if a.Name.Local != "file" && a.Name.Local != "line" {
					text += " " + a.Name.Local
				}
			}
			all = append(all, text)
		}
	}
}

// commands returns the workflow commands of a log as GitHub's runner reads them, without file and line.
func commands(t *testing.T, log string) (all []string) {
	t.Helper()
	for line := range strings.Lines(log) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "::")
		head, _, closed := strings.Cut(rest, "::")
		if !ok || !closed {
			t.Fatalf("github: a line that is no command: %q", line)
		}
		name, props, _ := strings.Cut(head, " ")
		got := map[string]string{}
		for p := range strings.SplitSeq(props, ",") {
			key, value, ok := strings.Cut(p, "=")
			if !ok || value == "" {
				t.Fatalf("github: property %q in %q", p, line)
			}
			got[key] = value
		}
		delete(got, "file")
		delete(got, "line")
		all = append(all, fmt.Sprint(name, slices.Sorted(maps.Keys(got))))
	}
	return all
}

var tag = regexp.MustCompile(`<(/?[a-zA-Z!][^\s>]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*(/?)>`)

// tags returns the tags of a page and the names of their attributes. It knows only pages that are written as ours is, and
// fails on any other: a "<" that begins no tag, an attribute in other quotes. Links are left out, as a text may be none.
func tags(t *testing.T, page string) (all []string) {
	t.Helper()
	if strings.Count(page, "<") != len(tag.FindAllString(page, -1)) {
		for line := range strings.Lines(page) {
			if strings.Count(line, "<") != len(tag.FindAllString(line, -1)) {
				t.Fatalf("html: a mark that begins no tag: %q", line)
			}
		}
	}
	page = regexp.MustCompile(`<div><dt>Background</dt>.*</div>`).ReplaceAllString(page, "")
	for _, m := range tag.FindAllStringSubmatch(page, -1) {
		names := regexp.MustCompile(`\s([a-z-]+)`).FindAllString(regexp.MustCompile(`="[^"]*"`).ReplaceAllString(m[2], ""), -1)
		all = append(all, m[1]+strings.Join(names, ""))
	}
	return all
}

// TestPathsOutsideTheTree holds that no form which points into the tree points out of it: whoever reads the report has no such
// file, and its path may hold the name of a user.
func TestPathsOutsideTheTree(t *testing.T) {
	for name, row := range map[string]struct{ file, uri, annotation string }{
		"61: a path of the tree":           {"a/b c.py", "a/b%20c.py", "file=a/b c.py,line=3,"},
		"61: a path of a user's":           {"/home/ada/site/settings.py", "", ""},
		"61: a path of a user's, mounted":  {`C:\Users\ada\settings.py`, "", ""},
		"61: a path of a user's, shared":   {`\\host\ada\settings.py`, "", ""},
		"61: a path that climbs":           {"../ada/settings.py", "", ""},
		"61: a path that climbs later":     {"a/../../ada/settings.py", "", ""},
		"61: a path with a reader's marks": {"a%2F..,b:c?d#e.py", "a%252F..%2Cb%3Ac%3Fd%23e.py", "file=a%252F..%2Cb%3Ac?d#e.py,line=3,"},
		"61: a path that is an address":    {"https://x/y", "https%3A/x/y", "file=https%3A/x/y,line=3,"},
		"61: a path with a line end":       {"a\n::error::b", "a%0A%3A%3Aerror%3A%3Ab", `file=a\n%3A%3Aerror%3A%3Ab,line=3,`},
		"61: a path of no characters":      {"a\xff\x00b", "", ""},
	} {
		r := &check.Report{FailLevel: check.Error, Findings: []check.Finding{{ID: "lamp.E001", Level: check.Error, Title: "It is off.",
			File: row.file, Line: 3, Needs: check.Repository}}}
		var log struct {
			Runs []struct {
				Results []struct {
					Locations []struct {
						PhysicalLocation struct {
							ArtifactLocation struct{ URI, URIBaseID string }
						}
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(write(t, r, "sarif")), &log); err != nil {
			t.Fatal(err)
		}
		got := log.Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation
		want, base := row.uri, "%SRCROOT%"
		if want == "" {
			want, base = "airworthy/repository", ""
		}
		if got.URI != want || got.URIBaseID != base {
			t.Errorf("%s: SARIF has %q of %q, want %q of %q", name, got.URI, got.URIBaseID, want, base)
		}
		lines := strings.Split(write(t, r, "github"), "\n")
		if want := "::error " + row.annotation + "title=lamp.E001 ERROR::"; !strings.HasPrefix(lines[1], want) {
			t.Errorf("%s: GitHub has %q, want %q", name, lines[1], want)
		}
	}
}

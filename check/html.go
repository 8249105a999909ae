package check

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

//go:embed report.html
var pages embed.FS

// WriteHTML writes the report as one web page for who has to decide: how the gate stands in plain words, what there is of
// what, the findings by level with why they matter and what to do, what was set aside and why, what could not be looked at,
// and what passed.
//
// The page needs no other file. It has no script, and its own policy forbids it everything but its style, so that it may be
// opened whatever text a hostile server or repository put into it.
func (r *Report) WriteHTML(w io.Writer) error {
	body, err := pages.ReadFile("report.html")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := sheet.Page(string(body)).Execute(&b, newReportPage(r)); err != nil {
		return fmt.Errorf("check: HTML: %w", err)
	}
	_, err = b.WriteTo(w)
	return err
}

// reportPage is what report.html shows.
type reportPage struct {
	Subject              string
	Tone, Verdict, About string
	Lead                 string
	Looked, Unlooked     string // kinds of evidence, in words
	Tiles                []tile
	Groups               []group
	NotRun               []NotRun
	Silenced             []card
	Passed               []passed
	FailLevel            string
}

type tile struct {
	N                int
	What, Tone, Link string
}

// group is the findings of one level.
type group struct {
	Name, ID, Tone, Note string
	N                    int
	Cards                []card
}

// card is what one check found, wherever it found it.
type card struct {
	Tone, Level string
	Check
	Kind, Link string
	Silenced   string
	SeenAs     string // what Seen is: what was seen, or only where
	Seen       []seen
	More       int // findings that are not shown
}

type seen struct{ Where, Evidence string }

type passed struct {
	Kind   string
	Checks []Check
}

// maxSeen is how many places of one fault the page shows.
const maxSeen = 50

var kindNames = map[Evidence]string{
	Settings:   "the settings",
	Handler:    "the application’s own answers",
	Repository: "the source code and its history",
	URL:        "the live site",
}

func newReportPage(r *Report) reportPage {
	p := reportPage{Subject: cmp.Or(r.Subject, "Deployment check"), FailLevel: r.FailLevel.String()}
	p.judge(r)
	p.NotRun = r.NotRun
	for _, findings := range byLevel(r.Findings) {
		p.Groups = append(p.Groups, newGroup(r, findings))
	}
	p.Silenced = r.cards(r.Silenced)
	for _, q := range r.questions() {
		if len(q.found)+len(q.silenced)+len(q.notRun) > 0 {
			continue
		}
		kind := sentence(kindNames[q.Needs])
		if n := len(p.Passed); n == 0 || p.Passed[n-1].Kind != kind {
			p.Passed = append(p.Passed, passed{Kind: kind})
		}
		last := &p.Passed[len(p.Passed)-1]
		last.Checks = append(last.Checks, q.Check)
	}
	p.tally(r)
	return p
}

// judge says how the gate stands, for somebody who knows none of its words.
func (p *reportPage) judge(r *Report) {
	failing, below := r.failing(), len(r.Findings)-r.failing()
	var lead []string
	switch {
	case failing > 0:
		p.Tone, p.Verdict, p.About = "bad", "Not passed.", sheet.Count(failing, "finding")+" must be dealt with first."
	case r.Failed():
		p.Tone, p.Verdict, p.About = "warn", "Not passed.", "Not everything could be looked at."
	default:
		p.Tone, p.Verdict, p.About = "good", "Passed.", "Nothing that was looked for stands in the way."
	}
	if n := len(r.NotRun); n > 0 {
		lead = append(lead, sheet.Count(n, "check")+" could not look, and what was not looked at has not passed.")
	}
	if below > 0 {
		lead = append(lead, sheet.Count(below, "finding")+" of lesser weight "+map[bool]string{true: "is", false: "are"}[below == 1]+
			" shown too.")
	}
	if n := len(r.Silenced); n > 0 {
		lead = append(lead, sheet.Count(n, "finding")+" "+map[bool]string{true: "was", false: "were"}[n == 1]+
			" set aside by somebody who gave a reason.")
	}
	p.Lead = strings.Join(lead, " ")
	var looked, unlooked []string
	for _, kind := range kinds {
		if slices.ContainsFunc(r.Asked, func(c Check) bool { return c.Needs == kind }) {
			looked = append(looked, kindNames[kind])
		} else {
			unlooked = append(unlooked, kindNames[kind])
		}
	}
	if len(looked) > 0 {
		p.Looked, p.Unlooked = words(looked, "and"), words(unlooked, "or")
	}
}

func (p *reportPage) tally(r *Report) {
	for _, g := range p.Groups {
		p.Tiles = append(p.Tiles, tile{g.N, g.Name, g.Tone, g.ID})
	}
	if len(r.Findings) == 0 {
		p.Tiles = append(p.Tiles, tile{0, "Findings", "good", ""})
	}
	if n := len(r.NotRun); n > 0 {
		p.Tiles = append(p.Tiles, tile{n, "Not looked at", "bad", "not-run"})
	}
	if n := len(r.Silenced); n > 0 {
		p.Tiles = append(p.Tiles, tile{n, "Set aside", "quiet", "set-aside"})
	}
	n := 0
	for _, kind := range p.Passed {
		n += len(kind.Checks)
	}
	if n > 0 {
		p.Tiles = append(p.Tiles, tile{n, "Passed", "good", "passed"})
	}
}

var levelWords = map[Level]string{
	Critical: "Critical", Error: "Errors", Warning: "Warnings", Info: "Information", Debug: "Details",
}

func newGroup(r *Report, findings []Finding) group {
	level := findings[0].Level
	name := cmp.Or(levelWords[level], level.String())
	g := group{Name: name, ID: "level-" + fmt.Sprint(int(level)), Tone: tone(level), N: len(findings), Cards: r.cards(findings)}
	g.Note = "Each of these keeps the gate shut."
	if level < r.FailLevel {
		g.Note = "These do not keep the gate shut."
	}
	return g
}

func tone(l Level) string {
	switch {
	case l >= Error:
		return "bad"
	case l >= Warning:
		return "warn"
	}
	return "quiet"
}

// cards makes one card of the findings of a check that say the same, in the order of the first.
func (r *Report) cards(findings []Finding) (cards []card) {
	type key struct {
		id, title, hint, silenced string
		needs                     Evidence
		level                     Level
	}
	place := map[key]int{}
	for _, f := range findings {
		k := key{f.ID, f.Title, f.Hint, f.Silenced, f.Needs, f.Level}
		i, ok := place[k]
		if !ok {
			i = len(cards)
			place[k] = i
			rule := r.rule(f)
			level := f.Level.String()
			c := card{Tone: tone(f.Level), SeenAs: "Where", Level: level[:1] + strings.ToLower(level[1:]), Check: rule, Link: link(rule.See),
				Kind: sentence(kindNames[f.Needs]), Silenced: f.Silenced}
			c.Title, c.Hint = f.Title, f.Hint
			if f.Silenced != "" {
				c.Tone = "quiet"
			}
			cards = append(cards, c)
		}
		c := &cards[i]
		if len(c.Seen) == maxSeen {
			c.More++
			continue
		}
		if s := (seen{f.where(), f.Evidence}); s != (seen{}) {
			c.Seen = append(c.Seen, s)
		}
		if f.Evidence != "" {
			c.SeenAs = "What was seen"
		}
	}
	return cards
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// words joins a list as people do.
func words(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	n := len(list) - 1
	return strings.Join(list[:n], ", ") + " " + last + " " + list[n]
}

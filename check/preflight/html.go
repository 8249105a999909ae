package preflight

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/sheet"
)

//go:embed preflight.html
var pages embed.FS

// WriteHTML writes the checklist as one web page for who has to decide. It needs no other file, has no script, and forbids itself
// everything but its style, as the page of [check.Report.WriteHTML] does.
func (r *Result) WriteHTML(w io.Writer) error {
	body, err := pages.ReadFile("preflight.html")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := sheet.Page(string(body)).Execute(&b, newPage(r)); err != nil {
		return fmt.Errorf("preflight: HTML: %w", err)
	}
	_, err = b.WriteTo(w)
	return err
}

// page is what preflight.html shows.
type page struct {
	Subject, Tone, Verdict, About, Lead string
	Tiles                               []tile
	Items                               []row
	Strict                              bool
}

type tile struct {
	N          int
	What, Tone string
}

type row struct {
	Outcome
	Tone, Word string
	Evidence   []proof
}

type proof struct {
	Proof
	Name, Tone, Tally string
	More              int
}

var tones = map[State]string{Passed: "good", Failed: "bad", Unverified: "warn", Unlooked: "quiet", Unable: "warn"}

func newPage(r *Result) page {
	p := page{Subject: r.Subject, Strict: r.Strict}
	if p.Subject == "" {
		p.Subject = "Checklist"
	}
	failed, unverified := r.Count(Failed), r.Count(Unverified)
	switch {
	case failed > 0:
		p.Tone, p.Verdict, p.About = "bad", "Not ready.", sheet.Count(failed, "item")+" of "+fmt.Sprint(len(r.Items))+" must be mended first."
	case unverified > 0 && r.Strict:
		p.Tone, p.Verdict, p.About = "warn", "Not ready.", "Not every item is verified."
	case unverified > 0:
		p.Tone, p.Verdict, p.About = "warn", "Nothing failed,", "and not every item is verified."
	default:
		p.Tone, p.Verdict, p.About = "good", "Ready.", "All "+sheet.Count(len(r.Items), "item")+" passed."
	}
	if unverified > 0 {
		p.Lead = fmt.Sprintf("Of %s nobody knows how they stand: no check looked, or none could. Each says what would tell.",
			sheet.Count(unverified, "item"))
	}
	for _, s := range []struct {
		state State
		what  string
	}{{Failed, "Failed"}, {Unverified, "Not verified"}, {Passed, "Passed"}} {
		n, tone := r.Count(s.state), tones[s.state]
		if n == 0 {
			tone = "quiet"
		}
		p.Tiles = append(p.Tiles, tile{n, s.what, tone})
	}
	for _, o := range r.Items {
		p.Items = append(p.Items, newRow(o))
	}
	return p
}

func newRow(o Outcome) row {
	words := map[State]string{Passed: "Passed", Failed: "Failed", Unverified: "Not verified"}
	r := row{Outcome: o, Tone: tones[o.State], Word: words[o.State]}
	for _, e := range o.Proofs {
		name := names[e.Needs]
		v := proof{Proof: e, Name: strings.ToUpper(name[:1]) + name[1:], Tone: tones[e.State], Tally: e.tally()}
		if more := len(e.Findings) - maxShown; more > 0 {
			v.More, v.Findings = more, e.Findings[:maxShown]
		}
		r.Evidence = append(r.Evidence, v)
	}
	return r
}

// Where is what a template asks of a finding.
func (proof) Where(f check.Finding) string { return where(f) }

// Level is the level of a finding as a word, and the tone of its badge.
func (proof) Level(f check.Finding) string {
	word := f.Level.String()
	return word[:1] + strings.ToLower(word[1:])
}

// LevelTone is how a finding's badge looks.
func (proof) LevelTone(f check.Finding) string {
	switch {
	case f.Level >= check.Error:
		return "bad"
	case f.Level >= check.Warning:
		return "warn"
	}
	return "quiet"
}

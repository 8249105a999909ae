package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

// Baseline is what an earlier run found, so that a gate can be put up on a site that has findings already. The nil Baseline
// holds nothing.
type Baseline struct {
	findings map[string]Finding // by fingerprint
}

// maxBaseline is far beyond any report, in bytes.
const maxBaseline = 64 << 20

// ReadBaseline reads a report that [Report.WriteJSON] wrote. What had been silenced there for another reason than an
// older baseline is not in it. The error says what is wrong with the file.
func ReadBaseline(r io.Reader) (*Baseline, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBaseline+1))
	if err != nil {
		return nil, fmt.Errorf("check: baseline: %w", err)
	}
	if len(text) > maxBaseline {
		return nil, fmt.Errorf("check: baseline: it is longer than %d bytes", maxBaseline)
	}
	var in struct {
		Version  int       `json:"version"`
		Findings []Finding `json:"findings"`
		Silenced []Finding `json:"silenced"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, errors.New("check: baseline: it is no report in JSON: write one with --report json=FILE")
	}
	if in.Version != JSONVersion || in.Findings == nil {
		return nil, fmt.Errorf("check: baseline: it is no report of version %d: write one with --report json=FILE", JSONVersion)
	}
	b := &Baseline{map[string]Finding{}}
	for _, f := range append(in.Findings, in.Silenced...) {
		if f.Silenced != "" && !f.Known || ours(f.ID) {
			continue
		}
		if f.Fingerprint == "" {
			return nil, errors.New("check: baseline: a finding has no fingerprint: write the report anew")
		}
		b.findings[f.Fingerprint] = f
	}
	return b, nil
}

// holds reports whether f was found before, and was not less bad then.
func (b *Baseline) holds(f Finding) bool {
	if b == nil {
		return false
	}
	old, ok := b.findings[f.Fingerprint]
	return ok && old.ID == f.ID && old.Level >= f.Level
}

// judgeBaseline finds what is wrong with the baseline: IDs that nobody knows, and entries that nothing answers to any more.
func (r *run) judgeBaseline() {
	if r.Baseline == nil {
		return
	}
	now := map[string]bool{}
	for _, f := range r.found {
		now[f.Fingerprint] = true
	}
	var unknown, gone []string
	for print, f := range r.Baseline.findings {
		switch {
		case !r.knows(f.ID):
			unknown = append(unknown, f.ID)
		case !now[print] && r.looked(f.ID):
			gone = append(gone, f.ID)
		}
	}
	for id, list := range map[string][]string{"baseline.W001": unknown, "baseline.I002": gone} {
		if len(list) > 0 {
			slices.Sort(list)
			n := len(list)
			r.say(id, Finding{Evidence: sheet.Count(n, "finding") + ": " + strings.Join(slices.Compact(list), ", "), Key: id})
		}
	}
}

package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/csp"
)

func (p *prober) policyRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.W012", Level: check.Warning,
		Title: "Answers lack a Content-Security-Policy.",
		Hint:  "Send one with every answer: first as Content-Security-Policy-Report-Only, then enforced.",
		Why: "A policy is the second line: if a template forgets to escape once, without it every script that gets " +
			"into the page runs with the visitor's rights.",
		See: "https://www.w3.org/TR/CSP3/#intro",
		Find: p.each("", func(a answer) (string, bool) {
			what := ""
			if a.header.Get("Content-Security-Policy-Report-Only") != "" {
				what = "only reported, not enforced"
			}
			return what, p.document(a) && len(p.enforced(a)) == 0
		}),
	}, {
		ID: "probe.W013", Level: check.Warning,
		Title: "The Content-Security-Policy lets inline scripts run.",
		Hint:  "Allow scripts by nonce or hash, and drop 'unsafe-inline' from script-src and default-src.",
		Why: "Nearly every injection puts an inline script into a page. A policy that allows those stops the " +
			"injections that do not happen.",
		See: "https://www.w3.org/TR/CSP3/#directive-script-src",
		Find: p.each("", func(a answer) (string, bool) {
			all := policiesOf(p.enforced(a))
			if len(all) == 0 || !p.document(a) || slices.ContainsFunc(all, policy.refusesInline) {
				return "", false
			}
			if a.ask == p.page() {
				return graded(p.ways(a)), true
			}
			return "", true
		}),
	}, {
		ID: "probe.E014", Level: check.Error,
		Title: "The nonce of the Content-Security-Policy is the same in two answers.",
		Hint:  "Make a nonce for each answer from a random source, and let no cache keep the page.",
		Why: "A nonce is a password for scripts. Anybody can read it in one answer, and write it on an injected " +
			"script in the next.",
		See:  "https://www.w3.org/TR/CSP3/#security-nonces",
		Find: p.findStaleNonce,
	}, {
		ID: "probe.W030", Level: check.Warning,
		Title: "The Content-Security-Policy leaves a way around it.",
		Hint: "Mend what the evidence names, in the policy. Each weakness is a check of its own: explain csp.W006, for " +
			"example, says what to write.",
		Why: "Injected markup that the policy does not govern still runs scripts, sends what is typed into forms " +
			"elsewhere, or lets another site frame the page.",
		See:  "https://www.w3.org/TR/CSP3/#strict-csp",
		Find: p.each("", p.grade),
	}}
	if !p.Outside {
		checks[3].Level = check.Info // the settings' own checks have judged what the settings say
	}
	if p.InsecureNoCSP {
		checks[0].Find, checks[1].Find, checks[3].Find = nothing, nothing, nothing
	}
	return checks
}

// enforced returns the policies that count for an answer, as text: those of its header, and what browsers take from those
// that stand in the page itself.
func (p *prober) enforced(a answer) []string {
	all := texts(a)
	for _, text := range p.read(a).policies {
		kept := slices.DeleteFunc(strings.Split(text, ";"), func(directive string) bool {
			name, _, _ := strings.Cut(strings.TrimSpace(directive), " ")
			return slices.Contains([]string{"frame-ancestors", "report-uri", "sandbox"}, strings.ToLower(name))
		})
		if text = strings.Join(kept, ";"); strings.Trim(text, "; \t") != "" {
			all = append(all, text)
		}
	}
	return all
}

// ways returns the ways around the answer's policies that remain, by the IDs of package csp and the directives. A way
// counts if it leads around each of them.
func (p *prober) ways(a answer) (left []string) {
	for i, text := range p.enforced(a) {
		parsed, _ := csp.Parse(text) // what browsers do not understand, they skip
		var ways []string
		for _, w := range csp.Grade(parsed) {
			ways = append(ways, strings.TrimSpace(w.ID+" "+w.Directive))
		}
		if i == 0 {
			left = ways
		}
		left = slices.DeleteFunc(left, func(way string) bool { return !slices.Contains(ways, way) })
	}
	return left
}

// costs says what each weakness takes from the 100 points of a policy: most for what makes it useless against injected
// scripts. There is nothing that gives points.
var costs = map[string]int{
	"csp.W003": 50, // inline scripts run
	"csp.W004": 20, // eval
	"csp.W005": 40, // scripts of any host
	"csp.W006": 15, // base-uri
	"csp.W007": 15, // plugins
	"csp.W008": 70, // nothing restricts scripts
	"csp.W009": 30, // a host with a known way around
	"csp.W010": 10, // framing
	"csp.W011": 10, // forms
	"csp.W012": 40, // a nonce that can be guessed
	"csp.W013": 30, // scripts over http
	"csp.I001": 5,  // inline styles
}

// graded returns the policy's letter and what each weakness has cost. Each kind costs once, wherever it is.
func graded(ways []string) string {
	points, seen, deductions := 100, map[string]bool{}, []string(nil)
	for _, way := range ways {
		id, directive, _ := strings.Cut(way, " ")
		cost := 0
		if !seen[id] {
			cost = cmp.Or(costs[id], 10)
		}
		seen[id] = true
		points = max(points-cost, 0)
		deductions = append(deductions, fmt.Sprintf("%s %s -%d", id, directive, cost))
	}
	letter := "F"
	for _, grade := range []struct {
		from   int
		letter string
	}{{90, "A"}, {75, "B"}, {60, "C"}, {45, "D"}, {30, "E"}} {
		if points >= grade.from {
			letter = grade.letter
			break
		}
	}
	return fmt.Sprintf("grade %s, %d of 100 points: %s", letter, points, strings.Join(deductions, ", "))
}

// grade says what is left of the first page's policies. Inline scripts have a rule of their own, and inline styles alone
// are no way around.
func (p *prober) grade(a answer) (string, bool) {
	if a.ask != p.page() || !p.document(a) {
		return "", false
	}
	ways := p.ways(a)
	return graded(ways), slices.ContainsFunc(ways, func(way string) bool {
		return !strings.HasPrefix(way, "csp.W003") && !strings.HasPrefix(way, "csp.I001")
	})
}

// texts returns the policies that the answer enforces, as text.
func texts(a answer) (all []string) {
	for _, line := range a.header["Content-Security-Policy"] {
		for text := range strings.SplitSeq(line, ",") {
			if strings.Trim(text, "; \t") != "" {
				all = append(all, text)
			}
		}
	}
	return all
}

// policy is one Content-Security-Policy: directives, in lower case, with their sources.
type policy map[string][]string

// policies returns the policies that the answer enforces. Each must allow what is done.
func policies(a answer) []policy { return policiesOf(texts(a)) }

func policiesOf(texts []string) (all []policy) {
	for _, text := range texts {
		p := policy{}
		for directive := range strings.SplitSeq(text, ";") {
			words := strings.Fields(directive)
			if len(words) == 0 {
				continue
			}
			name := strings.ToLower(words[0])
			if _, doubled := p[name]; !doubled { // browsers ignore the second
				p[name] = words[1:]
			}
		}
		all = append(all, p)
	}
	return all
}

// refusesInline reports whether scripts that stand in the page run only if they carry a nonce or match a hash.
func (p policy) refusesInline() bool {
	for _, name := range []string{"script-src-elem", "script-src", "default-src"} {
		sources, ok := p[name]
		if !ok {
			continue
		}
		inline := false
		for _, s := range sources {
			s = strings.ToLower(s)
			if s == "'strict-dynamic'" || keyed(s) {
				return true // browsers ignore 'unsafe-inline' beside these
			}
			inline = inline || s == "'unsafe-inline'"
		}
		return !inline
	}
	return false // no directive governs scripts
}

// keyed reports whether a source is a nonce or a hash.
func keyed(source string) bool {
	return slices.ContainsFunc([]string{"'nonce-", "'sha256-", "'sha384-", "'sha512-"}, func(prefix string) bool {
		return strings.HasPrefix(source, prefix)
	})
}

// nonces returns the nonces that the answer's policies name, whether enforced or reported.
func nonces(a answer) (out []string) {
	for _, name := range []string{"Content-Security-Policy", "Content-Security-Policy-Report-Only"} {
		for _, line := range a.header[name] {
			for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(" ;,\t", r) }) {
				if strings.HasPrefix(strings.ToLower(word), "'nonce-") {
					out = append(out, word)
				}
			}
		}
	}
	return out
}

func (p *prober) findStaleNonce(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.all(ctx, p.page(), p.again())
	if err != nil {
		return nil, err
	}
	first := nonces(answers[0])
	return wrong(answers[1:], "", func(a answer) (string, bool) {
		return "", slices.ContainsFunc(nonces(a), func(n string) bool { return slices.Contains(first, n) })
	}), nil
}

package probe

import (
	"context"
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
			return what, p.document(a) && len(policies(a)) == 0
		}),
	}, {
		ID: "probe.W013", Level: check.Warning,
		Title: "The Content-Security-Policy lets inline scripts run.",
		Hint:  "Allow scripts by nonce or hash, and drop 'unsafe-inline' from script-src and default-src.",
		Why: "Nearly every injection puts an inline script into a page. A policy that allows those stops the " +
			"injections that do not happen.",
		See: "https://www.w3.org/TR/CSP3/#directive-script-src",
		Find: p.each("", func(a answer) (string, bool) {
			all := policies(a)
			return "", len(all) > 0 && p.document(a) && !slices.ContainsFunc(all, policy.refusesInline)
		}),
	}, {
		ID: "probe.E014", Level: check.Error,
		Title: "The nonce of the Content-Security-Policy is the same in two answers.",
		Hint:  "Make a nonce for each answer from a random source, and let no cache keep the page. An attacker who knows it can run scripts.",
		Why: "A nonce is a password for scripts. Anybody can read it in one answer, and write it on an injected " +
			"script in the next.",
		See:  "https://www.w3.org/TR/CSP3/#security-nonces",
		Find: p.findStaleNonce,
	}, {
		ID: "probe.W030", Level: check.Warning,
		Title: "The Content-Security-Policy leaves a way around it.",
		Hint:  "Each weakness is described under its own ID in the list of checks.",
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

// grade says which ways around the first page's policies remain, by the IDs of package csp. A way counts if it leads
// around each of them. Inline scripts have a rule of their own.
func (p *prober) grade(a answer) (string, bool) {
	if a.ask != p.page() || !p.document(a) {
		return "", false
	}
	var left []string
	for i, text := range texts(a) {
		parsed, _ := csp.Parse(text) // what browsers do not understand, they skip
		var ways []string
		for _, w := range csp.Grade(parsed) {
			if way := strings.TrimSpace(w.ID + " " + w.Directive); w.ID != "csp.W003" && w.ID != "csp.I001" {
				ways = append(ways, way)
			}
		}
		if i == 0 {
			left = ways
		}
		left = slices.DeleteFunc(left, func(way string) bool { return !slices.Contains(ways, way) })
	}
	return strings.Join(left, ", "), len(left) > 0
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

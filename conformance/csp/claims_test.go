package csp_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/csp"
)

// finding is what the evaluator found.
type finding struct {
	Type, Severity   int
	Directive, Value string
}

// The evaluator's severities that we answer for, and its types of findings (finding.ts).
const (
	high, syntax, medium, highMaybe, mediumMaybe = 10, 20, 30, 40, 50

	missingSemicolon, unknownDirective, invalidKeyword = 100, 101, 102
	missingDirective, unsafeInline, unsafeEval         = 300, 301, 302
	plainScheme, plainWildcard                         = 303, 304
	scriptBypass, objectBypass                         = 305, 306
	nonceLength, srcHTTP                               = 307, 310
)

// claim is one weakness, in our words or translated into them.
type claim struct{ ID, Directive, Source string }

func (c claim) String() string { return strings.TrimSpace(c.ID + " " + c.Directive + " " + c.Source) }

// refused and flash are claims for which there is no weakness of ours: text that Parse must refuse, and Flash files.
const refused, flash = "refused", "flash"

// claim translates f. It reports false for what is no more than advice.
func (f finding) claim() (claim, bool) {
	c := claim{Directive: f.Directive, Source: scheme(f.Value)}
	switch {
	case f.Severity == syntax:
		c.ID = refused
	case f.Type == unsafeEval && f.Severity == mediumMaybe: // the rule is ours too
		c.ID = "csp.W004"
	case f.Severity != high && f.Severity != medium && f.Severity != highMaybe:
		return c, false
	case f.Type == missingDirective:
		c.ID = map[string]string{"object-src": "csp.W007", "script-src": "csp.W008", "base-uri": "csp.W006"}[f.Directive]
	case f.Type == srcHTTP && strings.HasPrefix(f.Value, "http://*") && !strings.HasPrefix(f.Value, "http://*."):
		c.ID = "csp.W005" // any host is worse than one host in the clear
	case (f.Type == plainScheme || f.Type == plainWildcard) && f.Directive == "base-uri":
		c.ID = "csp.W006"
	default:
		c.ID = map[int]string{unsafeInline: "csp.W003", plainScheme: "csp.W005", plainWildcard: "csp.W005", scriptBypass: "csp.W009",
			objectBypass: flash, nonceLength: "csp.W012", srcHTTP: "csp.W013"}[f.Type]
	}
	if c.ID == "" {
		c.ID = fmt.Sprintf("type %d", f.Type) // one that the evaluator did not have: nothing explains it
	}
	return c, true
}

// theirs returns what the evaluator claims.
func theirs(v verdict) (claims []claim) {
	for _, f := range v.Findings {
		if c, ok := f.claim(); ok {
			claims = append(claims, c)
		}
	}
	return sorted(claims)
}

// ours returns what we claim.
func ours(p csp.Policy) (claims []claim) {
	for _, w := range csp.Grade(p) {
		claims = append(claims, claim{w.ID, w.Directive, scheme(string(w.Source))})
	}
	return sorted(claims)
}

func sorted(claims []claim) []claim {
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(claims)
}

// scheme writes a scheme source in lower case, as the evaluator reads it.
func scheme(s string) string {
	if strings.HasSuffix(s, ":") {
		return strings.ToLower(s)
	}
	return s
}

// refusal reports whether err, from Parse, is about the claim: it names the directive, and quotes the source unless
// the whole directive was left out of p.
func refusal(p csp.Policy, err error, c claim) bool {
	if err == nil {
		return false
	}
	_, read := readings(p)[c.Directive]
	quoted := strings.ToLower(fmt.Sprintf("%q", c.Source))
	return slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool {
		return names(line, c.Directive) && (!read || strings.Contains(strings.ToLower(line), quoted))
	})
}

// names reports whether a line of Parse's error is about the directive.
func names(line, directive string) bool {
	for _, prefix := range []string{directive + ":", directive + " takes", fmt.Sprintf("%q", directive)} {
		if strings.HasPrefix(line, "csp: "+prefix) {
			return true
		}
	}
	return false
}

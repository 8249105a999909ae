package csp_test

import (
	"slices"
	"strings"
)

// difference is one row of "Where scanners differ" in docs/csp.md.
type difference struct {
	id      string
	ours    bool // whether the claim is ours alone, or theirs alone
	is      func(c claim, v verdict) bool
	example string // a policy on which it shows
}

// differences is the list of what we mean to do otherwise than the evaluator. The first that explains a claim counts.
var differences = []difference{
	{"C1", true, rule("csp.W010", "csp.W011", "csp.I001"), "script-src 'none'; object-src 'none'; style-src 'unsafe-inline'"},
	{"C2", true, func(c claim, v verdict) bool { return c == claim{"csp.W006", "base-uri", ""} && !v.has("base-uri") },
		"script-src 'self'; object-src 'none'"},
	{"C3", true, func(c claim, _ verdict) bool {
		return (c.ID == "csp.W005" || c.ID == "csp.W006") && strings.HasSuffix(c.Source, ":") &&
			!slices.Contains([]string{"data:", "http:", "https:"}, c.Source)
	}, "script-src blob:"},
	{"C4", true, func(c claim, _ verdict) bool {
		_, rest, _ := strings.Cut(c.Source, "*")
		return (c.ID == "csp.W005" || c.ID == "csp.W006") && rest != "" && strings.Contains(":/", rest[:1])
	}, "script-src *:443"},
	{"C5", true, func(c claim, v verdict) bool {
		return c.ID == "csp.W005" && c.Directive == "default-src" && !v.has("object-src") &&
			slices.Contains(v.values("default-src"), "'strict-dynamic'")
	}, "default-src 'strict-dynamic' https:"},
	{"C6", true, func(c claim, v verdict) bool {
		return c.ID == "csp.W009" && slices.Contains(v.values(c.Directive), "'none'") && (v.lists(c.Source) || published(c.Source))
	}, "script-src 'none' accounts.google.com"},
	{"C7", true, func(c claim, v verdict) bool {
		return c.ID == "csp.W009" && strings.HasSuffix(c.Source, "/") && v.lists(c.Source)
	}, "script-src accounts.google.com/other/"},
	{"C8", true, func(c claim, _ verdict) bool { return c.ID == "csp.W009" && published(c.Source) },
		"script-src *.github.io unpkg.com"},
	{"C9", true, func(c claim, _ verdict) bool {
		return c.ID == "csp.W012" && len(c.Source) >= len("'nonce-'")+8
	}, "script-src 'nonce-abcdefgh'"},
	{"C10", true, func(c claim, v verdict) bool {
		hash := func(s string) bool { return strings.HasPrefix(s, "'sha") }
		return c.ID == "csp.W003" && slices.ContainsFunc(v.values(c.Directive), hash)
	}, "script-src 'unsafe-inline' 'sha256-short'"},
	{"C11", true, func(c claim, _ verdict) bool { return c.ID == "csp.W013" && strings.HasPrefix(c.Source, "HTTP:") },
		"script-src HTTP://a.example"},
	{"C12", false, rule(flash), "object-src ajax.googleapis.com"},
	{"C13", false, func(c claim, v verdict) bool {
		return (c.ID == "csp.W013" || c.ID == "csp.W005") && strings.HasPrefix(c.Source, "http://") && !runsScripts(c.Directive, v)
	}, "img-src http://a.example"},
	{"C14", false, func(c claim, v verdict) bool {
		values := v.values("object-src")
		if values == nil {
			values = v.values("default-src")
		}
		return c == claim{"csp.W007", "object-src", ""} && values != nil && len(values) == 0
	}, "object-src; script-src 'none'"},
	{"C15", false, func(c claim, _ verdict) bool { return c.ID == "csp.W012" && strings.HasSuffix(c.Directive, "-attr") },
		"script-src-attr 'nonce-abc'"},
	{"C16", false, func(c claim, v verdict) bool {
		if c.ID == "csp.W003" {
			return slices.Contains(v.values(c.Directive), "'nonce'")
		}
		return c.ID == refused && slices.Contains([]string{"'nonce'", "'trusted-types-eval'", "'report-sha256'"}, c.Source)
	}, "script-src 'nonce' 'report-sha256'"},
	{"C17", false, func(c claim, _ verdict) bool {
		word := slices.Contains([]string{"self", "none", "unsafe-inline"}, c.Source) || strings.HasPrefix(c.Source, "nonce-") ||
			strings.HasPrefix(c.Source, "sha256-")
		return c.ID == refused && (c.Directive == "trusted-types" || c.Directive == "report-to") && word
	}, "trusted-types nonce-maker"},
}

func rule(ids ...string) func(claim, verdict) bool {
	return func(c claim, _ verdict) bool { return slices.Contains(ids, c.ID) }
}

// runsScripts reports whether the directive decides about scripts.
func runsScripts(directive string, v verdict) bool {
	return strings.HasPrefix(directive, "script-src") || directive == "default-src" && !v.has("script-src")
}

// published reports whether the source allows hosts of which csp says itself that anybody publishes there.
func published(source string) bool {
	source = strings.ToLower(source)
	return slices.ContainsFunc([]string{"unpkg.com", "esm.sh", "*.com", "*.io", "*.github.io", "*.herokuapp.com", "*.amazonaws.com",
		"*.s3.amazonaws.com", "*.appspot.com", "*.blogspot.com", "*.cloudfront.net", "*.net", "*.jsdelivr.net"},
		func(host string) bool { return source == host || strings.HasPrefix(source, "https://"+host) })
}

// explain returns the first difference that explains the claim.
func explain(c claim, v verdict, ours bool) string {
	for _, d := range differences {
		if d.ours == ours && d.is(c, v) {
			return d.id
		}
	}
	return ""
}

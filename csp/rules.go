package csp

import "slices"

// rules is the list of weaknesses, in the order of their IDs.
var rules = []rule{
	{
		id:     "csp.W003",
		title:  "Inline scripts are allowed, so injected markup runs: the policy stops nothing that matters.",
		remedy: "Replace 'unsafe-inline' by 'nonce' and give the page's own inline scripts the nonce.",
		why: "Nearly every injection is an inline script or an event handler. With these allowed, an attacker who " +
			"gets markup into a page acts as the visitor who opens it.",
		see: "https://www.w3.org/TR/CSP3/#directive-script-src",
		find: func(p *Policy, r rule) []Weakness {
			return r.each(p, func(list []Source, s Source) bool { return s == UnsafeInline && !strict(list) }, p.scripts()...)
		},
	},
	{
		id:     "csp.W004",
		title:  "Scripts may turn text into code with eval.",
		remedy: "Remove 'unsafe-eval'; WebAssembly needs only 'wasm-unsafe-eval'.",
		why: "A value that an attacker can choose, such as a part of the address, becomes code as soon as a " +
			"library evaluates it, and no nonce is asked for.",
		see: "https://www.w3.org/TR/CSP3/#can-compile-strings",
		find: func(p *Policy, r rule) []Weakness {
			return r.each(p, func(_ []Source, s Source) bool { return s == UnsafeEval }, p.scripts()...)
		},
	},
	{
		id:     "csp.W005",
		title:  "Scripts or plugins may come from any host, an attacker's included.",
		remedy: "Name the hosts, or use 'nonce' with 'strict-dynamic'.",
		why:    "Whoever injects a script tag only needs a file on some host, and anybody can have one.",
		see:    "https://www.w3.org/TR/CSP3/#match-url-to-source-expression",
		find: func(p *Policy, r rule) []Weakness {
			open := func(list []Source, s Source) bool { return wide(s) && !slices.Contains(list, StrictDynamic) }
			ws := r.each(p, open, p.scripts()...)
			for _, w := range r.each(p, func(_ []Source, s Source) bool { return wide(s) }, p.standIn("object-src")...) {
				if !slices.Contains(ws, w) { // default-src stands in for both
					ws = append(ws, w)
				}
			}
			return ws
		},
	},
	{
		id:     "csp.W006",
		title:  "An injected <base> sends the page's own relative scripts to an attacker's host.",
		remedy: "Set base-uri 'none', or 'self'.",
		why: "The page's own scripts, nonces and all, are then fetched from the attacker: <script src=\"app.js\"> " +
			"is theirs.",
		see: "https://www.w3.org/TR/CSP3/#directive-base-uri",
		find: func(p *Policy, r rule) []Weakness {
			any := func(_ []Source, s Source) bool { return wide(s) }
			return append(r.missing(p, "base-uri"), r.each(p, any, "base-uri")...)
		},
	},
	{
		id:     "csp.W007",
		title:  "Plugins and embedded documents may come from anywhere.",
		remedy: "Set object-src 'none'.",
		why: "An injected <object> or <embed> shows a document of the attacker inside the page, and with old " +
			"plugins runs code in it.",
		see:  "https://www.w3.org/TR/CSP3/#directive-object-src",
		find: func(p *Policy, r rule) []Weakness { return r.missing(p, "object-src", "default-src") },
	},
	{
		id:     "csp.W008",
		title:  "Nothing restricts scripts.",
		remedy: "Set script-src 'self' 'nonce', or at least default-src 'self'.",
		why: "A policy without script-src and default-src lets every script run that gets into a page; the rest of " +
			"it does not matter to an attacker.",
		see:  "https://www.w3.org/TR/CSP3/#directive-script-src",
		find: func(p *Policy, r rule) []Weakness { return r.missing(p, "script-src", "default-src") },
	},
	{
		id:     "csp.W009",
		title:  "Scripts may come from a host on which an attacker finds, or can put, a script that runs what it is told.",
		remedy: "Serve the file from the site itself, give its exact path, or use 'nonce' with 'strict-dynamic'.",
		why: "Large hosts of scripts also serve old frameworks and JSONP, with which an injected tag runs any code " +
			"from an address that the policy allows.",
		see: "https://www.w3.org/TR/CSP3/#strict-csp",
		find: func(p *Policy, r rule) []Weakness {
			known := func(list []Source, s Source) bool {
				return !slices.Contains(list, StrictDynamic) && bypass(s, slices.Contains(list, UnsafeEval))
			}
			return r.each(p, known, p.files()...)
		},
	},
	{
		id:     "csp.W010",
		title:  "Any site may frame this one and steal clicks.",
		remedy: "Set frame-ancestors 'none', or 'self'.",
		why: "Another site lays the page invisibly over its own buttons, and visitors who are logged in here " +
			"confirm, pay or delete without seeing it.",
		see: "https://www.w3.org/TR/CSP3/#directive-frame-ancestors",
		find: func(p *Policy, r rule) []Weakness {
			any := func(_ []Source, s Source) bool { return wide(s) }
			return append(r.missing(p, "frame-ancestors"), r.each(p, any, "frame-ancestors")...)
		},
	},
	{
		id:     "csp.W011",
		title:  "An injected form sends what a user types, or a password manager fills in, to any host.",
		remedy: "Set form-action 'self' and the hosts that forms or the redirects after them lead to.",
		why: "No script is needed: a form that is injected above the real one takes names and passwords to another " +
			"host, and default-src does not govern it.",
		see: "https://www.w3.org/TR/CSP3/#directive-form-action",
		find: func(p *Policy, r rule) []Weakness {
			any := func(_ []Source, s Source) bool { return wide(s) }
			return append(r.missing(p, "form-action"), r.each(p, any, "form-action")...)
		},
	},
	{
		id:     "csp.W012",
		title:  "The nonce is so short that it can be guessed.",
		remedy: "Make 16 random bytes for each answer, as csp.Nonce does.",
		why: "A nonce is a password for scripts. One that can be guessed lets an injected script carry the right " +
			"one.",
		see: "https://www.w3.org/TR/CSP3/#security-nonces",
		find: func(p *Policy, r rule) []Weakness {
			short := func(_ []Source, s Source) bool { return s.isNonce() && len(s) < len("'nonce-'")+nonceLen }
			return r.each(p, short, "default-src", "script-src", "script-src-elem", "style-src", "style-src-elem")
		},
	},
	{
		id:     "csp.W013",
		title:  "Scripts may come over plain HTTP, which anybody on the way can change.",
		remedy: "Write https:// before the host.",
		why: "Whoever sits between a visitor and that host replaces the file, and the script runs as if it were " +
			"the site's own.",
		see: "https://www.w3.org/TR/CSP3/#match-schemes",
		find: func(p *Policy, r rule) []Weakness {
			plain := func(list []Source, s Source) bool {
				h := s.split()
				return h.scheme == "http" && h.name != "" && h.name != "*" && !slices.Contains(list, StrictDynamic)
			}
			return r.each(p, plain, p.scripts()...)
		},
	},
	{
		id:     "csp.I001",
		title:  "Inline styles are allowed, with which injected markup can rearrange a page and read parts of it.",
		remedy: "Replace 'unsafe-inline' in style-src by 'nonce', or by hashes.",
		why: "With styles alone an attacker can cover a page with another, or send the value of a field out " +
			"character by character as addresses of images.",
		see:  "https://www.w3.org/TR/CSP3/#directive-style-src",
		info: true,
		find: func(p *Policy, r rule) []Weakness {
			inline := func(list []Source, s Source) bool { return s == UnsafeInline && !strict(list) }
			return r.each(p, inline, "style-src", "style-src-elem", "style-src-attr")
		},
	},
}

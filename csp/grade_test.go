package csp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/csp"
)

// rest is what a policy needs besides its scripts to have no other weakness.
const rest = "; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func TestGrade(t *testing.T) {
	for _, tt := range []struct{ name, policy, want string }{
		{"the strict policy", csp.Strict().String(), ""},
		{"nonce and 'strict-dynamic'", "script-src 'nonce' 'strict-dynamic'" + rest, ""},
		{"nothing", "", "csp.W006 base-uri, csp.W007 object-src, csp.W008 script-src, csp.W010 frame-ancestors, csp.W011 form-action"},
		{"default-src stands in for both", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'", ""},

		{"inline scripts", "script-src 'unsafe-inline'" + rest, "csp.W003 script-src 'unsafe-inline'"},
		{"inline scripts by default-src", "default-src 'unsafe-inline'" + rest, "csp.W003 default-src 'unsafe-inline'"},
		{"inline handlers", "script-src 'self'; script-src-attr 'unsafe-inline'" + rest, "csp.W003 script-src-attr 'unsafe-inline'"},
		{"inline beside a nonce is for old browsers", "script-src 'nonce' 'unsafe-inline'" + rest, ""},
		{"inline beside a sent nonce", "script-src 'nonce-3q2-7wAAAAAAAAAAAAAAAA' 'unsafe-inline'" + rest, ""},
		{"inline beside a hash", "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'unsafe-inline'" + rest, ""},
		{"inline in default-src behind script-src", "default-src 'unsafe-inline'; script-src 'self'" + rest, ""},
		{"inline styles", "script-src 'self'; style-src 'unsafe-inline'" + rest, "csp.I001 style-src 'unsafe-inline'"},

		{"eval", "script-src 'self' 'unsafe-eval'" + rest, "csp.W004 script-src 'unsafe-eval'"},
		{"WebAssembly alone", "script-src 'self' 'wasm-unsafe-eval'" + rest, ""},

		{"every host", "script-src *" + rest, "csp.W005 script-src *"},
		{"every host over HTTPS", "script-src https:" + rest, "csp.W005 script-src https:"},
		{"every host, written as a host", "script-src https://*" + rest, "csp.W005 script-src https://*"},
		{"data, in which anybody writes a script", "script-src data:" + rest, "csp.W005 script-src data:"},
		{"blob", "default-src blob:" + rest, "csp.W005 default-src blob:"},
		{"a scheme beside 'strict-dynamic' is for old browsers", "script-src 'nonce' 'strict-dynamic' https:" + rest, ""},
		{"a scheme beside a nonce counts", "script-src 'nonce' https:" + rest, "csp.W005 script-src https:"},
		{"plugins of every host", "script-src 'self'; object-src *; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"csp.W005 object-src *"},
		{"plugins of every host by default-src", "default-src *; script-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"csp.W005 default-src *"},
		{"plugins and scripts by default-src, once", "default-src https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"csp.W005 default-src https:"},
		{"'strict-dynamic' in default-src is no restriction of plugins",
			"default-src 'nonce' 'strict-dynamic' https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"csp.W005 default-src https:"},
		{"default-src is nothing to plugins beside object-src", "default-src *; script-src 'self'" + rest, ""},
		{"every host on one port", "script-src *:443" + rest, "csp.W005 script-src *:443"},
		{"every host on every port", "script-src *:*" + rest, "csp.W005 script-src *:*"},
		{"images of every host are harmless", "script-src 'self'; img-src * data:" + rest, ""},

		{"a base of any host", "script-src 'self'; object-src 'none'; base-uri *; form-action 'self'; frame-ancestors 'none'",
			"csp.W006 base-uri *"},
		{"frames of any host", "script-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors https:",
			"csp.W010 frame-ancestors https:"},
		{"forms to any host", "script-src 'self'; object-src 'none'; base-uri 'self'; form-action *; frame-ancestors 'self'",
			"csp.W011 form-action *"},

		{"a host with old frameworks", "script-src https://cdnjs.cloudflare.com" + rest, "csp.W009 script-src https://cdnjs.cloudflare.com"},
		{"a host with JSONP, in capitals", "script-src Accounts.Google.com" + rest, "csp.W009 script-src Accounts.Google.com"},
		{"a wildcard over one", "script-src *.google.com" + rest, "csp.W009 script-src *.google.com"},
		{"a wildcard over everybody", "script-src *.github.io" + rest, "csp.W009 script-src *.github.io"},
		{"a directory of one", "script-src https://unpkg.com/lib/" + rest, "csp.W009 script-src https://unpkg.com/lib/"},
		{"exactly one file of one", "script-src https://unpkg.com/lib@1.2.3/lib.js" + rest, ""},
		{"a host that only ends alike", "script-src https://notunpkg.com" + rest, ""},
		{"exactly the file that helps an attacker", "script-src https://accounts.google.com/o/oauth2/revoke" + rest,
			"csp.W009 script-src https://accounts.google.com/o/oauth2/revoke"},
		{"a host that helps with eval only", "script-src www.google-analytics.com" + rest, ""},
		{"a host that helps with eval, with it", "script-src www.google-analytics.com 'unsafe-eval'" + rest,
			"csp.W004 script-src 'unsafe-eval', csp.W009 script-src www.google-analytics.com"},
		{"a host for handlers in attributes, which come from none", "script-src 'self'; script-src-attr unpkg.com" + rest, ""},
		{"a host for script elements", "script-src 'self'; script-src-elem unpkg.com" + rest, "csp.W009 script-src-elem unpkg.com"},
		{"somebody's own host there", "script-src https://me.github.io" + rest, ""},
		{"an ordinary host", "script-src https://static.example.com *.example.com" + rest, ""},

		{"a short nonce", "script-src 'nonce-abc'" + rest, "csp.W012 script-src 'nonce-abc'"},
		{"plain HTTP", "script-src http://a.example" + rest, "csp.W013 script-src http://a.example"},
	} {
		var got []string
		for _, w := range csp.Grade(parse(t, tt.policy)) {
			got = append(got, strings.TrimSpace(fmt.Sprint(w.ID, " ", w.Directive, " ", w.Source)))
			if w.Why == "" || w.Remedy == "" {
				t.Errorf("%s: %s says neither why nor what to do", tt.name, w.ID)
			}
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestChecks(t *testing.T) {
	type c = csp.Config
	pol := func(s string) csp.Policy { return parse(t, s) }
	good := pol("script-src 'self'" + rest)
	checktest.Run(t, csp.Config.Checks, []checktest.Case[csp.Config]{
		{ID: "csp.W001", Raises: c{InsecureOff: true}, Clean: c{}},
		{ID: "csp.W002", Raises: c{InsecureReportOnly: true}, Clean: c{ReportOnly: csp.Strict()}},
		{ID: "csp.W002", Raises: c{InsecureReportOnly: true}, Clean: c{InsecureReportOnly: true, InsecureOff: true}},
		{ID: "csp.W003", Raises: c{Enforce: pol("script-src 'unsafe-inline'" + rest)}, Clean: c{}},
		{ID: "csp.W003", Raises: c{Enforce: pol("default-src 'unsafe-inline'"), InsecureReportOnly: true},
			Clean: c{Enforce: good, ReportOnly: pol("script-src 'unsafe-inline'")}},
		{ID: "csp.W003", Raises: c{Enforce: pol("script-src 'unsafe-inline'")},
			Clean: c{Enforce: pol("script-src 'unsafe-inline'"), InsecureOff: true}},
		{ID: "csp.W004", Raises: c{Enforce: pol("script-src 'unsafe-eval'" + rest)}, Clean: c{Enforce: good}},
		{ID: "csp.W005", Raises: c{Enforce: pol("script-src https:" + rest)}, Clean: c{Enforce: good}},
		{ID: "csp.W006", Raises: c{Enforce: pol("default-src 'self'")}, Clean: c{Enforce: good}},
		{ID: "csp.W007", Raises: c{Enforce: pol("script-src 'self'")}, Clean: c{Enforce: pol("default-src 'self'")}},
		{ID: "csp.W008", Raises: c{Enforce: pol("img-src 'self'")}, Clean: c{Enforce: pol("default-src 'self'")}},
		{ID: "csp.W009", Raises: c{Enforce: pol("script-src unpkg.com" + rest)}, Clean: c{Enforce: good}},
		{ID: "csp.W010", Raises: c{Enforce: pol("default-src 'self'")}, Clean: c{Enforce: good}},
		{ID: "csp.W011", Raises: c{Enforce: pol("default-src 'self'")}, Clean: c{Enforce: good}},
		{ID: "csp.W012", Raises: c{Enforce: pol("script-src 'nonce-abc'" + rest)}, Clean: c{}},
		{ID: "csp.W013", Raises: c{Enforce: pol("script-src http://a.example" + rest)},
			Clean: c{Enforce: pol("script-src https://a.example" + rest)}},
		{ID: "csp.I001", Raises: c{Enforce: pol("script-src 'self'; style-src 'unsafe-inline'" + rest)}, Clean: c{}},
		{ID: "csp.W014", Raises: c{ReportOnly: good}, Clean: c{ReportOnly: good, ReportPath: "/csp"}},
		{ID: "csp.W014", Raises: c{InsecureReportOnly: true}, Clean: c{InsecureReportOnly: true, Enforce: pol("img-src *; report-uri /r")}},
		{ID: "csp.E001", Raises: c{Enforce: csp.Policy{ImgSrc: list("self")}}, Clean: c{}},
		{ID: "csp.E001", Raises: c{ReportPath: "csp"}, Clean: c{ReportPath: "/csp"}},
	})
}

// TestEveryWeaknessIsACheck: what Grade says of a policy, the gate says of a Config with it.
func TestEveryWeaknessIsACheck(t *testing.T) {
	var ids []string
	for _, c := range (csp.Config{}).Checks() {
		ids = append(ids, c.ID)
	}
	bad := parse(t, "script-src 'unsafe-inline' 'unsafe-eval' * unpkg.com http://a.example; style-src 'unsafe-inline'")
	ws := csp.Grade(bad)
	if len(ws) < 8 {
		t.Fatalf("only %d weaknesses found", len(ws))
	}
	for _, w := range ws {
		if !slices.Contains(ids, w.ID) {
			t.Errorf("%s is no check", w.ID)
		}
	}
}

package preflight

import (
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// Item is one thing that a site on the internet needs. An application has items of its own beside the sixteen, which its own
// checks show:
//
//	preflight.Item{Title: "Invoices can be read by their owner alone", Checks: []string{"shop.E001"}}
type Item struct {
	Title string // what is so when the item has passed

	// Checks are the IDs of the checks that tell whether it is so; one that ends with a dot stands for all that begin so. A
	// check belongs to one item: to the one that names its ID, else to the first that names its part.
	Checks []string

	// Evidence says what each kind of evidence can show. Kinds that are missing here count where a check looks at them; those
	// that are here and were not looked at are shown with the command that would.
	Evidence []Evidence

	ByHand string // how to look where no check can; empty if checks can

	whole bool // it is the whole gate, and what no other item names
}

// Evidence is a kind of evidence, and what it can show of an item.
type Evidence struct {
	Needs check.Evidence
	Shows string // such as "DEBUG and the environment"

	// Weak evidence can show that the item fails, and not that it has passed: that nothing answers where scanners look for an
	// admin does not say that the admin is protected.
	Weak bool
}

var kinds = []check.Evidence{check.Settings, check.Handler, check.Repository, check.URL}

// commands look at each kind of evidence.
var commands = map[check.Evidence]string{
	check.Settings:   "airworthy check --deploy --django DIR --settings MODULE",
	check.Handler:    "APP check --deploy",
	check.Repository: "airworthy scan DIR",
	check.URL:        "airworthy probe https://…",
}

// Items returns the sixteen items, in the order in which a site is made ready.
func Items() []Item {
	settings := func(s string) Evidence { return Evidence{Needs: check.Settings, Shows: s} }
	handler := func(s string) Evidence { return Evidence{Needs: check.Handler, Shows: s} }
	url := func(s string) Evidence { return Evidence{Needs: check.URL, Shows: s} }
	weak := func(needs check.Evidence, s string) Evidence { return Evidence{needs, s, true} }
	return []Item{{
		Title:  "Debug is off",
		Checks: ids("security.W018 settings.W002 probe.E025 probe.E059 django.W019 deployment.W006"),
		Evidence: []Evidence{settings("DEBUG and the environment"), handler("an error page that tells nothing"),
			weak(check.Repository, "deployment files that turn debugging on"), url("an error page that tells nothing, no tools of developers")},
	}, {
		Title: "The signing key comes from a source, is strong and not in git",
		Checks: ids("security.W009 security.W025 keyring. secrets. repo. django.I013 django.W025 django.W026 security.E100 deployment.E001 deployment.E002 deployment.E003 " +
			"deployment.E004 deployment.E005 deployment.W007 deployment.I008"),
		Evidence: []Evidence{settings("the key, its fallbacks, their age and where they come from"),
			weak(check.Repository, "secrets in the tree, its history and the deployment files")},
	}, {
		Title:  "Allowed hosts are set, without a wildcard",
		Checks: ids("security.W020 hosts. probe.E001 probe.E002 probe.E033 probe.E034 django.W005"),
		Evidence: []Evidence{settings("ALLOWED_HOSTS"), handler("a forged Host is refused"),
			url("a forged Host is refused")},
	}, {
		Title: "HTTPS is enforced",
		Checks: ids("security.W008 https.W001 proxy. probe.E003 probe.E004 probe.E053 probe.W054 probe.E055 probe.E100 probe.E102 " +
			"probe.E103 probe.E104 probe.W105 probe.E106 probe.E107 probe.W108 probe.E109 probe.I110 probe.W111 probe.E112 probe.W114"),
		Evidence: []Evidence{settings("the redirect, and who is believed about the scheme"), handler("a request over http is redirected"),
			url("the redirect, the certificate and TLS")},
	}, {
		Title: "HSTS is on, raised in steps",
		Checks: ids("security.W004 security.W005 security.W021 https. probe.W005 probe.W006 probe.I007 probe.I043 probe.W113 " +
			"django.E004"),
		Evidence: []Evidence{settings("how long HSTS lasts and what it covers"), handler("the header"),
			url("the header, and the rules of the preload list")},
	}, {
		Title: "Session and CSRF cookies are secure",
		Checks: ids("security.W010 security.W011 security.W012 security.W013 security.W014 security.W015 security.W016 session. " +
			"cookies. csrf.W003 csrf.W005 probe.E018 probe.E019 probe.W020 probe.W021 probe.I022 probe.W023 probe.E044 probe.W045 " +
			"probe.W046 probe.W047 probe.E048 probe.W070 django.W009 django.E010"),
		Evidence: []Evidence{settings("Secure, HttpOnly, SameSite and how long sessions last"), handler("the cookies that are set"),
			url("the cookies that are set")},
	}, {
		Title:  "Trusted origins are right",
		Checks: ids("4_0.E001 security.W003 security.E101 security.E102 csrf. probe.E015 probe.E016 probe.W017 probe.E049 probe.W050 django.I033"),
		Evidence: []Evidence{settings("the trusted origins"), handler("a form on another site is refused"),
			url("a form on another site is refused")},
	}, {
		Title:    "Framing is refused",
		Checks:   ids("security.W002 security.W019 csp.W010 probe.W009"),
		Evidence: []Evidence{settings("X_FRAME_OPTIONS and frame-ancestors"), handler("the headers"), url("the headers")},
	}, {
		Title:  "A content security policy is enforced",
		Checks: ids("csp. security.E026 security.W027 probe.W012 probe.W013 probe.E014 probe.W030 django.E001 django.W027"),
		Evidence: []Evidence{settings("what the policy lets through"), handler("the header, and a nonce that is fresh"),
			url("the header, and a nonce that is fresh")},
	}, {
		Title:    "Passwords are long enough",
		Checks:   ids("policy. auth. django.W006"),
		Evidence: []Evidence{settings("the rules for passwords"), handler("a weak password is refused")},
	}, {
		Title:    "The strongest hasher comes first",
		Checks:   ids("password. django.E007 django.I008"),
		Evidence: []Evidence{settings("the hashers and their parameters"), handler("a new hash")},
	}, {
		Title:    "The deployment check passes",
		Evidence: []Evidence{settings("every check that was asked")},
		whole:    true,
	}, {
		Title:    "Static files are collected and served",
		Checks:   ids("static."),
		Evidence: []Evidence{settings("the manifest of collected files"), handler("an asset is fetched"), url("an asset is fetched")},
		ByHand: "Open the live site with the browser's network panel: every stylesheet, script and image answers 200, with a hash in " +
			"its name and a long Cache-Control.",
	}, {
		Title:    "Error tracking is on",
		Checks:   ids("tracking. sentry."),
		Evidence: []Evidence{settings("where errors are sent"), handler("an error arrives, without secrets")},
		ByHand: "Cause an error on the live site, see it arrive where errors are read, and look in it for cookies, tokens and " +
			"passwords.",
	}, {
		Title:    "Backups run, and restore",
		Checks:   ids("backup."),
		Evidence: []Evidence{settings("the age of the last proof")},
		ByHand:   "Restore the newest backup into an empty database and compare what is in it with the live one; write down the day.",
	}, {
		Title: "The admin is protected",
		Checks: ids("admin. accounts. lockout. otp. probe.E031 probe.W032 probe.E035 probe.E036 django.W011 " +
			"django.I012"),
		Evidence: []Evidence{settings("its path, its networks, the second factor, failed logins"), handler("an outsider is refused"),
			weak(check.URL, "paths where scanners look for an admin")},
	}}
}

func ids(list string) []string { return strings.Fields(list) }

// newList returns the items of a folding, each with the kinds of evidence that it is shown by.
func newList(opt Options) []Item {
	list := Items()
	for _, item := range opt.Items {
		item.whole = false
		list = append(list, item)
	}
	return list
}

// place returns the place of the item that a check belongs to: a whole ID counts before a part, and what no item names belongs
// to the gate as a whole.
func place(list []Item, id string) int {
	if i := slices.IndexFunc(list, func(item Item) bool { return slices.Contains(item.Checks, id) }); i >= 0 {
		return i
	}
	part, _, _ := strings.Cut(id, ".")
	if i := slices.IndexFunc(list, func(item Item) bool { return slices.Contains(item.Checks, part+".") }); i >= 0 {
		return i
	}
	return slices.IndexFunc(list, func(item Item) bool { return item.whole })
}

// Of returns the place, from 1, of the one of the sixteen items that a check belongs to.
func Of(id string) int { return place(Items(), id) + 1 }

package admin

import "strings"

// item is one of the sixteen things that a site on the internet needs.
type item struct {
	title string
	ids   string // of its checks, with spaces between; one that ends with a dot stands for all that begin so
}

// restItem is where checks belong that no item names.
const restItem = 11

// items are in the order in which a site is made ready.
var items = [16]item{
	{"Debug is off", "security.W018 settings.W002 probe.E025 probe.E059"},
	{"The signing key comes from a source, is strong and not in git", "security.W009 security.W025 keyring. secrets. repo."},
	{"Allowed hosts are set, without a wildcard", "security.W020 hosts. probe.E001 probe.E002 probe.E033 probe.E034"},
	{"HTTPS is enforced", "security.W008 https.W001 probe.E003 probe.E004 probe.E053 probe.W054 probe.E055 proxy."},
	{"HSTS is on, raised in steps", "security.W004 security.W005 security.W021 https. probe.W005 probe.W006 probe.I007 probe.I043"},
	{"Session and CSRF cookies are secure", "security.W010 security.W011 security.W012 security.W013 security.W014" +
		" security.W015 security.W016 session. cookies. csrf.W003 csrf.W005 probe.E018 probe.E019 probe.W020 probe.W021" +
		" probe.I022 probe.W023 probe.E044 probe.W045 probe.W046 probe.W047 probe.E048"},
	{"Trusted origins are right", "4_0.E001 security.W003 security.E101 csrf. probe.E015 probe.E016 probe.W017 probe.E049 probe.W050"},
	{"Framing is refused", "security.W002 security.W019 csp.W010 probe.W009"},
	{"A content security policy is enforced", "csp. probe.W012 probe.W013 probe.E014 probe.W030 probe.W051 probe.W052"},
	{"Passwords are long enough", "policy. auth."},
	{"The strongest hasher comes first", "password."},
	{"The deployment check passes", ""},
	{"Static files are collected and served", "static. probe.E056 probe.E057 probe.E058 probe.W060 probe.I064 probe.W065"},
	{"Error tracking is on", "tracking. sentry."},
	{"Backups run, and restore", "backup."},
	{"The admin is protected", "admin. accounts. lockout. otp. probe.E031 probe.W032 probe.E036"},
}

// itemOf returns the place of the item that a check belongs to. Whole IDs count before what they begin with.
func itemOf(id string) int {
	prefix := restItem
	for i, it := range items {
		for pattern := range strings.FieldsSeq(it.ids) {
			switch {
			case pattern == id:
				return i
			case strings.HasSuffix(pattern, ".") && strings.HasPrefix(id, pattern):
				prefix = i
			}
		}
	}
	return prefix
}

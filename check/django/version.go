package django

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// release is a release series, such as 5.2.
type release struct{ major, minor int }

func (r release) before(major, minor int) bool {
	return cmp.Or(cmp.Compare(r.major, major), cmp.Compare(r.minor, minor)) < 0
}

func (r release) String() string { return strconv.Itoa(r.major) + "." + strconv.Itoa(r.minor) }

// parseRelease returns the series of a version such as 5.2.19 or 6.1a1.
func parseRelease(version string) (r release, ok bool) {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return r, false
	}
	digits := strings.TrimFunc(parts[1], func(c rune) bool { return c < '0' || c > '9' })
	if i := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' }); i >= 0 {
		digits = digits[:i]
	}
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(digits)
	return release{major, minor}, err == nil && err2 == nil
}

// series returns the project's Django. What is not known is taken for 5.2, whose rules are those of most.
func (p Project) series() release {
	if r, ok := parseRelease(p.version); ok {
		return r
	}
	return release{5, 2}
}

// since silences rules for a Django that does not have them yet.
func (p Project) since(major, minor int, checks ...check.Check) []check.Check {
	if !p.series().before(major, minor) {
		return checks
	}
	return silent(checks)
}

func silent(checks []check.Check) []check.Check {
	checks = slices.Clone(checks)
	for i := range checks {
		checks[i].Find = func(context.Context) ([]check.Finding, error) { return nil, nil }
	}
	return checks
}

// on is what Django of this version asks of the flags of cookies: until 4.1 truth, then True itself.
func (p Project) on(name string) bool {
	if p.series().before(4, 1) {
		return p.get(name).truthy()
	}
	return p.get(name).isTrue()
}

// ends says when a series got, or gets, its last security fix.
type ends struct {
	release
	last string
}

// The ends of support, from https://www.djangoproject.com/download/#supported-versions and
// https://devguide.python.org/versions/, where only a month stands with the last day of it. What is older than the first
// has ended, what is not listed has not.
var (
	djangoEnds = []ends{{release{3, 2}, "2024-04-01"}, {release{4, 0}, "2023-04-01"}, {release{4, 1}, "2023-12-01"},
		{release{4, 2}, "2026-04-30"}, {release{5, 0}, "2025-04-02"}, {release{5, 1}, "2025-12-31"},
		{release{5, 2}, "2028-04-30"}, {release{6, 0}, "2027-04-30"}, {release{6, 1}, "2027-12-31"}}
	pythonEnds = []ends{{release{3, 6}, "2021-12-23"}, {release{3, 7}, "2023-06-27"}, {release{3, 8}, "2024-10-07"},
		{release{3, 9}, "2025-10-31"}, {release{3, 10}, "2026-10-31"}, {release{3, 11}, "2027-10-31"},
		{release{3, 12}, "2028-10-31"}, {release{3, 13}, "2029-10-31"}, {release{3, 14}, "2030-10-31"}}
)

func (p Project) supportRules() []check.Check {
	return []check.Check{{
		ID: "django.W023", Level: check.Warning,
		Title: "This Django gets no more security fixes.",
		Hint:  "Upgrade, to a long-term release if you upgrade seldom: 5.2 is one.",
		Why:   "A hole that is found in it is published with the fix of the newer releases, and stays open here.",
		See:   "https://www.djangoproject.com/download/#supported-versions",
		Find:  p.unsupported("Django", p.version, djangoEnds),
	}, {
		ID: "django.W024", Level: check.Warning,
		Title: "This Python gets no more security fixes.",
		Hint:  "Upgrade Python; the project's Django says which it supports.",
		Why:   "A hole that is found in it, in TLS or in parsing for example, stays open here.",
		See:   "https://devguide.python.org/versions/",
		Find:  p.unsupported("Python", p.python, pythonEnds),
	}}
}

// unsupported finds a version whose support has ended.
func (p Project) unsupported(what, version string, table []ends) func(context.Context) ([]check.Finding, error) {
	return func(context.Context) ([]check.Finding, error) {
		r, ok := parseRelease(version)
		if !ok {
			return nil, errors.New("django: the version of " + what + " is not known without running it")
		}
		now := p.now
		if now.IsZero() {
			now = time.Now()
		}
		last := ""
		if r.before(table[0].major, table[0].minor) {
			last = "long ago"
		}
		for _, e := range table {
			if e.release == r && now.Format(time.DateOnly) > e.last {
				last = "on " + e.last
			}
		}
		return check.When(last != "", check.Finding{Evidence: what + " " + version + ", whose support ended " + last, Key: r.String()})
	}
}

// Package catalog lists every check that there is, for who asks what an ID means.
//
// The checks are made of empty configurations: they say what they are about and must not be run.
package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/deployment"
	"github.com/airworthy-go/airworthy/check/django"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/check/repo"
)

// Rules returns one check of each ID, sorted by it.
func Rules() []check.Check { return sorted(Known()) }

// sorted returns one check of each ID, the first of the list, sorted by it.
func sorted(all []check.Check) []check.Check {
	slices.SortStableFunc(all, func(a, b check.Check) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b check.Check) bool { return a.ID == b.ID })
}

// Group is the rules about one thing.
type Group struct {
	Title, About string
	IDs          []string
}

// Groups returns all rules by what they are about, each ID once.
func Groups() []Group {
	groups := []Group{
		{Title: "Settings", About: "What an application was told: its variables, and the fields of its Config. `APP check --deploy` asks them."},
		{Title: "Application and live site", About: "What is answered, whatever the settings say: by the application's own handler " +
			"in `APP check --deploy`, and by a site on the internet in `airworthy probe URL`."},
		{Title: "Repository", About: "What stands in the source tree and its history. `APP check --deploy` asks those about an " +
			"application's own secrets, `airworthy scan` all of them."},
		{Title: "Deployment files", About: "Compose, Kubernetes, Dockerfile, CI and systemd files of the tree. `airworthy scan` asks them."},
		{Title: "Django", About: "What only a Django project can break. `airworthy check --deploy --django DIR` asks these, and those " +
			"above about settings that a Django project has too, in words for it."},
		{Title: "The gate itself", About: "Waivers, baselines and what is left to the edge. Every run applies them; they cannot be set aside."},
	}
	ours := map[string]bool{}
	for _, c := range airworthy.Rules() {
		ours[c.ID] = true
	}
	for _, c := range Rules() {
		at := 4
		switch label, _, _ := strings.Cut(c.ID, "."); {
		case label == "probe":
			at = 1
		case label == "repo":
			at = 2
		case label == "deployment":
			at = 3
		case slices.Contains(c.Tags, "gate"):
			at = 5
		case ours[c.ID]:
			at = 0
		}
		groups[at].IDs = append(groups[at].IDs, c.ID)
	}
	return slices.DeleteFunc(groups, func(g Group) bool { return len(g.IDs) == 0 })
}

// Known returns every check, those that look at two kinds of evidence once for each, for what a waiver may name and a live
// site confirm.
func Known() []check.Check {
	return slices.Concat(
		airworthy.Rules(),
		repo.Config{}.ScanChecks(),
		django.Project{}.Checks(),
		[]check.Check{django.ReadCheck(nil)},
		probe.Checks(nil, probe.Claims{}),
		probe.Checks((*probe.Live)(nil), probe.Claims{Outside: true}), // and what only a live site shows
		deployment.Config{}.Checks(),
		check.Own(),
	)
}

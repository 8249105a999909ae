// Package catalog lists every check that there is, for who asks what an ID means.
//
// The checks are made of empty configurations: they say what they are about and must not be run.
package catalog

import (
	"cmp"
	"os"
	"slices"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/deployment"
	"github.com/airworthy-go/airworthy/check/django"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/check/repo"
)

// Rules returns one check of each ID, sorted by it.
func Rules() []check.Check {
	all := Known()
	slices.SortStableFunc(all, func(a, b check.Check) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b check.Check) bool { return a.ID == b.ID })
}

// Known returns every check, those that look at two kinds of evidence once for each, for what a waiver may name and a live
// site confirm.
func Known() []check.Check {
	return slices.Concat(
		[]check.Check{airworthy.BuildCheck(os.ErrInvalid)},
		airworthy.Settings{}.Checks(),
		repo.Config{}.Checks(),
		repo.Config{}.ScanChecks(),
		django.Project{}.Checks(),
		[]check.Check{django.ReadCheck(nil)},
		probe.Checks(nil, probe.Claims{}),
		probe.Checks((*probe.Live)(nil), probe.Claims{Outside: true}), // and what only a live site shows
		deployment.Config{}.Checks(),
		check.Own(),
	)
}

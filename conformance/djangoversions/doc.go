// Package djangoversions compares "airworthy check --django" with Django's own "check --deploy", for several releases of
// Django, on generated settings modules.
//
// run.sh installs the releases from the package index, each under a Python that it supports, and fails if a test is
// skipped. AIRWORTHY_DJANGOS lists them, as release=python pairs with blanks between:
//
//	AIRWORTHY_DJANGOS="5.2.19=/tmp/v/bin/python" go test ./...
//
// Of each module that Django can judge, the findings with IDs that are Django's and that airworthy claims are the same, and
// as many. The literal reader, which runs nothing, finds the same where it does not say that it cannot know. Some tens of
// modules go through the built command.
//
// Modules come from a seed, which is logged; AIRWORTHY_SEED repeats a run.
package djangoversions

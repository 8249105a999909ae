// Package policy compares password/policy with the password validators of a real Django, on generated passwords and users.
//
// It needs a Python that has what requirements.txt pins, named by AIRWORTHY_DJANGO_PYTHON; without it the tests skip. run.sh
// makes one in a temporary directory, lets nothing be skipped and runs everything:
//
//	./run.sh              # all of it
//	./run.sh -run Verdict # one test
//
// Verdicts are lists of codes, in order, and of the attribute that a password is too similar to. Where the two may differ
// is listed in differences_test.go and in docs/password-policy.md; each difference has to occur.
//
// judge.py is Django's side. Generated input comes from a seed, which is logged; AIRWORTHY_SEED repeats a run.
package policy

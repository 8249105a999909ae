// Package passwords compares package password with a real Django 5.2, argon2-cffi and bcrypt, on generated input, and
// measures it beside Python.
//
// It needs a Python that has what requirements.txt pins, named by AIRWORTHY_PASSWORDS_PYTHON; without it the tests skip.
// run.sh makes one in a temporary directory, lets nothing be skipped and runs everything:
//
//	./run.sh               # all of it, in about two minutes on a quiet machine
//	./run.sh -run Upgrades # one test
//
// Generated input comes from a seed, which is logged; AIRWORTHY_SEED repeats a run. Where the two may differ is listed
// in differences_test.go and in docs/passwords.md, and each difference is seen to occur.
package passwords

// Package django compares airworthy with a real Django, the oracle, on generated input.
//
// It needs a Python that has what requirements.txt pins, named by AIRWORTHY_DJANGO_PYTHON, and for one test a PostgreSQL,
// named by POSTGRES_TEST_URL; without them the tests skip. run.sh makes both in a temporary directory, lets nothing
// be skipped and runs everything, the checks against Django 6.1 as well:
//
//	./run.sh             # all of it
//	./run.sh -run Checks # one test
//
// Where the two may differ is listed in docs/django.md, and in the tests with a condition: see type difference.
//
// oracle.py answers questions, one line of JSON each; every function in ops/*.py is one that can be asked. The Go side
// is package oracle. Generated input comes from a seed, which is logged; AIRWORTHY_SEED repeats a run.
package django

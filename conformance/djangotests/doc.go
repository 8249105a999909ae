// Package djangotests has airworthy judged by Django's own tests.
//
// Django's tests of CSRF, hosts, signing, sessions, security headers and system checks run as they are, from Django's
// source distribution. While they do, each call of the functions under test goes, with the same input and the settings
// that are active just then, to airworthy as well (package shadow, a process of its own), and what the two say is
// compared. What differs has to be a difference that differences_test.go lists and docs/django.md explains.
//
// run.sh gets Django and its tests into a temporary directory and runs everything:
//
//	./run.sh
//
// AIRWORTHY_DJANGO_PYTHON names a Python that has that Django, AIRWORTHY_DJANGO_TESTS the folder tests of its source;
// without both the tests skip. shadowing is the Python side: each of its modules wraps the functions of one area.
package djangotests

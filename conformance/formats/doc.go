// Package formats asks programs of others whether they can read the gate's reports: the SARIF log against the schema of the
// standard (OASIS, SARIF 2.1.0 errata 01, as github.com/owenrumney/go-sarif carries it), the JUnit file by a reader of such
// files, and the page by Chromium, which must find nothing to complain about, nothing that sticks out and nothing that is
// hard to read, at a desk and on a telephone, light and dark, and must run nothing of it.
//
// It needs Chromium (the Debian package chromium); run.sh installs it:
//
//	./run.sh
//
// AIRWORTHY_SCREENSHOTS names a folder in which the tests leave pictures of the pages.
package formats

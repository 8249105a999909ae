// Package ci holds the templates in docs/ci to what they promise: a repository that is sound passes them, one that is not
// fails, and in both cases the reports are there.
package ci

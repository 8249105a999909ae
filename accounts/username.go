package accounts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// MaxUsername is how many characters a user name may have: what Django's column holds.
const MaxUsername = 150

// NormalizeUsername returns the form in which a user name is kept and looked up: NFKC, as Django's forms do, so that
// what looks the same on two keyboards is the same. A longer name than MaxUsername is nobody's and stays as it is,
// since normalising could cost much.
func NormalizeUsername(name string) string {
	if len(name) > 4*MaxUsername {
		return name
	}
	return norm.NFKC.String(name)
}

// CanonicalUsername returns the form that is equal for twins: names that differ in case or in Unicode form only. It is
// for comparing, not for showing.
func CanonicalUsername(name string) string {
	if len(name) > 4*MaxUsername {
		return name
	}
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name)))
}

// ValidUsername reports whether a new account may have the name, by Django's rule: 1 to 150 letters and digits of any
// script, and @ . + - _, in the form of [NormalizeUsername].
func ValidUsername(name string) bool {
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > MaxUsername || NormalizeUsername(name) != name {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("@.+-_", r)
	}) < 0
}

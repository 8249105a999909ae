package accounts

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// ErrInvalid is what a Store answers that is to keep what Validate refuses.
var ErrInvalid = errors.New("accounts: cannot be kept")

// MaxEmail is how many characters an e-mail address may have: what Django's column holds.
const MaxEmail = 254

// The other limits, in characters and bytes: those of Django's columns, where it has some.
const (
	maxName       = 150
	maxPassword   = 128
	maxFactorKind = 32
	maxFactorName = 150
	maxFactorData = 64 << 10
)

// CanonicalEmail returns the form that is equal for two spellings of one address that differ in case or in Unicode form
// only, by Django's rule for reset mails. It is for comparing: mail goes to the address as it is stored, since two
// addresses of one canonical form may have two owners.
func CanonicalEmail(address string) string {
	if len(address) > 4*MaxEmail {
		return address // nobody's
	}
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(address)))
}

// Validate reports why no Store keeps u, as an error that is ErrInvalid and holds no value: text that is not UTF-8 or
// has zero bytes, that is longer than Django's columns, and a user name that is not in the form of
// [NormalizeUsername]. Every Store calls it. It does not say what a form should accept: see [ValidUsername].
func (u User) Validate() error {
	switch {
	case u.Username == "":
		return fmt.Errorf("%w: a user has a name", ErrInvalid)
	case NormalizeUsername(u.Username) != u.Username:
		return fmt.Errorf("%w: the user name is not in the form of NormalizeUsername", ErrInvalid)
	case len(CanonicalEmail(u.Email)) > 4*MaxEmail: // a database's index has no room for more
		return fmt.Errorf("%w: the e-mail address is longer than %d characters in its canonical form", ErrInvalid, MaxEmail)
	}
	return errors.Join(
		keepable("user name", u.Username, MaxUsername),
		keepable("e-mail address", u.Email, MaxEmail),
		keepable("first name", u.FirstName, maxName),
		keepable("last name", u.LastName, maxName),
		ValidEncoded(u.Password),
	)
}

// ValidEncoded reports why no Store keeps a hash, as [User.Validate] does.
func ValidEncoded(encoded string) error { return keepable("encoded password", encoded, maxPassword) }

// Validate reports why no FactorStore keeps f, as [User.Validate] does.
func (f Factor) Validate() error {
	switch {
	case f.User == "":
		return fmt.Errorf("%w: a factor has a user", ErrInvalid)
	case f.Kind == "":
		return fmt.Errorf("%w: a factor has a kind", ErrInvalid)
	case len(f.Data) > maxFactorData:
		return fmt.Errorf("%w: a factor has at most %d bytes of data", ErrInvalid, maxFactorData)
	}
	return errors.Join(
		keepable("factor's user", f.User, MaxUsername),
		keepable("factor's kind", string(f.Kind), maxFactorKind),
		keepable("factor's name", f.Name, maxFactorName),
	)
}

func keepable(what, s string, limit int) error {
	if len(s) > 4*limit || !utf8.ValidString(s) || strings.Contains(s, "\x00") || utf8.RuneCountInString(s) > limit {
		return fmt.Errorf("%w: the %s: at most %d characters of UTF-8, without zero bytes", ErrInvalid, what, limit)
	}
	return nil
}

package accounts

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrRefused is what a login is refused with, whatever the reason: an unknown name, a wrong password, an account that is
// locked, inactive or without a password. Whoever tells them apart tells strangers who has an account.
var ErrRefused = errors.New("accounts: refused")

// ErrFactorNeeded says that the password was right and that a second factor has to be shown: call VerifyFactor.
var ErrFactorNeeded = errors.New("accounts: a second factor is needed")

// ErrStale says that a second factor has to be shown again before this may be done: see [Accounts.Fresh].
var ErrStale = errors.New("accounts: a fresh second factor is needed")

// ErrNobody says that nobody is logged in, or that the first step of a login is too long ago.
var ErrNobody = errors.New("accounts: nobody is logged in")

// ErrLink says that a reset link is none of ours, was used, or is too old.
var ErrLink = errors.New("accounts: the link is not valid")

// TooManyError says that a network, or a second factor, has been tried too often: answer 429 with Retry-After. Nothing
// was verified.
type TooManyError struct {
	RetryAfter time.Duration
}

// Error says for how long.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("accounts: too many attempts: try again in %s", e.RetryAfter.Round(time.Second))
}

// Problem is one thing that is wrong with what somebody typed.
type Problem struct {
	Field   string // username, email, password
	Code    string // for programs, Django's where it has one: invalid, unique, password_too_short, …
	Message string // for people
}

// InvalidError says what is wrong with what somebody typed. It holds none of it.
type InvalidError struct {
	Problems []Problem
}

// Error returns the messages.
func (e *InvalidError) Error() string {
	var all []string
	for _, p := range e.Problems {
		all = append(all, p.Field+": "+p.Message)
	}
	return "accounts: " + strings.Join(all, " ")
}

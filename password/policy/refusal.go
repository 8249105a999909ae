package policy

import (
	"context"
	"fmt"
	"strings"
)

// The codes of problems. The first four are Django's, the others our own.
const (
	CodeTooSimilar = "password_too_similar"
	CodeTooShort   = "password_too_short"
	CodeTooCommon  = "password_too_common"
	CodeNumeric    = "password_entirely_numeric"
	CodeBreached   = "password_breached"
	CodeTooLong    = "password_too_long"
)

// Attribute is something about a user, or about the site, that a password must not resemble.
type Attribute struct {
	Label string // as in "too similar to the email address"
	Value string // empty is no attribute
}

// Problem is one reason why a password is refused.
type Problem struct {
	Code    string // for programs: one of the constants, or what a Validator calls it
	Message string // for people: a sentence, which does not repeat the password
}

// Refusal is the error of a password that may not be chosen. Problems is never empty; show the messages.
type Refusal struct{ Problems []Problem }

// Error names the codes of the problems. It does not repeat the password.
func (r *Refusal) Error() string {
	codes := make([]string, len(r.Problems))
	for i, p := range r.Problems {
		codes[i] = p.Code
	}
	return "policy: the password is refused: " + strings.Join(codes, ", ")
}

// Validator is a rule of the application's own: that a password was not used before, say. It may be called by several
// goroutines at once.
type Validator interface {
	// Validate returns what is wrong with the password, nothing if it will do. An error means that it could not be
	// judged. Neither repeats the password: the messages are shown, the error is logged.
	Validate(ctx context.Context, password string, attributes []Attribute) ([]Problem, error)

	// Help returns a sentence for forms that says what is asked of a password, or nothing.
	Help() string
}

func tooSimilar(a Attribute) Problem {
	return Problem{CodeTooSimilar, fmt.Sprintf("This password is too similar to the %s.", a.Label)}
}

func tooShort(length int) Problem {
	return Problem{CodeTooShort, fmt.Sprintf("This password is too short: use at least %s.", characters(length))}
}

func tooLong() Problem {
	return Problem{CodeTooLong, "This password is too long."}
}

func tooCommon() Problem {
	return Problem{CodeTooCommon, "This password is too common: many people use it, and attackers try it first."}
}

func numeric() Problem {
	return Problem{CodeNumeric, "This password has only digits: use words or letters too."}
}

func breachedProblem() Problem {
	return Problem{CodeBreached, "This password was found in a data breach, so attackers know it: " +
		"choose another, and change it wherever else you use it."}
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

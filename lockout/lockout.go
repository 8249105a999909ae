// Package lockout counts failed logins and stops whoever guesses.
package lockout

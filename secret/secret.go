// Package secret holds values that must not be printed.
//
// A [Text] is closed wherever Go prints by habit: every fmt verb, slog, JSON, XML, YAML, gob, templates, panics and, because
// its bytes stand behind a pointer, the reflection of fmt that prints unexported fields. What would store it rather than
// print it, a database or a gob's reader, gets an error. What needs the value says so:
//
//	key := secret.New(os.Getenv("SECRET_KEY"))
//	mac := hmac.New(sha256.New, []byte(key.Reveal()))
//
// The package does not keep values out of core dumps or swap, and it does not erase them: a Go string cannot be. It is open
// to whoever reflects on unexported fields and follows their pointers, which fmt does not and some dumpers for tests do
// (go-spew with DisableMethods, which testify prints differences with).
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what stands wherever a secret would have been printed.
const Redacted = "[redacted]"

// Text is a secret string. The zero Text is the empty secret. It is immutable and safe for concurrent use.
//
// Texts cannot be compared with ==, which would leak their common prefix by its time; use [Text.Equal].
type Text struct {
	_ [0]func()

	// A pointer, and to a string rather than to a struct: fmt may call no method on an unexported field and prints
	// what it finds by reflection. It follows a pointer to a struct for a verb that it takes for a mistake (%s, %t);
	// of a pointer to a string it prints the address, whatever the verb.
	p *string
}

// New returns the secret s.
func New(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{p: &s}
}

// Reveal returns the value. Whoever calls it answers for where the value goes.
func (t Text) Reveal() string {
	if t.p == nil {
		return ""
	}
	return *t.p
}

// IsZero reports whether the secret is empty. encoding/json's omitzero asks it too.
func (t Text) IsZero() bool { return t.p == nil }

// Equal reports whether t and u hold the same value, in a time that depends on neither.
func (t Text) Equal(u Text) bool {
	a, b := sha256.Sum256([]byte(t.Reveal())), sha256.Sum256([]byte(u.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Fingerprint returns 12 hexadecimal digits that tell two secrets apart and say nothing of a strong one. They are an
// unkeyed hash: do not publish the fingerprint of a secret that could be guessed, such as a password.
func (t Text) Fingerprint() string {
	if t.IsZero() {
		return ""
	}
	sum := sha256.Sum256([]byte("airworthy secret fingerprint\x00" + t.Reveal()))
	return hex.EncodeToString(sum[:6])
}

// String returns [Redacted], or nothing for the empty secret.
func (t Text) String() string {
	if t.IsZero() {
		return ""
	}
	return Redacted
}

// GoString returns what String does, in the form of a Go expression.
func (t Text) GoString() string { return fmt.Sprintf("secret.New(%q)", t.String()) }

// Format writes the redacted form for every verb, %x and %q included.
func (t Text) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		_, _ = io.WriteString(f, t.GoString())
	case verb == 'q':
		_, _ = fmt.Fprintf(f, "%q", t.String())
	default:
		_, _ = io.WriteString(f, t.String())
	}
}

// LogValue returns the redacted form for log/slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText returns the redacted form: for encoding/json, encoding/xml and whatever else asks for text.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// MarshalYAML returns the redacted form for the YAML packages, which ask for this method before any other.
func (t Text) MarshalYAML() (any, error) { return t.String(), nil }

// GobEncode returns the redacted form, so that a gob of settings holds no secret.
func (t Text) GobEncode() ([]byte, error) { return []byte(t.String()), nil }

// GobDecode refuses: what GobEncode wrote is not the secret.
func (t *Text) GobDecode([]byte) error {
	return errors.New("secret: a gob holds only the redacted form: read the secret from its source")
}

// Value refuses, because a database would store the redacted form.
func (t Text) Value() (driver.Value, error) {
	return nil, errors.New("secret: a Text is no value for a database: give it what Reveal returns, encrypted if it is to be stored")
}

// UnmarshalText makes t the secret b. It refuses the redacted form, which is what MarshalText wrote and not the secret.
func (t *Text) UnmarshalText(b []byte) error {
	if string(b) == Redacted {
		return errors.New("secret: the text is the redacted form: read the secret from its source")
	}
	*t = New(string(b))
	return nil
}

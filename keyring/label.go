package keyring

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

// Label is what a key says of itself. It stands in the key, so that it cannot get lost or go with another one:
//
//	aw1_production_20261122T193000Z_<52 random letters and digits>
//
// No shell, .env file, URL or list takes such a key for anything else, and a program that does not know of labels takes
// it for a long key.
type Label struct {
	Environment string    // it is for; empty if for any
	Made        time.Time // when, to the second
}

const (
	labelPrefix    = "aw1_"
	labelTime      = "20060102T150405Z"
	labelRandom    = 2 * 26 // two of rand.Text
	maxEnvironment = 63
)

// maxAhead is by how much a key may have been made in the future, on a machine whose clock is ahead of ours. The date
// of one that is further ahead is not believed: what hangs on it would come too late.
const maxAhead = 24 * time.Hour

var errEnvironment = errors.New("an environment stands in the label of a key only if its name has no more than 63 " +
	"characters and those are a to z, 0 to 9 and the hyphen: name it so, or make a key without environment")

// GenerateFor returns a random key, of as many bits as one of [Generate], with a label. Environment is the name of the
// only one that is to accept the key, or empty; made is when it is made, which is now.
func GenerateFor(environment string, made time.Time) (secret.Text, error) {
	if !labelled(environment) {
		return secret.Text{}, fmt.Errorf("keyring: the environment %q: %w", environment, errEnvironment)
	}
	if year := made.UTC().Year(); year < 1 || year > 9999 {
		return secret.Text{}, fmt.Errorf("keyring: the year %d cannot stand in a label", year)
	}
	for {
		k := secret.New(labelPrefix + environment + "_" + made.UTC().Format(labelTime) + "_" + rand.Text() + rand.Text())
		if Weakness(k) == "" {
			return k, nil
		}
	}
}

// labelled reports whether a label can hold the environment.
func labelled(environment string) bool {
	return len(environment) <= maxEnvironment && strings.Trim(environment, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// LabelOf returns the label of k, if it has one. Whatever is not exactly of a label's form is a key without a label,
// which is judged as a whole. The date is what the key says; a [Ring] does not believe one that is more than a day
// ahead.
func LabelOf(k secret.Text) (Label, bool) {
	l, _, ok := parseLabel(k.Reveal())
	return l, ok
}

// parseLabel also returns the random part.
func parseLabel(k string) (l Label, random string, ok bool) {
	rest, ok := strings.CutPrefix(k, labelPrefix)
	behind := len(rest) - labelRandom
	if !ok || behind < 0 {
		return Label{}, "", false
	}
	rest, random = rest[:behind], rest[behind:]
	at := len(rest) - len("_"+labelTime+"_")
	if at < 0 || rest[at] != '_' || rest[len(rest)-1] != '_' || !labelled(rest[:at]) || strings.IndexFunc(random, notAlphanumeric) >= 0 {
		return Label{}, "", false
	}
	made, err := time.Parse(labelTime, rest[at+1:len(rest)-1])
	if err != nil {
		return Label{}, "", false
	}
	return Label{rest[:at], made}, random, true
}

func notAlphanumeric(r rune) bool { return alphanumeric(r) < 0 }

// unlabelled returns the part of a key that nobody can know: of one with a label the random part, else all of it.
func unlabelled(k secret.Text) secret.Text {
	if _, random, ok := parseLabel(k.Reveal()); ok {
		return secret.New(random)
	}
	return k
}

// madeAt returns when k was made, or the zero time if it does not say so believably.
func madeAt(k secret.Text, now time.Time) time.Time {
	if l, ok := LabelOf(k); ok && !l.Made.After(now.Add(maxAhead)) {
		return l.Made
	}
	return time.Time{}
}

// newer reports whether a key made at a is newer than one made at b. One without a date is older than any that has
// one, because the commands that make keys date them.
func newer(a, b time.Time) bool { return a.After(b) }

// Staged reports whether the first fallback is a key that is to take the current one's place: one that is newer.
func (c Config) Staged() bool {
	now := time.Now()
	return len(c.Fallbacks) > 0 && newer(madeAt(c.Fallbacks[0], now), madeAt(c.Key, now))
}

// foreign says that k belongs to another environment than the given one, or "".
func foreign(k secret.Text, environment string) string {
	l, ok := LabelOf(k)
	if !ok || l.Environment == "" || environment == "" || l.Environment == environment {
		return ""
	}
	return fmt.Sprintf("it was made for the environment %q, and this is %q", l.Environment, environment)
}

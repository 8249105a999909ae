package keyring

import (
	"crypto/rand"
	"strings"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/secret"
)

// Django's rule, which security.W009 and security.W025 report.
const (
	minLength   = 50
	minDistinct = 5
	placeholder = "django-insecure-"
)

// Weakness says in words why k is not fit to sign anything, or "" if nothing is known against it. It never says
// anything that would help to guess the key. The rule is Django's, and that the key is not published.
func Weakness(k secret.Text) string {
	if why := copied(k); why != "" {
		return why
	}
	if why := djangoWeakness(k); why != "" {
		return why
	}
	return published(k)
}

// djangoWeakness is Weakness by Django's rule alone. Of a key with a label only the random part counts.
func djangoWeakness(k secret.Text) string {
	s := unlabelled(k).Reveal()
	switch {
	case s == "":
		return "it is not set"
	case strings.HasPrefix(s, placeholder):
		return "it starts with " + placeholder + ", which Django gives to keys that are for development"
	case utf8.RuneCountInString(s) < minLength:
		return "it has fewer than 50 characters"
	case distinct(s) < minDistinct:
		return "it has fewer than 5 different characters"
	}
	return ""
}

// distinct counts the different characters of s.
func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// Generate returns a random key with 260 bits in 52 letters and digits, which no shell, .env file or URL takes for
// anything else. It has no label: [GenerateFor] makes keys that say when and for what they were made.
func Generate() secret.Text {
	for {
		if k := secret.New(rand.Text() + rand.Text()); Weakness(k) == "" {
			return k
		}
	}
}

package keyring

import "strings"

// placeholders are what stands in examples for a key to be put there, in lower case and without punctuation. All are
// so long that no random key holds one by chance.
var placeholders = []string{
	"changeme", "changethis", "changeit", "replaceme", "replacethis", "setyoursecret", "yoursecretkey", "yoursecret",
	"secretkeyhere", "secrethere", "supersecret", "topsecret", "notsecret", "notasecret", "insecure", "placeholder",
	"donotuse", "dontuse", "fordevelopment", "developmentonly", "examplekey", "examplesecret", "setdjangosecretkey",
}

// published reports whether s stands in examples for all to read.
func published(s string) bool {
	bare := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
	for _, p := range placeholders {
		if strings.Contains(bare, p) {
			return true
		}
	}
	return false
}

package keyring

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// publishedKeys are the SHA-256 of keys that many sites have copied from where they stand for all to read. They are
// hashed so that nobody takes one from here, and so that scans for secrets need not except this file.
var publishedKeys = map[string]bool{
	"a8ad80ab28ef698d34b03b90522bed17ac605bf4f7916f9b944a72bd2a010b17": true, // the Django tutorial of MDN
	"1ce575e3a562cf61fdefba461c4882d5de0a858d4eb6986072fa7965fb4a8e51": true, // paperless-ngx, the default
	"c221bcece48c0f251027b3208f99046741ebd62d486169530e5fd6b704c28366": true, // netbox-docker, the example environment
	"36ba129bebf23ca5c88fa6e1bc1bffe8ec72d0b107b16865dec8a7b06d5b1b6e": true, // doccano, the default
	"5dcca5ebc8f51336af6c037d2018a08c6db2dd101decb62172ef951b2b874400": true, // Weblate, the example settings
}

// placeholders are what stands in examples where a key is to be put, in lower case and without punctuation. All are so
// long that no random key holds one by chance.
var placeholders = []string{
	"changeit", "changeme", "changethis", "changeinproduction", "developmentonly", "devonly", "devsecret",
	"donotuse", "dontuse", "examplekey", "examplesecret", "fordevelopment", "insecure", "mysecret", "notasecret",
	"notsecret", "placeholder", "replaceme", "replacethis", "replacewith", "secrethere", "secretkeyhere",
	"setdjangosecretkey", "supersecret", "thisisasecret", "topsecret", "unsafedev", "verysecret", "yoursecret",
}

// published says that k stands where everybody can read it, or "".
func published(k secret.Text) string {
	sum := sha256.Sum256([]byte(k.Reveal()))
	if publishedKeys[hex.EncodeToString(sum[:])] {
		return "it is a published key, which many sites have copied"
	}
	bare := strings.Map(alphanumeric, unlabelled(k).Reveal())
	for _, p := range placeholders {
		if strings.Contains(bare, p) {
			return "it is a placeholder from an example"
		}
	}
	return ""
}

// alphanumeric returns r in lower case if it is an ASCII letter or digit, and otherwise drops it.
func alphanumeric(r rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return r
	}
	return -1
}

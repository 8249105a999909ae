package secretrule

import (
	"slices"
	"strings"
)

// qualifiers may follow what a name is about: SECRET_KEY_PROD, tokenValue, password2.
var qualifiers = []string{
	"prod", "production", "dev", "development", "devel", "staging", "stage", "live", "default", "value", "val", "str", "string", "text", "literal",
	"raw", "bytes", "base", "base64", "b64", "hex", "old", "new", "current", "previous", "prev", "primary", "secondary", "backup", "main", "fallback",
	"fallbacks", "env", "v1", "v2", "plain", "encoded", "master", "real",
}

// secretWords end the name of what is secret.
var secretWords = []string{
	"secret", "secrets", "password", "passwd", "passphrase", "pwd", "apikey", "secretkey", "privatekey", "accesskey", "authtoken", "accesstoken",
	"apitoken", "apisecret", "clientsecret", "credential", "credentials", "passcode", "pass",
}

// keyWords make a secret of the key or salt that they stand before.
var keyWords = []string{
	"api", "secret", "access", "private", "signing", "sign", "encryption", "encrypt", "crypto", "auth", "master", "account", "storage", "jwt",
	"hmac", "app", "service", "session", "cookie", "admin", "server", "shared", "client", "webhook", "deploy", "fernet", "aes", "cipher", "license",
	"field", "vault", "payment", "stripe", "sendgrid", "mailgun", "twilio", "openai", "anthropic", "firebase", "google", "azure", "aws", "s3",
	"rest", "write", "read", "integration", "merchant", "subscription",
}

// tokenWords make no secret of the token that they stand before: places in a list, marks of a grammar, what pages hold.
var tokenWords = []string{
	"csrf", "xsrf", "page", "next", "continuation", "sync", "cancellation", "start", "end", "stop", "eos", "bos", "pad", "unk", "mask", "cls", "sep",
	"lex", "parse", "syntax", "nft", "contract", "public", "idempotency", "site", "cursor", "resume", "verification", "design", "mint",
}

// notSecret are words that say of a name, wherever they stand, that it is about secrets, or made up.
var notSecret = []string{
	"test", "tests", "testing", "example", "dummy", "fake", "mock", "sample", "placeholder", "public", "publishable", "hash", "hashed", "digest",
	"fingerprint", "checksum", "sha1", "sha256", "md5", "encrypted", "sealed", "hidden", "expected", "invalid", "wrong", "bad", "demo", "label",
	"known", "published", "revoked", "description", "help", "error", "message", "cache", "foreign",
}

// wordsOf splits a name into its words, in lower case: secretKeyBase, SECRET_KEY_BASE, secret-key.base.
func wordsOf(name string) (words []string) {
	start := 0
	add := func(to int) {
		if to > start {
			words = append(words, strings.ToLower(name[start:to]))
		}
		start = to
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case !isLetter(c) && !isDigit(c):
			add(i)
			start = i + 1
		case i > start && isUpper(c) && (!isUpper(name[i-1]) || i+1 < len(name) && isLower(name[i+1])):
			add(i)
		}
	}
	add(len(name))
	return words
}

// isSecretName reports whether a name says that what it is given is a secret. It is narrower than what says of a setting that it
// may be one (settings.IsSecretName): the word has to be what the name ends with, so that token_url, passwordField and
// primary_key are none.
func isSecretName(name string) bool {
	if i := strings.LastIndexByte(name, '.'); i >= 0 && i < len(name)-1 {
		name = name[i+1:]
	}
	words := wordsOf(name)
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(notSecret, w) }) {
		return false
	}
	for len(words) > 1 && (slices.Contains(qualifiers, words[len(words)-1]) || isNumber(words[len(words)-1])) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return false
	}
	last, before := strings.TrimRight(words[len(words)-1], "0123456789"), ""
	if len(words) > 1 {
		before = words[len(words)-2]
	}
	switch last {
	case "token", "tokens":
		return !slices.Contains(tokenWords, before)
	case "key", "keys", "salt":
		return slices.Contains(keyWords, before)
	}
	return slices.Contains(secretWords, last)
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

package secretrule

import (
	"bytes"
	"strings"
)

// common has, for each letter, a bit for each letter that often follows it in the words of which names and texts are made:
// the 265 pairs of 676 that are 92 of 100 in the words of the Go and Django sources.
var common = [26]uint32{
	0x1bebd6e, 0x0164915, 0x01e5d9d, 0x016493f, 0x0eff97f, 0x01e493d, 0x0166110, 0x0024111, 0x2aef87f, 0x0000000, 0x0040110,
	0x11c4919, 0x014d113, 0x03c6d7d, 0x07ef96f, 0x01ed91d, 0x0100000, 0x13efd7d, 0x15ec99d, 0x11ec9bd, 0x00eb937, 0x0048111,
	0x0022111, 0x0088015, 0x0049000, 0x0000010,
}

func isDigit(b byte) bool  { return '0' <= b && b <= '9' }
func isLower(b byte) bool  { return 'a' <= b && b <= 'z' }
func isUpper(b byte) bool  { return 'A' <= b && b <= 'Z' }
func isLetter(b byte) bool { return isLower(b | 0x20) }

// wordByte reports whether b can be in the middle of a word, so that a token cannot begin or end beside it.
func wordByte(b byte) bool { return isLetter(b) || isDigit(b) || b == '_' }

// randomness returns how much of v is not as people write: 0 for words, 0.6 to 0.7 for random letters and digits. It looks at
// neighbours: letters that seldom follow each other, digits beside letters, punctuation that joins no words.
func randomness(v []byte) float64 {
	if len(v) < 2 {
		return 0
	}
	odd := 0 // in halves
	for i := range len(v) - 1 {
		a, b := v[i], v[i+1]
		switch {
		case isLetter(a) && isLetter(b):
			if isLower(a) && isUpper(b) {
				odd++
			} else if common[(a|0x20)-'a']>>((b|0x20)-'a')&1 == 0 {
				odd += 2
			}
		case isDigit(a) && isDigit(b):
			odd++
		case isLetter(a) && isDigit(b), isDigit(a) && isLetter(b):
			odd += 2
		case bytes.IndexByte([]byte("-_./: "), a) >= 0, bytes.IndexByte([]byte("-_./: "), b) >= 0:
		default:
			odd += 2
		}
	}
	return float64(odd) / 2 / float64(len(v)-1)
}

// random reports whether v was probably made by a random generator: long enough, of many characters, and neither words, a
// sequence, a number nor a UUID, which mostly names things.
func random(v []byte, length int) bool {
	return len(v) >= length && len(v) <= 512 && !bytes.ContainsAny(v, " \t\r\n") && distinct(v) >= min(10, 2+len(v)/3) &&
		!isUUID(v) && hasDigitOrSign(v) && randomness(v) >= 0.4 && !sequence(v)
}

// hasDigitOrSign reports whether v has something else than letters, as nearly all random values of some length do; a value
// of letters alone has to look more random than others, or to be so long that words would show.
func hasDigitOrSign(v []byte) bool {
	letters, digits := 0, 0
	for _, b := range v {
		switch {
		case isLetter(b):
			letters++
		case isDigit(b):
			digits++
		}
	}
	return letters > 0 && (digits > 0 || letters < len(v) || len(v) >= 32 || len(v) >= 20 && randomness(v) >= 0.5)
}

func distinct(v []byte) int {
	var seen [256]bool
	n := 0
	for _, b := range v {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

// sequence reports whether v counts, as 0123456789 and abcdef do, or repeats itself.
func sequence(v []byte) bool {
	steps := 0
	for i := range len(v) - 1 {
		if d := int(v[i+1]) - int(v[i]); d >= -1 && d <= 1 {
			steps++
		}
	}
	if 2*steps > len(v) {
		return true
	}
	for period := 1; period <= len(v)/2; period++ {
		if bytes.Equal(v[:len(v)-period], v[period:]) {
			return true
		}
	}
	return false
}

// isUUID reports whether v is one, as RFC 9562 writes it.
func isUUID(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, b := range v {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (b == '-') || !dash && !isHex(b) {
			return false
		}
	}
	return true
}

func isHex(b byte) bool { return isDigit(b) || 'a' <= b|0x20 && b|0x20 <= 'f' }

// fillers are what stands where a secret is to be put, in lower case and without what joins words. They are so long that
// random values hold them by chance in less than one of a thousand cases.
var fillers = []string{
	"example", "sample", "dummy", "changeme", "changeit", "changethis", "change_me", "placeholder", "replace", "insert",
	"redacted", "yourkey", "yoursecret", "yourtoken", "yourpass", "yourapi", "youraccess", "yourown", "mysecret", "mypass",
	"mytoken", "myapikey", "mykey", "secretkey", "secrethere", "keyhere", "tokenhere", "password", "passw0rd", "foobar",
	"lorem", "donotuse", "dontuse", "notasecret", "notsecret", "notarealsecret", "notreal", "insecure", "supersecret",
	"verysecret", "topsecret", "somesecret", "testsecret", "testkey", "testtoken", "testing", "fakekey", "fakesecret",
	"faketoken", "fake", "mocked", "unsafe", "hunter2", "correcthorse", "qwerty", "asdfgh", "deadbeef", "cafebabe", "undefined",
	"xxxx", "****", "0000000", "1234567", "abcdefg", "aaaaaaa", "todo", "fixme", "bogus", "invalid", "keyboardcat", "letmein",
	"environ", "getenv", "process.env", "secrets.", "vault:", "ssm:", "arn:aws:", "op://", "keyvault", "...", "…", "goes", "temporary",
	"localhost", "development", "s3cr3t", "p4ssw0rd", "p@ssw0rd", "p@ssword", "tr0ub4dor", "canary", "c4n4ry",
	// What is left of "test", "password" and nothing in MD5, SHA-1 and SHA-256.
	"098f6bcd4621d373", "5f4dcc3b5aa765d6", "d41d8cd98f00b204", "a94a8fe5ccb19ba6", "5baa61e4c9b93f3f", "da39a3ee5e6b4b0d", "9f86d081884c7d65",
	"5e884898da280471", "e3b0c44298fc1c14",
}

// shortFillers count as words only, since random values hold them by chance.
var shortFillers = []string{
	"test", "tests", "your", "none", "null", "here", "demo", "mock", "foo", "bar", "baz", "xxx", "secret", "dev",
}

// Placeholder reports whether a value only stands where one is to be put, so that it is no secret: it is empty or a template
// such as ${NAME}, {{ name }}, <name> and %(name)s, it holds words such as "changeme" and "example", it is a reference to
// where the value is, or it counts or repeats itself.
func Placeholder(value []byte) bool {
	v := bytes.TrimSpace(value)
	if len(v) == 0 || isTemplate(v) || sequence(v) || distinct(v) < min(4, len(v)) {
		return true
	}
	low := strings.ToLower(string(v))
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_ ", r) {
			return -1
		}
		return r
	}, low)
	for _, f := range fillers {
		if strings.Contains(bare, f) {
			return true
		}
	}
	for word := range strings.FieldsFuncSeq(low, func(r rune) bool { return !isLower(byte(r)) && !isDigit(byte(r)) || r > 127 }) {
		for _, f := range shortFillers {
			if word == f {
				return true
			}
		}
	}
	return false
}

// isTemplate reports whether v has a part that something else is to fill in. Random values hold the brackets, too, so what
// stands between them has to read like a name.
func isTemplate(v []byte) bool {
	for _, pair := range [][2]string{
		{"${", "}"}, {"$(", ")"}, {"{{", "}}"}, {"<", ">"}, {"%(", ")"}, {"#{", "}"}, {"[[", "]]"}, {"<%", "%>"}, {"<<", ">>"}, {"%{", "}"}, {"__", "__"},
		{"{", "}"}, {"[", "]"}, {"@", "@"}, {"%", "%"},
	} {
		if len(pair[0]) > 1 && bytes.HasPrefix(v, []byte(pair[0])) && bytes.HasSuffix(v, []byte(pair[1])) {
			return true
		}
		_, rest, ok := bytes.Cut(v, []byte(pair[0]))
		inner, _, ended := bytes.Cut(rest, []byte(pair[1]))
		if !ok || !ended || !nameBytes(inner) {
			continue
		}
		if double := len(pair[0]) > 1; double && len(inner) < 40 || readsLikeName(inner) && (double || pair[0] == "<" || len(inner) == len(v)-2) {
			return true
		}
	}
	if v[0] == '$' { // $NAME
		return readsLikeName(v[1:]) && !bytes.ContainsAny(v[1:], " .-")
	}
	return bytes.Equal(v, []byte("%s")) || bytes.HasPrefix(v, []byte("/run/secrets/"))
}

// readsLikeName reports whether v is made as names and expressions are, and is not random.
func readsLikeName(v []byte) bool { return nameBytes(v) && randomness(v) <= 0.4 }

// nameBytes reports whether v has two bytes or more, all of them such as names and expressions have.
func nameBytes(v []byte) bool {
	for _, b := range v {
		if !wordByte(b) && !bytes.ContainsRune([]byte(" .-:/|'\""), rune(b)) {
			return false
		}
	}
	return len(v) >= 2
}

package django_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/signing"
)

// signedText gives c the token that its key makes of text, as a plain Signer does: whoever holds the key can sign what
// neither Sign nor Dumps would write.
func (c signedCase) signedText(kind, text string) signedCase {
	c.Kind, c.Sep = kind, ":"
	if kind == "object" && c.Salt == "" {
		panic("the salt of an object has to be named")
	}
	c.Token = c.plain().Sign(text)
	return c
}

// signedAt gives c a token made at that time, as text.
func (c signedCase) signedAt(kind, text string, at time.Time) signedCase {
	return c.signedText(kind, text+":"+base62(at.Unix()))
}

func base62(n int64) (s string) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for ; n > 0; n /= 62 {
		s = digits[n%62:n%62+1] + s
	}
	return s
}

func encoded(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// payload returns what a token of an object holds, if it is not compressed.
func (c signedCase) payload() (text, raw string) {
	text, _, _ = strings.Cut(c.Token, ":")
	b, _ := base64.RawURLEncoding.DecodeString(text)
	return text, string(b)
}

var long = strings.Repeat("a", 1<<20)

// oddities make tokens of which one reader says something else than the other.
var oddities = []func(signedCase) signedCase{
	func(c signedCase) signedCase {
		c = c.signedAt("timestamp", "v", time.Now().Add(time.Hour))
		c.MaxAge = 60
		return c
	},
	func(c signedCase) signedCase {
		return c.signedText("timestamp", "v:0"+base62(time.Now().Unix()))
	},
	func(c signedCase) signedCase { return c.signedAt("object", encoded("[NaN]"), time.Now()) },
	func(c signedCase) signedCase { return c.signedAt("object", encoded("[\"\xe9\"]"), time.Now()) },
	func(c signedCase) signedCase { return c.signedAt("object", encoded(`"v"`)+"==", time.Now()) },
	func(c signedCase) signedCase {
		c.Kind, c.Sep, c.value, c.Compress = "object", ":", `"`+long+`"`, true
		token, err := signing.Dumps(c.timestamp(), long, true)
		if err != nil {
			panic(err)
		}
		c.Token = token
		return c
	},
	func(c signedCase) signedCase {
		c.Kind, c.Name, c.Legacy, c.accept = "cookie", "name", true, true
		c.Token = c.cookie().Sign("v")
		c.accept = false
		return c
	},
	func(c signedCase) signedCase {
		c.Kind, c.Name, c.accept = "cookie", "name", true
		c.Token = `"` + strings.ReplaceAll(c.cookie().Sign("a,b"), ",", `\054`) + `"`
		return c
	},
}

// noncanonical matches a signed text whose time has another spelling than Django's.
var noncanonical = regexp.MustCompile(`:(0[0-9A-Za-z]+|-0[0-9A-Za-z]*)$`)

func signingDifferences() []difference[signedCase] {
	c := signedCase{Salt: "s", MaxAge: -1, keys: signedKeys{siteKey, []string{}}}
	unreadable := func(f func(text, raw string) bool) func(signedCase, string, string) bool {
		return func(c signedCase, ours, django string) bool {
			return c.Kind == "object" && ours == "unreadable" && strings.HasPrefix(django, "ok: ") && f(c.payload())
		}
	}
	return []difference[signedCase]{{
		id: "D25", kind: stricter, example: oddities[0](c), ours: "expired", django: "ok: v",
		is: func(_ signedCase, ours, django string) bool {
			return ours == "expired" && strings.HasPrefix(django, "ok: ")
		},
	}, {
		id: "D26", kind: stricter, example: oddities[1](c), ours: "bad signature", django: "ok: v",
		is: func(c signedCase, ours, _ string) bool {
			i := strings.LastIndex(c.Token, ":")
			return c.Kind == "timestamp" && ours == "bad signature" && i > 0 && noncanonical.MatchString(c.Token[:i])
		},
	}, {
		id: "D27", kind: stricter, example: oddities[2](c), ours: "unreadable", django: "ok: [NaN]",
		is: unreadable(func(_, raw string) bool { return strings.Contains(raw, "NaN") || strings.Contains(raw, "Infinity") }),
	}, {
		id: "D28", kind: stricter, example: oddities[3](c), ours: "unreadable", django: `ok: ["é"]`,
		is: unreadable(func(_, raw string) bool { return strings.Contains(raw, "\xe9") }),
	}, {
		id: "D29", kind: stricter, example: oddities[4](c), ours: "unreadable", django: `ok: "v"`,
		is: unreadable(func(text, _ string) bool { return strings.HasSuffix(text, "=") }),
	}, {
		id: "D30", kind: stricter, example: oddities[5](c), ours: "unreadable", django: fmt.Sprintf("ok: %q", long),
		is: unreadable(func(text, _ string) bool { return len(text) > 0 && text[0] == '.' && len(text) > 1000 }),
	}, {
		id: "D31", kind: stricter, example: oddities[6](c), ours: "bad signature", django: "ok: v",
		is: func(c signedCase, ours, django string) bool {
			c.accept = true
			return ours == "bad signature" && c.ours() == django
		},
	}, {
		id: "D32", kind: stricter, example: oddities[7](c), ours: "bad signature", django: "ok: a,b",
		is: func(c signedCase, ours, _ string) bool {
			return c.Kind == "cookie" && ours == "bad signature" && strings.HasPrefix(c.Token, `"`)
		},
	}}
}

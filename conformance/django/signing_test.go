package django_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/signing"
)

// signedCase is one token and how it is to be read.
type signedCase struct {
	Kind     string  `json:"kind"` // signer, timestamp, object or cookie
	Salt     string  `json:"salt"`
	Sep      string  `json:"sep"`
	Name     string  `json:"name"` // of the cookie
	Token    string  `json:"token"`
	MaxAge   float64 `json:"max_age"` // in seconds; any, if negative
	Compress bool    `json:"compress"`
	Legacy   bool    `json:"legacy"` // the cookie is signed as by Django 5.2.14
	keys     signedKeys
	accept   bool // InsecureAcceptLegacy
	value    string
	ago      float64 // seconds since it was signed
}

// signedKeys are a site's.
type signedKeys struct {
	Key       string   `json:"SECRET_KEY"`
	Fallbacks []string `json:"SECRET_KEY_FALLBACKS"`
}

func (c signedCase) maxAge() time.Duration {
	if c.MaxAge < 0 {
		return signing.Forever
	}
	return time.Duration(c.MaxAge * float64(time.Second))
}

func (c signedCase) describe() string {
	c.Token = fmt.Sprintf("%.300s", c.Token)
	return fmt.Sprintf("%+q", fmt.Sprintf("%+v", c))
}

// timestamp returns our signer for the case. Only the caller's mistake can fail.
func (c signedCase) timestamp() *signing.TimestampSigner {
	salt := c.Salt
	if salt == "" && c.Kind == "object" {
		salt = signing.SaltDumps
	}
	s, err := signing.NewTimestamp(newRing(c.keys.Key, c.keys.Fallbacks...), signing.Options{Salt: salt, Sep: c.Sep})
	if err != nil {
		panic(err)
	}
	return s
}

func (c signedCase) plain() *signing.Signer {
	s, err := signing.New(newRing(c.keys.Key, c.keys.Fallbacks...), signing.Options{Salt: c.Salt, Sep: c.Sep})
	if err != nil {
		panic(err)
	}
	return s
}

func (c signedCase) cookie() *signing.CookieSigner {
	s, err := signing.NewCookie(newRing(c.keys.Key, c.keys.Fallbacks...), signing.CookieOptions{
		Name: c.Name, Salt: c.Salt, InsecureAcceptLegacy: c.accept, InsecureWriteLegacy: c.Legacy && c.accept})
	if err != nil {
		panic(err)
	}
	return s
}

// sign returns our token for a value.
func (c signedCase) sign(t *testing.T, value string) string {
	t.Helper()
	switch c.Kind {
	case "signer":
		return c.plain().Sign(value)
	case "timestamp":
		return c.timestamp().Sign(value)
	case "cookie":
		return c.cookie().Sign(value)
	}
	token, err := signing.Dumps(c.timestamp(), json.RawMessage(value), c.Compress)
	if err != nil {
		t.Fatalf("%v\n%+q", err, value)
	}
	return token
}

// ours returns what we read.
func (c signedCase) ours() string {
	value, err := c.read()
	switch {
	case errors.Is(err, signing.ErrExpired):
		return "expired"
	case errors.Is(err, signing.ErrBadSignature):
		return "bad signature"
	case err != nil:
		return "unreadable"
	}
	return "ok: " + value
}

func (c signedCase) read() (value string, err error) {
	switch c.Kind {
	case "signer":
		return c.plain().Unsign(c.Token)
	case "timestamp":
		return c.timestamp().Unsign(c.Token, c.maxAge())
	case "cookie":
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = http.Header{"Cookie": {c.Name + "=" + c.Token}}
		token, err := cookies.Read(r, c.Name)
		if err != nil {
			return "", signing.ErrBadSignature
		}
		return c.cookie().Unsign(token, c.maxAge())
	}
	var text json.RawMessage
	err = signing.Loads(c.timestamp(), c.Token, c.maxAge(), &text)
	return canonical(string(text)), err
}

// djangos returns what Django reads.
func (c signedCase) djangos(t *testing.T, o *oracle.Oracle) (verdict string) {
	t.Helper()
	if err := o.Call("unsign", map[string]any{"settings": c.keys, "case": c}, &verdict); err != nil {
		t.Fatalf("%v\n%s", err, c.describe())
	}
	if text, ok := strings.CutPrefix(verdict, "ok: "); ok && c.Kind == "object" {
		return "ok: " + canonical(text)
	}
	return verdict
}

// canonical returns JSON text in one form: sorted keys, numbers with a fraction or exponent as floats.
func canonical(text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return text
	}
	b, err := json.Marshal(sameNumbers(v))
	if err != nil {
		return text
	}
	return string(bytes.TrimSpace(b))
}

func sameNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = sameNumbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = sameNumbers(v[i])
		}
	case json.Number:
		if f, err := strconv.ParseFloat(v.String(), 64); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return fmt.Sprintf("float %v", f)
		}
	}
	return v
}

func randomText(r *rand.Rand) string {
	alphabets := []string{"abcXYZ019", "a:.-_=/+ \t\"',;\\", "é\u00a0ß\u00ff", "日本\u2028\ufeff", "😀𝕊\U0010ffff", "\x00\x01\x1f\x7f\n\r", "<>&%"}
	var b strings.Builder
	for range r.IntN(12) {
		runes := []rune(oracle.Pick(r, alphabets))
		b.WriteRune(runes[r.IntN(len(runes))])
	}
	if r.IntN(10) == 0 {
		return strings.Repeat(b.String(), 30)
	}
	return b.String()
}

// randomValue returns what JSON can hold.
func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(11); {
	case n < 3:
		return randomText(r)
	case n == 3:
		return r.Int64() - r.Int64()
	case n == 4:
		return r.NormFloat64() * 1e6
	case n == 5:
		return json.Number(strings.Repeat("123456789", 1+r.IntN(5)))
	case n == 6:
		return oracle.Pick(r, []any{nil, true, false, 0, -1, 0.5, 1e-7, 1e22, ""})
	case depth == 0:
		return r.IntN(100)
	case n < 9:
		list := []any{}
		for range r.IntN(5) {
			list = append(list, randomValue(r, depth-1))
		}
		return list
	}
	return randomObject(r, depth-1)
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	object := map[string]any{}
	for range r.IntN(6) {
		object[randomText(r)] = randomValue(r, depth)
	}
	return object
}

func randomKey(r *rand.Rand) string {
	var b strings.Builder
	for range 50 + r.IntN(20) {
		b.WriteByte("abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)"[r.IntN(50)])
	}
	return b.String() + oracle.Pick(r, []string{"", "é", "😀"})
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var separators = []string{":", ":", ":", "/", "::", "a:", "·", " ", "~"}

// randomSigned returns a case without its token.
func randomSigned(t *testing.T, r *rand.Rand) signedCase {
	c := signedCase{Kind: oracle.Pick(r, []string{"signer", "timestamp", "object", "cookie"}), Sep: ":", MaxAge: -1, accept: true,
		Compress: r.IntN(2) == 0, keys: signedKeys{randomKey(r), []string{}}}
	for range r.IntN(3) {
		c.keys.Fallbacks = append(c.keys.Fallbacks, randomKey(r))
	}
	if r.IntN(3) > 0 {
		c.Salt = oracle.Pick(r, []string{"s", "accounts.unsubscribe", "é日😀", "a:b", signing.SaltSessions, signing.SaltSignedSessions})
	}
	switch c.Kind {
	case "object":
		c.value = canonical(jsonText(t, randomValue(r, 3)))
	case "cookie":
		c.Name, c.Legacy = oracle.Pick(r, []string{"name", "sessionid", "a"}), r.IntN(3) == 0
		c.value = strings.Trim(base64ish(randomText(r)), " ")
	default:
		c.value, c.Sep = randomText(r), oracle.Pick(r, separators)
	}
	if c.Kind != "signer" && r.IntN(2) == 0 {
		c.ago = float64(r.IntN(1000))
		c.MaxAge = c.ago + oracle.Pick(r, []float64{-300, -30, 30, 3000})
		c.MaxAge = max(c.MaxAge, 0)
		if c.MaxAge == 0 {
			c.ago = 30
		}
	}
	return c
}

// base64ish keeps what a cookie holds without quotes.
func base64ish(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x7f && strings.ContainsRune("abcXYZ019:.-_+%&<>/=", r) && !strings.ContainsRune("<>/=", r) {
			return r
		}
		return -1
	}, s)
}

// spoil changes a token, perhaps.
func spoil(r *rand.Rand, token string) string {
	runes := []rune(token)
	at := r.IntN(len(runes))
	switch r.IntN(8) {
	case 0:
		runes[at] = oracle.Pick(r, []rune("aA0-_:=.é"))
	case 1:
		return string(runes[:at])
	case 2:
		return token + oracle.Pick(r, []string{"=", "A", ":", "\x00", "é"})
	case 3:
		return string(runes[at:])
	case 4:
		runes[at], runes[0] = runes[0], runes[at]
	case 5:
		return token[:len(token)-1] + oracle.Pick(r, strings.Split("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "")) // perhaps the same bits
	}
	return string(runes)
}

func TestSignedValuesAgree(t *testing.T) {
	o := oracle.ForTest(t)
	r := oracle.Rand(t)
	verdicts := func(c signedCase) (ours, django string) { return c.ours(), c.djangos(t, o) }
	differences := signingDifferences()
	l := newLedger(t, differences, verdicts, signedCase.describe)
	made := map[string]int{}
	for range 3000 {
		c := randomSigned(t, r)
		signing := c
		if r.IntN(3) == 0 && len(c.keys.Fallbacks) > 0 { // before the key was replaced
			signing.keys = signedKeys{oracle.Pick(r, c.keys.Fallbacks), []string{}}
		}
		by := "Django"
		if c.ago == 0 && r.IntN(2) == 0 {
			by = "us"
			c.Token = signing.sign(t, c.value)
		} else if err := o.Call("sign", map[string]any{"settings": signing.keys, "case": c, "value": c.value, "ago": c.ago}, &c.Token); err != nil {
			t.Fatalf("%v\n%s", err, c.describe())
		}
		if want := "ok: " + c.value; c.MaxAge < 0 {
			if ours, django := verdicts(c); ours != want || django != want {
				t.Fatalf("%s signed it, we read %+q and Django %+q\n%s", by, ours, django, c.describe())
			}
			made[c.Kind+" by "+by]++
		}
		l.compare(c)
		c.Token = spoil(r, c.Token)
		l.compare(c)
		if r.IntN(10) == 0 {
			c := signedCase{Salt: "s" + randomText(r), MaxAge: -1, keys: c.keys}
			l.compare(oracle.Pick(r, oddities)(c))
		}
	}
	t.Logf("read back by both: %v", made)
	for _, kind := range []string{"signer", "timestamp", "object", "cookie"} {
		for _, by := range []string{"us", "Django"} {
			if made[kind+" by "+by] < 100 {
				t.Errorf("%s by %s was read by both %d times, want 100", kind, by, made[kind+" by "+by])
			}
		}
	}
	l.finish(3000, 200, "ok", "bad signature", "expired")
}

func TestSeparatorsAgree(t *testing.T) {
	o := oracle.ForTest(t)
	r := oracle.Rand(t)
	n := 0
	for range 500 {
		sep := oracle.Pick(r, strings.Split("a Z 9 - _ = ^ [ ] ` \\ : / . ~ · é @ { \x00", " "))
		if r.IntN(2) == 0 {
			sep += oracle.Pick(r, strings.Split("a Z 9 - _ = ^ [ ] ` \\ : / . ~ · é @ { \x00", " "))
		}
		var want bool
		if err := o.Call("separator", map[string]any{"sep": sep}, &want); err != nil {
			t.Fatal(err)
		}
		if _, err := signing.New(newRing(siteKey), signing.Options{Sep: sep}); (err == nil) != want {
			t.Errorf("%q: %v, Django takes it: %t", sep, err, want)
		}
		n++
	}
	if n < 500 {
		t.Errorf("%d separators were compared, want 500", n)
	}
}

package otp_test

import (
	"math"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
)

// rfc is the seed of RFC 6238, appendix B: "12345678901234567890".
var rfc = secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

func TestRFC6238(t *testing.T) {
	totp := otp.TOTP{Digits: 8}
	for at, want := range map[int64]string{
		59:          "94287082",
		1111111109:  "07081804",
		1111111111:  "14050471",
		1234567890:  "89005924",
		2000000000:  "69279037",
		20000000000: "65353130",
	} {
		now := time.Unix(at, 0)
		if got := totp.Code(rfc, now); got != want {
			t.Errorf("Code at %d = %s, want %s", at, got, want)
		}
		if d, ok := totp.Verify(rfc, want, now, otp.Device{}); !ok || d != (otp.Device{Last: at / 30}) {
			t.Errorf("Verify at %d = %+v, %v, want step %d", at, d, ok, at/30)
		}
	}
}

func TestVerify(t *testing.T) {
	now := time.Unix(1111111109, 0) // the last second of step 37037036
	const step = 37037036
	code := func(after int) string { return otp.TOTP{}.Code(rfc, now.Add(time.Duration(after)*30*time.Second)) }
	for _, c := range []struct {
		name   string
		totp   otp.TOTP
		code   string
		device otp.Device
		want   otp.Device
		ok     bool
	}{
		{"the code of now", otp.TOTP{}, code(0), otp.Device{}, otp.Device{Last: step}, true},
		{"a period early", otp.TOTP{}, code(1), otp.Device{}, otp.Device{Last: step + 1, Drift: 1}, true},
		{"a period late", otp.TOTP{}, code(-1), otp.Device{}, otp.Device{Last: step - 1, Drift: -1}, true},
		{"two periods early", otp.TOTP{}, code(2), otp.Device{}, otp.Device{}, false},
		{"two periods late", otp.TOTP{}, code(-2), otp.Device{}, otp.Device{}, false},
		{"two early, of a device that was one early", otp.TOTP{}, code(2), otp.Device{Last: 1, Drift: 1}, otp.Device{Last: step + 2, Drift: 1}, true},
		{"two late, of a device that was one late", otp.TOTP{}, code(-2), otp.Device{Last: 1, Drift: -1}, otp.Device{Last: step - 2, Drift: -1}, true},
		{"in time, of a device that was one early", otp.TOTP{}, code(0), otp.Device{Last: 1, Drift: 1}, otp.Device{Last: step}, true},
		{"one late, of a device that was one early", otp.TOTP{}, code(-1), otp.Device{Last: 1, Drift: 1}, otp.Device{Last: 1, Drift: 1}, false},
		{"three early, of a device said to be far ahead", otp.TOTP{}, code(3), otp.Device{Drift: 1 << 30}, otp.Device{Drift: 1 << 30}, false},
		{"in time, of a device said to be far ahead", otp.TOTP{}, code(0), otp.Device{Drift: 1 << 30}, otp.Device{Last: step}, true},
		{"the same code again", otp.TOTP{}, code(0), otp.Device{Last: step}, otp.Device{Last: step}, false},
		{"an earlier code than the last", otp.TOTP{}, code(-1), otp.Device{Last: step}, otp.Device{Last: step}, false},
		{"a later code than the last", otp.TOTP{}, code(1), otp.Device{Last: step}, otp.Device{Last: step + 1, Drift: 1}, true},
		{"no tolerance: now", otp.TOTP{Skew: -1}, code(0), otp.Device{}, otp.Device{Last: step}, true},
		{"no tolerance: a period late", otp.TOTP{Skew: -1}, code(-1), otp.Device{}, otp.Device{}, false},
		{"three periods late with a tolerance of three", otp.TOTP{Skew: 3}, code(-3), otp.Device{}, otp.Device{Last: step - 3, Drift: -3}, true},
		{"four periods late with a tolerance of three", otp.TOTP{Skew: 3}, code(-4), otp.Device{}, otp.Device{}, false},
		{"too few digits configured", otp.TOTP{Digits: 1}, "1", otp.Device{}, otp.Device{}, false},
		{"too long a period", otp.TOTP{Period: time.Hour}, otp.TOTP{}.Code(rfc, time.Unix(0, 0)), otp.Device{}, otp.Device{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := c.totp.Verify(rfc, c.code, now, c.device)
			if got != c.want || ok != c.ok {
				t.Errorf("got %+v, %v, want %+v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

// TestSameCodeTwiceInARow: once in a million the next code is the same one. It counts once all the same.
func TestSameCodeTwiceInARow(t *testing.T) {
	const step, code = 37079356, "186519"
	now := time.Unix(step*30, 0)
	for _, at := range []time.Time{now, now.Add(30 * time.Second)} {
		if got := (otp.TOTP{}).Code(rfc, at); got != code {
			t.Fatalf("Code = %s, want %s", got, code)
		}
	}
	d, ok := otp.TOTP{}.Verify(rfc, code, now, otp.Device{})
	if !ok || d != (otp.Device{Last: step + 1, Drift: 1}) {
		t.Errorf("got %+v, %v, want step %d", d, ok, step+1)
	}
	if _, ok := (otp.TOTP{}).Verify(rfc, code, now.Add(30*time.Second), d); ok {
		t.Error("taken twice")
	}
}

// TestTyped is badinput 35: what is typed is exactly the digits, give or take spaces.
func TestTyped(t *testing.T) {
	now := time.Unix(1111111109, 0) // 081804
	for code, want := range map[string]bool{
		"081804":                               true,
		"081 804":                              true,
		" 081804\r\n":                          true,
		"081\u00a0804":                         true, // as copied from a page
		"0 8 1 8 0 4":                          true,
		"":                                     false,
		"81804":                                false, // as a number it is the same
		"0081804":                              false,
		"+81804":                               false,
		"081804.":                              false,
		"081-804":                              false,
		"08180":                                false,
		"081804081804":                         false,
		"08180\x00":                            false,
		"\uff10\uff18\uff11\uff18\uff10\uff14": false, // full width
		"\u0660\u0668\u0661\u0668\u0660\u0664": false, // Arabic
		"08180\u0664":                          false,
		"08180\xff":                            false,
		"0x13f8c":                              false,
		strings.Repeat(" ", 1<<20) + "081804":  false,
	} {
		if _, ok := (otp.TOTP{}).Verify(rfc, code, now, otp.Device{}); ok != want {
			t.Errorf("Verify(%.40q) = %v, want %v", code, ok, want)
		}
	}
}

func TestSecrets(t *testing.T) {
	now := time.Unix(1111111109, 0)
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"lower case and spaces":          {"gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "081804"},
		"padding":                        {"GEZDGNBVGY3TQOJQGEZDGNBVGY======", otp.TOTP{}.Code(secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY"), now)},
		"none":                           {"", ""},
		"ten bytes, fewer than RFC 4226": {"GEZDGNBVGY3TQOJQ", ""},
		"not base32":                     {"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", ""},
		"a megabyte":                     {strings.Repeat("A", 1<<20), ""},
	} {
		got := otp.TOTP{}.Code(secret.New(c.text), now)
		if got != c.want || got == "" && name == "padding" {
			t.Errorf("%s: Code = %q, want %q", name, got, c.want)
		}
		if _, ok := (otp.TOTP{}).Verify(secret.New(c.text), "081804", now, otp.Device{}); ok != (got == "081804") {
			t.Errorf("%s: Verify = %v", name, ok)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		s := otp.NewSecret().Reveal()
		if !regexp.MustCompile(`^[A-Z2-7]{32}$`).MatchString(s) || seen[s] {
			t.Fatal("NewSecret is not 32 letters of base32, or not new")
		}
		seen[s] = true
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		totp otp.TOTP
		ok   bool
	}{
		{otp.TOTP{}, true},
		{otp.TOTP{Digits: 8, Period: time.Minute, Skew: 10}, true},
		{otp.TOTP{Digits: 5}, false},
		{otp.TOTP{Digits: 9}, false},
		{otp.TOTP{Digits: -1}, false},
		{otp.TOTP{Period: time.Second}, false},
		{otp.TOTP{Period: 30*time.Second + 1}, false},
		{otp.TOTP{Period: -30 * time.Second}, false},
		{otp.TOTP{Skew: 11}, false},
	} {
		if err := c.totp.Validate(); (err == nil) != c.ok {
			t.Errorf("%+v: Validate() = %v", c.totp, err)
		}
		if got := c.totp.URI(rfc, "a", "b").IsZero(); got == c.ok {
			t.Errorf("%+v: an address: %v, want %v", c.totp, !got, c.ok)
		}
	}
}

func TestURI(t *testing.T) {
	for _, c := range []struct{ issuer, account, label string }{
		{"Site", "alice", "/Site:alice"},
		{"", "alice", "/alice"},
		{"a:b", "c:d", "/ab:cd"},
		{"100% &?#/\\", "a+b@c d", "/100% &?#/\\:a+b@c d"},
		{"Dorf\x00\r\n\xff", "\u00fc", "/Dorf:\u00fc"},
	} {
		u, err := url.Parse(otp.TOTP{Digits: 8, Period: time.Minute}.URI(rfc, c.issuer, c.account).Reveal())
		if err != nil {
			t.Fatal("the address cannot be parsed")
		}
		q := u.Query()
		issuer, _, _ := strings.Cut(strings.TrimPrefix(c.label, "/"), ":")
		if c.issuer == "" {
			issuer = ""
		}
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != c.label || q.Get("issuer") != issuer ||
			q.Get("secret") != rfc.Reveal() || q.Get("algorithm") != "SHA1" || q.Get("digits") != "8" || q.Get("period") != "60" {
			t.Errorf("URI of %q, %q: path %q, issuer %q", c.issuer, c.account, u.Path, q.Get("issuer"))
		}
		if strings.ContainsAny(u.RawQuery, "+ ") {
			t.Errorf("URI of %q, %q: a + in the query, which apps show", c.issuer, c.account)
		}
	}
}

// TestGuessing holds what BackOff says of a year of guesses to arithmetic.
func TestGuessing(t *testing.T) {
	tries, year := 0, 365*24*time.Hour
	for at := time.Duration(0); at <= year; at += otp.BackOff(tries) {
		if tries++; at < 36*time.Hour+30*time.Minute && tries > 18 {
			t.Errorf("%d tries after %v", tries, at)
		}
	}
	if tries != 381 {
		t.Errorf("%d tries a year, want 381", tries)
	}
	if chance := 1 - math.Pow(1-3e-6, float64(tries)); chance < 0.0011 || chance > 0.00115 {
		t.Errorf("chance %f, want 0.11 percent", chance)
	}
	// Three codes of all million are taken, also of a device that drifted.
	now, right := time.Unix(1111111109, 0), 0
	for n := range 1_000_000 {
		b := []byte("000000")
		for i, rest := 5, n; rest > 0; i, rest = i-1, rest/10 {
			b[i] += byte(rest % 10)
		}
		if n%50 != 0 && n != 81804 { // each costs three MACs: a sample, and one that is right
			continue
		}
		if _, ok := (otp.TOTP{}).Verify(rfc, string(b), now, otp.Device{Drift: 1}); ok {
			right++
		}
	}
	if right < 1 || right > 3 {
		t.Errorf("%d codes are right, want 1 to 3", right)
	}
	last := time.Duration(0)
	for n := -1; n < 100; n++ {
		if d := otp.BackOff(n); d < last || d > otp.MaxBackOff {
			t.Errorf("BackOff(%d) = %v after %v", n, d, last)
		} else {
			last = d
		}
	}
	if last != otp.MaxBackOff || otp.BackOff(math.MaxInt) != otp.MaxBackOff || otp.BackOff(math.MinInt) != 0 {
		t.Error("BackOff does not end where it should")
	}
}

func TestRecoveryCodes(t *testing.T) {
	if otp.NewRecoveryCodes(-1) == nil || len(otp.NewRecoveryCodes(0)) != 0 {
		t.Error("no codes asked for, and something else given")
	}
	seen := map[string]bool{}
	form := regexp.MustCompile(`^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$`) // 16 letters of 32: 80 bits
	for _, code := range otp.NewRecoveryCodes(1000) {
		if !form.MatchString(code) || seen[code] {
			t.Fatalf("a code is not of the form, or not new")
		}
		seen[code] = true
	}
	const code = "7k3m-01xq-9dfa-tb52"
	want := otp.HashRecoveryCode(code)
	if len(want) != 64 {
		t.Fatalf("a hash of %d characters", len(want))
	}
	for typed, same := range map[string]bool{
		"7K3M-01XQ-9DFA-TB52":                true,
		"7k3m01xq9dfatb52":                   true,
		" 7k3m 01xq 9dfa tb52\r\n":           true,
		"7k3m-olxq-9dfa-tb52":                true, // read for 0 and 1
		"7k3m-OIxq-9dfa-tb52":                true,
		"7k3m\u201301xq\u20139dfa\u2013tb52": true, // a text program's dashes
		"7k3m-01xq-9dfa-tb53":                false,
		"7k3m-01xq-9dfa-tb5":                 false,
		"7k3m-01xq-9dfa-tb522":               false,
		"7k3m-01xq-9dfa-tb5u":                false,
		"7k3m-01xq-9dfa-tb5\u0662":           false,
		"":                                   false,
		strings.Repeat("-", 1<<20) + code:    false,
	} {
		if got := otp.HashRecoveryCode(typed) == want; got != same {
			t.Errorf("%.40q: the same is %v, want %v", typed, got, same)
		}
	}
	hashes := []string{otp.HashRecoveryCode("0000-0000-0000-0000"), want, ""}
	for typed, index := range map[string]int{code: 1, "oooo-oooo-oooo-oooo": 0, "": -1, "x": -1, "7k3m-01xq-9dfa-tb53": -1} {
		if i, ok := otp.MatchRecoveryCode(hashes, typed); i != index || ok != (index >= 0) {
			t.Errorf("MatchRecoveryCode(%q) = %d, %v, want %d", typed, i, ok, index)
		}
	}
}

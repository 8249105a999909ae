package signing_test

import (
	"errors"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/signing"
)

func signer(t testing.TB, opts signing.Options) *signing.Signer {
	t.Helper()
	s, err := signing.New(ring(t, djangoKey, djangoFallback), opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// badinput 28 and 29: what is not exactly what was signed is refused, and nothing in a token chooses how it is read.
func TestUnsignRefuses(t *testing.T) {
	s := signer(t, signing.Options{})
	const sig = "f6AiCn-VAWV9l3voH0Tp9O8CkG3zKbn-BvWqRpO86FM" // Django's, for hello
	if got, err := s.Unsign("hello:" + sig); got != "hello" || err != nil {
		t.Fatalf("got %q, %v, want hello", got, err)
	}
	for _, row := range []struct{ name, token string }{
		{"nothing", ""},
		{"a value without a signature", "hello"},
		{"an empty signature", "hello:"},
		{"a separator", ":"},
		{"a signature without a value", ":" + sig},
		{"a signature without a separator", sig},
		{"another value", "hellp:" + sig},
		{"the value in another case", "Hello:" + sig},
		{"a signature without its last character", "hello:" + sig[:42]},
		{"a signature with a character too many", "hello:" + sig + "A"},
		{"a padded signature", "hello:" + sig + "="},
		{"the same bytes in another spelling", "hello:" + sig[:42] + "N"},
		{"a signature in the other alphabet", "hello:" + strings.ReplaceAll(sig, "-", "+")},
		{"a line break that base64 readers skip", "hello:" + sig[:20] + "\n" + sig[21:]},
		{"a line break added", "hello:" + sig + "\n"},
		{"the first character alone", "hello:f"},
		{"zeros", "hello:" + strings.Repeat("A", 43)},
		{"a white space before", " hello:" + sig},
		{"two signatures", "hello:" + sig + ":" + sig},
		{"a key id", "hello:k1:" + sig},
		{"an algorithm", "alg=none:hello:" + sig},
		{"an algorithm in place of the signature", "hello:none"},
		{"SHA-1 as old Django had it, by its length", "hello:" + strings.Repeat("A", 27)},
		{"a token of another kind", "hello:1r31eq:1TpI8etJEzc24PFR5KvOR8VazgE3CU9f23FA_SRpxmQ"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, err := s.Unsign(row.token); got != "" || err != signing.ErrBadSignature {
				t.Errorf("got %q, %v, want ErrBadSignature", got, err)
			}
		})
	}
}

func TestSeparator(t *testing.T) {
	for _, row := range []struct {
		sep string
		ok  bool
	}{
		{":", true}, {"/", true}, {".", true}, {"::", true}, {"a:", true}, {"~", true}, {"·", true}, {" ", true},
		{"-", false}, {"_", false}, {"=", false}, {"a", false}, {"Z9", false}, {"-_=", false},
		{"^", false}, {"[", false}, {"]", false}, {`\`, false}, {"`", false}, // Django's A-z holds them
	} {
		s, err := signing.New(ring(t, djangoKey), signing.Options{Sep: row.sep})
		_, errToo := signing.NewTimestamp(ring(t, djangoKey), signing.Options{Sep: row.sep})
		if (err == nil) != row.ok || (errToo == nil) != row.ok {
			t.Errorf("separator %q: New: %v, NewTimestamp: %v, want accepted: %t", row.sep, err, errToo, row.ok)
			continue
		}
		if err != nil {
			if s != nil || !strings.Contains(err.Error(), "separator") {
				t.Errorf("separator %q: %v, %v", row.sep, s, err)
			}
			continue
		}
		value := "v" + row.sep + "w"
		token := s.Sign(value)
		if !strings.HasPrefix(token, value+row.sep) {
			t.Errorf("separator %q: token %q", row.sep, token)
		}
		if got, err := s.Unsign(token); got != value || err != nil {
			t.Errorf("separator %q: got %q, %v, want %q", row.sep, got, err, value)
		}
	}
}

func TestPurposesAreApart(t *testing.T) {
	all := []signing.Options{
		{}, {Salt: "a"}, {Salt: "b"}, {Salt: "a", KeyPrefix: signing.CookieKeys}, {KeyPrefix: signing.CookieKeys},
		{Salt: signing.SaltTimestamp}, {Salt: "a", Sep: "/"},
	}
	for i, from := range all {
		token := signer(t, from).Sign("v")
		for j, to := range all {
			if _, err := signer(t, to).Unsign(token); (err == nil) != (i == j) {
				t.Errorf("signed with %+v, read with %+v: %v", from, to, err)
			}
		}
	}
}

func TestErrExpiredIsABadSignature(t *testing.T) {
	if !errors.Is(signing.ErrExpired, signing.ErrBadSignature) {
		t.Error("ErrExpired is no ErrBadSignature")
	}
	if errors.Is(signing.ErrBadSignature, signing.ErrExpired) {
		t.Error("ErrBadSignature is an ErrExpired")
	}
}

// FuzzSigner: what was signed is read, a change of any byte is refused, and so is whatever was not signed.
func FuzzSigner(f *testing.F) {
	s := signer(f, signing.Options{})
	f.Add("hello", 0, byte(1), "hello:f6AiCn-VAWV9l3voH0Tp9O8CkG3zKbn-BvWqRpO86FN")
	f.Add("a:b", 3, byte(0x20), "")
	f.Add("", 43, byte(0x80), ":")
	f.Add("é\x00\xff", 9, byte(3), "::::")
	f.Fuzz(func(t *testing.T, value string, at int, change byte, token string) {
		signed := s.Sign(value)
		if got, err := s.Unsign(signed); got != value || err != nil {
			t.Fatalf("got %q, %v, want %q", got, err, value)
		}
		b := []byte(signed)
		b[uint(at)%uint(len(b))] ^= change
		if got, err := s.Unsign(string(b)); (err == nil) != (change == 0) {
			t.Fatalf("%q is changed to %q and read as %q, %v", signed, b, got, err)
		}
		if got, err := s.Unsign(signed[:uint(at)%uint(len(signed))]); err == nil {
			t.Fatalf("a part of %q is read as %q", signed, got)
		}
		if got, err := s.Unsign(token); err == nil && s.Sign(got) != token {
			t.Fatalf("%q, which nobody signed, is read as %q", token, got)
		}
	})
}

// skipUnderRace skips a test that counts allocations: the race detector has sync.Pool drop what it is given.
func skipUnderRace(t *testing.T) {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("no build information")
	}
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector changes what is allocated")
	}
}

func TestAllocations(t *testing.T) {
	skipUnderRace(t)
	const value = "eyJrIjoidiJ9eyJrIjoidiJ9eyJrIjoidiJ9eyJrIjoidiJ9"
	s, ts := signer(t, signing.Options{}), timestamp(t, ring(t, djangoKey, djangoFallback), signing.Options{})
	c, err := signing.NewCookie(ring(t, djangoKey), signing.CookieOptions{Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	signed, stamped, cookie := s.Sign(value), ts.Sign(value), c.Sign(value)
	old := timestamp(t, ring(t, djangoFallback), signing.Options{}).Sign(value)
	must := func(_ string, err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for _, row := range []struct {
		name string
		want float64
		f    func()
	}{
		{"Signer.Unsign", 0, func() { must(s.Unsign(signed)) }},
		{"TimestampSigner.Unsign", 0, func() { must(ts.Unsign(stamped, signing.Forever)) }},
		{"TimestampSigner.Unsign, fallback", 0, func() { must(ts.Unsign(old, signing.Forever)) }},
		{"CookieSigner.Unsign", 0, func() { must(c.Unsign(cookie, signing.Forever)) }},
		{"Unsign, refused", 0, func() { _, _ = ts.Unsign(signed, signing.Forever) }},
		{"Signer.Sign", 1, func() { s.Sign(value) }},
		{"TimestampSigner.Sign", 1, func() { ts.Sign(value) }},
	} {
		if got := testing.AllocsPerRun(200, row.f); got != row.want {
			t.Errorf("%s: %v allocations, want %v", row.name, got, row.want)
		}
	}
}

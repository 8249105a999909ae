package signing_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/signing"
)

// The token is Django's, signed at 1700000000. Its age is judged as Django judges it, and the future is refused
// (badinput 29).
func TestMaxAge(t *testing.T) {
	const token = "hello:1r31eq:1TpI8etJEzc24PFR5KvOR8VazgE3CU9f23FA_SRpxmQ"
	type verdict int
	const (
		valid, expired verdict = 0, 1
	)
	for _, row := range []struct {
		name   string
		after  time.Duration // from the second of signing until it is read
		maxAge time.Duration
		future bool
		want   verdict
	}{
		{"at once", 0, time.Hour, false, valid},
		{"exactly as old as may be", time.Hour, time.Hour, false, valid},
		{"older by a nanosecond", time.Hour + 1, time.Hour, false, expired},
		{"no age at all, in the same instant", 0, 0, false, valid},
		{"no age at all, a nanosecond later", 1, 0, false, expired},
		{"a negative age", 0, -1, false, expired},
		{"much later", 100 * 365 * 24 * time.Hour, time.Hour, false, expired},
		{"much later, but for ever", 100 * 365 * 24 * time.Hour, signing.Forever, false, valid},
		{"a clock that is a minute behind", -time.Minute, time.Hour, false, valid},
		{"a clock that is more than a minute behind", -time.Minute - 1, time.Hour, false, expired},
		{"the future", -24 * time.Hour, time.Hour, false, expired},
		{"the future, as Django has it", -24 * time.Hour, time.Hour, true, valid},
		{"the future, for ever", -24 * time.Hour, signing.Forever, false, valid},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := timestamp(t, ring(t, djangoKey), signing.Options{InsecureFuture: row.future})
				time.Sleep(time.Until(time.Unix(djangoNow, 0).Add(row.after)))
				got, err := s.Unsign(token, row.maxAge)
				switch {
				case row.want == valid && (got != "hello" || err != nil):
					t.Errorf("got %q, %v, want hello", got, err)
				case row.want == expired && (got != "" || !errors.Is(err, signing.ErrExpired)):
					t.Errorf("got %q, %v, want ErrExpired", got, err)
				}
			})
		})
	}
}

func TestParseTellsTheKey(t *testing.T) {
	at(t, djangoNow, func(t *testing.T) {
		r := ring(t, djangoKey, djangoFallback)
		old := timestamp(t, ring(t, djangoFallback), signing.Options{}).Sign("v")
		got, err := timestamp(t, r, signing.Options{}).Parse(old, time.Minute)
		if want := (signing.Token{Value: "v", Signed: time.Unix(djangoNow, 0)}); got != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		got, err = timestamp(t, r, signing.Options{}).Parse(old+"x", time.Minute)
		if got != (signing.Token{}) || err != signing.ErrBadSignature {
			t.Errorf("got %+v, %v, want ErrBadSignature", got, err)
		}
	})
}

// What a Signer with the same salt signed has no time, or one that no clock shows; it is authentic and refused.
func TestTimestampIsRequired(t *testing.T) {
	plain := signer(t, signing.Options{Salt: "s"})
	s := timestamp(t, ring(t, djangoKey), signing.Options{Salt: "s"})
	for _, value := range []string{
		"", "hello", "hello:", "hello:-", "hello: 1r31eq", "hello:1r31eq ", "hello:01r31eq", "hello:1r31e!",
		"hello:zzzzzzzzzzz",
		"hello:zzzzzzzzzzzzzzzzzzzzzzzz",
	} {
		if got, err := s.Unsign(plain.Sign(value), signing.Forever); got != "" || err != signing.ErrBadSignature {
			t.Errorf("%q: got %q, %v, want ErrBadSignature", value, got, err)
		}
	}
	for _, value := range []string{"hello:1r31eq", "hello:0", "hello:-5"} {
		if got, err := s.Unsign(plain.Sign(value), signing.Forever); got != "hello" || err != nil {
			t.Errorf("%q: got %q, %v, want hello", value, got, err)
		}
	}
}

func TestRotation(t *testing.T) {
	r := ring(t, djangoFallback)
	s := timestamp(t, r, signing.Options{})
	old := s.Sign("v")
	for _, step := range []struct {
		key       string
		fallbacks []string
		want      error
	}{
		{djangoKey, []string{djangoFallback}, nil},
		{djangoKey, nil, signing.ErrBadSignature},
	} {
		if err := r.Swap(keys(step.key, step.fallbacks...)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Unsign(old, time.Minute); err != step.want {
			t.Errorf("with %d fallbacks: %v, want %v", len(step.fallbacks), err, step.want)
		}
		if got, err := s.Parse(s.Sign("v"), time.Minute); !got.Current || err != nil {
			t.Errorf("what is signed after the swap: %+v, %v", got, err)
		}
	}
}

// FuzzTimestampSigner: what was signed is read with its time, and whatever is read was signed.
func FuzzTimestampSigner(f *testing.F) {
	s := timestamp(f, ring(f, djangoKey), signing.Options{})
	f.Add("hello", "hello:1r31eq:1TpI8etJEzc24PFR5KvOR8VazgE3CU9f23FA_SRpxmQ", 1, byte(1))
	f.Add("a:b:", "a:b:1r31eq:uAeADlyIWy7mfUXi0R0LxQiS3eHx6rX0YIq16k8Z6Wk", 8, byte(0x10))
	f.Fuzz(func(t *testing.T, value, token string, at int, change byte) {
		signed := s.Sign(value)
		if got, err := s.Parse(signed, time.Hour); got.Value != value || !got.Current || err != nil {
			t.Fatalf("got %+v, %v, want %q", got, err, value)
		}
		b := []byte(signed)
		b[uint(at)%uint(len(b))] ^= change
		if _, err := s.Unsign(string(b), signing.Forever); (err == nil) != (change == 0) {
			t.Fatalf("%q is changed to %q: %v", signed, b, err)
		}
		if got, err := s.Unsign(token, -1); got != "" || !errors.Is(err, signing.ErrBadSignature) {
			t.Fatalf("%q, %v although nothing is young enough", got, err)
		}
	})
}

func BenchmarkUnsign(b *testing.B) {
	s := timestamp(b, ring(b, djangoKey, djangoFallback), signing.Options{})
	token := s.Sign("eyJrIjoidiJ9eyJrIjoidiJ9eyJrIjoidiJ9eyJrIjoidiJ9")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Unsign(token, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	s := timestamp(b, ring(b, djangoKey, djangoFallback), signing.Options{})
	b.ReportAllocs()
	for b.Loop() {
		s.Sign("eyJrIjoidiJ9eyJrIjoidiJ9eyJrIjoidiJ9eyJrIjoidiJ9")
	}
}

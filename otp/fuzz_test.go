package otp_test

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
)

// FuzzVerify holds Verify to laws: what it takes is a code of the window behind the last; it takes nothing twice; a code
// of the present that was not used is taken, whatever the device did before.
func FuzzVerify(f *testing.F) {
	f.Add("081804", int64(1111111109), int64(0), 0, uint8(6), int8(1))
	f.Add("081 804", int64(1111111139), int64(37037036), -1, uint8(6), int8(2))
	f.Add("07081804", int64(0), int64(-5), 3, uint8(8), int8(-1))
	f.Fuzz(func(t *testing.T, code string, at, last int64, drift int, digits uint8, skew int8) {
		totp := otp.TOTP{Digits: 6 + int(digits%3), Skew: int(skew % 11)}
		now, before := time.Unix(at%(1<<40), 0), otp.Device{Last: last, Drift: drift}
		width := int64(max(totp.Skew, 0))
		if totp.Skew == 0 {
			width = 1
		}
		step := now.Unix() / 30
		for _, code := range []string{code, totp.Code(rfc, now)} {
			after, ok := totp.Verify(rfc, code, now, before)
			if !ok {
				if after != before {
					t.Errorf("a wrong code changed %+v to %+v", before, after)
				}
				continue
			}
			if after.Last <= before.Last || after.Last < step-2*width || after.Last > step+2*width {
				t.Errorf("at step %d, %+v became %+v", step, before, after)
			}
			if int64(after.Drift) > width || int64(after.Drift) < -width {
				t.Errorf("drift %d, with a tolerance of %d", after.Drift, width)
			}
			if _, again := totp.Verify(rfc, code, now, after); again {
				t.Error("taken twice")
			}
		}
		if _, ok := totp.Verify(rfc, totp.Code(rfc, now), now, before); !ok && step > last {
			t.Errorf("the present code is refused after %+v", before)
		}
	})
}

// FuzzRecoveryCode: what is a code at all is found among the hashes, in whatever way it was typed, and nothing else is.
func FuzzRecoveryCode(f *testing.F) {
	f.Add("7k3m-01xq-9dfa-tb52")
	f.Add("7K3M OLXQ 9dfa tb52")
	f.Add("\u2013\xff\x00")
	f.Fuzz(func(t *testing.T, code string) {
		hash := otp.HashRecoveryCode(code)
		if i, ok := otp.MatchRecoveryCode([]string{"", hash}, code); ok != (hash != "") || ok && i != 1 {
			t.Errorf("hash %q, found at %d, %v", hash, i, ok)
		}
	})
}

// FuzzURI: two addresses are the same only if they mean the same.
func FuzzURI(f *testing.F) {
	f.Add("Site", "alice", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	f.Add("a&secret=x", "b?c#d%", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	f.Fuzz(func(t *testing.T, issuer, account, sec string) {
		uri := otp.TOTP{}.URI(secret.New(sec), issuer, account).Reveal()
		if (uri == "") != (otp.TOTP{}.Code(secret.New(sec), time.Unix(0, 0)) == "") {
			t.Error("an address without codes, or codes without an address")
		}
		for _, r := range uri {
			if r <= ' ' || r > '~' || r == '"' || r == '<' || r == '>' {
				t.Errorf("%q holds %q", uri, r)
			}
		}
	})
}

package otp_test

import (
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
)

func ExampleTOTP_Verify() {
	var totp otp.TOTP
	sec := secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	now := time.Unix(1111111109, 0)

	device, ok := totp.Verify(sec, "081 804", now, otp.Device{})
	fmt.Println(ok)
	_, ok = totp.Verify(sec, "081 804", now, device) // somebody looked over a shoulder
	fmt.Println(ok)
	// Output:
	// true
	// false
}

func ExampleTOTP_URI() {
	uri := otp.TOTP{}.URI(secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "Village: News", "alice@example.com")
	fmt.Println(uri)
	fmt.Println(uri.Reveal())
	// Output:
	// [redacted]
	// otpauth://totp/Village%20News:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30&issuer=Village%20News
}

func ExampleMatchRecoveryCode() {
	codes := otp.NewRecoveryCodes(10)
	hashes := make([]string, len(codes))
	for i, code := range codes {
		hashes[i] = otp.HashRecoveryCode(code)
	}
	fmt.Println(otp.MatchRecoveryCode(hashes, " "+codes[3]))
	// Output: 3 true
}

func ExampleBackOff() {
	fmt.Println(otp.BackOff(0), otp.BackOff(1), otp.BackOff(2), otp.BackOff(10), otp.BackOff(1000))
	// Output: 0s 1s 2s 8m32s 24h0m0s
}

package signing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/signing"
)

func cookieSigner(t *testing.T, opts signing.CookieOptions) *signing.CookieSigner {
	t.Helper()
	c, err := signing.NewCookie(ring(t, djangoKey, djangoFallback), opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// badinput 28: with the legacy salt a cookie's signature is good for another cookie whose name and salt, one after
// the other, read the same. That is why it is not accepted unless asked for.
func TestNameAndSaltCannotBeShifted(t *testing.T) {
	for _, row := range []struct {
		name           string
		legacy, unsafe bool
	}{
		{"version 2", false, false},
		{"legacy", true, true},
	} {
		a := cookieSigner(t, signing.CookieOptions{Name: "a", Salt: "bc", InsecureWriteLegacy: row.legacy})
		ab := cookieSigner(t, signing.CookieOptions{Name: "ab", Salt: "c", InsecureAcceptLegacy: row.legacy})
		if _, err := ab.Unsign(a.Sign("v"), time.Hour); (err == nil) != row.unsafe {
			t.Errorf("%s: %v, want accepted: %t", row.name, err, row.unsafe)
		}
	}
}

// The salt's length is counted in code points, as Python counts.
func TestSaltLengthIsInCodePoints(t *testing.T) {
	s := timestamp(t, ring(t, djangoKey), signing.Options{
		Salt: "django.http.cookies.v2:3:äöüname", KeyPrefix: "django.http.cookies",
	})
	c := cookieSigner(t, signing.CookieOptions{Name: "name", Salt: "äöü"})
	if got, err := c.Unsign(s.Sign("v"), time.Hour); got != "v" || err != nil {
		t.Errorf("got %q, %v, want v", got, err)
	}
}

func TestCookieNeedsAName(t *testing.T) {
	if c, err := signing.NewCookie(ring(t, djangoKey), signing.CookieOptions{Salt: "s"}); c != nil || err == nil {
		t.Errorf("got %v, %v, want an error", c, err)
	}
}

func TestCookieExpires(t *testing.T) {
	at(t, djangoNow, func(t *testing.T) {
		v2 := cookieSigner(t, signing.CookieOptions{Name: "n", InsecureAcceptLegacy: true})
		legacy := cookieSigner(t, signing.CookieOptions{Name: "n", InsecureWriteLegacy: true})
		tokens := []string{v2.Sign("v"), legacy.Sign("v")}
		time.Sleep(2 * time.Hour)
		for i, token := range tokens {
			if got, err := v2.Unsign(token, time.Hour); got != "" || !errors.Is(err, signing.ErrExpired) {
				t.Errorf("token %d: got %q, %v, want ErrExpired", i, got, err)
			}
			if got, err := v2.Unsign(token, 3*time.Hour); got != "v" || err != nil {
				t.Errorf("token %d: got %q, %v, want v", i, got, err)
			}
		}
	})
}

// Current says whether Sign would write the same again.
func TestCookieCurrent(t *testing.T) {
	v2 := cookieSigner(t, signing.CookieOptions{Name: "n", InsecureAcceptLegacy: true})
	legacy := cookieSigner(t, signing.CookieOptions{Name: "n", InsecureWriteLegacy: true})
	for _, row := range []struct {
		name  string
		token string
		by    *signing.CookieSigner
		want  bool
	}{
		{"version 2 while it is written", v2.Sign("v"), v2, true},
		{"legacy while version 2 is written", legacy.Sign("v"), v2, false},
		{"legacy while it is written", legacy.Sign("v"), legacy, true},
		{"version 2 while legacy is written", v2.Sign("v"), legacy, false},
	} {
		if got, err := row.by.Parse(row.token, time.Hour); got.Value != "v" || got.Current != row.want || err != nil {
			t.Errorf("%s: got %+v, %v, want current: %t", row.name, got, err, row.want)
		}
	}
}

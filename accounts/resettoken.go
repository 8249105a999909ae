package accounts

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// The token of a reset link is Django's, ts36-mac: seconds since 2001 in the local time of the site, and every other
// digit of an HMAC over what changes when the link is used. Nothing is stored: a change of password or address, or a
// login, is what makes it worthless.

// epoch2001 is what Django counts from: 2001-01-01 00:00:00, local time.
var epoch2001 = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// djangoSeconds returns the wall clock's seconds since 2001, as Django's naive arithmetic has them.
func (a *Accounts) djangoSeconds(t time.Time) int64 {
	_, offset := t.In(a.cfg.Location).Zone()
	return t.Unix() + int64(offset) - epoch2001
}

// resetMessage is what Django's _make_hash_value returns.
func resetMessage(u *User, ts int64) []byte {
	login := ""
	if !u.LastLogin.IsZero() {
		login = u.LastLogin.Format("2006-01-02 15:04:05") // by the clock of the value as it was loaded, which is UTC
	}
	return []byte(u.ID + u.Password + login + strconv.FormatInt(ts, 10) + u.Email)
}

// resetToken returns the token of a link that is made at the time now.
func (a *Accounts) resetToken(u *User, now time.Time) string {
	ts := a.djangoSeconds(now)
	mac := hex.EncodeToString(a.reset.Sign(nil, resetMessage(u, ts)))
	return strconv.FormatInt(ts, 36) + "-" + everyOther(mac)
}

func everyOther(s string) string {
	b := make([]byte, 0, (len(s)+1)/2)
	for i := 0; i < len(s); i += 2 {
		b = append(b, s[i])
	}
	return string(b)
}

// resetValid reports whether token is one of u's and not too old. Unlike Django's a token from the future, beyond a
// clock's error, is none.
func (a *Accounts) resetValid(u *User, token string, now time.Time) bool {
	text, mac, found := strings.Cut(token, "-")
	if !found || len(text) > 13 || len(mac) != 32 {
		return false
	}
	ts, err := strconv.ParseInt(text, 36, 64)
	if err != nil || ts < 0 || strconv.FormatInt(ts, 36) != text {
		return false
	}
	_, ok := a.reset.VerifyFunc(resetMessage(u, ts), func(want []byte) bool {
		return subtle.ConstantTimeCompare([]byte(everyOther(hex.EncodeToString(want))), []byte(mac)) == 1
	})
	if !ok {
		return false
	}
	age := a.djangoSeconds(now) - ts
	return age >= -60 && age <= int64(a.cfg.ResetTimeout/time.Second)
}

// encodeID returns the uidb64 of Django's links.
func encodeID(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

func decodeID(text string) (string, bool) {
	if len(text) > 128 {
		return "", false
	}
	id, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	return string(id), err == nil
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

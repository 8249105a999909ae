package accounts

import (
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// djangos are Accounts with the keys of Django's known answers, enough for tokens and hashes.
func djangos(t *testing.T, key string, fallbacks ...string) *Accounts {
	t.Helper()
	cfg := keyring.Config{Key: secret.New(key)}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	ring, err := keyring.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{ResetTimeout: 72 * time.Hour}.complete()
	return &Accounts{cfg: c, session: ring.MAC(saltSession), reset: ring.MAC(saltReset)}
}

const (
	djangoKey      = "airworthy-test-secret-key-0123456789-abcdefghijklmnop-XYZ"
	djangoFallback = "old-airworthy-secret-key-9876543210-zyxwvutsrqponmlk"
	djangoPassword = "pbkdf2_sha256$1000000$saltsaltsaltsaltsaltsa$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

// TestDjangosKnownAnswers holds hashes and tokens to what Django 5.2.19 makes of the same user.
func TestDjangosKnownAnswers(t *testing.T) {
	a := djangos(t, djangoKey)
	u := User{ID: "1", Email: "alice@example.com", Password: djangoPassword,
		LastLogin: time.Date(2024, 1, 2, 3, 4, 5, 678901000, time.UTC)}
	made := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	if got, want := a.sessionHash(&u), "321af06e1af459c0b126a2b7b4404078835d2223bc32abb0be71b1336fcdb2cd"; got != want {
		t.Errorf("session hash %s, want %s", got, want)
	}
	if got, want := djangos(t, djangoFallback).sessionHash(&u), "1da9380b33d452958f20484bf99c40b1aebc169dc7ac5152410514539f441300"; got != want {
		t.Errorf("session hash under the fallback %s, want %s", got, want)
	}
	if got, want := a.resetToken(&u, made), "c1oyo0-07599960bc1f795e3ac76c29f074cfb3"; got != want {
		t.Errorf("reset token %s, want %s", got, want)
	}
	u.LastLogin = time.Time{}
	if got, want := a.resetToken(&u, made), "c1oyo0-b3e9a7b3ee345ab88504c2f9063ca329"; got != want {
		t.Errorf("reset token without a login %s, want %s", got, want)
	}
}

func TestResetTokens(t *testing.T) {
	a := djangos(t, djangoKey, djangoFallback)
	u := User{ID: "1", Email: "alice@example.com", Password: djangoPassword}
	made := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	token := a.resetToken(&u, made)
	old := djangos(t, djangoFallback).resetToken(&u, made)
	change := func(f func(*User)) *User { v := u; f(&v); return &v }
	for _, row := range []struct {
		name  string
		user  *User
		token string
		at    time.Time
		want  bool
	}{
		{"as it was made", &u, token, made, true},
		{"at its last second", &u, token, made.Add(72 * time.Hour), true},
		{"a second later", &u, token, made.Add(72*time.Hour + time.Second), false},
		{"signed with a fallback key", &u, old, made, true},
		{"by a clock that is a minute ahead", &u, token, made.Add(-time.Minute), true},
		{"from the future", &u, token, made.Add(-2 * time.Minute), false},
		{"after a change of password", change(func(u *User) { u.Password += "x" }), token, made, false},
		{"after a change of address", change(func(u *User) { u.Email = "alice@example.net" }), token, made, false},
		{"after a login", change(func(u *User) { u.LastLogin = made }), token, made, false},
		{"of another user", change(func(u *User) { u.ID = "2" }), token, made, false},
		{"cut", &u, token[:len(token)-1], made, false},
		{"with more behind", &u, token + "0", made, false},
		{"with another time", &u, "c1oyo1" + token[6:], made, false},
		{"in capitals", &u, "C1OYO0" + token[6:], made, false},
		{"with a zero before it", &u, "0" + token, made, false},
		{"with a sign", &u, "+" + token, made, false},
		{"empty", &u, "", made, false},
		{"a dash", &u, "-", made, false},
	} {
		if got := a.resetValid(row.user, row.token, row.at); got != row.want {
			t.Errorf("a token %s: valid %v, want %v", row.name, got, row.want)
		}
	}
}

// TestTheTimeOfATokenIsLocal: a site in Berlin counts the seconds of its own clocks.
func TestTheTimeOfATokenIsLocal(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones: install tzdata")
	}
	a := djangos(t, djangoKey)
	utc := a.djangoSeconds(time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC))
	a.cfg.Location = berlin
	if got := a.djangoSeconds(time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)) - utc; got != 7200 {
		t.Errorf("in summer Berlin is %d s ahead, want 7200", got)
	}
}

func FuzzResetToken(f *testing.F) {
	f.Add("c1oyo0-07599960bc1f795e3ac76c29f074cfb3")
	f.Add("-")
	f.Fuzz(func(t *testing.T, token string) {
		a := djangos(t, djangoKey)
		u := User{ID: "1", Password: djangoPassword}
		now := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
		if a.resetValid(&u, token, now) && token != a.resetToken(&u, now.Add(a.age(token, now))) {
			t.Errorf("%q is valid and not what is made", token)
		}
	})
}

// age returns how long before now token says that it was made, negated.
func (a *Accounts) age(token string, now time.Time) time.Duration {
	var ts int64
	for _, c := range token {
		if c == '-' {
			break
		}
		d := int64(c - '0')
		if c >= 'a' {
			d = int64(c-'a') + 10
		}
		ts = 36*ts + d
	}
	return time.Duration(ts-a.djangoSeconds(now)) * time.Second
}

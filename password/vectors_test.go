package password_test

import (
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/password"
)

// What Django 5.2.19 made of the password "correct horse" and the salt saltsaltsaltsaltsaltsa.
var vectors = map[string]string{
	"pbkdf2_sha256":                 "pbkdf2_sha256$1000000$saltsaltsaltsaltsaltsa$tsv47Yv4OdOUDhK9ftB+gNQpOdK3cDdo8RfAo3KZ5OA=",
	"pbkdf2_sha1":                   "pbkdf2_sha1$1000000$saltsaltsaltsaltsaltsa$NPRUSFMw5vuKsgxb0wVqsM8glGY=",
	"scrypt":                        "scrypt$16384$saltsaltsaltsaltsaltsa$8$5$VwdzdxUx4tWHAOTk/PIGWW0PmMn9SMLH3+ON9iI/25nN8gG8ATA7kF6N3PYDdG4BXYka21e8Z9mdRk+A7z+KQg==",
	"argon2":                        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$ErO1VD9TkRd3kL2qZg7rSy60rN+UHOnLsAxpEZnsCqI",
	"argon2 of an argon2-cffi < 21": "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$cRx8R6uYfOV0j4iELBihFg",
	"bcrypt_sha256":                 "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuurByPinJWI/V/0c5apkEb2KJQv7f.gZO",
}

func TestVectors(t *testing.T) {
	h, err := password.New(password.Config{Preset: password.Django52})
	if err != nil {
		t.Fatal(err)
	}
	for name, encoded := range vectors {
		verdict, err := h.Verify(t.Context(), "correct horse", encoded)
		if want := (password.Verdict{OK: true, Upgrade: !strings.HasPrefix(name, "pbkdf2_sha256")}); err != nil || verdict != want {
			t.Errorf("%s: %+v, %v; want %+v", name, verdict, err, want)
		}
		if verdict, err := h.Verify(t.Context(), "correct horsf", encoded); err != nil || verdict != (password.Verdict{}) {
			t.Errorf("%s, wrong password: %+v, %v", name, verdict, err)
		}
	}
}

package password_test

import "testing"

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
	h := newHasher(t, cheap("bcrypt"))
	for name, encoded := range vectors {
		if got := verify(t, h, "correct horse", encoded); got != upgrade {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := verify(t, h, "correct horsf", vectors["argon2"]); got != wrong {
		t.Errorf("another password: %+v", got)
	}
}

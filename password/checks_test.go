package password_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/password"
)

func TestChecks(t *testing.T) {
	django := password.Config{Preset: password.Django52}
	changed := django
	changed.PBKDF2.Iterations = 1_500_000
	argonFirst := django
	argonFirst.Hashers = []string{"argon2", "pbkdf2_sha256"}
	otherArgon := argonFirst
	otherArgon.Argon2.Memory = 47104
	unused := django
	unused.Argon2.Memory = 47104 // it is not what makes new hashes
	checktest.Run(t, password.Config.Checks, []checktest.Case[password.Config]{
		{ID: "password.E001", Raises: password.Config{Preset: "x"}, Clean: password.Config{}},
		{ID: "password.E001", Raises: password.Config{Argon2: password.Argon2{Memory: 64}}, Clean: django},
		{ID: "password.W001", Raises: cheap("argon2"), Clean: password.Config{InsecureCheap: true}},
		{ID: "password.W001", Raises: cheap("bcrypt_sha256"), Clean: django},
		{ID: "password.W002", Raises: password.Config{Hashers: []string{"pbkdf2_sha1"}, PBKDF2: password.PBKDF2{Iterations: 1_300_000}}, Clean: django},
		{ID: "password.W002", Raises: password.Config{Hashers: []string{"bcrypt"}}, Clean: password.Config{Hashers: []string{"bcrypt_sha256", "bcrypt"}}},
		{ID: "password.W003", Raises: changed, Clean: django},
		{ID: "password.W003", Raises: otherArgon, Clean: argonFirst},
		{ID: "password.W003", Raises: changed, Clean: unused},
		{ID: "password.W003", Raises: changed, Clean: password.Config{Argon2: password.Argon2{Memory: 47104}}},
		{ID: "password.I001", Raises: password.Config{Hashers: []string{"argon2", "bcrypt"}}, Clean: password.Config{Hashers: []string{"argon2", "bcrypt_sha256"}}},
	})
}

func TestChecksNameVariables(t *testing.T) {
	cfg := password.Config{Preset: "x", Bcrypt: password.Bcrypt{Cost: 31}, Wait: -1, Argon2: password.Argon2{Time: -1}}
	want := map[string]bool{"PASSWORD_PRESET": true, "PASSWORD_BCRYPT_COST": true, "PASSWORD_WAIT": true, "PASSWORD_ARGON2_TIME": true}
	report := check.Run(t.Context(), cfg.Checks(), check.Options{})
	for _, f := range report.Findings {
		if f.ID == "password.E001" && !want[f.Setting] {
			t.Errorf("%q: %s", f.Setting, f.Evidence)
		}
		delete(want, f.Setting)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

// What a hash of the running application says about itself. TestProve has what raises password.E002.
func TestHasherChecks(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  password.Config
		want int
	}{"the preset": {password.Config{}, 0}, "cheap": {cheap("scrypt"), 1}} {
		report := check.Run(t.Context(), newHasher(t, c.cfg).Checks(), check.Options{Deploy: true})
		if len(report.NotRun) != 0 || len(report.Findings) != c.want {
			t.Errorf("%s: %+v", name, report)
		}
		for _, f := range report.Findings {
			if f.ID != "password.W004" || f.Evidence == "" {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

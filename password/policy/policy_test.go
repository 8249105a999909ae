package policy_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/airworthy-go/airworthy/password/policy"
)

// mustNew returns the policy that cfg describes.
func mustNew(t testing.TB, cfg policy.Config) *policy.Policy {
	t.Helper()
	p, err := policy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// codes returns the codes of the problems of a password, and fails the test if it could not be judged.
func codes(t testing.TB, p *policy.Policy, password string, attributes ...policy.Attribute) (codes []string) {
	t.Helper()
	err := p.Validate(t.Context(), password, attributes...)
	if err == nil {
		return nil
	}
	refusal, ok := errors.AsType[*policy.Refusal](err)
	if !ok {
		t.Fatalf("could not judge: %v", err)
	}
	for _, problem := range refusal.Problems {
		codes = append(codes, problem.Code)
	}
	if len(codes) == 0 {
		t.Error("a refusal without problems")
	}
	return codes
}

// short is a policy that asks for one character only, so that a test shows the rule that it is about.
var short = policy.Config{MinLength: 1}

func TestRules(t *testing.T) {
	django := policy.Config{MinLength: policy.Django}
	for _, test := range []struct {
		name     string
		cfg      policy.Config
		password string
		want     []string
	}{
		{"nothing", policy.Config{}, "", []string{"password_too_short"}},
		{"three rules at once, in Django's order", policy.Config{}, "123456",
			[]string{"password_too_short", "password_too_common", "password_entirely_numeric"}},
		{"14 characters", policy.Config{}, "kx3-wq9-pz7-mv", []string{"password_too_short"}},
		{"15 characters", policy.Config{}, "kx3-wq9-pz7-mv5", nil},
		{"8 characters beside a second factor", policy.Config{SecondFactor: true}, "kx3-wq9-", nil},
		{"7 characters beside a second factor", policy.Config{SecondFactor: true}, "kx3-wq9", []string{"password_too_short"}},
		{"8 code points of 4 bytes", django, "𐀀𐀁𐀂𐀃𐀄𐀅𐀆𐀇", nil},
		{"7 code points of 4 bytes", django, "𐀀𐀁𐀂𐀃𐀄𐀅𐀆", []string{"password_too_short"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := codes(t, mustNew(t, test.cfg), test.password); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

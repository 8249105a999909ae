package policy_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

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

// history is a rule of an application.
type history struct{ err error }

func (h history) Validate(_ context.Context, password string, attributes []policy.Attribute) ([]policy.Problem, error) {
	if password == "the one from last year" {
		return []policy.Problem{{Code: "password_used_before", Message: "You had this password before."}}, h.err
	}
	return nil, h.err
}

func (history) Help() string { return "It must not be one that you had before." }

func TestValidators(t *testing.T) {
	p := mustNew(t, policy.Config{SecondFactor: true, Validators: []policy.Validator{everything{}, history{}}})
	want := []string{"password_too_similar", "no", "password_used_before"}
	if got := codes(t, p, "the one from last year", policy.Attribute{Label: "name", Value: "one from last year"}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	broken := errors.New("no database")
	var log strings.Builder
	p = mustNew(t, policy.Config{Validators: []policy.Validator{history{broken}}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := p.Validate(t.Context(), "three small grey boats"); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the rule", err)
	}
	if log.Len() != 0 {
		t.Errorf("logged what was returned: %s", &log)
	}
	// Problems are worth more than errors, which are logged then.
	for password, want := range map[string]string{"brief one": "password_too_short", "the one from last year": "password_used_before"} {
		log.Reset()
		if got := codes(t, p, password); !slices.Equal(got, []string{want}) {
			t.Errorf("got %v, want %v", got, want)
		}
		if !strings.Contains(log.String(), "airworthy.password.Unjudged") || !strings.Contains(log.String(), "passed=false") ||
			!strings.Contains(log.String(), "no database") || strings.Contains(log.String(), password) {
			t.Errorf("log = %q, want the error and not the password", log.String())
		}
	}
	// It fails open for breached passwords only.
	p = mustNew(t, policy.Config{InsecureBreachedFailOpen: true, Validators: []policy.Validator{history{broken}}})
	if err := p.Validate(t.Context(), "three small grey boats"); !errors.Is(err, broken) {
		t.Errorf("failing open: got %v, want the error of the rule", err)
	}
}

// badinput 30
func TestLongPasswords(t *testing.T) {
	p := mustNew(t, policy.Config{})
	for _, test := range []struct {
		password string
		want     []string
	}{
		{strings.Repeat("x", 4096), nil},
		{strings.Repeat("x", 4097), []string{"password_too_long"}},
		{strings.Repeat("é", 2049), []string{"password_too_long"}},
		{strings.Repeat("1", 50<<20), []string{"password_too_long"}},
		{" three small grey boats ", nil},
		{"three\x00small\xffgrey\xfeboats", nil}, // whether it can be hashed is for package password to say
	} {
		start := time.Now()
		if got := codes(t, p, test.password, policy.Attribute{Label: "name", Value: strings.Repeat("1", 1<<20)}); !slices.Equal(got, test.want) {
			t.Errorf("%d bytes: got %v, want %v", len(test.password), got, test.want)
		}
		if took := time.Since(start); took > 500*time.Millisecond {
			t.Errorf("%d bytes took %v", len(test.password), took)
		}
	}
	if got := codes(t, mustNew(t, policy.Config{MaxBytes: 64}), strings.Repeat("x", 65)); !slices.Equal(got, []string{"password_too_long"}) {
		t.Errorf("got %v, want it to be too long", got)
	}
}

func TestMessages(t *testing.T) {
	filter, _ := build(t, "12345678\n", policy.FilterOptions{Plain: true})
	p := mustNew(t, policy.Config{BreachedFile: filter})
	err := p.Validate(t.Context(), "12345678", policy.Attribute{Label: "telephone number", Value: "0012345678"})
	refusal, ok := errors.AsType[*policy.Refusal](err)
	if !ok {
		t.Fatal(err)
	}
	want := []policy.Problem{
		{Code: "password_too_similar", Message: "This password is too similar to the telephone number."},
		{Code: "password_too_short", Message: "This password is too short: use at least 15 characters."},
		{Code: "password_too_common", Message: "This password is too common: many people use it, and attackers try it first."},
		{Code: "password_entirely_numeric", Message: "This password has only digits: use words or letters too."},
		{Code: "password_breached", Message: "This password was found in a data breach, so attackers know it: " +
			"choose another, and change it wherever else you use it."},
	}
	if !slices.Equal(refusal.Problems, want) {
		t.Errorf("got %+v, want %+v", refusal.Problems, want)
	}
	if got, want := err.Error(), "policy: the password is refused: password_too_similar, password_too_short, "+
		"password_too_common, password_entirely_numeric, password_breached"; got != want {
		t.Errorf("error = %q, want %q", got, want)
	}
	for _, text := range append([]string{err.Error(), fmt.Sprintf("%+v", refusal.Problems)}, p.Help()...) {
		if strings.Contains(text, "12345678") {
			t.Errorf("%q has the password", text)
		}
	}
	if got := codes(t, mustNew(t, short), ""); !slices.Equal(got, []string{"password_too_short"}) {
		t.Errorf("got %v, want an empty password to be too short whatever the length", got)
	}
	one := mustNew(t, short).Validate(t.Context(), "")
	if refusal, ok := errors.AsType[*policy.Refusal](one); !ok || refusal.Problems[0].Message != "This password is too short: use at least 1 character." {
		t.Errorf("got %v, want a message in the singular", one)
	}
}

func TestHelp(t *testing.T) {
	filter, _ := build(t, "one\n", policy.FilterOptions{Plain: true})
	for _, test := range []struct {
		cfg  policy.Config
		want []string // how they begin
	}{
		{policy.Config{}, []string{"Use at least 15 characters.", "It must not be like", "It must not be a password", "It must not be made"}},
		{policy.Config{SecondFactor: true, BreachedFile: filter, Validators: []policy.Validator{history{}}},
			[]string{"Use at least 8 characters.", "It must not be like", "It must not be a password", "It must not be made",
				"It must not have appeared", "It must not be one that you had"}},
		{policy.Config{MinLength: 1, InsecureNoCommon: true, InsecureNoNumeric: true, InsecureNoSimilarity: true},
			[]string{"Use at least 1 character."}},
	} {
		got := mustNew(t, test.cfg).Help()
		if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// What New was given may be used again.
func TestNewCopies(t *testing.T) {
	cfg := policy.Config{MinLength: 1, Attributes: []policy.Attribute{{Label: "site", Value: "bulletin of kx"}}, Validators: []policy.Validator{history{}}}
	p := mustNew(t, cfg)
	cfg.Attributes[0].Value = "other"
	cfg.Validators[0] = everything{}
	if got := codes(t, p, "bulletin of kx"); !slices.Equal(got, []string{"password_too_similar"}) {
		t.Errorf("got %v, want the attribute that New was given", got)
	}
	given := make([]policy.Attribute, 1, 2)
	given[0] = policy.Attribute{Label: "name", Value: "alice"}
	_ = p.Validate(t.Context(), "three", given...)
	if given = given[:2]; given[1].Value != "" {
		t.Error("Validate wrote behind the attributes that it was given")
	}
}

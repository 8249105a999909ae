package policy_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/password/policy"
)

// file writes a file of the test and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// numbered returns a list of that many passwords.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, "password", i)
	}
	return b.String()
}

func TestChecks(t *testing.T) {
	filter, _ := build(t, "one\n", policy.FilterOptions{Plain: true})
	type C = policy.Config
	checktest.Run(t, policy.Config.Checks, []checktest.Case[policy.Config]{
		{ID: "policy.W001", Raises: C{MinLength: 14}, Clean: C{MinLength: 15}},
		{ID: "policy.W001", Raises: C{MinLength: 7, SecondFactor: true}, Clean: C{MinLength: 8, SecondFactor: true}},
		{ID: "policy.W001", Raises: C{MinLength: 8}, Clean: C{SecondFactor: true}},
		{ID: "policy.W002", Raises: C{InsecureNoSimilarity: true}, Clean: C{}},
		{ID: "policy.W002", Raises: C{InsecureNoCommon: true}, Clean: C{}},
		{ID: "policy.W002", Raises: C{InsecureNoNumeric: true}, Clean: C{}},
		{ID: "policy.W003", Raises: C{MaxSimilarity: 0.71}, Clean: C{MaxSimilarity: 0.7}},
		{ID: "policy.W004", Raises: C{CommonFile: file(t, numbered(9999)), InsecureCommonFileOnly: true},
			Clean: C{CommonFile: file(t, numbered(10_000)), InsecureCommonFileOnly: true}},
		{ID: "policy.W004", Raises: C{CommonFile: file(t, "one\n"), InsecureCommonFileOnly: true}, Clean: C{CommonFile: file(t, "one\n")}},
		{ID: "policy.W005", Raises: C{BreachedURL: "http://127.0.0.1/", InsecureBreachedHTTP: true}, Clean: C{}},
		{ID: "policy.W006", Raises: C{BreachedFile: filter, InsecureBreachedFailOpen: true}, Clean: C{BreachedFile: filter}},
		{ID: "policy.W006", Raises: C{BreachedURL: policy.PwnedPasswords, InsecureBreachedFailOpen: true}, Clean: C{InsecureBreachedFailOpen: true}},
		{ID: "policy.I001", Raises: C{}, Clean: C{BreachedFile: filter}},
		{ID: "policy.I001", Raises: C{}, Clean: C{BreachedURL: policy.PwnedPasswords}},
		{ID: "policy.E001", Raises: C{CommonFile: file(t, "")}, Clean: C{CommonFile: file(t, "one\n")}},
		{ID: "policy.E002", Raises: C{BreachedFile: file(t, "one\n")}, Clean: C{BreachedFile: filter}},
		{ID: "policy.E003", Raises: C{BreachedURL: "http://127.0.0.1/"}, Clean: C{BreachedURL: "http://127.0.0.1/", InsecureBreachedHTTP: true}},
	})
}

// everything refuses every password.
type everything struct{}

func (everything) Validate(context.Context, string, []policy.Attribute) ([]policy.Problem, error) {
	return []policy.Problem{{Code: "no", Message: "No."}}, nil
}

func (everything) Help() string { return "Do not come in." }

func TestPolicyChecks(t *testing.T) {
	type C = policy.Config
	of := func(cfg policy.Config) []check.Check { return mustNew(t, cfg).Checks() }
	checktest.Run(t, of, []checktest.Case[policy.Config]{
		{ID: "policy.W007", Raises: C{InsecureNoCommon: true}, Clean: C{SecondFactor: true}},
		{ID: "policy.W007", Raises: C{InsecureNoNumeric: true}, Clean: C{}},
		{ID: "policy.W007", Raises: C{InsecureNoSimilarity: true}, Clean: C{MinLength: 1}},
		{ID: "policy.W007", Raises: C{MaxSimilarity: 1}, Clean: C{MaxSimilarity: 0.9}},
		{ID: "policy.E004", Raises: C{Validators: []policy.Validator{everything{}}}, Clean: C{}},
	})
	// Each rule that is left out is told apart.
	report := check.Run(t.Context(), of(C{MinLength: 1, InsecureNoCommon: true, InsecureNoNumeric: true, InsecureNoSimilarity: true}), check.Options{Deploy: true})
	if len(report.Findings) != 8 {
		t.Errorf("%d findings, want 8: all weak passwords but the empty one: %+v", len(report.Findings), report.Findings)
	}
	// What cannot be judged is no pass.
	filter, _ := build(t, "one\n", policy.FilterOptions{Plain: true})
	p := mustNew(t, policy.Config{BreachedFile: filter, Logger: slog.New(slog.DiscardHandler)})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if report := check.Run(t.Context(), p.Checks(), check.Options{Deploy: true}); len(report.NotRun) != 1 || !report.Failed() {
		t.Errorf("report = %+v, want the gate to fail because a check could not look", report)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		cfg  policy.Config
		want string
	}{
		{policy.Config{MinLength: -1}, "policy: PASSWORD_MIN_LENGTH: -1 is negative"},
		{policy.Config{MinLength: 5000}, "policy: PASSWORD_MIN_LENGTH: 5000 is more than a password may have"},
		{policy.Config{MaxBytes: 63}, "policy: MaxBytes: 63"},
		{policy.Config{MaxBytes: -1}, "policy: MaxBytes: -1"},
		{policy.Config{MaxBytes: 2 << 20}, "policy: MaxBytes: 2097152"},
		{policy.Config{MaxSimilarity: 0.09}, "policy: PASSWORD_MAX_SIMILARITY: 0.09"},
		{policy.Config{MaxSimilarity: 1.01}, "policy: PASSWORD_MAX_SIMILARITY: 1.01"},
		{policy.Config{MaxSimilarity: nan()}, "policy: PASSWORD_MAX_SIMILARITY: NaN"},
		{policy.Config{BreachedTimeout: -1}, "policy: PASSWORD_BREACHED_TIMEOUT: -1ns is negative"},
		{policy.Config{InsecureCommonFileOnly: true}, "policy: PASSWORD_COMMON_FILE_ONLY: there is no file"},
		{policy.Config{Validators: []policy.Validator{nil}}, "policy: Validators: one is nil"},
		{policy.Config{BreachedFile: "/nowhere/at/all"}, "policy: PASSWORD_BREACHED_FILE: the file cannot be used"},
		{policy.Config{CommonFile: "/nowhere/at/all"}, "policy: PASSWORD_COMMON_FILE: the file cannot be used"},
	} {
		if _, err := policy.New(test.cfg); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("error = %v, want %q", err, test.want)
		}
	}
	_, err := policy.New(policy.Config{MinLength: -1, MaxSimilarity: 2, BreachedFile: "/nowhere", CommonFile: "/nowhere", BreachedURL: "x"})
	for _, want := range []string{"MIN_LENGTH", "SIMILARITY", "BREACHED_FILE", "COMMON_FILE", "BREACHED_URL"} {
		if err == nil || !strings.Contains(err.Error(), "policy: PASSWORD_") || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want all mistakes at once, %s too", err, want)
		}
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

package policy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/airworthy-go/airworthy/password/policy"
)

func Example() {
	p, err := policy.New(policy.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := []policy.Attribute{{Label: "username", Value: "alice"}, {Label: "email address", Value: "alice@example.com"}}
	for _, password := range []string{"12345678", "alice@example.co", "three small grey boats"} {
		err := p.Validate(context.Background(), password, user...)
		refusal, refused := errors.AsType[*policy.Refusal](err)
		switch {
		case refused:
			for _, problem := range refusal.Problems {
				fmt.Println(problem.Message)
			}
		case err != nil:
			fmt.Println(err) // it could not be judged
		default:
			fmt.Println("fine")
		}
	}
	// Output:
	// This password is too short: use at least 15 characters.
	// This password is too common: many people use it, and attackers try it first.
	// This password has only digits: use words or letters too.
	// This password is too similar to the email address.
	// fine
}

// A filter is made of a list once, and asked without any network.
func ExampleBuildFilter() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "breached.filter")
	list := strings.NewReader("ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:216\n") // correct horse battery staple
	info, err := policy.BuildFilter(context.Background(), path, list, policy.FilterOptions{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("entries:", info.Entries)
	p, err := policy.New(policy.Config{BreachedFile: path})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	fmt.Println(p.Validate(context.Background(), "correct horse battery staple"))
	// Output:
	// entries: 1
	// policy: the password is refused: password_breached
}

// Beside a Django site both sides should say the same: the same length, Django's list alone, and what was typed.
func ExampleConfig_besideDjango() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	list := filepath.Join(dir, "common-passwords.txt") // or Django's common-passwords.txt.gz
	if err := os.WriteFile(list, []byte("letmein-please\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	p, err := policy.New(policy.Config{MinLength: policy.Django, CommonFile: list, InsecureCommonFileOnly: true, AsTyped: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Validate(context.Background(), "LetMeIn-please"))
	fmt.Println(p.Validate(context.Background(), "trustno1"))
	// Output:
	// policy: the password is refused: password_too_common
	// <nil>
}

// A copy of the range service on the same machine may be plain http. Where people must be able to sign up while it is down,
// passwords pass then; the log has an event, and the gate a warning.
func ExampleConfig_service() {
	service := httptest.NewServer(http.NotFoundHandler())
	defer service.Close()
	cfg := policy.Config{BreachedURL: service.URL, InsecureBreachedHTTP: true}
	p, err := policy.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Validate(context.Background(), "three small grey boats"))
	cfg.InsecureBreachedFailOpen = true
	if p, err = policy.New(cfg); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Validate(context.Background(), "three small grey boats"))
	// Output:
	// policy: PASSWORD_BREACHED_URL: the password cannot be judged: the service answers with status 404
	// <nil>
}

// passphrases demands three words, so that the rule against digits has nothing left to do.
type passphrases struct{}

func (passphrases) Validate(_ context.Context, password string, _ []policy.Attribute) ([]policy.Problem, error) {
	if len(strings.Fields(password)) < 3 {
		return []policy.Problem{{Code: "password_not_words", Message: "Use three words or more."}}, nil
	}
	return nil, nil
}

func (passphrases) Help() string { return "Use three words or more." }

// A rule may be left out where one of the application's own does its work.
func ExampleValidator() {
	p, err := policy.New(policy.Config{Validators: []policy.Validator{passphrases{}}, InsecureNoNumeric: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Validate(context.Background(), "740193652718405"))
	fmt.Println(p.Validate(context.Background(), "three small grey boats"))
	// Output:
	// policy: the password is refused: password_not_words
	// <nil>
}

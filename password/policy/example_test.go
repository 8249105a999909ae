package policy_test

import (
	"context"
	"errors"
	"fmt"

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

package checktest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
)

// Lamp is a part with one thing that can be wrong.
type Lamp struct{ Off bool }

func (l Lamp) Checks() []check.Check {
	return []check.Check{{
		ID: "lamp.W001", Level: check.Warning, Tags: []string{"lamp"}, Needs: check.Settings,
		Title: "The light is off.", Hint: "Switch it on.",
		Find: func(context.Context) ([]check.Finding, error) { return check.When(l.Off, check.Finding{}) },
	}}
}

func Example() {
	test := func(t *testing.T) {
		checktest.Run(t, Lamp.Checks, []checktest.Case[Lamp]{
			{ID: "lamp.W001", Raises: Lamp{Off: true}, Clean: Lamp{}},
		})
	}
	fmt.Println(testing.RunTests(func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "TestLamp", F: test}}))
	// Output: true
}

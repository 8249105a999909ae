package check_test

import (
	"context"
	"fmt"
	"os"

	"github.com/airworthy-go/airworthy/check"
)

func Example() {
	port := 8080
	checks := []check.Check{{
		ID:    "shop.W001",
		Level: check.Warning,
		Tags:  []string{"security", "shop"},
		Needs: check.Settings,
		Title: "The shop listens on a port that anybody on the machine may take.",
		Hint:  "Use a port below 1024.",
		Find: func(context.Context) ([]check.Finding, error) {
			return check.When(port >= 1024, check.Finding{Setting: "PORT", Evidence: fmt.Sprint(port)})
		},
	}}
	report := check.Run(context.Background(), checks, check.Options{Deploy: true})
	if err := report.WriteText(os.Stdout, check.TextOptions{}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(report.Failed())
	// Output:
	// WARNINGS
	//   shop.W001  The shop listens on a port that anybody on the machine may take.
	//       PORT
	//       8080
	//       HINT: Use a port below 1024.
	//
	// 1 finding, 0 silenced, 0 not run, 1 check ran. Failed: 1 at level WARNING or above.
	// true
}

func ExampleRun_silence() {
	dim := check.Check{
		ID: "shop.W002", Level: check.Warning, Tags: []string{"shop"}, Needs: check.Settings,
		Title: "The light is dim.", Hint: "Change the bulb.",
		Find: func(context.Context) ([]check.Finding, error) { return check.When(true, check.Finding{}) },
	}
	report := check.Run(context.Background(), []check.Check{dim}, check.Options{
		Deploy:   true,
		Silenced: []check.Silence{{ID: "shop.W002", Reason: "closed until spring"}},
	})
	if err := report.WriteText(os.Stdout, check.TextOptions{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// SILENCED
	//   shop.W002  The light is dim.
	//       REASON: closed until spring
	//
	// No findings, 1 silenced, 0 not run, 1 check ran. Passed.
}

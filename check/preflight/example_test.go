package preflight_test

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
)

func Example() {
	private := check.Check{
		ID: "shop.E001", Level: check.Error, Needs: check.Handler, Tags: []string{"security"}, Title: "An invoice is shown to strangers.",
		Find: func(context.Context) ([]check.Finding, error) {
			return []check.Finding{{Evidence: "GET /invoices/7 without a session: 200"}}, nil
		},
	}
	report := check.Run(context.Background(), []check.Check{private}, check.Options{Deploy: true})
	result := preflight.Fold(preflight.Options{
		Items: []preflight.Item{{Title: "Invoices are their owner's alone", Checks: []string{"shop.E001"}}},
	}, report)
	own := result.Items[16]
	fmt.Println(own.Number, own.State, own.Title)
	for _, f := range own.Proofs[0].Findings {
		fmt.Println(f.ID, f.Evidence)
	}
	fmt.Println("failed:", result.Failed())
	// Output:
	// 17 fail Invoices are their owner's alone
	// shop.E001 GET /invoices/7 without a session: 200
	// failed: true
}

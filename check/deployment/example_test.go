package deployment_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/deployment"
)

func Example() {
	tree := fstest.MapFS{"compose.yaml": {Data: []byte(`services:
  web:
    environment:
      SECRET_KEY: v3ry-l0ng-and-random
`)}}
	report := check.Run(context.Background(), deployment.Config{Tree: tree}.Checks(), check.Options{Deploy: true})
	for _, f := range report.Findings {
		fmt.Println(f.ID, f.Source, f.Evidence)
	}
	// Output: deployment.E001 compose.yaml:4 services.web sets SECRET_KEY to a value that stands there
}

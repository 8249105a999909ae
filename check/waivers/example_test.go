package waivers_test

import (
	"fmt"

	"github.com/airworthy-go/airworthy/check/waivers"
)

func Example() {
	list, err := waivers.Read("waivers.yaml", []byte(`waivers:
- id: https.I001
  scope: SECURE_HSTS_SECONDS
  reason: we raise it in steps
  owner: ops@example.com
  expires: 2027-03-01
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(list[0].ID, list[0].Owner, list[0].Place)
	// Output: https.I001 ops@example.com waivers.yaml:2
}

package password_test

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/password"
)

func Example() {
	h, err := password.New(password.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	encoded, err := h.Hash(context.Background(), "seven wild geese at noon")
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict, err := h.Verify(context.Background(), "seven wild geese at noon", encoded)
	fmt.Println(verdict.OK, verdict.Upgrade, err)
	// Output: true false <nil>
}

package accounts_test

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/accounts"
)

func ExampleMemory() {
	ctx := context.Background()
	store := accounts.NewMemory()
	_, err := store.Create(ctx, accounts.User{Username: "alice", Active: true})
	fmt.Println(err)
	_, err = store.Create(ctx, accounts.User{Username: "Alice", Active: true})
	fmt.Println(err)
	// Output:
	// <nil>
	// accounts: the user name is taken
}

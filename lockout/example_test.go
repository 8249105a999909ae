package lockout_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/airworthy-go/airworthy/lockout"
)

func Example() {
	guard, err := lockout.New(lockout.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	attacker, home := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("198.51.100.4")
	for range 6 {
		try, err := guard.Begin(ctx, lockout.Attempt{Account: "alice", Client: attacker})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(try.Delay, try.Locked, try.RetryAfter)
	}
	try, err := guard.Begin(ctx, lockout.Attempt{Account: "alice", Client: home})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("from home:", try.Locked, try.Succeed(ctx))
	// Output:
	// 0s false 0s
	// 0s false 0s
	// 0s false 0s
	// 500ms false 0s
	// 1s false 0s
	// 2s true 15m0s
	// from home: false <nil>
}

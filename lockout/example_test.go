package lockout_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

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

// Something in front of the program, such as an identity provider, counts failed logins for each account.
func ExampleConfig() {
	guard, err := lockout.New(lockout.Config{InsecureOff: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 1000 {
		if try, err := guard.Begin(context.Background(), lockout.Attempt{Account: "alice"}); err != nil || try.Locked {
			fmt.Println("locked")
		}
	}
	fmt.Println("never locked")
	// Output:
	// never locked
}

// An operator looks at what is locked and unlocks an account.
func ExampleGuard_Unlock() {
	guard, err := lockout.New(lockout.Config{Account: lockout.Budget{Failures: 10}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for n := range 12 {
		client := netip.AddrFrom4([4]byte{203, 0, 113, byte(n)})
		if _, err := guard.Begin(ctx, lockout.Attempt{Account: "alice", Client: client}); err != nil {
			fmt.Println(err)
			return
		}
	}
	entries, err := guard.Locked(ctx, 50)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range entries {
		fmt.Println(e.Kind, e.Subject, e.From, e.Reason, e.Until.Sub(e.State.Locked))
		fmt.Println(guard.Unlock(ctx, e.Key, "root"))
	}
	// Output:
	// account alice 203.0.113.10/32 failed logins to one account from several networks 15m0s
	// <nil>
}

// Three mails an hour to one address, whoever asks for them.
func ExampleGuard_Take() {
	guard, err := lockout.New(lockout.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	mails := lockout.Budget{Failures: 3, Window: time.Hour, CoolOff: time.Hour}
	for range 4 {
		try, err := guard.Take(context.Background(), lockout.Key{Kind: "mail", Subject: "alice@example.com"}, mails, netip.Addr{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(try.Refused, try.RetryAfter)
	}
	// Output:
	// false 0s
	// false 0s
	// false 0s
	// true 1h0m0s
}

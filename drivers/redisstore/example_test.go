package redisstore_test

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// site is an application's settings, which embed airworthy.Settings.
type site struct {
	Cache     settings.Cache `env:"CACHE_URL" doc:"Where sessions are kept."`
	Session   session.Config
	Lockout   lockout.Config
	KeyLedger keyring.Ledger
}

func build(ctx context.Context, cfg site) (*site, error) {
	client, err := redisstore.Open(ctx, cfg.Cache) // CACHE_URL
	if err != nil {
		return nil, err
	}
	cfg.Session.Store = redisstore.NewSessions(client)
	cfg.Lockout.Store = redisstore.NewLockout(client)
	cfg.KeyLedger = redisstore.NewKeyLedger(client)
	return &cfg, nil
}

func Example() {
	cache, err := settings.ParseCache("redis://:secret@127.0.0.1:1/0?key_prefix=bulletin")
	if err != nil {
		panic(err)
	}
	_, err = build(context.Background(), site{Cache: cache})
	fmt.Println(err)
	// Output: redisstore: check: 127.0.0.1:1 cannot be reached: check that it runs, the address and the network
}

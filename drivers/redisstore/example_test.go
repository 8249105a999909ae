package redisstore_test

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

func Example() {
	var cfg struct { // filled by settings.Load
		Cache   settings.Cache `env:"CACHE_URL" doc:"Where sessions are kept."`
		Session session.Config
	}
	cfg.Cache, _ = settings.ParseCache("redis://:secret@127.0.0.1:1/0?key_prefix=app")

	client, err := redisstore.Open(context.Background(), cfg.Cache)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	cfg.Session.Store = redisstore.NewSessions(client)
	// Output: redisstore: check: 127.0.0.1:1 cannot be reached: check that it runs, the address and the network
}

// Minimal is the smallest program: one page, and settings that branch on the environment in one function. The bulletin
// beside it shows the other layout, one function per environment.
package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/settings"
)

func main() { manage.Main(build) }

var environments = settings.Branching(base, "development", "staging", "production")

// base is what each environment starts from; variables and .env are laid over it.
func base(environment string) airworthy.Settings {
	if environment == "development" {
		return airworthy.Development()
	}
	return airworthy.Production()
}

func build(ctx context.Context) (*airworthy.App, error) {
	cfg, err := environments.Load(ctx, settings.Env(), settings.DotEnv(".env"))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "Hello, safely.")
	})
	return airworthy.New(cfg, mux)
}

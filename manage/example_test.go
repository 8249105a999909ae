package manage_test

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/settings"
)

func Example() {
	build := func(ctx context.Context) (*airworthy.App, error) {
		cfg, err := environments.Load(ctx, settings.Map("example", map[string]string{"AIRWORTHY_ENV": "staging"}))
		if err != nil {
			return nil, err
		}
		return airworthy.New(cfg, http.NotFoundHandler())
	}
	// A program calls manage.Main(build), which ends it with the status that Run returns.
	status := manage.Run(context.Background(), build, []string{"app", "serve"}, manage.Streams{Out: os.Stdout, Err: os.Stdout})
	fmt.Println("status", status)
	// Output:
	// error: settings: AIRWORTHY_ENV (example): is not the name of an environment: use development, production
	// status 1
}

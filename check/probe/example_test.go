package probe_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/probe"
)

func Example() {
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		fmt.Fprintln(w, "Hello, whoever asks "+r.Host)
	})
	checks := probe.Checks(probe.InProcess(app), probe.Claims{Host: "example.com"})
	report := check.Run(context.Background(), checks, check.Options{Deploy: true})
	for _, f := range report.Findings {
		if f.Level >= check.Error {
			fmt.Println(f.ID, f.Title)
		}
	}
	// Output:
	// probe.E001 The site answers to host names that are not its own.
	// probe.E004 Requests over http are not sent on to https.
	// probe.E015 A form on another site can post to this one.
	// probe.E016 A form on another site can post to this one from a browser that sends no Sec-Fetch-Site.
}

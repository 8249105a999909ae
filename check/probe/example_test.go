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

// A tool that only colleagues reach, over http on an internal network: the claims admit what the settings have admitted,
// and the rest is still looked at.
func ExampleClaims() {
	tool := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "tool.internal" {
			http.Error(w, "", http.StatusBadRequest)
		}
	})
	report := check.Run(context.Background(), probe.Checks(probe.InProcess(tool), probe.Claims{
		Host:                 "tool.internal",
		InsecureHTTP:         true, // there is no certificate for it
		InsecureNoHSTS:       true,
		InsecureNoCSP:        true, // it shows text
		InsecureNoCSRF:       true, // and takes no requests that change something
		InsecurePlainCookies: true,
	}), check.Options{Deploy: true})
	for _, f := range report.Findings {
		fmt.Println(f.ID, f.Title)
	}
	// Output:
	// probe.W008 Answers lack X-Content-Type-Options: nosniff.
	// probe.W009 Answers can be framed by other sites.
	// probe.W010 Answers lack a Referrer-Policy, or have one that tells other sites whole addresses.
	// probe.W011 Answers lack a Cross-Origin-Opener-Policy that keeps foreign windows apart.
	// probe.W028 TRACE is answered.
}

// A site on the staff's own network: its name leads to a private address, which is refused unless somebody says that it is
// meant to. Nothing is sent before the checks are made.
func ExampleLiveConfig() {
	_, err := probe.NewLive(probe.LiveConfig{URL: "ftp://intranet.example.com"})
	fmt.Println(err)

	live, err := probe.NewLive(probe.LiveConfig{
		URL:             "intranet.example.com",
		InsecurePrivate: true, // as 10.0.0.7 is where it should be
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer live.Close()
	fmt.Println(live.URL())
	// Output:
	// probe: "ftp" is no scheme of a site: use https or http
	// https://intranet.example.com/
}

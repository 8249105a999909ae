package headers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy/headers"
)

func Example() {
	h, err := headers.New(headers.Config{PermissionsPolicy: headers.Permissions{"geolocation": {"self"}}})
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	h.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/missing", nil))
	fmt.Println(w.Code)
	for _, name := range []string{"X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy"} {
		fmt.Printf("%s: %s\n", name, w.Header().Get(name))
	}
	// Output:
	// 404
	// X-Content-Type-Options: nosniff
	// Referrer-Policy: same-origin
	// X-Frame-Options: DENY
	// Cross-Origin-Opener-Policy: same-origin
}

// show prints the values of one header under cfg.
func show(cfg headers.Config, name string) {
	h, err := headers.New(cfg)
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	h.Handler(http.HandlerFunc(nothing)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Printf("%s: %q\n", name, w.Header().Values(name))
}

// An old archive serves files whose types nobody knows any more, on a host of its own without logins.
func ExampleConfig_insecureSniff() {
	show(headers.Config{InsecureSniff: true}, "X-Content-Type-Options")
	// Output: X-Content-Type-Options: []
}

// Widgets are made to be framed by any site. In the environment: X_FRAME_OPTIONS=none.
func ExampleConfig_insecureNone() {
	show(headers.Config{FrameOptions: headers.InsecureNone}, "X-Frame-Options")
	// Output: X-Frame-Options: []
}

// The application writes a Permissions-Policy of its own on every page.
func ExampleConfig_insecureNoPermissionsPolicy() {
	show(headers.Config{InsecureNoPermissionsPolicy: true}, "Permissions-Policy")
	// Output: Permissions-Policy: []
}

// The proxy in front sets these headers for all applications of the company.
func ExampleConfig_insecureOff() {
	show(headers.Config{InsecureOff: true}, "X-Frame-Options")
	// Output: X-Frame-Options: []
}

// A handler that is meant for other sites changes its own answer.
func ExampleHeaders_Handler() {
	h, err := headers.New(headers.Config{})
	if err != nil {
		panic(err)
	}
	badge := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		_, _ = w.Write([]byte("<svg/>"))
	})
	w := httptest.NewRecorder()
	h.Handler(badge).ServeHTTP(w, httptest.NewRequest("GET", "/badge.svg", nil))
	fmt.Println(w.Header().Get("Cross-Origin-Resource-Policy"))
	// Output: cross-origin
}

func ExampleClearSiteData() {
	logout := func(w http.ResponseWriter, r *http.Request) {
		headers.ClearSiteData(w)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
	w := httptest.NewRecorder()
	logout(w, httptest.NewRequest("POST", "/logout", nil))
	fmt.Println(w.Code, w.Header().Get("Clear-Site-Data"))
	// Output: 303 "cache", "cookies", "storage"
}

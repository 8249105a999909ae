package https_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy/https"
)

func Example() {
	guard, err := https.New(https.Config{HSTS: https.Year, IncludeSubdomains: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	for _, url := range []string{"http://example.com/news?page=2", "https://example.com/news"} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", url, nil))
		fmt.Printf("%d %q %q\n", w.Code, w.Header().Get("Location"), w.Header().Get("Strict-Transport-Security"))
	}
	// Output:
	// 301 "https://example.com/news?page=2" ""
	// 200 "" "max-age=31536000; includeSubDomains"
}

// The proxy in front redirects by itself and speaks HTTP with us: then serving it in the clear is right. HSTS still
// goes out on what the proxy says came by HTTPS.
func ExampleConfig_insecureHTTP() {
	guard, err := https.New(https.Config{InsecureHTTP: true, HSTS: https.Year})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "http://example.com/", nil))
	fmt.Println(w.Code)
	// Output: 200
}

// A service that only ever answers on the loopback interface, to a program beside it, has no use for HTTPS.
func ExampleConfig_insecureOff() {
	guard, err := https.New(https.Config{InsecureOff: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "https://localhost/", nil))
	fmt.Printf("%d %q\n", w.Code, w.Header().Get("Strict-Transport-Security"))
	// Output: 200 ""
}

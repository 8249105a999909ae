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

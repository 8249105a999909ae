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

package hosts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy/hosts"
)

func Example() {
	guard, err := hosts.New(hosts.Config{Allowed: []string{"example.com", ".example.org", "10.0.0.0/8"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") }))
	for _, host := range []string{"example.com", "EXAMPLE.com.:8000", "www.example.com", "a.example.org", "10.1.2.3", "evil.com"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		fmt.Println(host, w.Code)
	}
	// Output:
	// example.com 200
	// EXAMPLE.com.:8000 200
	// www.example.com 400
	// a.example.org 200
	// 10.1.2.3 200
	// evil.com 400
}

// The error says all that is wrong at once, and what to write instead.
func ExampleNew() {
	_, err := hosts.New(hosts.Config{Allowed: []string{"https://example.com", "*.example.com", "example.com:443"}})
	fmt.Println(err)
	// Output:
	// hosts: ALLOWED_HOSTS: "https://example.com": has a scheme: write the host alone, such as example.com
	// hosts: ALLOWED_HOSTS: "*.example.com": a star is no wildcard for names: write ".example.com", which is the name and all below it
	// hosts: ALLOWED_HOSTS: "example.com:443": has a port, which is not looked at: write "example.com"
}

package proxy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/airworthy-go/airworthy/proxy"
)

func Example() {
	guard, err := proxy.New(proxy.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(proxy.Client(r), proxy.Scheme(r), r.Header.Get("X-Forwarded-For"))
	}))
	for _, peer := range []string{"10.0.0.7:4000", "203.0.113.9:4000"} {
		r := httptest.NewRequest("GET", "http://example.com/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "127.0.0.1, 198.51.100.1, 10.0.0.8")
		r.Header.Set("X-Forwarded-Proto", "https")
		site.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// 198.51.100.1 https 127.0.0.1, 198.51.100.1, 10.0.0.8
	// 203.0.113.9 http
}

package airworthy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
)

func Example() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") })

	cfg := airworthy.Production()
	cfg.Keyring.Key = keyring.Generate() // a deployment sets SECRET_KEY
	cfg.Hosts.Allowed = []string{"example.com"}
	app, err := airworthy.New(cfg, mux)
	if err != nil {
		fmt.Println(err)
		return
	}

	rec := httptest.NewRecorder()
	app.ServeHTTP(rec, httptest.NewRequest("GET", "http://example.com/", nil))
	fmt.Println(rec.Code, rec.Header().Get("Location"))
	// Output: 301 https://example.com/
}

package errorpages_test

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy/errorpages"
)

func Example() {
	pages, err := errorpages.New(errorpages.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	h := pages.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("out of paint") }))

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(w.Code, " ", string(body))
	// Output: 500 {"status":500,"title":"Internal Server Error"}
}

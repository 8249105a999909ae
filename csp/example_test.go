package csp_test

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/airworthy-go/airworthy/csp"
)

func Example() {
	page := template.Must(template.New("page").Parse(`<script {{.Nonce}}>hello()</script>`))
	c, err := csp.New(csp.Config{})
	if err != nil {
		panic(err)
	}
	handler := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Attr is called before Execute writes the first byte.
		_ = page.Execute(w, struct{ Nonce template.HTMLAttr }{csp.Attr(r.Context())})
	}))

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	nonce := strings.Split(w.Body.String(), `"`)[1]
	show := strings.NewReplacer(nonce, "NONCE")
	fmt.Println(show.Replace(w.Body.String()))
	fmt.Println(show.Replace(strings.ReplaceAll(w.Header().Get("Content-Security-Policy"), "; ", ";\n")))
	fmt.Println(w.Header().Get("Cache-Control"))
	// Output:
	// <script nonce="NONCE">hello()</script>
	// default-src 'self';
	// script-src 'self' 'nonce-NONCE';
	// style-src 'self' 'nonce-NONCE';
	// object-src 'none';
	// base-uri 'none';
	// form-action 'self';
	// frame-ancestors 'none'
	// private, no-store
}

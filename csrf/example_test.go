package csrf_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/airworthy-go/airworthy/csrf"
)

func Example() {
	guard, err := csrf.New(csrf.Config{
		TrustedOrigins: []string{"https://accounts.example.com"},
		Logger:         slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	transfer := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "transferred")
	}))
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"https://example.com"}},
		{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://accounts.example.com"}},
		{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://example.com/transfer", nil)
		r.Header = header
		w := httptest.NewRecorder()
		transfer.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 transferred
	// 200 transferred
	// 403 Forbidden
}

func ExampleField() {
	guard, err := csrf.New(csrf.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	page := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		field := csrf.Field(r.Context()) // before the page is written
		_, _ = io.WriteString(w, `<form method="post">`+string(field)+`</form>`)
	}))
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://example.com/", nil))
	fmt.Println(w.Body.String()[:len(`<form method="post"><input type="hidden" name="csrfmiddlewaretoken"`)])
	fmt.Println(strings.SplitN(w.Header().Get("Set-Cookie"), "=", 2)[0])
	fmt.Println(w.Header()["Vary"], w.Header()["Cache-Control"])
	// Output:
	// <form method="post"><input type="hidden" name="csrfmiddlewaretoken"
	// __Host-csrftoken
	// [Cookie] [private]
}

// A webhook carries a signature, which no browser adds by itself, and its sender knows nothing of tokens.
func ExampleConfig_insecureExempt() {
	_, err := csrf.New(csrf.Config{InsecureExempt: []string{"POST /webhooks/billing"}})
	fmt.Println(err)
	_, err = csrf.New(csrf.Config{InsecureExempt: []string{"POST /webhooks/{name}"}})
	fmt.Println(err)
	// Output:
	// <nil>
	// csrf: InsecureExempt: "POST /webhooks/{name}": the path is compared to the letter: list exact paths, without wildcards, query, escapes or dots
}

// Where another program in front has decided already, or nothing in the application knows its users by cookies,
// client certificates or addresses, there is nothing to forge.
func ExampleConfig_insecureOff() {
	guard, err := csrf.New(csrf.Config{InsecureOff: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "https://example.com/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	guard.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 404
}

// A site that answers over http and https alike, while it moves from one to the other, keeps one cookie for both.
func ExampleConfig_insecureCookie() {
	guard, err := csrf.New(csrf.Config{InsecureCookie: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	page := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := csrf.EnsureCookie(r.Context()); err != nil {
			fmt.Println(err)
		}
	}))
	page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://example.com/", nil))
	fmt.Println(strings.SplitN(w.Header().Get("Set-Cookie"), "=", 2)[0])
	// Output: csrftoken
}

// Whoever logs in gets a new secret, so that one that was planted before is worth nothing.
func ExampleRotate() {
	login := func(w http.ResponseWriter, r *http.Request) {
		// … the password is right …
		if err := csrf.Rotate(r.Context()); err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
	guard, err := csrf.New(csrf.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodPost, "https://example.com/login", nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	guard.Handler(http.HandlerFunc(login)).ServeHTTP(w, r)
	fmt.Println(w.Code, len(w.Header()["Set-Cookie"]))
	// Output: 303 1
}

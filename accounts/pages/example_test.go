package pages_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/pages"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/session"
)

// Package airworthy makes and connects the parts; this is what it does.
func Example() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	check(err)
	sessions, err := session.New(session.Config{Store: session.NewMemory(session.MemoryOptions{})})
	check(err)
	hasher, err := password.New(password.Config{})
	check(err)
	rules, err := policy.New(policy.Config{})
	check(err)
	guard, err := lockout.New(lockout.Config{})
	check(err)
	a, err := accounts.New(accounts.Config{
		Store: accounts.NewMemory(), Hasher: hasher, Policy: rules, Lockout: guard, Sessions: sessions, Ring: ring,
	})
	check(err)
	p, err := pages.New(pages.Config{Accounts: a, Site: "Bulletin"})
	check(err)

	board := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the board") })
	site := sessions.Handler(p.Handler(a.RequireLogin(board)))

	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "https://example.com/board/", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 /account/login/?next=%2Fboard%2F
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

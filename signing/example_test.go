package signing_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/signing"
)

func Example() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		fmt.Println(err)
		return
	}
	links, err := signing.NewTimestamp(ring, signing.Options{Salt: "accounts.unsubscribe"})
	if err != nil {
		fmt.Println(err)
		return
	}
	token := links.Sign("alice@example.com")
	fmt.Println(links.Unsign(token, 48*time.Hour))
	_, err = links.Unsign("mallory"+token[5:], 48*time.Hour)
	fmt.Println(err, errors.Is(err, signing.ErrExpired))
	// Output:
	// alice@example.com <nil>
	// signing: bad signature false
}

func ExampleLoads() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		fmt.Println(err)
		return
	}
	invitations, err := signing.NewTimestamp(ring, signing.Options{Salt: "accounts.invitation"})
	if err != nil {
		fmt.Println(err)
		return
	}
	type invitation struct {
		Email string `json:"email"`
		Admin bool   `json:"admin"`
	}
	token, err := signing.Dumps(invitations, invitation{Email: "zoë@example.com"}, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	var got invitation
	err = signing.Loads(invitations, token, 7*24*time.Hour, &got)
	fmt.Println(got.Email, got.Admin, err)
	// Output: zoë@example.com false <nil>
}

// A site beside Django servers whose clocks cannot be relied upon accepts what they sign in our future, as Django
// does.
func ExampleOptions_insecureFuture() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = signing.NewTimestamp(ring, signing.Options{Salt: signing.SaltDumps, InsecureFuture: true})
	fmt.Println(err)
	// Output: <nil>
}

// A fleet in which some servers run Django before 5.2.15 writes what all can read, until the last one is updated; then
// it accepts what is left in browsers for as long as the cookies last.
func ExampleCookieOptions() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		fmt.Println(err)
		return
	}
	mixed, err := signing.NewCookie(ring, signing.CookieOptions{Name: "theme", Salt: "ui", InsecureWriteLegacy: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	updated, err := signing.NewCookie(ring, signing.CookieOptions{Name: "theme", Salt: "ui", InsecureAcceptLegacy: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(updated.Unsign(mixed.Sign("dark"), time.Hour))
	fmt.Println(mixed.Unsign(updated.Sign("dark"), time.Hour))
	// Output:
	// dark <nil>
	// dark <nil>
}

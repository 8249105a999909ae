package keyring_test

import (
	"fmt"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

func Example() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		fmt.Println(err)
		return
	}
	links := ring.MAC(keyring.Context("unsubscribe"))
	mac := links.Sign(nil, []byte("alice@example.com"))
	_, ok := links.Verify([]byte("alice@example.com"), mac)
	fmt.Println("alice:", ok)
	_, ok = links.Verify([]byte("mallory@example.com"), mac)
	fmt.Println("mallory:", ok)
	// Output:
	// alice: true
	// mallory: false
}

// A rotation: the former key becomes a fallback, so that nobody is logged out, and is dropped when nothing that it
// signed comes back any more.
func ExampleRing_Swap() {
	former, next := keyring.Generate(), keyring.Generate()
	ring, err := keyring.New(keyring.Config{Key: former})
	if err != nil {
		fmt.Println(err)
		return
	}
	logins := ring.MAC(keyring.Context("login"))
	mac := logins.Sign(nil, []byte("alice"))

	err = ring.Swap(keyring.Config{Key: next, Fallbacks: []secret.Text{former}})
	current, ok := logins.Verify([]byte("alice"), mac)
	fmt.Println(err, "valid:", ok, "sign it again:", !current)
	fmt.Println("verified by the fallback:", ring.Uses()[1].Verified)

	err = ring.Swap(keyring.Config{Key: next})
	_, ok = logins.Verify([]byte("alice"), mac)
	fmt.Println(err, "valid:", ok)
	// Output:
	// <nil> valid: true sign it again: true
	// verified by the fallback: 1
	// <nil> valid: false
}

func ExampleRing_AEAD() {
	ring, err := keyring.New(keyring.Config{Key: keyring.Generate()})
	if err != nil {
		fmt.Println(err)
		return
	}
	notes := ring.AEAD(keyring.Context("notes"))
	sealed := notes.Seal(nil, []byte("for alice only"), []byte("alice"))
	plain, _, err := notes.Open(nil, sealed, []byte("alice"))
	fmt.Println(string(plain), err)
	_, _, err = notes.Open(nil, sealed, []byte("mallory"))
	fmt.Println(err)
	// Output:
	// for alice only <nil>
	// keyring: the ciphertext is not authentic
}

// In development the key may stand in the repository, where everybody can read it.
func ExampleConfig_insecureWeak() {
	development := keyring.Config{Key: secret.New("django-insecure-development"), InsecureWeak: true}
	_, err := keyring.New(development)
	fmt.Println(err)

	development.InsecureWeak = false
	_, err = keyring.New(development)
	fmt.Println(err)
	// Output:
	// <nil>
	// keyring: SECRET_KEY: it starts with django-insecure-, which Django gives to keys that are for development: set it to a random value of 50 characters or more, such as the command "key generate" prints
}

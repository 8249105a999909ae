package password_test

import (
	"context"
	"fmt"
	"log"

	"github.com/airworthy-go/airworthy/password"
)

func Example() {
	ctx := context.Background()
	hasher, err := password.New(password.Config{})
	if err != nil {
		log.Fatal(err)
	}
	encoded, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		log.Fatal(err)
	}
	for _, typed := range []string{"correct horse battery staple", "Correct horse battery staple"} {
		verdict, err := hasher.Verify(ctx, typed, encoded)
		if err != nil {
			log.Fatal(err) // a *BusyError is answered with 503
		}
		fmt.Println(verdict.OK)
	}
	info, err := password.Inspect(encoded)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Algorithm, info.Parameters)
	// Output:
	// true
	// false
	// argon2 m=19456 KiB, t=2, p=1
}

// A site that shares its users with a Django hashes as that does, and each upgrades what is older than both.
func ExampleConfig_Preset() {
	hasher, err := password.New(password.Config{Preset: password.Django52})
	if err != nil {
		log.Fatal(err)
	}
	verdict, err := hasher.Verify(context.Background(), "correct horse",
		"pbkdf2_sha1$1000000$saltsaltsaltsaltsaltsa$NPRUSFMw5vuKsgxb0wVqsM8glGY=")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", verdict)
	// Output: {OK:true Upgrade:true}
}

// Tests need not wait for hashes that nobody wants to guess.
func ExampleConfig_InsecureCheap() {
	_, err := password.New(password.Config{
		Argon2:        password.Argon2{Memory: 64, Time: 1},
		InsecureCheap: true,
	})
	fmt.Println(err)
	// Output: <nil>
}

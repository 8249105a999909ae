package secret_test

import (
	"fmt"

	"github.com/airworthy-go/airworthy/secret"
)

func Example() {
	key := secret.New("correct horse battery staple")
	fmt.Println(key)
	fmt.Printf("%+v\n", struct{ Key secret.Text }{key})
	fmt.Println(len(key.Reveal()))
	// Output:
	// [redacted]
	// {Key:[redacted]}
	// 28
}

func ExampleMask() {
	m := secret.NewMask(secret.New("s3cr3t-value"))
	fmt.Println(m.String("dial postgres://app:s3cr3t-value@db: refused"))
	// Output: dial postgres://app:[redacted]@db: refused
}

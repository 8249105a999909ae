package azuresecrets_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/airworthy-go/airworthy/drivers/azuresecrets"
)

// A program names the schemes that it can open, and the deployment gives the URL. Opening calls nobody.
func ExampleScheme() {
	u, err := url.Parse("azure-kv://myvault/bulletin-?only=SECRET_KEY+DATABASE_URL")
	if err != nil {
		panic(err)
	}
	source, err := azuresecrets.Scheme().Open(context.Background(), u, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(source.Name())
	// Output: azure-kv
}

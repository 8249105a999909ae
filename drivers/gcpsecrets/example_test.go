package gcpsecrets_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/airworthy-go/airworthy/drivers/gcpsecrets"
)

func Example() {
	ctx := context.Background()
	for _, text := range []string{
		"gcp-sm://my-project/bulletin",
		"gcp-sm://my-project/bulletin-?DATABASE_URL=other%23url",
		"gcp-sm://my-project/bulletin?endpoint=manager.example:443",
	} {
		u, err := url.Parse(text)
		if err != nil {
			panic(err)
		}
		source, err := gcpsecrets.Scheme().Open(ctx, u, nil) // reads no credentials and calls nobody
		fmt.Println(source != nil, err)
	}
	// Output:
	// true <nil>
	// true <nil>
	// false settings: has an endpoint that is neither Google's nor on this machine: leave endpoint out, or write name.p.googleapis.com:443
}

// A stand-in on this machine, which has no certificate and asks for no credentials, is spoken to in plain text.
func ExampleConfig_insecurePlaintext() {
	_, err := gcpsecrets.New(gcpsecrets.Config{
		Project: "my-project", Secret: "bulletin", Endpoint: "127.0.0.1:8080", InsecurePlaintext: true})
	fmt.Println(err)
	_, err = gcpsecrets.New(gcpsecrets.Config{
		Project: "my-project", Secret: "bulletin", Endpoint: "10.0.0.7:8080", InsecurePlaintext: true})
	fmt.Println(err)
	// Output:
	// <nil>
	// settings: would speak without TLS to another machine: give plaintext only with an endpoint such as 127.0.0.1:8080
}

package awssecrets_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/airworthy-go/airworthy/drivers/awssecrets"
)

// A URL says where the settings stand; the credentials are those that the SDK finds.
func Example() {
	u, err := url.Parse("aws-sm://eu-central-1/bulletin/production")
	if err != nil {
		fmt.Println(err)
		return
	}
	source, err := awssecrets.ManagerScheme().Open(context.Background(), u, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(source.Name())
	// Output: aws-sm
}

// InsecureHTTP is right for an emulator in a container beside the tests, and nowhere else.
func ExampleConfig_insecureHTTP() {
	cfg := awssecrets.Config{Region: "eu-central-1", Path: "bulletin/", Endpoint: "http://moto:5000"}
	_, err := awssecrets.NewParameters(context.Background(), cfg)
	fmt.Println(err != nil)
	cfg.InsecureHTTP = true
	_, err = awssecrets.NewParameters(context.Background(), cfg)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

package vaultsecrets_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/airworthy-go/airworthy/drivers/vaultsecrets"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// A URL says where the settings stand and how to log in; the credentials stand in sources before this one.
func Example() {
	u, err := url.Parse("vault://vault.example:8200/secret/bulletin?auth=approle&DATABASE_URL=shared/db%23url")
	if err != nil {
		fmt.Println(err)
		return
	}
	given := map[string]settings.Value{"VAULT_ROLE_ID": {Text: "the role"}, "VAULT_SECRET_ID": {Text: "the secret"}}
	source, err := vaultsecrets.Scheme().Open(context.Background(), u, given)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(source.Name())
	// Output: vault
}

// InsecureHTTP is right for an agent or a server in development, on this machine.
func ExampleConfig_insecureHTTP() {
	cfg := vaultsecrets.Config{Address: "http://127.0.0.1:8200", Path: "secret/bulletin", Token: secret.New("a token")}
	_, err := vaultsecrets.New(cfg)
	fmt.Println(err != nil)
	cfg.InsecureHTTP = true
	_, err = vaultsecrets.New(cfg)
	fmt.Println(err)
	cfg.Address = "http://vault.example:8200"
	_, err = vaultsecrets.New(cfg)
	fmt.Println(err != nil)
	// Output:
	// true
	// <nil>
	// true
}

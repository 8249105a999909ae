package repo_test

import (
	"fmt"

	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/keyring"
)

func Example() {
	cfg := repo.Config{Secrets: []repo.Secret{{Setting: "SECRET_KEY", Value: keyring.Generate()}}}
	for _, c := range cfg.Checks() {
		fmt.Println(c.ID, c.Level)
	}
	// Output:
	// repo.E001 ERROR
	// repo.E002 ERROR
	// repo.E003 ERROR
	// repo.W001 WARNING
}

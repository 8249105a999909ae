package agefile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets/agefile"
	"github.com/airworthy-go/airworthy/settings"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	identity, _, err := agefile.NewIdentity(false)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := agefile.New(agefile.Config{Path: filepath.Join(dir, "secrets.env.age"), Identity: identity})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	err = file.Write(ctx, []settings.Change{{Name: "GREETING", Text: secret.New("hello")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := settings.Load(ctx, struct {
		Greeting string `env:"GREETING"`
	}{}, file)
	fmt.Println(cfg.Greeting, err)
	// Output: hello <nil>
}

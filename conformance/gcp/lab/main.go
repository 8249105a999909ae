// Command lab asks the source of a gcp-sm URL for names, as a program with its own environment: credentials, certificates
// and the proxy are read from there, once for each process.
//
//	lab 5s gcp-sm://my-project/bulletin SECRET_KEY
//
// It prints a name and the SHA-256 of its value on each line.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/airworthy-go/airworthy/drivers/gcpsecrets"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(within, address string, names []string) error {
	limit, err := time.ParseDuration(within)
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	source, err := gcpsecrets.Scheme().Open(ctx, u, nil)
	if err != nil {
		return err
	}
	values, err := source.Lookup(ctx, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		if v, ok := values[name]; ok {
			fmt.Printf("%s %x\n", name, sha256.Sum256([]byte(v.Text)))
		}
	}
	return source.(*gcpsecrets.Source).Close()
}

// Server is a real HashiCorp Vault for tests and for nothing else: it keeps everything in memory, serves on loopback, and
// prints its root token and its unseal key.
//
// It is Vault's own code, as published in the module github.com/hashicorp/vault: the core, the HTTP API, the token store,
// policies, leases, sealing, the storage in memory, KV versions 1 and 2, AppRole and Kubernetes. What the whole program has
// beside that (its command line, its configuration file, other engines and storages, the web pages, audit devices) is left
// out, so that it builds in minutes. The list of engines in builtins.go is what is ours.
//
//	server [-listen 127.0.0.1:0] [-cert cert.pem -key key.pem]
//
// Once it serves, unsealed, it prints one line of JSON: address, token and unseal_key. Nothing is mounted; a test
// mounts what it wants. Vault's log, from its warnings on, is on standard error. It ends when its standard input ends, so
// that it cannot outlive the test that started it.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"

	"github.com/hashicorp/go-hclog"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// ready is what a test needs to know of a server that serves.
type ready struct {
	Address   string `json:"address"`
	Token     string `json:"token"`
	UnsealKey string `json:"unseal_key"`
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "a loopback `address`; port 0 is a free one")
	cert := flag.String("cert", "", "a `file` with a certificate; with -key, it serves HTTPS")
	key := flag.String("key", "", "the `file` with the certificate's key")
	flag.Parse()
	if err := run(*listen, *cert, *key); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(listen, cert, key string) error {
	if address, err := netip.ParseAddrPort(listen); err != nil || !address.Addr().IsLoopback() {
		return fmt.Errorf("-listen: %s is not a loopback address and a port", listen)
	}
	if (cert == "") != (key == "") {
		return errors.New("-cert and -key go together")
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	core, state, err := start(hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr}))
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core: core, ListenerConfig: &configutil.Listener{},
	})}
	scheme, serve := "http://", func() error { return srv.Serve(listener) }
	if cert != "" {
		scheme, serve = "https://", func() error { return srv.ServeTLS(listener, cert, key) }
	}
	state.Address = scheme + listener.Addr().String()

	done := make(chan error, 1)
	go func() { done <- serve() }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		done <- err
	}()
	if err := json.NewEncoder(os.Stdout).Encode(state); err != nil {
		return err
	}
	return <-done
}

// start makes a Vault in memory, initialised with one key, and unseals it.
func start(logger hclog.Logger) (*vault.Core, ready, error) {
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, ready{}, err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		StorageType:        "inmem",
		BuiltinRegistry:    registry{},
		LogicalBackends:    engines,
		CredentialBackends: methods,
		Logger:             logger,
		DisableMlock:       true, // secrets of tests may be swapped out
	})
	if err != nil {
		return nil, ready{}, err
	}
	result, err := core.Initialize(context.Background(), &vault.InitParams{
		BarrierConfig: &vault.SealConfig{SecretShares: 1, SecretThreshold: 1},
	})
	if err != nil {
		return nil, ready{}, err
	}
	state := ready{Token: result.RootToken, UnsealKey: hex.EncodeToString(result.SecretShares[0])}
	unsealed, err := core.Unseal(result.SecretShares[0])
	if err == nil && !unsealed {
		err = errors.New("it is still sealed")
	}
	return core, state, err
}

package main

import (
	"maps"
	"slices"

	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/vault"
)

// The secrets engines and the auth methods there are, beside those that every Vault has. The names are Vault's, but
// leased-kv is what `vault server -dev -dev-leased-kv` mounts as kv: version 1 with a lease for each secret that is read,
// which can be renewed if the secret has a ttl.
var (
	engines = map[string]logical.Factory{
		"kv":        kv.Factory,
		"leased-kv": vault.LeasedPassthroughBackendFactory,
	}
	methods = map[string]logical.Factory{
		"approle":    approle.Factory,
		"kubernetes": kubernetes.Factory,
	}
)

// registry tells Vault that they are built in.
type registry struct{}

func factories(kind consts.PluginType) map[string]logical.Factory {
	switch kind {
	case consts.PluginTypeSecrets:
		return engines
	case consts.PluginTypeCredential:
		return methods
	default:
		return nil
	}
}

func (registry) Contains(name string, kind consts.PluginType) bool {
	_, ok := factories(kind)[name]
	return ok
}

func (registry) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	factory, ok := factories(kind)[name]
	return func() (any, error) { return factory, nil }, ok
}

func (registry) Keys(kind consts.PluginType) []string {
	return slices.Sorted(maps.Keys(factories(kind)))
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

// Package vault asks a real HashiCorp Vault what it answers: versions 1 and 2 of its KV engine, tokens and their renewal,
// AppRole, Kubernetes, leases and their renewal, sealing, TLS. Most tests speak to it by HashiCorp's own client, and are the
// ground on which the tests of drivers/vaultsecrets stand, in driver_test.go and driver_life_test.go. guide_test.go runs the commands
// of docs/secrets-vault.md as they stand there, in bash with curl and jq, and holds its policies to be enough and not too much.
//
// It needs the program in server, which is Vault's own code, with the engines that are used here: server says what that
// leaves out. AIRWORTHY_VAULT names the program; without it all tests skip. run.sh builds it, which the first time takes some
// minutes and 5 GB:
//
//	./run.sh                 # all of it
//	./run.sh -run Kubernetes # one test
//
// Each test starts a server of its own, in memory and on loopback. The only stand-in is in cluster_test.go: the API of a
// Kubernetes cluster, which Vault asks whose a service account's token is.
//
// HashiCorp licenses this Vault under the Business Source License 1.1, not an open source licence; its client is under the
// MPL 2.0. Nothing of either is in this repository. Only the module in server imports Vault; the client is imported by
// drivers/vaultsecrets and by these tests. OpenBao, which has the same API, is not asked here.
package vault

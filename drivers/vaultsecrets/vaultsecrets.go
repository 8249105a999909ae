// Package vaultsecrets reads and writes settings in HashiCorp Vault, and in OpenBao, which has the same API. It protects from
// secrets that stand in files and variables on each machine, from a login that ends while the site runs, and from what
// the vendor's client would put into an error: what the server said, with its URL.
//
//	keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{vaultsecrets.Scheme()}})
//
// The URL names one secret, by its mount and path, whose fields are the settings:
//
//	vault://vault.example:8200/secret/bulletin?auth=approle
//
// It has no "data/" in it: whether the mount is version 1 or 2 of the KV engine is found out, or said by kv=1 or kv=2. A
// parameter in upper case says where a single setting stands: DATABASE_URL=other/path%23url, or a field of what another
// engine makes, DATABASE_PASSWORD=database/creds/site%23password. Each path is read once. Without a host,
// vault:///secret/bulletin, the address is VAULT_ADDR.
//
// # Logins
//
// A token is VAULT_TOKEN, the file of token_file (an agent's sink) or ~/.vault-token. auth=approle logs in with VAULT_ROLE_ID
// and VAULT_SECRET_ID or their files, auth=kubernetes with the token of the pod's service account; files are read again
// at each login. There is no goroutine: a Lookup renews the token when a third of its time has passed, and logs in again when
// less than a third would be left after that, or when Vault refuses the token. So a token has to live longer than the
// time between two refreshes. One that was given cannot be replaced here: when it ends, Lookup says so.
//
// # Leases
//
// What comes with a lease, a database's credentials say, is kept. Each Lookup renews the lease, and reads anew when it is
// gone, or when less than a third of its time would be left: so the former credentials still work for a while. Leases end
// with the token that they were made with.
//
// # Versions
//
// The version of a KV 2 secret is Vault's. Other secrets have none, and get a fingerprint under a random key that never
// leaves the process: it changes with the value, and whoever sees it in a log cannot try values, not even weak ones.
//
// What is not there is not there; what must not be read is an error, which says what to allow. The package has no limit for
// the time of a Lookup: that is the context's.
//
// The client's own variables are used: VAULT_ADDR, VAULT_AGENT_ADDR, VAULT_NAMESPACE, VAULT_CACERT, VAULT_CACERT_BYTES,
// VAULT_CAPATH, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_HEADERS, VAULT_RATE_LIMIT, VAULT_PROXY_ADDR,
// VAULT_HTTP_PROXY. VAULT_SKIP_VERIFY is refused; the others do nothing here.
package vaultsecrets

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// Auth is how a [Source] proves who it is.
type Auth string

// The ways to prove it.
const (
	AuthToken      Auth = "token"      // a token that somebody else made
	AuthAppRole    Auth = "approle"    // role id and secret id
	AuthKubernetes Auth = "kubernetes" // the token of the pod's service account
)

// Config says where the secrets stand and how to log in.
type Config struct {
	// Address is the server's: https://vault.example:8200. Empty for VAULT_AGENT_ADDR or VAULT_ADDR.
	Address string

	// Path is the mount and the path of the secret whose fields are the settings, "secret/bulletin", without the "data/"
	// of KV 2's API. Empty if all settings that stand here are in Refs.
	Path string

	// Refs says for single settings where they stand: path and field. They go before Path.
	Refs map[string]settings.Ref

	// KV is the version of the KV engine at Path, 1 or 2; 0 to ask Vault. Mount is the mount, if KV is given and it has
	// more than one segment: "team/kv". Other mounts that Refs name are asked for.
	KV    int
	Mount string

	Namespace string // empty for VAULT_NAMESPACE, or none
	CA        string // a file with the certificates of who signed the server's, in PEM; empty for VAULT_CACERT, or the system's

	Auth      Auth   // empty for AuthToken
	AuthMount string // where the method is mounted; empty for its own name

	// Token is for AuthToken, or TokenFile, which is read at each Lookup and whose token is not renewed: who writes the
	// file does that. If both are empty it is VAULT_TOKEN of the process environment, or else ~/.vault-token.
	Token     secret.Text
	TokenFile string

	// RoleID and SecretID are for AuthAppRole, or the files that hold them. If Wrapped, the secret id is a token that
	// unwraps to it, once.
	RoleID                   string
	SecretID                 secret.Text
	RoleIDFile, SecretIDFile string
	Wrapped                  bool

	// Role is for AuthKubernetes, and JWTFile the file with the service account's token; empty for
	// /var/run/secrets/kubernetes.io/serviceaccount/token.
	Role, JWTFile string

	// InsecureHTTP allows plain HTTP, and that only to this machine's loopback: for an agent or a server in development.
	InsecureHTTP bool
}

// Source is a place in Vault, and a [settings.Writer]. It may be used by several goroutines at once; they wait for each other.
type Source struct {
	cfg       Config
	host      string // for messages
	http      *http.Client
	newClient func(token string, retries int) (client, error)
	now       func() time.Time

	turn chan struct{} // holds one element when nobody is at work

	// For who has the turn.
	session   *session
	unwrapped unwrapped
	closed    bool

	mu     sync.Mutex // those who read at once for the one that has the turn
	mounts map[string]mount
	leases map[string]lease
}

var _ settings.Writer = (*Source)(nil)

// fingerprintKey is that of the process, so that two sources give a value the same version.
var fingerprintKey = sync.OnceValue(func() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
})

// Name returns "vault".
func (s *Source) Name() string { return scheme }

// Weakness reports InsecureHTTP to the gate.
func (s *Source) Weakness() string {
	if !s.cfg.InsecureHTTP {
		return ""
	}
	return "InsecureHTTP: Vault is asked in the clear, on this machine"
}

// enter waits for the turn of a source that is open. The error wraps that of ctx.
func (s *Source) enter(ctx context.Context) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	if s.closed {
		s.leave()
		return s.failed(s.host, &problem{"the source is closed", "open a new one", nil})
	}
	return nil
}

func (s *Source) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return s.failed(s.host, &problem{"another reading did not end in time", "check that it runs, or wait longer", ctx.Err()})
	case <-s.turn:
		return nil
	}
}

func (s *Source) leave() { s.turn <- struct{}{} }

// closeTime is how long Close may take.
const closeTime = 5 * time.Second

// Close revokes the token that the source has logged in for, and with it what was leased, and closes idle connections. A token
// that was given is left alone. It takes at most five seconds; a Lookup that begins then fails.
func (s *Source) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := s.wait(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.closed = true
	defer s.http.CloseIdleConnections()
	sess := s.session
	s.session, s.unwrapped = nil, unwrapped{}
	clear(s.leases)
	if sess == nil || !sess.own || sess.batch || sess.ended(s.now()) {
		return nil
	}
	if _, p := s.put(ctx, sess.client, "auth/token/revoke-self", nil); p != nil {
		return s.failed(s.host, &problem{"the token could not be revoked: " + p.rule, p.remedy, p.cause})
	}
	return nil
}

package vaultsecrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

const (
	scheme  = "vault"
	jwtFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"
)

// The variables that Scheme's Open reads.
const (
	tokenVariable    = "VAULT_TOKEN"
	roleIDVariable   = "VAULT_ROLE_ID"
	secretIDVariable = "VAULT_SECRET_ID"
)

// Scheme opens vault://host:port/mount/path as [New] does. The options are those of [Config]: auth, auth_mount, token_file,
// role_id_file, secret_id_file, wrapped=true, role, jwt_file, kv, mount, namespace, ca, and insecure=true.
func Scheme() settings.Scheme {
	return settings.Scheme{
		Name: scheme,
		Needs: []settings.Need{
			{Name: tokenVariable, Secret: true, Doc: "The token with which the site reads its secrets in Vault."},
			{Name: roleIDVariable, Secret: true, Doc: "The role id with which the site logs in to Vault by AppRole."},
			{Name: secretIDVariable, Secret: true, Doc: "The secret id with which the site logs in to Vault by AppRole."},
		},
		Open: func(_ context.Context, u *url.URL, given map[string]settings.Value) (settings.Source, error) {
			cfg, err := parse(u, given)
			if err != nil {
				return nil, err
			}
			s, err := New(cfg)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
	}
}

func parse(u *url.URL, given map[string]settings.Value) (Config, error) {
	l, err := settings.ParseLocation(u, "auth", "auth_mount", "token_file", "role_id_file", "secret_id_file", "wrapped", "role",
		"jwt_file", "kv", "mount", "namespace", "ca", "insecure")
	if err != nil {
		return Config{}, named(err)
	}
	cfg := Config{
		Path: l.Path, Refs: l.Refs, Mount: l.Options["mount"], Namespace: l.Options["namespace"], CA: l.Options["ca"],
		Auth: Auth(l.Options["auth"]), AuthMount: l.Options["auth_mount"], TokenFile: l.Options["token_file"],
		RoleIDFile: l.Options["role_id_file"], SecretIDFile: l.Options["secret_id_file"],
		Role: l.Options["role"], JWTFile: l.Options["jwt_file"],
	}
	for name, to := range map[string]*bool{"wrapped": &cfg.Wrapped, "insecure": &cfg.InsecureHTTP} {
		switch l.Options[name] {
		case "true":
			*to = true
		case "", "false":
		default:
			return cfg, mistake(name+" is neither true nor false", "leave it out")
		}
	}
	switch l.Options["kv"] {
	case "":
	case "1":
		cfg.KV = 1
	case "2":
		cfg.KV = 2
	default:
		return cfg, mistake("kv is neither 1 nor 2", "leave it out to ask Vault")
	}
	if l.Host != "" {
		cfg.Address = "https://" + l.Host
		if cfg.InsecureHTTP {
			cfg.Address = "http://" + l.Host
		}
	}
	switch { // a file that the URL names goes before a variable
	case cfg.Auth == AuthAppRole:
		if cfg.RoleIDFile == "" {
			cfg.RoleID = given[roleIDVariable].Text
		}
		if cfg.SecretIDFile == "" {
			cfg.SecretID = secret.New(given[secretIDVariable].Text)
		}
	case cfg.Auth != AuthKubernetes && cfg.TokenFile == "":
		cfg.Token = secret.New(given[tokenVariable].Text)
	}
	return cfg, nil
}

// mistake is a Fault in a source's configuration.
func mistake(rule, remedy string) error {
	return &settings.Fault{Origin: scheme, Rule: rule, Remedy: remedy}
}

// named puts the source's name in a fault of ParseLocation.
func named(err error) error {
	if f, ok := errors.AsType[*settings.Fault](err); ok {
		return &settings.Fault{Variable: f.Variable, Origin: scheme, Rule: f.Rule, Remedy: f.Remedy}
	}
	return fmt.Errorf("%s: %w", scheme, err)
}

// New returns a source. It reads the environment and the file of CA, and calls no server. The error holds no credential.
func New(cfg Config) (*Source, error) {
	cfg.Refs = maps.Clone(cfg.Refs)
	if cfg.Auth == "" {
		cfg.Auth = AuthToken
	}
	if cfg.AuthMount == "" {
		cfg.AuthMount = string(cfg.Auth)
	}
	if cfg.JWTFile == "" {
		cfg.JWTFile = jwtFile
	}
	if err := errors.Join(cfg.place(), cfg.login()); err != nil {
		return nil, err
	}
	s := &Source{cfg: cfg, now: time.Now, turn: make(chan struct{}, 1), mounts: map[string]mount{}, leases: map[string]lease{}}
	s.leave()
	return s, s.connect()
}

// place judges where the secrets stand.
func (c Config) place() error {
	const form = "write vault://vault.example:8200/secret/bulletin"
	switch {
	case c.Path == "" && len(c.Refs) == 0:
		return mistake("names no secret", form+", or map settings by name")
	case c.Path != "" && !isPath(c.Path):
		return mistake("the path is not the mount and the path of a secret", form)
	case c.KV < 0 || c.KV > 2:
		return mistake("kv is neither 1 nor 2", "leave it out to ask Vault")
	case c.KV == 0 && c.Mount != "":
		return mistake("mount is given without kv", "leave both out to ask Vault, or give kv=1 or kv=2 too")
	case c.Mount != "" && !strings.HasPrefix(c.Path, c.Mount+"/"):
		return mistake("the path does not begin with mount", "write the mount into the path too: /team/kv/bulletin?mount=team/kv&kv=2")
	case c.AuthMount != "" && !isPath(c.AuthMount+"/login"):
		return mistake("auth_mount is no path", "leave it out, or write it without auth/: approle")
	}
	for name, ref := range c.Refs {
		if !isPath(ref.Secret) || ref.Field == "" {
			return &settings.Fault{Variable: name, Origin: scheme, Rule: "is not mapped to a field of a secret",
				Remedy: "write " + name + "=secret/path%23field"}
		}
	}
	return nil
}

// isPath reports whether path has a mount and a rest, and nothing that a URL or Vault takes for something else.
func isPath(path string) bool {
	segments := strings.Split(path, "/")
	for _, segment := range segments {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return false
		}
	}
	return len(segments) > 1
}

// login judges how to log in.
func (c Config) login() error {
	switch c.Auth {
	case AuthToken:
		if !c.Token.IsZero() && c.TokenFile != "" {
			return mistake("both a token and a file with one are given", "give one")
		}
	case AuthAppRole:
		switch {
		case (c.RoleID == "") == (c.RoleIDFile == ""):
			return mistake("auth=approle needs a role id, once", "set "+roleIDVariable+", or give role_id_file")
		case c.SecretID.IsZero() == (c.SecretIDFile == ""):
			return mistake("auth=approle needs a secret id, once", "set "+secretIDVariable+", or give secret_id_file")
		}
	case AuthKubernetes:
		if c.Role == "" {
			return mistake("auth=kubernetes needs a role", "give role, the one that Vault has for the service account")
		}
	default:
		return mistake("auth is no method that is known here", "give token, approle or kubernetes; for others, run an agent and give token_file")
	}
	return nil
}

// The waits between attempts. Only readings are tried again: a writing that got lost may have been done.
const (
	retries   = 2
	firstWait = 250 * time.Millisecond
	lastWait  = time.Second
)

// connect makes the HTTP client of what the vendor's reads in the environment.
func (s *Source) connect() error {
	conf := api.DefaultConfig()
	if conf.Error != nil { // which may quote a proxy's password
		return mistake("the environment's VAULT_… variables cannot be read", "check VAULT_CACERT, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, "+
			"VAULT_PROXY_ADDR, VAULT_RATE_LIMIT, and that numbers and true or false are such")
	}
	if s.cfg.CA != "" {
		if err := conf.ConfigureTLS(&api.TLSConfig{CACert: s.cfg.CA}); err != nil {
			return mistake("the file of ca cannot be read as certificates in PEM", "check the path")
		}
	}
	transport, ok := conf.HttpClient.Transport.(*http.Transport)
	if !ok {
		return mistake("the vendor's client has another transport", "report this as a bug")
	}
	if transport.TLSClientConfig.InsecureSkipVerify {
		return mistake("VAULT_SKIP_VERIFY switches off the verification of the server", "unset it, and give ca or VAULT_CACERT")
	}
	address, err := s.address(conf)
	if err != nil {
		return err
	}
	s.http = bounded.New(bounded.Config{TLS: transport.TLSClientConfig, Proxy: transport.Proxy})
	s.newClient = func(token string, retries int) (client, error) {
		c, err := api.NewClient(&api.Config{
			Address: address, HttpClient: s.http, Limiter: conf.Limiter, DisableRedirects: true, // the HTTP client follows
			MinRetryWait: firstWait, MaxRetryWait: lastWait, MaxRetries: retries, CheckRetry: retry,
			Backoff: func(first, last time.Duration, attempt int, _ *http.Response) time.Duration {
				return min(last, first<<attempt)
			},
		})
		if err != nil {
			return client{}, err
		}
		c.SetToken(token)
		if s.cfg.Namespace != "" {
			c.SetNamespace(s.cfg.Namespace)
		}
		c.SetWrappingLookupFunc(func(string, string) string { return "" }) // VAULT_WRAP_TTL would hide each answer
		return client{c}, nil
	}
	if _, err := s.newClient("", 0); err != nil {
		return mistake("the vendor's client cannot be made", "check VAULT_HEADERS")
	}
	return nil
}

// address returns the server's, from the Config or the environment.
func (s *Source) address(conf *api.Config) (string, error) {
	address, what := s.cfg.Address, "the address"
	switch {
	case address != "":
	case conf.AgentAddress != "":
		address, what = conf.AgentAddress, "VAULT_AGENT_ADDR"
	case conf.Address != api.DefaultAddress:
		address, what = conf.Address, "VAULT_ADDR"
	default:
		return "", mistake("names no server", "write its host in the URL, or set VAULT_ADDR")
	}
	u, err := bounded.Endpoint(address, false)
	if err != nil {
		return "", fmt.Errorf("%s: %s %w", scheme, what, err)
	}
	if u.Scheme == "http" && !s.cfg.InsecureHTTP {
		return "", mistake(what+" is plain HTTP, on which others read secrets and credentials", "use https, or allow it with insecure=true on this machine")
	}
	s.host = u.Host
	return address, nil
}

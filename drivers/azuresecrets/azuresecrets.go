// Package azuresecrets reads and writes settings in Azure Key Vault. It protects from a vault, or from what stands in its
// place, that gets a secret into an error, that is given a token meant for another, or that answers "not found" for what
// was refused.
//
// It is opened from a URL, which is itself a setting:
//
//	keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{azuresecrets.Scheme()}})
//
//	AIRWORTHY_SECRETS=azure-kv://myvault                            one secret for each setting: SECRET-KEY
//	AIRWORTHY_SECRETS=azure-kv://myvault/bulletin-                  the same, with a prefix: bulletin-SECRET-KEY
//	AIRWORTHY_SECRETS=azure-kv://myvault/bulletin                   one secret, a JSON object with a field for each
//	AIRWORTHY_SECRETS=azure-kv://myvault?DATABASE_URL=db%23url      one setting from a field of another secret
//
// Names of secrets have no underscore: SECRET_KEY is the secret SECRET-KEY. Azure does not tell capital letters from small
// ones in them, so that only names of settings in capital letters are looked for.
//
// Who asks is settled by the SDK's DefaultAzureCredential: a service principal in the environment, a workload identity, a
// managed identity, or whoever is logged in with the Azure CLI. docs/secrets-azure.md has the roles.
//
// The package asks for the newest version of each secret, one request for each, eight at a time. It does not keep values,
// does not follow changes (package secrets does both), does not list the vault and knows nothing of keys and certificates.
package azuresecrets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
	"github.com/airworthy-go/airworthy/settings"
)

const (
	name      = "azure-kv"         // of the scheme and of the source
	publicDNS = ".vault.azure.net" // what a vault's name stands before, if no other cloud is named
	parallel  = 8                  // requests of one Source at a time
	maxAnswer = 1 << 20            // bytes; a secret has 25 kB at most
	maxText   = 25 * 1000          // bytes of a secret, which is Azure's limit
	tryTime   = 10 * time.Second   // for the beginning of an answer, and at most between attempts
)

// Config is where the settings are. Only Vault has to be set.
type Config struct {
	// Vault is the vault's name, such as "myvault", or its host for other clouds than the public one, such as
	// "myvault.vault.azure.cn", with a port if it is not 443.
	Vault string

	// Secret is the name of one secret that holds all settings, as the fields of a JSON object. Empty for a secret for
	// each setting, whose names begin with Prefix.
	Secret, Prefix string

	// Refs are settings that stand elsewhere. A Ref without a Secret is a field of the Secret above.
	Refs map[string]settings.Ref

	// Only are the settings to look for, besides those in Refs; empty for all. Whoever has a role on single secrets is
	// refused the others, whether they exist or not.
	Only []string

	// ClientID is that of a user-assigned managed identity or of a workload identity, and nothing else is tried then.
	// Empty for DefaultAzureCredential, which reads AZURE_CLIENT_ID by itself.
	ClientID string

	// TenantID is that of the workload identity, the Azure CLI and others that know several. Empty for their own.
	TenantID string

	// Credential is who asks, if it is neither of the two above.
	Credential azcore.TokenCredential

	// CAFile is a file of PEM certificates that the vault's one is signed by, and none else: for an emulator.
	CAFile string

	// APIVersion is that of Key Vault's protocol, for places that do not know the SDK's; empty for the SDK's.
	APIVersion string

	// InsecureHTTP speaks plain HTTP, which is refused for any host but this machine's loopback: for an emulator.
	InsecureHTTP bool
}

// Source is a vault. It may be used by several goroutines at once.
type Source struct {
	cfg    Config
	only   map[string]bool
	vault  string // as it is called in origins and errors
	local  bool   // the vault is an emulator on this machine
	client *azsecrets.Client
	turns  chan struct{}
}

var _ settings.Writer = (*Source)(nil)

// Scheme returns the scheme azure-kv, whose URLs the package's comment shows. Options: only=SECRET_KEY+DATABASE_URL,
// client=<id>, tenant=<id>, ca=<file>, api_version=<version> and, towards loopback, insecure=true.
func Scheme() settings.Scheme {
	return settings.Scheme{Name: name, Open: func(_ context.Context, u *url.URL, _ map[string]settings.Value) (settings.Source, error) {
		cfg, err := configOf(u)
		if err != nil {
			return nil, err
		}
		return New(cfg)
	}}
}

func configOf(u *url.URL) (Config, error) {
	l, err := settings.ParseLocation(u, "only", "client", "tenant", "ca", "api_version", "insecure")
	if err != nil {
		return Config{}, err
	}
	cfg := Config{Vault: l.Host, Refs: l.Refs, ClientID: l.Options["client"], TenantID: l.Options["tenant"],
		CAFile: l.Options["ca"], APIVersion: l.Options["api_version"]}
	if strings.HasSuffix(l.Path, "-") {
		cfg.Prefix = l.Path
	} else {
		cfg.Secret = l.Path
	}
	if only, ok := l.Options["only"]; ok {
		cfg.Only = strings.FieldsFunc(only, func(r rune) bool { return r == ' ' || r == ',' })
		if len(cfg.Only) == 0 {
			return Config{}, problem("the option only names no setting", "write only=SECRET_KEY+DATABASE_URL, or leave it out")
		}
	}
	switch l.Options["insecure"] {
	case "", "false":
	case "true":
		cfg.InsecureHTTP = true
	default:
		return Config{}, problem("the option insecure is neither true nor false", "leave it out")
	}
	return cfg, nil
}

// problem is a mistake in a Config.
func problem(rule, remedy string) error {
	return &settings.Fault{Origin: name, Rule: rule, Remedy: remedy}
}

var (
	vaultName  = regexp.MustCompile(`^[a-zA-Z](-?[0-9a-zA-Z]){2,23}$`)
	hostName   = regexp.MustCompile(`^([0-9a-zA-Z]([0-9a-zA-Z-]{0,61}[0-9a-zA-Z])?\.)+[a-zA-Z][0-9a-zA-Z-]*[0-9a-zA-Z]$`)
	secretName = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)
	identifier = regexp.MustCompile(`^[0-9a-zA-Z.-]{1,128}$`)
)

// New returns the vault as a source. It calls nobody. The error holds every mistake.
func New(cfg Config) (*Source, error) {
	s := &Source{cfg: cfg, turns: make(chan struct{}, parallel), only: map[string]bool{}}
	s.cfg.Refs = maps.Clone(cfg.Refs)
	base, err := s.address()
	problems := []error{err, s.names()}
	if cfg.Credential != nil && cfg.ClientID+cfg.TenantID != "" {
		problems = append(problems, problem("both a Credential and a ClientID or TenantID are given", "give one"))
	}
	for _, id := range []string{cfg.ClientID, cfg.TenantID, cfg.APIVersion} {
		if id != "" && !identifier.MatchString(id) {
			problems = append(problems, problem("client, tenant or api_version is none", "check the option"))
		}
	}
	conf, err := s.roots()
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	credential := cfg.Credential
	if credential == nil {
		if credential, err = identity(cfg, base.Hostname()); err != nil {
			return nil, err
		}
	}
	s.client, err = azsecrets.NewClient(base.String(), guarded{credential}, &azsecrets.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			APIVersion: cfg.APIVersion,
			Retry: policy.RetryOptions{
				MaxRetries: 3, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: tryTime, ShouldRetry: retriable,
			},
			Transport: &transport{bounded.New(bounded.Config{TLS: conf, MaxBytes: maxAnswer, HeaderTime: tryTime}), base.Hostname(), s.local, cfg.InsecureHTTP},
		},
		// The SDK compares the challenge's host with one that has a port; transport has compared without it.
		DisableChallengeResourceVerification: s.local || base.Port() != "",
	})
	if err != nil {
		return nil, problem("the SDK refuses the vault's address", "check it")
	}
	return s, nil
}

// address returns the vault's URL.
func (s *Source) address() (*url.URL, error) {
	u := &url.URL{Scheme: "https", Host: strings.ToLower(strings.TrimSuffix(s.cfg.Vault, ":443"))}
	s.local = bounded.Loopback(u.Hostname())
	s.vault = u.Host
	switch {
	case s.cfg.Vault == "":
		return nil, problem("names no vault", "write azure-kv://myvault")
	case s.local:
	case vaultName.MatchString(u.Host):
		u.Host += publicDNS
	case strings.HasSuffix(u.Host, publicDNS):
		s.vault = strings.TrimSuffix(u.Host, publicDNS)
	}
	if _, port, err := net.SplitHostPort(u.Host); !s.local && !hostName.MatchString(u.Hostname()) || err == nil && port == "" {
		return nil, problem("names no vault", "write azure-kv://myvault, or the whole host in another cloud")
	}
	if s.cfg.InsecureHTTP && !s.local {
		return nil, problem("insecure is for an emulator on this machine's loopback", "leave it out")
	}
	return bounded.Endpoint(u.String(), false)
}

// names checks the names of secrets and settings.
func (s *Source) names() error {
	var problems []error
	if s.cfg.Secret != "" && s.cfg.Prefix != "" {
		problems = append(problems, problem("both a secret and a prefix are given", "give one"))
	}
	const rule = "the path or a mapping is no name of a secret in Key Vault"
	all := []string{s.cfg.Secret, s.cfg.Prefix}
	for _, setting := range slices.Sorted(maps.Keys(s.cfg.Refs)) {
		ref := s.cfg.Refs[setting]
		if ref.Secret == "" && (s.cfg.Secret == "" || ref.Field == "") {
			problems = append(problems, problem("the mapping of "+setting+" names no secret", "write NAME=secret, or NAME=secret%23field"))
		}
		all = append(all, ref.Secret)
	}
	for _, one := range all {
		if one != "" && !secretName.MatchString(one) {
			problems = append(problems, problem(rule, "use letters, digits and -; a path that ends in - is a prefix"))
			break
		}
	}
	for _, one := range s.cfg.Only {
		if s.only[one] = true; one == "" || strings.TrimSpace(one) != one {
			problems = append(problems, problem("Only has an empty name, or one with a space", "give names of settings"))
			break
		}
	}
	return errors.Join(problems...)
}

// roots returns what certificates are judged by, nil for the system's.
func (s *Source) roots() (*tls.Config, error) {
	if s.cfg.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(s.cfg.CAFile)
	if err != nil {
		return nil, problem("the file of the option ca cannot be read", "check that it exists and who may read it")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, problem("the file of the option ca holds no certificate", "give a file of certificates in PEM")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// Name returns "azure-kv".
func (s *Source) Name() string { return name }

// Weakness reports InsecureHTTP to the gate.
func (s *Source) Weakness() string {
	if !s.cfg.InsecureHTTP {
		return ""
	}
	return "InsecureHTTP: the vault is asked in the clear, on this machine"
}

// origin says where a secret, or the vault for an empty one, stands.
func (s *Source) origin(secret string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s %s/%s", name, s.vault, secret), "/")
}

var capitals = regexp.MustCompile(`^[A-Z0-9_]+$`)

// place returns where the value of a setting stands; false if there is no such place.
func (s *Source) place(setting string) (settings.Ref, bool) {
	ref, mapped := s.cfg.Refs[setting]
	switch {
	case mapped && ref.Secret == "":
		ref.Secret = s.cfg.Secret
	case mapped:
	case setting == "", len(s.only) > 0 && !s.only[setting]:
		return ref, false
	case s.cfg.Secret != "":
		ref = settings.Ref{Secret: s.cfg.Secret, Field: setting}
	case !capitals.MatchString(setting):
		return ref, false // secret_key would be the secret of SECRET_KEY
	default:
		ref.Secret = s.cfg.Prefix + strings.ReplaceAll(setting, "_", "-")
	}
	return ref, secretName.MatchString(ref.Secret)
}

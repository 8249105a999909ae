// Package gcpsecrets reads settings from Google Secret Manager and writes them there, with Google's SDK. It protects from
// keys that lie in files and environments, and from what a client of a manager can get wrong: a payload that was damaged on
// the way is refused, a server's words never reach an error, and nothing of a secret reaches the SDK's logs.
//
//	keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{gcpsecrets.Scheme()}})
//
// The URL says which secrets:
//
//	gcp-sm://my-project/bulletin     one secret, a JSON object whose fields are the settings
//	gcp-sm://my-project/bulletin-    one secret for each setting: bulletin-SECRET_KEY (it ends in a dash: a prefix)
//	gcp-sm://my-project/             one secret for each setting, called like it: SECRET_KEY
//
// and a setting that stands elsewhere is mapped: DATABASE_URL=other%23url (the field url of the secret other),
// SECRET_KEY=signing/versions/3 (a pinned version), SECRET_KEY=projects/p/secrets/s (another project). The option location
// names the region of regional secrets. The options endpoint and plaintext are for stand-ins on this machine.
//
// Who the program is, Application Default Credentials say: the SDK's whole chain, from GOOGLE_APPLICATION_CREDENTIALS to the
// metadata server.
//
// It reads the version that Secret Manager calls latest, which is the newest one even if that is disabled: then the setting
// is a fault. It does not fall back to an older version, which would undo a revocation.
//
// Secret Manager cannot compare and write in one step. A writing that crossed another one is found afterwards and reported
// as [ErrOvertaken]; both versions are kept there.
package gcpsecrets

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"github.com/airworthy-go/airworthy/settings"
)

// Config says which secrets a Source reads.
type Config struct {
	Project  string // the project's ID or number
	Location string // the region of regional secrets, europe-west3 say; empty for global ones

	// Secret is the one secret that holds all settings, as the fields of a JSON object.
	Secret string

	// Prefix stands before the name of each setting in the name of its secret. With no Secret and no Prefix, secrets are
	// called as the settings are.
	Prefix string

	// Refs says where single settings stand instead. A Ref's Secret is the ID of a secret in Project and Location, or
	// a full resource name, projects/p/secrets/s; either may end in /versions/ and a number or an alias.
	Refs map[string]settings.Ref

	// Endpoint is the host and port of the service; empty for Google's own. It has to be a loopback address, or a name
	// below googleapis.com (Private Service Connect): the program's access token is sent there.
	Endpoint string

	// InsecurePlaintext speaks without TLS and without credentials, to a stand-in: Endpoint has to be a loopback
	// address.
	InsecurePlaintext bool
}

// Source is a [settings.Source] and a [settings.Writer]. It may be used by several goroutines at once.
type Source struct {
	cfg  Config
	refs map[string]place

	mu      sync.Mutex
	dial    *dial
	closed  bool
	written map[string]int // the newest version of each secret that this Source has written
}

var (
	_ settings.Source = (*Source)(nil)
	_ settings.Writer = (*Source)(nil)
)

// New returns the source. It reads no credentials and calls nobody: that is for the first Lookup. The error is a
// *settings.Fault for each mistake, joined, and holds nothing of cfg.
func New(cfg Config) (*Source, error) {
	s := &Source{cfg: cfg, refs: map[string]place{}, written: map[string]int{}}
	s.cfg.Refs = maps.Clone(cfg.Refs)
	var faults []error
	refuse := func(rule, remedy string) { faults = append(faults, &settings.Fault{Rule: rule, Remedy: remedy}) }
	if !isProject(cfg.Project) {
		refuse("names no project", "write gcp-sm://my-project/name, with the project's ID or number")
	}
	if cfg.Location != "" && !isLocation(cfg.Location) {
		refuse("has a location that is none", "write the name of a region, such as europe-west3")
	}
	switch {
	case cfg.Secret != "" && cfg.Prefix != "":
		refuse("has both a secret and a prefix", "give one of them")
	case strings.Contains(cfg.Secret, "/"):
		refuse("has a slash in the name of the secret", "end a prefix in a dash: gcp-sm://my-project/bulletin-")
	case cfg.Secret != "" && !isID(cfg.Secret), cfg.Prefix != "" && !isID(cfg.Prefix):
		refuse("names a secret that cannot exist", "use letters, digits, - and _, at most 255")
	}
	for name, ref := range cfg.Refs {
		p, rule := s.resolve(ref)
		if rule != "" {
			faults = append(faults, &settings.Fault{Variable: name, Rule: rule, Remedy: "map it like " + name + "=secret%23field"})
		}
		s.refs[name] = p
	}
	local := loopback(cfg.Endpoint)
	switch {
	case cfg.InsecurePlaintext && !local:
		refuse("would speak without TLS to another machine", "give plaintext only with an endpoint such as 127.0.0.1:8080")
	case cfg.Endpoint != "" && !local && !googles(cfg.Endpoint):
		refuse("has an endpoint that is neither Google's nor on this machine", "leave endpoint out, or write name.p.googleapis.com:443")
	}
	if faults != nil {
		return nil, errors.Join(faults...)
	}
	return s, nil
}

// Scheme opens gcp-sm:// URLs. It needs no variables: the SDK reads its credentials itself.
func Scheme() settings.Scheme {
	return settings.Scheme{Name: "gcp-sm", Open: func(_ context.Context, u *url.URL, _ map[string]settings.Value) (settings.Source, error) {
		l, err := settings.ParseLocation(u, "location", "endpoint", "plaintext")
		if err != nil {
			return nil, err
		}
		cfg := Config{Project: l.Host, Location: l.Options["location"], Endpoint: l.Options["endpoint"], Refs: l.Refs}
		if strings.HasSuffix(l.Path, "-") {
			cfg.Prefix = l.Path
		} else {
			cfg.Secret = l.Path
		}
		switch text, given := l.Options["plaintext"]; {
		case text == "true":
			cfg.InsecurePlaintext = true
		case given && text != "false":
			return nil, &settings.Fault{Rule: "has a plaintext that is neither true nor false", Remedy: "leave it out"}
		}
		s, err := New(cfg)
		if err != nil {
			return nil, err // not a nil *Source in an interface
		}
		return s, nil
	}}
}

// Name returns "gcp-sm".
func (s *Source) Name() string { return "gcp-sm" }

// Weakness reports InsecurePlaintext to the gate.
func (s *Source) Weakness() string {
	if !s.cfg.InsecurePlaintext {
		return ""
	}
	return "InsecurePlaintext: a stand-in on this machine is asked, without TLS and credentials"
}

// Close gives up the connection; a Lookup or a Write after it, or under way, fails. It may be called again.
func (s *Source) Close() error {
	s.mu.Lock()
	d := s.dial
	s.dial, s.closed = nil, true
	s.mu.Unlock()
	if d == nil {
		return nil
	}
	<-d.done
	if d.err != nil {
		return nil
	}
	if d.client.Close() != nil {
		return errors.New("gcp-sm: the connection did not close in order")
	}
	return nil
}

// loopback reports whether endpoint is an address of this machine. A name is not: somebody resolves it.
func loopback(endpoint string) bool {
	a, err := netip.ParseAddrPort(endpoint)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// googles reports whether endpoint is a host of Google's APIs, with a port.
func googles(endpoint string) bool {
	host, port, err := net.SplitHostPort(endpoint)
	return err == nil && port != "" && strings.HasSuffix(host, ".googleapis.com") && isHost(host)
}

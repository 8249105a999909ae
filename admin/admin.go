// Package admin hides what only the staff may see, and is the console that it hides.
//
// Most attacks on an admin begin with finding it. Whoever is no insider gets from [Guard.Handler] what the application
// answers to any path that it does not know: the request goes on as if the guard were not there, and takes the same time.
// Insiders come from the right networks, are logged in as staff, and have shown their second factor lately.
//
//	guard, err := admin.New(admin.Config{Path: "/ops-7f3k", VPNOnly: true, Who: who, StepUp: stepUp, Pages: pages})
//	if err != nil {
//		log.Fatal(err)
//	}
//	handler := guard.Handler(mux)
//
// The console is a list of [Page]s. A page returns data, a [View]; the one template is this package's, escapes all text
// and needs neither scripts nor inline styles. What a page can do it lists as actions, which only a POST reaches.
// Entries, refusals of people who are logged in, and actions are security events in the log.
//
// # What outsiders can tell
//
// Nothing from the answer. From its time: a request from other networks, or without a cookie, costs no look-up anywhere.
// For whoever has a session, an answer 404 to any other path costs the same look-up, just before its header goes
// out. An application that answers unknown paths with something else than 404, as those of one page do, gets no such
// look-up: there somebody who is logged in and inside the networks may tell the console's path by the time of one look-up.
// The first refusal of each visitor in ten minutes writes a line to the log, which costs microseconds.
//
// A look-up that fails makes everybody an outsider, the staff too, and is logged as an error.
//
// # What it does not do
//
// It knows no accounts: [Config.Who] says who asks. It does not protect what the application itself serves elsewhere, nor
// the path: whoever looks over a shoulder or into a proxy's log sees it, so it is no password. Networks are as good as the
// proxy policy, which settles the client's address.
package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// DefaultFactorAge is how fresh the second factor must be where Config.FactorAge is zero.
const DefaultFactorAge = 15 * time.Minute

// Config says where the console is and who may see it. The zero Config has no console.
type Config struct {
	// Path is where the console is, for this path and all below it. Empty for no console. It is compared byte by byte:
	// another case, an escape or a doubled slash does not find it.
	Path string `env:"ADMIN_PATH" doc:"Path of the operations console, such as /ops-7f3k; no console unless set. Choose one that nobody guesses."`

	// Networks is where insiders come from, by the proxy policy. Empty for anywhere, which is reported.
	Networks []netip.Prefix `env:"ADMIN_NETWORKS" doc:"Networks from which the console can be seen, such as 10.8.0.0/16; any network unless set."`

	// VPNOnly lets in only private networks: those of RFC 1918, RFC 4193 and RFC 6598, and loopback. With Networks, only
	// what is in both. A peer that forwards requests of others without being a trusted proxy is never inside.
	VPNOnly bool `env:"ADMIN_VPN_ONLY" doc:"Show the console to clients in private networks only, as those of a VPN are."`

	// FactorAge is how long ago the second factor may have been shown; 0 for DefaultFactorAge.
	FactorAge time.Duration `env:"ADMIN_FACTOR_AGE" doc:"How long ago staff may have shown their second factor, 15 minutes unless set."`

	// Decoy logs who asks for paths where scanners look for an admin. The answer is the application's as ever.
	Decoy bool `env:"ADMIN_DECOY" doc:"Log who asks for common admin paths, such as /wp-admin/."`

	// InsecureNoFactor lets staff in who have shown no second factor.
	InsecureNoFactor bool `env:"ADMIN_REQUIRE_FACTOR,invert" doc:"Whether the console demands a second factor."`

	// Who says who asks; the zero Visitor is nobody. It is asked at most once for a request. An error makes everybody an
	// outsider. Required with Path.
	Who func(*http.Request) (Visitor, error)

	// Known reports, without looking anything up, whether a request may come from somebody who is logged in. Nil for
	// whether it has a cookie.
	Known func(*http.Request) bool

	// StepUp answers staff whose second factor is not fresh enough, as by a redirect to the page that asks for it. Nil
	// makes them outsiders.
	StepUp func(http.ResponseWriter, *http.Request)

	// Pages are the console's, in the order of its menu. The first one is shown at Path.
	Pages []Page

	// Name is the site's, and Environment what it was started as; both stand at the top of each page.
	Name, Environment string

	// Nonce returns the CSP nonce for the style of an answer, empty for none. Nil or empty: the style is a file below
	// Path instead, which a policy with 'self' allows.
	Nonce func(context.Context) string

	// CSRF returns the hidden field that goes into each form. Nil where no part protects from forged forms: then the
	// console itself refuses what another origin sends.
	CSRF func(context.Context) template.HTML

	// Proxied says that the site trusts a proxy, which then settles the clients' addresses. A check reads it.
	Proxied bool

	// Logger gets the security events; nil means slog.Default().
	Logger *slog.Logger
}

// Visitor is who asks. The zero Visitor is nobody.
type Visitor struct {
	Name   string    // for the log and the top of the page; empty for nobody
	Staff  bool      // may see the console
	Factor time.Time // when the second factor was last shown in this session; zero for never
}

// Guard shows the console to insiders alone. Its methods may be called by any goroutine.
type Guard struct {
	cfg      Config
	path     string // without a slash at its end; empty for no console
	networks httpx.Networks
	age      time.Duration
	pages    []*page
	byPath   map[string]*page
	notes    *notes
	events   *events
	cross    *http.CrossOriginProtection
}

// New compiles cfg. The error holds every mistake, and what to do about each.
func New(cfg Config) (*Guard, error) {
	g := &Guard{
		cfg: cfg, networks: httpx.NewNetworks(unmapped(cfg.Networks)), age: cmp.Or(cfg.FactorAge, DefaultFactorAge),
		notes: newNotes(), events: newEvents(cfg.Logger), cross: http.NewCrossOriginProtection(),
	}
	errs := []error{cfg.validate()}
	if cfg.Path != "" {
		g.path = strings.TrimSuffix(cfg.Path, "/")
		errs = append(errs, g.compile(cfg.Pages))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return g, nil
}

// validate reports every mistake but those of the pages.
func (c Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("admin: "+format, args...)) }
	if c.Path != "" {
		if why := wrongPath(c.Path); why != "" {
			bad("ADMIN_PATH: %q %s: write one such as /ops-7f3k", c.Path, why)
		}
		if c.Who == nil {
			bad("ADMIN_PATH: the console has nobody to ask who is staff: connect accounts, or set Config.Who")
		}
	}
	for _, p := range c.Networks {
		switch {
		case !p.IsValid():
			bad("ADMIN_NETWORKS: not a network: write it as 10.8.0.0/16, or 10.8.0.5/32 for one address")
		case p != p.Masked():
			bad("ADMIN_NETWORKS: %s is an address inside a network: write %s for the network or %s for the address",
				p, p.Masked(), netip.PrefixFrom(p.Addr(), p.Addr().BitLen()))
		}
	}
	if c.FactorAge != 0 && c.FactorAge < time.Second {
		bad("ADMIN_FACTOR_AGE: %s is less than a second: write how long ago a second factor may have been shown, such as 15m", c.FactorAge)
	}
	return errors.Join(errs...)
}

// wrongPath says why p cannot be where the console is, nothing if it can. One spelling must be all there is: what
// clients, proxies and routers write in several ways is not allowed at all.
func wrongPath(p string) string {
	switch {
	case p[0] != '/':
		return "does not begin with a slash"
	case strings.Trim(p, "/") == "":
		return "is the whole site"
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(p[1:], "/"), "/") {
		switch {
		case segment == "":
			return "has a doubled slash"
		case segment[len(segment)-1] == '.':
			return "has a part that ends with a dot"
		case strings.ContainsFunc(segment, notPlain):
			return "has other characters than letters, digits, hyphens, dots and underscores"
		}
	}
	return ""
}

func notPlain(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_')
}

// unmapped returns the prefixes with those of IPv4-mapped addresses as IPv4, as clients are.
func unmapped(prefixes []netip.Prefix) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(prefixes))
	for _, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		out = append(out, p)
	}
	return out
}

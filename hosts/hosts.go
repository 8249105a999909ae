// Package hosts answers only requests that name a host of ours.
//
// The Host header is the client's to choose. Where an application builds links, redirects, cache keys or mail from it,
// a foreign host poisons them; so whatever is not on the list is refused with 400 before the application sees it.
//
//	guard, err := hosts.New(hosts.Config{Allowed: []string{"example.com", ".example.org", "10.0.0.0/8"}})
//	if err != nil {
//		log.Fatal(err)
//	}
//	http.ListenAndServe("127.0.0.1:8000", guard.Handler(mux))
//
// The rule is Django's ALLOWED_HOSTS, with networks besides, for requests that name an address; [Guard.Check] tells
// where it is stricter. A health path is answered before the rule, because load balancers name addresses too.
//
// It judges the host that the proxy part settled, or Request.Host without one; not X-Forwarded-Host read by hand. An
// allowed host is no reason to build links for mail from it: a site with several names should do that from a
// configured origin.
package hosts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Config says which hosts a site answers to. The zero Config answers to none, which New refuses.
type Config struct {
	// Allowed lists the hosts: a name (example.com), a name with everything below it (.example.com), an address
	// (192.0.2.1, [2001:db8::1]), a network for requests that name an address (10.0.0.0/8), or * for every host,
	// which is reported. Names may be written in any script; case does not matter.
	Allowed []string `env:"ALLOWED_HOSTS" doc:"Hosts that the site answers to: names, .name for all below it, addresses, networks."`

	// Debug allows .localhost, 127.0.0.1 and [::1] where Allowed is empty.
	Debug bool

	// HealthPath is where health checks are answered, whatever host they name: /healthz, say. Empty means nowhere.
	// Only GET and HEAD of exactly this path are; the application never sees them.
	HealthPath string `env:"HEALTH_PATH" doc:"Path that answers health checks whatever host they name, such as /healthz."`

	// Ready reports whether the application can serve; an error makes the health path answer 503. It is asked at
	// most once a second, by one goroutine at a time, and has five seconds. Nil means always ready.
	Ready func(context.Context) error

	// Logger gets the security events; nil means slog.Default().
	Logger *slog.Logger
}

// debugHosts are allowed where Debug is set and nothing else is.
var debugHosts = []string{".localhost", "127.0.0.1", "[::1]"}

// Guard lets through requests to allowed hosts. Its methods may be called by any goroutine.
type Guard struct {
	any    bool
	exact  map[string]struct{}
	below  map[string]struct{} // names whose subdomains are allowed, without the leading dot
	nets   httpx.Networks
	health *health
	events *events
}

// New compiles cfg. The error holds every mistake, and what to write instead.
func New(cfg Config) (*Guard, error) {
	allowed := cfg.Allowed
	if len(allowed) == 0 && cfg.Debug {
		allowed = debugHosts
	}
	g := &Guard{exact: map[string]struct{}{}, below: map[string]struct{}{}, events: newEvents(cfg.Logger)}
	errs := g.compile(allowed)
	if len(allowed) == 0 {
		errs = append(errs, errors.New("hosts: ALLOWED_HOSTS: not set: set it to the names of the site, such as example.com"))
	}
	if cfg.HealthPath != "" {
		errs = append(errs, checkHealthPath(cfg.HealthPath))
		g.health = &health{path: cfg.HealthPath, ready: cfg.Ready, logger: cfg.Logger}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return g, nil
}

// compile sorts the entries into what they are looked up in, and returns what is wrong with the others.
func (g *Guard) compile(allowed []string) (errs []error) {
	var prefixes []netip.Prefix
	for _, text := range allowed {
		e, err := parseEntry(text)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("hosts: ALLOWED_HOSTS: %q: %w", text, err))
		case e.any:
			g.any = true
		case e.prefix.IsValid():
			prefixes = append(prefixes, e.prefix)
		default:
			g.exact[e.name] = struct{}{}
			if e.below {
				g.below[e.name] = struct{}{}
			}
		}
	}
	g.nets = httpx.NewNetworks(prefixes)
	return errs
}

// Handler answers the health path, refuses what names no allowed host with 400, and hands on the rest.
func (g *Guard) Handler(next http.Handler) http.Handler { return &handler{g, next} }

// handler is a type, not a closure: see internal/httpx.
type handler struct {
	guard *Guard
	next  http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := h.guard
	if g.health != nil && g.health.matches(r) {
		g.health.ServeHTTP(w, r)
		return
	}
	host := httpx.Host(r)
	if why := g.judge(host); why != "" {
		g.events.refused(r.Context(), host, why)
		httpx.Refuse(w, r, http.StatusBadRequest, &refusal{host, why})
		return
	}
	h.next.ServeHTTP(w, r)
}

// Refused returns how many requests Handler has refused.
func (g *Guard) Refused() uint64 { return g.events.total.Load() }

// Check reports whether a request may name host, which is the Host header as it was sent, with its port if it had one.
// The error says why not; it repeats of the host only what is safe to log.
//
// The syntax is Django's: letters, digits, dots and hyphens, or an IPv6 address in brackets, then perhaps a colon and
// a port. Case, the port and one trailing dot do not matter. It is stricter in four things: a port is at most 65535,
// what stands in brackets is an IPv6 address, a name whose last label is a number is an IPv4 address written in full
// (not 127.1 or 0x7f.1, which some clients take for 127.0.0.1), and a name has at most 255 bytes. It is wider in one:
// IPv6 addresses are compared as addresses, however they are written.
func (g *Guard) Check(host string) error {
	if why := g.judge(host); why != "" {
		return &refusal{host, why}
	}
	return nil
}

// judge returns why host is refused, nothing if it is allowed. Most hosts are spelled as they are listed.
func (g *Guard) judge(host string) (why string) {
	if _, ok := g.exact[host]; ok {
		return ""
	}
	var buf [maxName]byte
	h, ok := parse(host, &buf)
	switch {
	case !ok:
		return "is not a valid host"
	case g.any || g.allows(h):
		return ""
	}
	return "is not in ALLOWED_HOSTS: add it if the site answers to it"
}

// allows looks h up. None of the lookups allocates: the conversions are map keys only.
func (g *Guard) allows(h parsed) bool {
	if h.addr.IsValid() {
		return g.nets.Contains(h.addr)
	}
	if _, ok := g.exact[string(h.name)]; ok {
		return true
	}
	if len(g.below) == 0 {
		return false
	}
	for i, c := range h.name {
		if c != '.' {
			continue
		}
		if _, ok := g.below[string(h.name[i+1:])]; ok {
			return true
		}
	}
	return false
}

// refusal is why a host is refused.
type refusal struct{ host, why string }

func (r *refusal) Error() string { return fmt.Sprintf(`hosts: "%s" %s`, printable(r.host), r.why) }

// maxShown is how much of a host is shown and told apart.
const maxShown = 100

// shown returns what is shown of what a client sent.
func shown(s string) string { return s[:min(len(s), maxShown)] }

// printable returns what a client sent, cut short, in ASCII and without control characters, for logs and pages.
func printable(s string) string {
	end := ""
	if len(s) > maxShown {
		end = "..."
	}
	quoted := strconv.QuoteToASCII(shown(s))
	return quoted[1:len(quoted)-1] + end
}

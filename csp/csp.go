// Package csp sends a Content-Security-Policy with every answer: the browser then runs only the scripts that the site
// means to send, so that markup which an attacker gets into a page runs nothing.
//
//	c, err := csp.New(csp.Config{}) // enforces csp.Strict()
//	if err != nil {
//		return err
//	}
//	handler := c.Handler(mux)
//
// Inline scripts and styles need the nonce of their answer; give it to the template as data:
//
//	page.Nonce = csp.Attr(r.Context()) // <script {{.Nonce}}>…</script>
//
// The life of the headers: they are set on the way in, without a nonce, so refusals and errors carry them. The first
// [Nonce] puts one in. [Override] and [Extend] change the policy of one answer; an application that sets or deletes
// the header itself has the last word. A second policy may be tried beside the first, report-only, and what browsers
// report is logged by [CSP.Reports]. [Grade] says what an attacker would do about a policy.
//
// The package does not find the inline scripts of a page, and it does not follow a handler into other goroutines:
// [http.TimeoutHandler] belongs around the whole chain, not inside it.
package csp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Config says which policies are sent. The zero Config enforces [Strict].
type Config struct {
	// Enforce is the policy that browsers enforce. Zero is [Strict].
	Enforce Policy `env:"SECURE_CSP" doc:"The enforced policy, as in the header, with 'nonce' where a nonce belongs; a strict one unless set."`

	// ReportOnly is a second policy, whose violations are reported and not stopped: the next one to enforce.
	ReportOnly Policy `env:"SECURE_CSP_REPORT_ONLY" doc:"A policy to try: violations are reported, not stopped."`

	// ReportPath is the path, such as /csp-reports, at which Handler takes the browsers' reports. Both policies name
	// it, save one that has its own ReportURI or ReportTo. Empty takes no reports.
	ReportPath string `env:"CSP_REPORT_PATH" doc:"The path at which browsers report violations; none unless set."`

	// ReportsPerMinute caps how many reports are logged, and how many requests with reports are read. Zero is 60.
	ReportsPerMinute int `env:"CSP_REPORTS_PER_MINUTE" doc:"How many violations are logged per minute; 60 unless set."`

	// InsecureReportOnly sends Enforce as report-only, for the first weeks on a site that grew without a policy.
	InsecureReportOnly bool

	// InsecureOff switches the part off: no policy is sent and no report is taken.
	InsecureOff bool

	// Logger gets the reports and the warnings. Nil is slog.Default().
	Logger *slog.Logger
}

// CSP sends the policies of one Config. It is immutable and safe for concurrent use.
type CSP struct {
	base      [2]*compiled
	header    [2]string // the second is empty with InsecureReportOnly
	path      string
	endpoints []string // the Reporting-Endpoints header; nil without a path
	off       bool     // no policy; what changes one does nothing
	logger    *slog.Logger
	reports   *reports

	late, cacheable *httpx.Sampler // how often each mistake with a nonce is told of
}

// endpoint names our collector in Reporting-Endpoints and report-to.
const endpoint = "csp"

// New returns the part for cfg, or every mistake in cfg at once.
func New(cfg Config) (*CSP, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	g := &CSP{logger: cfg.Logger, off: cfg.InsecureOff, late: perMinute(1), cacheable: perMinute(1)}
	g.reports = newReports(g, cfg.ReportsPerMinute)
	if g.off {
		return g, nil
	}
	g.path = cfg.ReportPath
	g.header = [2]string{enforceHeader, reportHeader}
	if cfg.InsecureReportOnly {
		g.header = [2]string{reportHeader, ""}
	}
	if g.path != "" {
		g.endpoints = []string{endpoint + `="` + g.path + `"`}
	}
	g.base[0] = g.compile(cfg.enforced(), 0)
	if !cfg.ReportOnly.IsZero() {
		g.base[1] = g.compile(cfg.ReportOnly, 1)
	}
	return g, nil
}

// enforced returns the first policy.
func (c Config) enforced() Policy {
	if c.Enforce.IsZero() {
		return Strict()
	}
	return c.Enforce
}

func (c Config) validate() error {
	var errs []error
	if err := sendable(c.enforced()); err != nil {
		errs = append(errs, prefix("csp: SECURE_CSP: ", err))
	}
	if !c.ReportOnly.IsZero() {
		if err := sendable(c.ReportOnly); err != nil {
			errs = append(errs, prefix("csp: SECURE_CSP_REPORT_ONLY: ", err))
		}
		if c.InsecureReportOnly {
			errs = append(errs, errors.New("csp: SECURE_CSP_REPORT_ONLY: InsecureReportOnly makes the first policy the "+
				"report-only one: set one of the two"))
		}
	}
	if !reportPath(c.ReportPath) {
		errs = append(errs, fmt.Errorf("csp: CSP_REPORT_PATH: %q is no path: write it as /csp-reports, of letters, digits, "+
			"hyphens, dots and slashes", c.ReportPath))
	}
	if c.ReportsPerMinute < 0 {
		errs = append(errs, fmt.Errorf("csp: CSP_REPORTS_PER_MINUTE: %d is negative: set a number of reports", c.ReportsPerMinute))
	}
	return errors.Join(errs...)
}

// reportPath reports whether s is empty or a path that needs no escaping in either header and that browsers ask for as
// it stands.
func reportPath(s string) bool {
	return s == "" || len(s) > 1 && s[0] == '/' && s[1] != '/' && !strings.Contains(s, "/.") && !strings.ContainsFunc(s, func(r rune) bool {
		return !alphanumeric(r) && !strings.ContainsRune("/-_.~", r)
	})
}

// compile renders p for header i, with our collector where p names none.
func (g *CSP) compile(p Policy, i int) *compiled {
	if g.path != "" && len(p.ReportURI) == 0 && len(p.ReportTo) == 0 {
		p.ReportURI, p.ReportTo = []Source{Source(g.path)}, []Source{endpoint}
	}
	return compile(p, g.header[i])
}

// Handler sets the headers, takes reports at the Config's ReportPath, and calls next for every other path.
func (g *CSP) Handler(next http.Handler) http.Handler { return &handler{g, g.Reports(), next} }

// handler is a type, not a closure: see internal/httpx.
type handler struct {
	csp       *CSP
	collector http.Handler
	next      http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, w, r := httpx.Begin(w, r)
	h.csp.begin(w.Header(), s)
	if h.csp.path != "" && r.URL.Path == h.csp.path {
		h.collector.ServeHTTP(w, r)
		return
	}
	h.next.ServeHTTP(w, r)
}

// begin sets the headers. Inside another CSP, this one counts; a nonce that the answer has already stays.
func (g *CSP) begin(h http.Header, s *httpx.State) {
	outer, _ := s.CSP.(*request)
	s.CSP = g
	for i, c := range g.base {
		if c != nil {
			h[g.header[i]] = c.rendered(s.HTTPS).plain
		}
	}
	if outer != nil && outer.nonce != "" {
		requestOf(s.Request.Context()).adopt(outer.nonce)
	}
	if g.endpoints == nil || !s.HTTPS {
		return
	}
	if len(h["Reporting-Endpoints"]) > 0 {
		h.Add("Reporting-Endpoints", g.endpoints[0])
		return
	}
	h["Reporting-Endpoints"] = g.endpoints
}

// warn writes one security event.
func (g *CSP) warn(ctx context.Context, event, message string, attrs ...slog.Attr) {
	httpx.Logger(g.logger).LogAttrs(ctx, slog.LevelWarn, message, append([]slog.Attr{slog.String("event", event)}, attrs...)...)
}

package csp

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

const (
	maxReportBody  = 64 << 10
	maxReportText  = 200 // bytes of a field that are logged
	maxReportBatch = 20  // reports of one body that are looked at
)

// reports takes what browsers report. Anybody can post to it, so what it does is bounded: how many requests are read,
// how much of each, how many records are written and how long they are.
type reports struct {
	csp   *CSP
	limit *httpx.Sampler
	full  *httpx.Sampler // how often we say that the limit is reached
}

func newReports(g *CSP, most int) *reports {
	if most == 0 {
		most = 60
	}
	return &reports{csp: g, limit: perMinute(most), full: perMinute(1)}
}

// perMinute lets pass n events a minute.
func perMinute(n int) *httpx.Sampler { return httpx.NewSampler(time.Minute, n, 1) }

// Reports returns the handler that takes violation reports, in the form of report-uri and in that of the Reporting
// API, and logs each as one record with the event airworthy.security.CSPViolation. [CSP.Handler] serves it at
// Config.ReportPath; it can be mounted elsewhere too, outside of CSRF protection.
//
// What is reported is text that anybody may have written: it is cut, freed of control characters, addresses lose
// their query, and nothing of it is sent back. Reports about pages of another host than the one that was asked, and
// those that browser extensions cause, are dropped.
func (g *CSP) Reports() http.Handler { return g.reports }

// ServeHTTP answers 204 to reports, whether or not they are worth a record.
func (c *reports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := c.refusal(r); status != 0 {
		switch status {
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", http.MethodPost)
		case http.StatusTooManyRequests:
			w.Header().Set("Retry-After", "60")
		}
		httpx.Refuse(w, r, status, nil)
		return
	}
	found, status := readReports(w, r)
	if status != 0 {
		httpx.Refuse(w, r, status, nil)
		return
	}
	c.log(r, found)
	w.WriteHeader(http.StatusNoContent)
}

// refusal returns the status with which r is refused before its body is read, or 0.
func (c *reports) refusal(r *http.Request) int {
	switch {
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed
	case r.Header.Get("Content-Encoding") != "" || reportType(r) == "":
		return http.StatusUnsupportedMediaType
	case r.ContentLength > maxReportBody:
		return http.StatusRequestEntityTooLarge
	case !c.pay(r):
		return http.StatusTooManyRequests
	}
	return 0
}

// pay takes one from this minute's limit. The first who gets none leaves a record, for the rest of that minute.
func (c *reports) pay(r *http.Request) bool {
	if _, ok := c.limit.Take(); ok {
		return true
	}
	if _, ok := c.full.Take(); ok {
		c.csp.warn(r.Context(), "airworthy.security.CSPReportsDropped",
			"csp: more violations are reported than CSP_REPORTS_PER_MINUTE: the others are dropped")
	}
	return false
}

const (
	legacyType    = "application/csp-report"
	reportingType = "application/reports+json"
)

// reportType returns which of the two types the body has, or nothing.
func reportType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || t != legacyType && t != reportingType {
		return ""
	}
	return t
}

// report is one violation, under the names of the Reporting API.
type report struct {
	DocumentURL        string `json:"documentURL"`
	BlockedURL         string `json:"blockedURL"`
	EffectiveDirective string `json:"effectiveDirective"`
	SourceFile         string `json:"sourceFile"`
	Sample             string `json:"sample"`
	Disposition        string `json:"disposition"`
	LineNumber         int64  `json:"lineNumber"`
	ColumnNumber       int64  `json:"columnNumber"`
}

// legacyReport is one violation as report-uri sends it.
type legacyReport struct {
	Report *struct {
		DocumentURI        string `json:"document-uri"`
		BlockedURI         string `json:"blocked-uri"`
		EffectiveDirective string `json:"effective-directive"`
		ViolatedDirective  string `json:"violated-directive"`
		SourceFile         string `json:"source-file"`
		Sample             string `json:"script-sample"`
		Disposition        string `json:"disposition"`
		LineNumber         int64  `json:"line-number"`
		ColumnNumber       int64  `json:"column-number"`
	} `json:"csp-report"`
}

// readReports reads the body of r, or returns the status with which it is refused.
func readReports(w http.ResponseWriter, r *http.Request) ([]report, int) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReportBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return nil, http.StatusBadRequest
	}
	decode := decodeReporting
	if reportType(r) == legacyType {
		decode = decodeLegacy
	}
	found, err := decode(body)
	if err != nil {
		return nil, http.StatusBadRequest
	}
	return found, 0
}

func decodeLegacy(body []byte) ([]report, error) {
	var l legacyReport
	if err := json.Unmarshal(body, &l); err != nil {
		return nil, err
	}
	if l.Report == nil {
		return nil, errors.New("no csp-report")
	}
	v := l.Report
	if v.EffectiveDirective == "" { // CSP 2
		v.EffectiveDirective, _, _ = strings.Cut(v.ViolatedDirective, " ")
	}
	return []report{{
		DocumentURL: v.DocumentURI, BlockedURL: v.BlockedURI, EffectiveDirective: v.EffectiveDirective,
		SourceFile: v.SourceFile, Sample: v.Sample, Disposition: v.Disposition,
		LineNumber: v.LineNumber, ColumnNumber: v.ColumnNumber,
	}}, nil
}

// decodeReporting reads a batch, in which reports of other kinds may stand too, or a single report.
func decodeReporting(body []byte) ([]report, error) {
	type envelope struct {
		Type string          `json:"type"`
		Body json.RawMessage `json:"body"`
	}
	var batch []envelope
	if err := json.Unmarshal(body, &batch); err != nil {
		var one envelope
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, err
		}
		batch = []envelope{one}
	}
	var found []report
	for _, e := range batch[:min(len(batch), maxReportBatch)] {
		if e.Type != "csp-violation" {
			continue
		}
		var v report
		if err := json.Unmarshal(e.Body, &v); err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, nil
}

// log writes one record per report that is worth one. The request has paid for the first.
func (c *reports) log(r *http.Request, found []report) {
	paid := true
	for _, v := range found {
		if !sameHost(v.DocumentURL, r) || extension(v.SourceFile) || extension(v.BlockedURL) {
			continue
		}
		if !paid && !c.pay(r) {
			return
		}
		paid = false
		c.csp.warn(r.Context(), "airworthy.security.CSPViolation", "csp: a browser reports a violation",
			slog.String("directive", clean(v.EffectiveDirective)),
			slog.String("disposition", clean(v.Disposition)),
			slog.String("document", address(v.DocumentURL)),
			slog.String("blocked", address(v.BlockedURL)),
			slog.String("file", address(v.SourceFile)),
			slog.Int64("line", v.LineNumber),
			slog.Int64("column", v.ColumnNumber),
			slog.String("sample", clean(v.Sample)),
		)
	}
}

// sameHost reports whether page is an address at the host that r asks.
func sameHost(page string, r *http.Request) bool {
	u, err := url.Parse(page)
	return err == nil && u.Host != "" && bareHost(u.Host) == bareHost(httpx.Host(r))
}

// bareHost takes the default ports away, which browsers do not write and proxies may add.
func bareHost(s string) string {
	s = strings.ToLower(s)
	return strings.TrimSuffix(strings.TrimSuffix(s, ":443"), ":80")
}

// extension reports whether the address is that of something which a browser extension put into the page.
func extension(s string) bool {
	scheme, _, _ := strings.Cut(s, ":")
	return strings.HasSuffix(scheme, "-extension")
}

// address is clean for addresses: the query, the fragment and the user stay out, for they may hold secrets. Of an
// address without a host, such as data:, only the scheme stays.
func address(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "(unreadable)"
	case u.Scheme == "": // a word of the specification, such as inline or eval
		return clean(u.Path)
	case u.Host == "":
		return clean(u.Scheme)
	}
	return clean(u.Scheme + "://" + u.Host + u.EscapedPath())
}

// clean cuts s and replaces what a terminal or a log's reader would act on: control characters, bidirectional marks,
// line separators, invalid UTF-8.
func clean(s string) string {
	if len(s) > maxReportText {
		s = s[:maxReportText] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

package csp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/csp"
)

const (
	legacyType    = "application/csp-report"
	reportingType = "application/reports+json"
)

// Two reports as browsers send them: of CSP 3, section 5.3 (report-uri), and of the Reporting API.
const (
	legacyReport = `{"csp-report":{"document-uri":"https://a.example/page?token=hunter2#x","referrer":"https://a.example/secret",
		"violated-directive":"script-src-elem","effective-directive":"script-src-elem","original-policy":"default-src 'self'",
		"disposition":"enforce","blocked-uri":"https://user:pass@evil.example/x.js?k=hunter2","line-number":7,"column-number":3,
		"source-file":"https://a.example/app.js?v=hunter2","status-code":200,"script-sample":"alert(1)"}}`
	reportingReport = `[{"type":"deprecation","age":1,"url":"https://a.example/","body":{"id":"x"}},
		{"type":"csp-violation","age":2,"url":"https://a.example/page","user_agent":"x","body":{"documentURL":"https://a.example/page?token=hunter2",
		"referrer":"","blockedURL":"inline","effectiveDirective":"script-src-elem","originalPolicy":"default-src 'self'","sourceFile":null,
		"sample":"","disposition":"report","statusCode":200,"lineNumber":null,"columnNumber":null}}]`
)

// collector answers reports that are sent to a.example, and writes JSON records.
func collector(t testing.TB, cfg csp.Config) (http.Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	cfg.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	c, err := csp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Reports(), &log
}

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest("POST", "https://a.example/csp", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// records returns what was logged.
func records(t testing.TB, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		delete(m, "time")
		delete(m, "msg")
		out = append(out, m)
	}
	return out
}

func TestReports(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, body, want string
	}{
		{"report-uri", legacyType, legacyReport, `[{"level":"WARN","event":"airworthy.security.CSPViolation","directive":"script-src-elem",
			"disposition":"enforce","document":"https://a.example/page","blocked":"https://evil.example/x.js",
			"file":"https://a.example/app.js","line":7,"column":3,"sample":"alert(1)"}]`},
		{"the Reporting API, in a batch with others", reportingType + "; charset=utf-8", reportingReport,
			`[{"level":"WARN","event":"airworthy.security.CSPViolation","directive":"script-src-elem","disposition":"report",
			"document":"https://a.example/page","blocked":"inline","file":"","line":0,"column":0,"sample":""}]`},
		{"the Reporting API, not in a batch", reportingType,
			`{"type":"csp-violation","body":{"documentURL":"https://A.example:443/","blockedURL":"data:text/html,x","effectiveDirective":"img-src"}}`,
			`[{"level":"WARN","event":"airworthy.security.CSPViolation","directive":"img-src","disposition":"","document":"https://A.example:443/",
			"blocked":"data","file":"","line":0,"column":0,"sample":""}]`},
		{"a browser of CSP 2 names the directive with its sources", legacyType,
			`{"csp-report":{"document-uri":"https://a.example/","violated-directive":"img-src 'self'","blocked-uri":"eval"}}`,
			`[{"level":"WARN","event":"airworthy.security.CSPViolation","directive":"img-src","disposition":"","document":"https://a.example/",
			"blocked":"eval","file":"","line":0,"column":0,"sample":""}]`},
		{"of another origin (badinput 44)", legacyType, `{"csp-report":{"document-uri":"https://b.example/"}}`, `null`},
		{"of a host that begins alike (badinput 44)", legacyType, `{"csp-report":{"document-uri":"https://a.example.evil.example/"}}`, `null`},
		{"of no page", legacyType, `{"csp-report":{}}`, `null`},
		{"of a browser extension", legacyType,
			`{"csp-report":{"document-uri":"https://a.example/","source-file":"moz-extension://1234/x.js"}}`, `null`},
		{"of what an extension loads", legacyType,
			`{"csp-report":{"document-uri":"https://a.example/","blocked-uri":"chrome-extension"}}`, `null`},
		{"an empty batch", reportingType, `[]`, `null`},
	} {
		h, log := collector(t, csp.Config{})
		w := serve(h, post(tt.contentType, tt.body))
		if w.Code != http.StatusNoContent || w.Body.Len() > 0 {
			t.Errorf("%s: answered %d %q, want 204 and nothing", tt.name, w.Code, w.Body)
		}
		var want []map[string]any
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if got := records(t, log); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: logged\n%v, want\n%v", tt.name, got, want)
		}
		if strings.Contains(log.String(), "hunter2") || strings.Contains(log.String(), "pass") {
			t.Errorf("%s: a query or a user was logged: %s", tt.name, log)
		}
	}
}

func TestReportsRefuse(t *testing.T) {
	long := `{"csp-report":{"document-uri":"https://a.example/","script-sample":"` + strings.Repeat("x", 1<<20) + `"}}`
	chunked := post(legacyType, "")
	chunked.Body, chunked.ContentLength = io.NopCloser(strings.NewReader(long)), -1
	gzipped := post(legacyType, legacyReport)
	gzipped.Header.Set("Content-Encoding", "gzip")
	get := post(legacyType, legacyReport)
	get.Method = "GET"
	for _, tt := range []struct {
		name string
		r    *http.Request
		want int
	}{
		{"a GET", get, 405},
		{"another type", post("application/json", legacyReport), 415},
		{"a form, which any site can post", post("application/x-www-form-urlencoded", "a=b"), 415},
		{"text, which any site can post", post("text/plain", legacyReport), 415},
		{"no type", post("", legacyReport), 415},
		{"a type that cannot be read", post("application/csp-report; =", legacyReport), 415},
		{"a compressed body (badinput 41)", gzipped, 415},
		{"1 MB with its length (badinput 44)", post(legacyType, long), 413},
		{"1 MB without its length (badinput 44)", chunked, 413},
		{"nothing", post(legacyType, ""), 400},
		{"no JSON", post(legacyType, "<html>"), 400},
		{"JSON of another shape", post(legacyType, `{"a":1}`), 400},
		{"a field of another type", post(legacyType, `{"csp-report":{"document-uri":["x"]}}`), 400},
		{"deep nesting", post(reportingType, strings.Repeat("[", 60000)), 400},
		{"a batch with a violation that has no body", post(reportingType, `[{"type":"csp-violation"}]`), 400},
		{"two values", post(legacyType, legacyReport+legacyReport), 400},
	} {
		h, log := collector(t, csp.Config{})
		w := serve(h, tt.r)
		if w.Code != tt.want {
			t.Errorf("%s: answered %d, want %d", tt.name, w.Code, tt.want)
		}
		if strings.Contains(w.Body.String(), "html>") || log.Len() > 0 {
			t.Errorf("%s: echoed %q or logged %q", tt.name, w.Body, log)
		}
		if tt.want == 405 && w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q, want POST", tt.name, w.Header().Get("Allow"))
		}
	}
}

// TestReportsRefusedEarly: what is refused by its header takes nothing from the limit of honest reports.
func TestReportsRefusedEarly(t *testing.T) {
	h, _ := collector(t, csp.Config{ReportsPerMinute: 1})
	for range 3 {
		if got := serve(h, post(legacyType, strings.Repeat("x", 1<<17))).Code; got != 413 {
			t.Errorf("a long report: %d, want 413", got)
		}
		if got := serve(h, post("text/plain", "x")).Code; got != 415 {
			t.Errorf("a report of another type: %d, want 415", got)
		}
	}
	if got := serve(h, post(legacyType, legacyReport)).Code; got != 204 {
		t.Errorf("an honest report afterwards: %d, want 204", got)
	}
}

// TestReportsFlood is badinput 44: the limit holds for requests and for records, and is told of once.
func TestReportsFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, log := collector(t, csp.Config{ReportsPerMinute: 3})
		var statuses []int
		for range 6 {
			statuses = append(statuses, serve(h, post(legacyType, legacyReport)).Code)
		}
		if want := []int{204, 204, 204, 429, 429, 429}; !slices.Equal(statuses, want) {
			t.Errorf("answered %v, want %v", statuses, want)
		}
		events := map[any]int{}
		for _, m := range records(t, log) {
			events[m["event"]]++
		}
		if events["airworthy.security.CSPViolation"] != 3 || events["airworthy.security.CSPReportsDropped"] != 1 {
			t.Errorf("logged %v, want 3 violations and 1 notice", events)
		}
		if got := serve(h, post(legacyType, legacyReport)).Header().Get("Retry-After"); got != "60" {
			t.Errorf("Retry-After %q, want 60", got)
		}
		time.Sleep(time.Minute)
		log.Reset()
		one := `{"type":"csp-violation","body":{"documentURL":"https://a.example/"}},`
		batch := "[" + strings.TrimSuffix(strings.Repeat(one, 500), ",") + "]"
		if got := serve(h, post(reportingType, batch)).Code; got != 204 {
			t.Errorf("a minute later: %d, want 204", got)
		}
		if got := strings.Count(log.String(), "airworthy.security.CSPViolation"); got != 3 {
			t.Errorf("a batch of 500 left %d records, want 3", got)
		}
	})
	h, log := collector(t, csp.Config{ReportsPerMinute: 1000})
	serve(h, post(reportingType, "["+strings.TrimSuffix(strings.Repeat(`{"type":"csp-violation","body":{"documentURL":"https://a.example/"}},`, 500), ",")+"]"))
	if got := strings.Count(log.String(), "airworthy.security.CSPViolation"); got != 20 {
		t.Errorf("a batch of 500 under a high limit left %d records, want 20", got)
	}
}

// TestReportsText is badinput 44 and 52: what a report says is text.
func TestReportsText(t *testing.T) {
	h, log := collector(t, csp.Config{})
	nasty := "<script>\x1b[31m\r\nlevel=ERROR\u202e\u2028\u0000" + strings.Repeat("é", 500)
	body, err := json.Marshal(map[string]any{"csp-report": map[string]any{
		"document-uri": "https://a.example/" + strings.Repeat("p", 5000), "effective-directive": nasty, "disposition": nasty,
		"blocked-uri": nasty, "source-file": "https://a.example/%0a%1b" + "\u202e", "script-sample": nasty,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if w := serve(h, post(legacyType, string(body))); w.Code != 204 || w.Body.Len() > 0 {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	got := records(t, log)
	if len(got) != 1 {
		t.Fatalf("%d records, want 1", len(got))
	}
	checkText(t, got[0])
}

// checkText demands of every text of a record that it is short and acts on nothing.
func checkText(t *testing.T, record map[string]any) {
	t.Helper()
	for key, v := range record {
		s, ok := v.(string)
		if !ok {
			continue
		}
		if len(s) > 1000 || utf8.RuneCountInString(s) > 250 {
			t.Errorf("%s has %d bytes", key, len(s))
		}
		if i := strings.IndexFunc(s, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
		}); i >= 0 {
			t.Errorf("%s holds %q", key, s[i:])
		}
	}
}

func TestReportPath(t *testing.T) {
	cfg := csp.Config{ReportPath: "/csp"}
	var log bytes.Buffer
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c, err := csp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := c.Handler(http.HandlerFunc(plain))
	if w := serve(h, post(legacyType, legacyReport)); w.Code != 204 || one(t, w, enforce) == "" {
		t.Errorf("at the path: %d with policy %q, want 204 with one", w.Code, one(t, w, enforce))
	}
	if !strings.Contains(log.String(), "event=airworthy.security.CSPViolation") {
		t.Errorf("log %q, want a violation", log.String())
	}
	for _, path := range []string{"/csp/", "/CSP", "/csp2", "/"} {
		r := post(legacyType, legacyReport)
		r.URL.Path = path
		if w := serve(h, r); w.Body.String() != "ok" {
			t.Errorf("%s did not reach the application: %d", path, w.Code)
		}
	}
}

// FuzzReports holds for any body of either type: one of a few statuses, nothing echoed, and records that are short,
// few and free of what acts on a terminal.
func FuzzReports(f *testing.F) {
	f.Add(true, []byte(legacyReport))
	f.Add(false, []byte(reportingReport))
	f.Add(false, []byte(`{"type":"csp-violation","body":{"documentURL":"https://a.example/\u001b","lineNumber":-1}}`))
	f.Add(true, []byte(`{"csp-report":{"document-uri":"//a.example/\r\n","blocked-uri":"://"}}`))
	f.Fuzz(func(t *testing.T, legacy bool, body []byte) {
		h, log := collector(t, csp.Config{})
		contentType := reportingType
		if legacy {
			contentType = legacyType
		}
		w := serve(h, post(contentType, string(body)))
		if !slices.Contains([]int{204, 400, 413}, w.Code) {
			t.Fatalf("status %d", w.Code)
		}
		if got := w.Body.String(); got != "" && got != http.StatusText(w.Code)+"\n" {
			t.Fatalf("body %q", got)
		}
		found := records(t, log)
		if len(found) > 20 || w.Code != 204 && len(found) > 0 {
			t.Fatalf("status %d with %d records", w.Code, len(found))
		}
		for _, m := range found {
			checkText(t, m)
		}
	})
}

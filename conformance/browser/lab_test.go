package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/keyring"
)

// lab is an application on airworthy whose pages are the tests'.
type lab struct {
	*journal
	*airworthy.App
	host string
	made pages
}

// newLab returns a lab with production's settings, changed by change.
func newLab(host string, change func(*airworthy.Settings)) (*lab, error) {
	l := &lab{journal: newJournal(), host: host}
	cfg := airworthy.Production()
	cfg.Keyring.Key = keyring.Generate()
	cfg.Hosts.Allowed = []string{host}
	cfg.Logs.Output = l.journal
	cfg.CSP.ReportPath, cfg.CSP.ReportsPerMinute = "/csp-reports", 1000
	change(&cfg)
	var err error
	if l.App, err = airworthy.New(cfg, &l.made); err != nil {
		return nil, fmt.Errorf("%s: %w", host, err)
	}
	return l, nil
}

// page adds a page and returns its path. In the body, NONCE is the answer's nonce.
func (l *lab) page(body string) string {
	return l.made.add(func(w http.ResponseWriter, r *http.Request) { writePage(w, r, body) })
}

func writePage(w http.ResponseWriter, r *http.Request, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, strings.ReplaceAll(body, "NONCE", csp.Nonce(r.Context())))
}

// file adds a file and returns its path.
func (l *lab) file(contentType, body string) string {
	return l.made.add(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	})
}

func (l *lab) url(path string) string { return "https://" + l.host + path }

// serveInClear serves a handler over plain http until the test ends, and returns its address.
func serveInClear(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

package main

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// liveSite answers JSON over TLS and returns its address and a file with its certificate.
func liveSite(t *testing.T) (url, ca string) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		switch r.URL.Path {
		case "/", "/v1":
		case "/v2":
			w.WriteHeader(500)
		default:
			w.WriteHeader(404)
		}
		_, _ = io.WriteString(w, "{}")
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return srv.URL, ca
}

func TestProbe(t *testing.T) {
	url, ca := liveSite(t)
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	quick := " --allow-private --interval 1ns --ca " + ca + " "
	for _, row := range []struct {
		args   string
		status int
		out    string // part of stdout
		errs   string // part of stderr
	}{
		{"probe", 2, "", "probe URL"},
		{"probe a.example b.example", 2, "", "probe URL"},
		{"probe ftp://a.example", 2, "", "no scheme of a site"},
		{"probe file:///etc/passwd", 2, "", "no scheme of a site"},
		{"probe https://me:hunter2@a.example", 2, "", "user or a password"},
		{"probe https://a.example/#b", 2, "", "fragment"},
		{"probe https://a.example:0", 2, "", "no port"},
		{"probe a.example --profile shop", 2, "", "html, api, static or redirect"},
		{"probe a.example --path about", 2, "", "no path"},
		{"probe a.example --ca " + bad, 2, "", "no certificate"},
		{"probe a.example --ca /nowhere", 2, "", "--ca"},
		{"probe a.example --interval 0s", 2, "", "--interval"},
		{"probe a.example --format pdf", 2, "", "pdf"},
		{"probe a.example --http-port 99999", 2, "", "http-port"},
		{"probe a.example --list-checks", 0, "probe.W108", ""}, // asks nobody
		{"probe --list-tags a.example", 0, "security", ""},
		{"probe " + url, 1, "allow it with --allow-private", ""},
		{"probe " + url + quick, 1, "(profile api)", ""},
		{"probe " + url + quick + "--profile html", 1, "(profile html)", ""},
		{"probe " + url + "/v1" + quick + "--path /v2 --format json", 1, "/v2: 500", ""},
		{"probe " + strings.Replace(url, "127.0.0.1", "localhost", 1) + quick, 1, "probe.E103", ""},
		{"probe " + url + " --allow-private --interval 1ns", 1, "probe.E102", ""},
		{"probe " + url + quick + "--fail-level critical --tag probe", 0, "Passed", ""},
		{"explain probe.e104", 0, "expired", ""},
	} {
		var out, errs strings.Builder
		status := run(t.Context(), strings.Fields(row.args), &out, &errs)
		text, said := out.String(), errs.String()
		if status != row.status || !strings.Contains(text, row.out) || !strings.Contains(said, row.errs) || strings.Contains(text+said, "hunter2") {
			t.Errorf("airworthy %s: status %d, stdout %q, stderr %q; want %d, %q, %q", row.args, status, text, said, row.status, row.out, row.errs)
		}
	}
}

// TestProbeJSON reads the report as a program does.
func TestProbeJSON(t *testing.T) {
	url, ca := liveSite(t)
	var out, errs strings.Builder
	run(t.Context(), []string{"probe", url, "--allow-private", "--interval", "1ns", "--ca", ca, "--format", "json"}, &out, &errs)
	var report struct {
		Subject  string
		Findings []struct{ ID, Needs string }
	}
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatal(err, errs.String())
	}
	if report.Subject != url+"/ (profile api)" || len(report.Findings) == 0 {
		t.Errorf("subject %q, findings %v, want the URL with its profile, and some", report.Subject, report.Findings)
	}
	for _, f := range report.Findings {
		if f.Needs != "url" {
			t.Errorf("%s looked at %q, want url", f.ID, f.Needs)
		}
	}
}

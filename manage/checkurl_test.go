package manage_test

import (
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

// TestCheckURL judges an application and the live site that it, or a proxy before it, answers.
func TestCheckURL(t *testing.T) {
	vars := func(pairs ...string) map[string]string {
		return with(production(), append([]string{"ALLOWED_HOSTS", "127.0.0.1"}, pairs...)...)
	}
	noHSTS := []string{"SECURE_HSTS_SECONDS", "0", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "false", "EDGE_OWNS", "SECURE_HSTS_SECONDS", "SILENCED_SYSTEM_CHECKS", ""}
	adds := func(h http.Header) { h.Set("Strict-Transport-Security", "max-age=31536000") }
	drops := func(h http.Header) { h.Del("Strict-Transport-Security") }
	same := func(http.Header) {}
	for _, row := range []struct {
		name   string
		env    map[string]string
		proxy  func(http.Header) // what a proxy before the application does to its answers
		args   string
		status int
		want   string // part of the report or of the error
	}{
		{"the site keeps what the settings promise", vars(), same, "--deploy", 0, "Passed."},
		{"the proxy drops a header", vars(), drops, "--deploy", 1, "probe.W005"},
		{"the edge keeps its part", vars(noHSTS...), adds, "--deploy", 0, "confirmed on the live site by probe.W005"},
		{"the edge does not", vars(noHSTS...), same, "--deploy", 1, "edge.E003"},
		{"without --deploy", vars(), same, "", 2, "add --deploy"},
		{"the list has both", vars(), same, "--deploy --list-checks", 0, "probe.E102"},
		{"settings that are refused", vars("SECRET_KEY", "short"), same, "--deploy", 1, "airworthy.E001"},
	} {
		t.Run(row.name, func(t *testing.T) {
			app, err := build(vars(append([]string{"SECRET_KEY", production()["SECRET_KEY"]}, changed(row.env)...)...))(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = app.Close() })
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got := httptest.NewRecorder()
				app.ServeHTTP(got, r)
				row.proxy(got.Header())
				for name, values := range got.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(got.Code)
				_, _ = w.Write(got.Body.Bytes())
			}))
			srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are refused, as they should be
			srv.StartTLS()
			t.Cleanup(srv.Close)
			ca := filepath.Join(t.TempDir(), "ca.pem")
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
			if err := os.WriteFile(ca, text, 0o600); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"check"}, strings.Fields(row.args)...)
			args = append(args, "--url", srv.URL, "--allow-private", "--ca", ca, "--interval", "1ns")
			status, out, errs := run(t, build(row.env), args...)
			if status != row.status || !strings.Contains(out+errs, row.want) {
				t.Errorf("status %d, want %d and %q:\n%s%s", status, row.status, row.want, out, errs)
			}
		})
	}
}

// changed returns the variables that decide how an application answers.
func changed(env map[string]string) (pairs []string) {
	for _, name := range []string{"SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS"} {
		pairs = append(pairs, name, env[name])
	}
	return pairs
}

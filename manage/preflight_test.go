package manage_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
)

func TestPreflight(t *testing.T) {
	t.Chdir(t.TempDir()) // in no repository, which would be looked at each time
	for _, row := range []struct {
		name   string
		env    map[string]string
		args   string
		status int
		want   []string // parts of the checklist or of the error, spaces squeezed
	}{
		{"production", production(), "", 0, []string{"PASS 1 Debug is off", "PASS 3 Allowed hosts", "PASS 12 The deployment check passes",
			"NOT VERIFIED 15 Backups run, and restore", " 0 failed, ", "Passed.", "app preflight --url https://example.com", "app preflight --history"}},
		{"not everything is verified", production(), "--strict", 1, []string{"0 failed", "what is not verified has not passed"}},
		{"debugging", with(production(), "DEBUG", "true"), "", 1, []string{"FAIL 1 Debug is off", "security.W018", "FAIL 12", "Item 1 fails."}},
		{"a reason", with(production(), "X_FRAME_OPTIONS", "SAMEORIGIN", "SILENCED_SYSTEM_CHECKS", "security.W021=no preload,security.W019=our own editor frames it"), "", 0,
			[]string{"PASS 8 Framing is refused", "set aside: our own editor frames it"}},
		{"settings that are refused", with(production(), "SECRET_KEY", "short"), "", 1, []string{"FAIL 12", "airworthy.E001"}},
		{"a page", production(), "--format html", 0, []string{"<!doctype html>", "Nothing failed,"}},
		{"an unknown form", production(), "--format junit", 2, []string{"use text, json, html"}},
		{"an unknown site", production(), "--url ftp://a.example", 2, []string{"no scheme of a site"}},
		{"a word too many", production(), "now", 2, []string{"unknown command"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, out, errs := run(t, build(row.env), append([]string{"preflight"}, strings.Fields(row.args)...)...)
			got := strings.Join(strings.Fields(out+errs), " ")
			for _, want := range row.want {
				if status != row.status || !strings.Contains(got, want) {
					t.Errorf("status %d, want %d and %q:\n%s%s", status, row.status, want, out, errs)
				}
			}
		})
	}
}

// An application's own checks and items stand beside the sixteen.
func TestPreflightOfAnApplicationsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	env := production()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	find := func(context.Context) ([]check.Finding, error) {
		return []check.Finding{{Evidence: "invoice 7", Source: dir + "/invoices.go:3"}, {Evidence: "the key is " + env["SECRET_KEY"]}}, nil
	}
	own := func(ctx context.Context) (*airworthy.App, error) {
		app, err := build(env)(ctx)
		if err != nil {
			return nil, err
		}
		s := app.Settings()
		s.OwnChecks = []check.Check{{ID: "shop.E001", Level: check.Error, Tags: []string{"shop"}, Needs: check.Handler, Deploy: true,
			Title: "An invoice is shown to strangers.", Hint: "Ask for the session.", Find: find}}
		s.Items = []preflight.Item{{Title: "Invoices are their owner's alone", Checks: []string{"shop."}}}
		return airworthy.New(s, app)
	}
	status, out, errs := run(t, own, "preflight")
	got := strings.Join(strings.Fields(out), " ")
	if status != 1 || !strings.Contains(got, "FAIL 17 Invoices are their owner's alone application: 2 findings shop.E001 An invoice is shown to strangers. invoices.go:3 invoice 7") {
		t.Errorf("status %d:\n%s%s", status, out, errs)
	}
	if !strings.Contains(got, "the key is ") || strings.Contains(got, env["SECRET_KEY"]) {
		t.Errorf("the checklist holds a secret:\n%s", out)
	}
	if status, out, _ := run(t, own, "check", "--deploy"); status != 1 || !strings.Contains(out, "shop.E001") {
		t.Errorf("the gate does not ask the application's own checks: %d\n%s", status, out)
	}
}

// With --history the repository is looked at, and what is in use is known there.
func TestPreflightHistory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "--allow-empty", "-m", "first"}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
	}
	status, out, errs := run(t, build(production()), "preflight", "--history")
	got := strings.Join(strings.Fields(out), " ")
	if !strings.Contains(got, "repository (secrets in the tree, its history and the deployment files): ") || strings.Contains(got, "repository app preflight") {
		t.Errorf("status %d:\n%s%s", status, out, errs)
	}
}

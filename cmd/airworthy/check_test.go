package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

// site writes a Django project of a few files and returns its directory.
func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manage.py":                   "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings.production')\n",
		"requirements.txt":            "# pinned\nDjango==5.2.19\n",
		".python-version":             "3.13.1\n",
		"mysite/__init__.py":          "",
		"mysite/settings/__init__.py": "",
		"mysite/settings/base.py":     "SECRET_KEY = 'canary-9d8f7a6b5c4d3e2f1a0b-canary-9d8f7a6b5c4d3e2f1a0b'\nALLOWED_HOSTS = ['*']\nDEBUG = True\n",
		"mysite/settings/production.py": "import os\nfrom .base import *\n\nDEBUG = False\nSECURE_SSL_REDIRECT = True\n" +
			"EMAIL_HOST = os.environ['EMAIL_HOST']\n",
		"urls.py": "",
	} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCheck runs check as a shell would. DIR stands for a project.
func TestCheck(t *testing.T) {
	for _, row := range []struct {
		args   string
		status int
		out    string
		errs   string
	}{
		{"check --help", 0, "This runs the project", ""},
		{"check", 2, "", "--django is missing"},
		{"check --deploy --django /no/such", 2, "", "is no directory"},
		{"check --deploy --django DIR/mysite", 2, "", "--settings is missing, and manage.py names no module: it has settings.base, settings.production"},
		{"check --deploy --django DIR --settings mysite.setting", 2, "", "it has mysite.settings.base, mysite.settings.production"},
		{"check --deploy --django DIR --python no-such-python", 2, "", "--python none reads the source"},
		{"check --deploy --django DIR --timeout 0s", 2, "", "--timeout"},
		{"check --deploy --django DIR --python none --fail-level loud", 2, "", "--fail-level"},
		{"check --deploy --django DIR extra", 2, "", ""},
		{"check --deploy --list-checks", 0, "django.W030", ""},
		{"check --list-tags", 0, "django", ""},
		{"check --deploy --django DIR --python none", 1, "mysite.settings.production, Django 5.2.19, Python 3.13.1", ""},
		{"check --deploy --django DIR --python none", 1, "ALLOWED_HOSTS (mysite/settings/base.py:2)", ""},
		{"check --deploy --django DIR --python none", 1, "EMAIL_HOST: it comes from the environment (mysite/settings/production.py:6)", ""},
		{"check --deploy --django DIR --python true", 1, "django.E022", ""},
	} {
		var out, errs strings.Builder
		args := strings.Fields(strings.ReplaceAll(row.args, "DIR", site(t)))
		status := run(t.Context(), args, &out, &errs)
		text := strings.Join(strings.Fields(out.String()), " ") // lines are folded
		if status != row.status || !strings.Contains(text, row.out) || !strings.Contains(errs.String(), row.errs) {
			t.Errorf("airworthy %s: status %d, stdout %q, stderr %q; want %d, %q, %q",
				row.args, status, out.String(), errs.String(), row.status, row.out, row.errs)
		}
		if strings.Contains(out.String()+errs.String(), "canary") {
			t.Errorf("airworthy %s: a key is printed", row.args)
		}
	}
}

// TestCheckFindings holds what the literal reader finds in the project, and where.
func TestCheckFindings(t *testing.T) {
	var out, errs strings.Builder
	run(t.Context(), []string{"check", "--deploy", "--django", site(t), "--python", "none", "--format", "json"}, &out, &errs)
	var report check.Report
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	got := map[string]string{}
	for _, f := range report.Findings {
		got[f.ID] = f.Source
	}
	for id, want := range map[string]string{
		"hosts.W001":    "mysite/settings/base.py:2",
		"django.W025":   "mysite/settings/base.py:1",
		"security.W001": "mysite/settings/production.py",
	} {
		if got[id] != want {
			t.Errorf("%s is found at %q, want %q", id, got[id], want)
		}
	}
	for _, id := range []string{"security.W018", "security.W008"} {
		if at, ok := got[id]; ok {
			t.Errorf("%s is found at %q", id, at)
		}
	}
	var open []string
	for _, n := range report.NotRun {
		open = append(open, n.ID)
	}
	if len(open) != 1 || open[0] != "django.W032" {
		t.Errorf("not run = %q, want django.W032 alone, which needs EMAIL_HOST", open)
	}
}

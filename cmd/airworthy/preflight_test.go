package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// project is a Django project whose source says all that is needed: debugging is on.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manage.py":          "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
		"site1/__init__.py":  "",
		"site1/settings.py":  "DEBUG = True\nALLOWED_HOSTS = ['*']\nSECRET_KEY = 'short'\nINSTALLED_APPS = []\nMIDDLEWARE = []\n",
		"deploy/compose.yml": "services:\n  web:\n    image: web\n    environment:\n      DEBUG: \"1\"\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPreflight(t *testing.T) {
	url, ca := liveSite(t)
	dir, clean := project(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(clean, "a.txt"), []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	live := " --url " + url + " --allow-private --interval 1ns --ca " + ca
	for _, row := range []struct {
		args   string
		status int
		out    string // a pattern of what is in stdout, lines squeezed to single spaces
		errs   string // part of stderr
	}{
		{"preflight", 2, "^$", "--url, --repo or --django"},
		{"preflight https://a.example", 2, "^$", "preflight [--url URL]"},
		{"preflight --settings a", 2, "^$", "nothing to look at"},
		{"preflight --repo nowhere-at-all", 2, "^$", "not a directory"},
		{"preflight --repo . --history some", 2, "^$", "neither all nor none"},
		{"preflight --django nowhere-at-all", 2, "^$", "--django"},
		{"preflight --url ftp://a.example", 2, "^$", "no scheme of a site"},
		{"preflight --repo . --format sarif", 2, "^$", "use text, json, html"},
		{"preflight --repo . --report html", 2, "^$", "FORMAT=FILE"},
		{"preflight --repo . --waivers nowhere.yaml", 2, "^$", "--waivers"},
		{"preflight --repo " + clean + " --history none", 0, "NOT VERIFIED 2 The signing key.*airworthy probe https://….*0 passed, 0 failed, 16 not verified. Passed.", ""},
		{"preflight --repo " + clean + " --history none --strict", 1, "Failed: what is not verified has not passed.", ""},
		{"preflight --repo " + dir + " --history none", 1, "FAIL 1 Debug is off.*deployment.W006.*deploy/compose.yml", ""},
		{"preflight --django " + dir + " --python none", 1, "FAIL 1 Debug is off.*security.W018.*FAIL 3 .*hosts.W001.*FAIL 12 The deployment check passes Items 1, ", ""},
		{"preflight" + live, 1, "NOT VERIFIED 2 .*FAIL 5 HSTS.*probe.W005.*NOT VERIFIED 10 ", ""},
		{"preflight" + live + " --repo " + dir + " --history none --django " + dir + " --python none", 1,
			"FAIL 1 Debug.*security.W018.*deployment.W006.*live site.*FAIL 5 .*settings.*live site.*probe.W005", ""},
	} {
		var out, errs strings.Builder
		status := run(t.Context(), strings.Fields(row.args), &out, &errs)
		got := strings.Join(strings.Fields(out.String()), " ")
		if status != row.status || !regexp.MustCompile(row.out).MatchString(got) || !strings.Contains(errs.String(), row.errs) {
			t.Errorf("airworthy %s: status %d, stdout %s, stderr %q; want %d, %q, %q",
				row.args, status, out.String(), errs.String(), row.status, row.out, row.errs)
		}
	}
}

// Every form says the same, and the status is that of the checklist in whichever form it is written.
func TestPreflightForms(t *testing.T) {
	dir, into := project(t), t.TempDir()
	page, object := filepath.Join(into, "list.html"), filepath.Join(into, "list.json")
	var out, errs strings.Builder
	args := []string{"preflight", "--repo", dir, "--history", "none", "-o", page, "--report", "json=" + object}
	if status := run(t.Context(), args, &out, &errs); status != 1 || out.String() != "" || errs.String() != "" {
		t.Fatalf("status %d, %q, %q", status, out.String(), errs.String())
	}
	text, err := os.ReadFile(page)
	if err != nil || !strings.HasPrefix(string(text), filepath.Base(dir)) {
		t.Errorf("-o has %q, %v", text, err)
	}
	text, err = os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Failed bool
		Items  []struct{ State string }
	}
	if err := json.Unmarshal(text, &list); err != nil || !list.Failed || len(list.Items) != 16 || list.Items[0].State != "fail" {
		t.Errorf("%+v, %v", list, err)
	}
	kept := filepath.Join(into, "kept.json")
	args = []string{"preflight", "--repo", dir, "--history", "none", "-o", filepath.Join(page, "no-folder"), "--report", "json=" + kept}
	if status := run(t.Context(), args, &out, &errs); status != 1 || !strings.Contains(errs.String(), "the text report was not written") {
		t.Errorf("a place that takes no report: status %d, %q", status, errs.String())
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the other report was not written: %v", err)
	}
	out.Reset()
	if status := run(t.Context(), []string{"preflight", "--repo", dir, "--history", "none", "--format", "html"}, &out, &errs); status != 1 ||
		!strings.HasPrefix(out.String(), "<!doctype html>") || strings.Contains(out.String(), dir) {
		t.Errorf("the page: status %d, %.300s", status, out.String())
	}
}

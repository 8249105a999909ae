package deployment_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/check/deployment"
)

func TestChecks(t *testing.T) {
	checktest.Golden(t, "testdata/checks", func(_ *testing.T, files fs.FS) []check.Check {
		return deployment.Config{Tree: files}.Checks()
	})
}

// judge returns what is found in files, given by path.
func judge(t *testing.T, files map[string]string) *check.Report {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return check.Run(t.Context(), deployment.Config{Tree: tree}.Checks(), check.Options{Deploy: true})
}

// TestFindingsSayWhere looks at lines, levels and what is told.
func TestFindingsSayWhere(t *testing.T) {
	const key = "Xk29fmqwL0"
	for _, row := range []struct {
		name, text string
		line       int
		setting    string
		level      check.Level
	}{
		{"compose.yml", "services:\n  web:\n    environment:\n      A: b\n      API_KEY: " + key + "\n", 5, "API_KEY", check.Error},
		{"compose.yml", "services:\n  db:\n    environment:\n    - POSTGRES_PASSWORD=postgres\n", 4, "POSTGRES_PASSWORD", check.Warning},
		{"compose.dev.yml", "services:\n  db:\n    environment:\n    - POSTGRES_PASSWORD=" + key + "\n", 4, "POSTGRES_PASSWORD", check.Info},
		{"cm.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  x.env: |\n    # c\n    API_KEY=" + key + "\n", 6, "API_KEY", check.Error},
		{"Dockerfile", "FROM x\n\nENV A=b \\\n  API_KEY=" + key + "\n", 3, "API_KEY", check.Error},
		{".gitlab-ci.yml", "a:\n  script:\n  - |\n    make\n    export API_KEY=" + key + "\n", 5, "API_KEY", check.Error},
		{"x.service", "[Service]\nEnvironment=A=b\nEnvironment=API_KEY=" + key + "\n", 3, "API_KEY", check.Error},
	} {
		r := judge(t, map[string]string{row.name: row.text})
		if len(r.Findings) != 1 || len(r.NotRun) > 0 {
			t.Errorf("%s: findings %+v, not run %v; want one", row.name, r.Findings, r.NotRun)
			continue
		}
		f := r.Findings[0]
		if f.File != row.name || f.Line != row.line || f.Setting != row.setting || f.Level != row.level {
			t.Errorf("%s: %s:%d %s %s; want line %d, %s, %s", row.name, f.File, f.Line, f.Setting, f.Level, row.line, row.setting, row.level)
		}
		if strings.Contains(f.Evidence+f.Key+f.Title, key) {
			t.Errorf("%s: the finding holds the secret: %+v", row.name, f)
		}
	}
}

// TestFingerprintsOutliveLines: a line above changes nothing.
func TestFingerprintsOutliveLines(t *testing.T) {
	const text = "services:\n  web:\n    environment: {API_KEY: Xk29fmqwL0}\n"
	a, b := judge(t, map[string]string{"compose.yml": text}), judge(t, map[string]string{"compose.yml": "# new\n" + text})
	if a.Findings[0].Fingerprint != b.Findings[0].Fingerprint || a.Findings[0].Line == b.Findings[0].Line {
		t.Errorf("fingerprints %s and %s, want one for two lines", a.Findings[0].Fingerprint, b.Findings[0].Fingerprint)
	}
}

// TestOurEnvironmentIsNotPutIn holds ${NAME} to be what stands there.
func TestOurEnvironmentIsNotPutIn(t *testing.T) {
	t.Setenv("AIRWORTHY_TEST_PASSWORD", "Xk29fmqwL0")
	if r := judge(t, map[string]string{"compose.yml": "services: {a: {environment: {PASSWORD: \"${AIRWORTHY_TEST_PASSWORD}\"}}}"}); len(r.Findings) > 0 {
		t.Errorf("findings = %+v, want none", r.Findings)
	}
}

// TestTreesOfTheMachine walks a real folder: installed packages and links are left out, and what cannot be read is told.
func TestTreesOfTheMachine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const bad = "services: {a: {environment: {API_KEY: Xk29fmqwL0}}}"
	write("deploy/compose.yml", bad)
	write("node_modules/x/compose.yml", bad)
	if err := os.Symlink("/etc", filepath.Join(dir, "etc")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("deploy/compose.yml", filepath.Join(dir, "compose.yml")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	r := check.Run(t.Context(), deployment.Config{Tree: root.FS()}.Checks(), check.Options{Deploy: true})
	if len(r.Findings) != 1 || r.Findings[0].File != "deploy/compose.yml" || len(r.NotRun) > 0 {
		t.Errorf("findings = %+v, not run %v; want the one of deploy/", r.Findings, r.NotRun)
	}
	only := deployment.Config{Tree: root.FS(), Paths: []string{"gone.yml", "compose.yml"}}
	if r := check.Run(t.Context(), only.Checks(), check.Options{Deploy: true}); len(r.Findings)+len(r.NotRun) > 0 {
		t.Errorf("a link and a file that is gone: %+v, %v", r.Findings, r.NotRun)
	}
}

// TestRepository looks at what git tracks or would add, and at nothing else.
func TestRepository(t *testing.T) {
	dir := t.TempDir()
	const bad = "services: {a: {environment: {API_KEY: Xk29fmqwL0}}}"
	for name, text := range map[string]string{"a/compose.yml": bad, "ignored/compose.yml": bad, ".gitignore": "ignored/\n"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := check.Run(t.Context(), deployment.In(dir).Checks(), check.Options{Deploy: true}); len(got.Findings) != 2 {
		t.Errorf("without git: %+v, want both", got.Findings)
	}
	if out, err := exec.Command("git", "-C", dir, "init", "-q").CombinedOutput(); err != nil {
		t.Skipf("git is needed: %s", out)
	}
	got := check.Run(t.Context(), deployment.In(filepath.Join(dir, "a")).Checks(), check.Options{Deploy: true})
	if len(got.Findings) != 1 || got.Findings[0].File != "a/compose.yml" {
		t.Errorf("with git: %+v, want the one that is not ignored", got.Findings)
	}
}

func TestWhatCannotBeReadHasNotPassed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]deployment.Config{
		"no tree":   {},
		"no folder": deployment.In(filepath.Join(t.TempDir(), "gone")),
	} {
		if r := check.Run(t.Context(), c.Checks(), check.Options{Deploy: true}); len(r.NotRun) != len(c.Checks()) {
			t.Errorf("%s: %d of %d checks did not run", name, len(r.NotRun), len(c.Checks()))
		}
	}
	checks := deployment.Config{Tree: fstest.MapFS{"compose.yml": {}}}.Checks()
	if _, err := checks[0].Find(ctx); err == nil {
		t.Error("a run that was stopped has passed")
	}
	if _, err := checks[0].Find(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// FuzzFiles holds the readers to their laws: they end, they do not panic, and no finding holds a secret.
func FuzzFiles(f *testing.F) {
	const secret = "Xk29fmqwL0zz"
	names := []string{"compose.yml", "k8s.yaml", "values.yaml", "Dockerfile", ".gitlab-ci.yml", "a.service", ".github/workflows/x.yml"}
	for i, text := range []string{
		"services: {a: {environment: {API_KEY: @}}}", "apiVersion: v1\nkind: Secret\nstringData: {a: @}", "a: {password: @}",
		"FROM x\nENV A_KEY=@ \\\n B=c\nRUN <<E\nexport T_TOKEN=@\nE", "a: {script: [\"export T_TOKEN=@\"]}", "[Service]\nEnvironment=\"T_TOKEN=@\"",
		"jobs: {a: {steps: [{run: \"curl -u a:@\"}]}}",
	} {
		f.Add(i, text)
	}
	f.Fuzz(func(t *testing.T, which int, text string) {
		name := names[uint(which)%uint(len(names))]
		text = strings.ReplaceAll(text, "@", secret)
		r := judge(t, map[string]string{name: text})
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 2
		for _, found := range slices.Concat(r.Findings, r.Silenced) {
			if strings.Contains(found.Title+found.Hint, secret) || found.File != name || found.Line < 1 {
				t.Errorf("%+v in %d lines", found, lines)
			}
		}
		if len(r.NotRun) > 0 {
			t.Errorf("not run: %v", r.NotRun)
		}
	})
}

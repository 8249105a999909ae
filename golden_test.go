package airworthy_test

import (
	"bytes"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// operator is what the operator of the cases' site has set where a case says nothing else.
var operator = map[string]string{
	"AIRWORTHY_ENV":                  "production",
	"SECRET_KEY":                     "{key production 1d}",
	"ALLOWED_HOSTS":                  "www.example.com",
	"SITE_ORIGIN":                    "https://www.example.com",
	"SECURE_HSTS_SECONDS":            "31536000",
	"SECURE_HSTS_INCLUDE_SUBDOMAINS": "true",
	"SECURE_HSTS_PRELOAD":            "true",
	"PASSWORD_BREACHED_URL":          policy.PwnedPasswords, // cases that try passwords unset it, so that none is sent
}

// elsewhere are checks whose cases stand beside the part, with why.
var elsewhere = map[string]string{
	"logs.W001":     "New connects the mask: only a part that is used alone can lack it",
	"password.E002": "only a hasher with a bug raises it",
}

// djangoOnly are Django's checks of half an installation, which no Go application is. check/django has their cases.
var djangoOnly = []string{"security.W010", "security.W011", "security.W013", "security.W014"}

// TestGolden runs testdata/checks: the settings of a site as its operator has them. The folder of a case is the site's
// directory, with the files
//
//	.env       variables, laid over those of operator, and read as any site reads them
//	program    what differs in the program, a line each: one of variants, or Headers.InsecureOff, which sets that field
//	…          whatever files the variables name; those below public/ can be read by everybody, and of a list
//	           NAME.hashes the filter NAME.filter is made
//
// In all of them {dir} is the directory, {key ENVIRONMENT AGE} a key that was made so long ago (15d1m), {random N} so many
// letters and digits, the same ones for the same N, and {lines N} a list of so many lines. A variable that is {unset} is not
// there at all.
//
// Settings that are refused, when they are read or by New, are judged all the same, as the command check does it.
func TestGolden(t *testing.T) {
	checktest.Golden(t, "testdata/checks", func(t *testing.T, files fs.FS) []check.Check {
		dir := t.TempDir()
		unpack(t, files, dir)
		t.Chdir(dir)
		_, id, _ := strings.Cut(t.Name(), "/")
		return slices.DeleteFunc(operated(t, dir), func(c check.Check) bool {
			running := c.Needs == check.Handler && !strings.HasPrefix(id, c.ID) // they take long: each in its own cases only
			return running || elsewhere[c.ID] != "" || slices.Contains(djangoOnly, c.ID) || c.Needs == check.Repository
		})
	})
}

// operated returns the checks of the site whose directory is the working directory.
func operated(t *testing.T, dir string) []check.Check {
	t.Helper()
	changes := changesIn(t, dir)
	kept := secrets.Config{Schemes: []settings.Scheme{{Name: "clear", Open: openClear}}}
	for _, c := range changes {
		if c.keeper != nil {
			c.keeper(&kept)
		}
	}
	type program struct{ airworthy.Settings }
	environments := settings.Environments[program]{}
	for name, base := range map[string]func() airworthy.Settings{"production": airworthy.Production,
		"staging": airworthy.Production, "development": airworthy.Development} {
		environments[name] = func() program {
			s := equipped(t, base())
			for _, c := range changes {
				if c.base != nil {
					c.base(&s)
				}
			}
			return program{s}
		}
	}
	keeper := secrets.New(kept)
	t.Cleanup(func() { _ = keeper.Close() })
	cfg, err := environments.Load(t.Context(), settings.DotEnv(".env"), settings.Map("operator", set(t, dir)), keeper)
	if err != nil {
		refused, _ := airworthy.Refused(err)
		return append(refused.Checks(), airworthy.BuildCheck(err))
	}
	for _, c := range changes {
		if c.code != nil {
			c.code(&cfg.Settings)
		}
	}
	app, err := airworthy.New(cfg.Settings, http.NotFoundHandler())
	if err != nil {
		return append(cfg.Settings.Checks(), airworthy.BuildCheck(err))
	}
	t.Cleanup(func() { _ = app.Close() })
	for _, c := range changes {
		if c.later != nil {
			if err := c.later(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	return append(app.Checks(), airworthy.BuildCheck(nil))
}

const unset = "{unset}"

// set returns what the operator has set beside .env, out of which what is unset is taken.
func set(t *testing.T, dir string) map[string]string {
	t.Helper()
	path := filepath.Join(dir, ".env")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(operator)
	for name, value := range all {
		all[name] = string(filled(t, dir, []byte(value)))
	}
	var rest []string
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutSuffix(strings.TrimSpace(line), "="+unset); ok {
			delete(all, name)
			continue
		}
		rest = append(rest, line)
	}
	if err := os.WriteFile(path, []byte(strings.Join(rest, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return all
}

// unpack writes the files of a case to dir.
func unpack(t *testing.T, files fs.FS, dir string) {
	t.Helper()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		text = filled(t, dir, text)
		if name, ok := strings.CutSuffix(to, ".hashes"); ok {
			_, err := policy.BuildFilter(t.Context(), name+".filter", bytes.NewReader(text), policy.FilterOptions{}, nil)
			return err
		}
		if err := os.WriteFile(to, text, 0o600); err != nil || !strings.HasPrefix(path, "public/") {
			return err
		}
		return os.Chmod(to, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".env")); err != nil {
		if err := os.WriteFile(filepath.Join(dir, ".env"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var blank = regexp.MustCompile(`\{(dir|key|random|lines)(?: ([a-z0-9]+))?(?: ([0-9dhm]+))?\}`)

// filled returns a text of a case with its blanks filled in. One text is always filled with one value.
func filled(t *testing.T, dir string, text []byte) []byte {
	t.Helper()
	return blank.ReplaceAllFunc(text, func(b []byte) []byte {
		m := blank.FindStringSubmatch(string(b))
		number, _ := strconv.Atoi(m[2])
		switch m[1] {
		case "dir":
			return []byte(filepath.ToSlash(dir))
		case "random":
			return []byte(letters(number))
		case "lines":
			var list []byte
			for i := range number {
				list = strconv.AppendInt(append(list, "password "...), int64(i), 10)
				list = append(list, '\n')
			}
			return bytes.TrimSpace(list)
		}
		made := time.Now().Add(-age(t, m[3])).UTC().Format("20060102T150405Z")
		key := "aw1_" + m[2] + "_" + made + "_" + letters(52)
		if label, ok := keyring.LabelOf(secret.New(key)); !ok || label.Environment != m[2] {
			t.Fatalf("%s makes no key with a label", b)
		}
		return []byte(key)
	})
}

// letters returns n letters and digits that depend on n alone.
func letters(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[random.IntN(32)]
	}
	return string(out)
}

// age reads a time such as 15d1m.
func age(t *testing.T, text string) (sum time.Duration) {
	t.Helper()
	units := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}
	for _, m := range regexp.MustCompile(`(\d+)([dhm])`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(n) * units[m[2]]
	}
	if sum == 0 {
		t.Fatalf("%q is no age", text)
	}
	return sum
}

// TestGoldenSite holds the site of the cases to have nothing wrong with it, so that each case raises what it is about.
func TestGoldenSite(t *testing.T) {
	dir := t.TempDir()
	unpack(t, txtarFS(t, "-- .env --\n"), dir)
	t.Chdir(dir)
	checks := slices.DeleteFunc(operated(t, dir), func(c check.Check) bool { return c.ID == "policy.W007" || c.ID == "policy.E004" })
	report := check.Run(t.Context(), checks, check.Options{Deploy: true})
	if len(report.Findings)+len(report.NotRun) > 0 {
		t.Errorf("findings: %+v, not run: %+v", report.Findings, report.NotRun)
	}
}

func txtarFS(t *testing.T, text string) fs.FS {
	t.Helper()
	tree, err := txtar.FS(txtar.Parse([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

package repo_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo"
)

// remembered scans and returns what was found, "ID file", and how much was read of what git holds.
func remembered(t *testing.T, dir, cache string) (found []string, read int64) {
	t.Helper()
	var total atomic.Int64
	c := repo.Config{Dir: dir, Cache: cache, Progress: func(_, n int64) { total.Store(n) }}
	report := check.Run(t.Context(), c.ScanChecks(), check.Options{Deploy: true})
	for _, n := range report.NotRun {
		t.Errorf("%s could not look: %s", n.ID, n.Reason)
	}
	for _, f := range report.Findings {
		found = append(found, f.ID+" "+f.File)
	}
	slices.Sort(found)
	return found, total.Load()
}

// seenFile returns the one file in a cache that says what was seen.
func seenFile(t *testing.T, cache string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("the cache holds %q, want a key and a file", names)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
			t.Errorf("%s may be read by others", filepath.Base(name))
		}
	}
	i := slices.IndexFunc(names, func(n string) bool { return strings.HasSuffix(n, ".seen") })
	return names[i]
}

func TestCache(t *testing.T) {
	settings := "MAIL_HOST=mail\nMAIL_PASSWORD=" + "gh7Kq2_wP0xTz5Lm" + "\n"
	dir := repository(t, map[string]string{"main.go": "package main", "deploy.py": "key = '" + planted + "'", "notes": settings, "large": strings.Repeat("text\n", 50_000)})
	commit := func(message string) {
		t.Helper()
		run(t, dir, "add", "--force", ".")
		run(t, dir, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", message)
	}
	commit("one")
	cache := filepath.Join(t.TempDir(), "new", "cache")
	first, whole := remembered(t, dir, cache)
	again, read := remembered(t, dir, cache)
	if !slices.Equal(first, again) || !slices.Contains(first, "repo.E004 deploy.py") {
		t.Errorf("found %q first and %q from the cache, want both with deploy.py", first, again)
	}
	if read >= whole/10 {
		t.Errorf("%d bytes were read of %d that had been", read, whole)
	}
	text, err := os.ReadFile(seenFile(t, cache))
	if err != nil || bytes.Contains(text, []byte(planted)) || bytes.Contains(text, []byte("deploy.py")) {
		t.Errorf("the cache holds a secret or a name (%v)", err)
	}

	// What was clean under one name is looked at again under one that says more.
	if err := os.WriteFile(filepath.Join(dir, "prod.env"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	commit("two")
	run(t, dir, "rm", "-q", "prod.env", "deploy.py")
	run(t, dir, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "three")
	for _, from := range []string{cache, cache, ""} {
		got, _ := remembered(t, dir, from)
		for _, want := range []string{"repo.E006 prod.env", "repo.E005 deploy.py"} {
			if !slices.Contains(got, want) {
				t.Errorf("cache %q: got %q, want %q", from, got, want)
			}
		}
	}
}

// A cache that another wrote, or that was changed, hides nothing and breaks nothing.
func TestForeignCache(t *testing.T) {
	dir := repository(t, map[string]string{"main.go": strings.Repeat("package main\n", 1000), "deploy.py": "key = '" + planted + "'"})
	cache := t.TempDir()
	want, whole := remembered(t, dir, cache)
	name := seenFile(t, cache)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func() []byte{
		"cut":     func() []byte { return good[:len(good)/2] },
		"empty":   func() []byte { return nil },
		"longer":  func() []byte { return append(slices.Clone(good), 0) },
		"magic":   func() []byte { return flipped(good, 0) },
		"MAC":     func() []byte { return flipped(good, 20) },
		"program": func() []byte { return flipped(good, 60) },
		"state":   func() []byte { return flipped(good, len(good)-21) },
		"noise":   func() []byte { return bytes.Repeat([]byte{0xff}, 5000) },
	} {
		if err := os.WriteFile(name, change(), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, read := remembered(t, dir, cache); !slices.Equal(got, want) || read != whole {
			t.Errorf("%s: found %q and read %d bytes, want %q and %d", what, got, read, want, whole)
		}
		if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now[16:48], good[16:48]) {
			t.Errorf("%s: the cache was not written anew (%v)", what, err)
		}
	}
	if err := os.WriteFile(filepath.Join(cache, "key"), bytes.Repeat([]byte{7}, 32), 0o600); err != nil { // that of another
		t.Fatal(err)
	}
	if got, read := remembered(t, dir, cache); !slices.Equal(got, want) || read != whole {
		t.Errorf("another key: found %q and read %d bytes, want %q and %d", got, read, want, whole)
	}
	for _, unusable := range []string{"/dev/null/cache", filepath.Join(dir, "main.go")} {
		if got, _ := remembered(t, dir, unusable); !slices.Equal(got, want) {
			t.Errorf("no cache: found %q, want %q", got, want)
		}
	}
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

package manage_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/settings"
)

// unbuildable is a program that cannot be built: these commands do not need one.
func unbuildable(context.Context) (*airworthy.App, error) { return nil, errors.New("no settings yet") }

func runIn(t *testing.T, in io.Reader, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = manage.Run(t.Context(), unbuildable, append([]string{"app", "password"}, args...), manage.Streams{In: in, Out: &o, Err: &e})
	return status, o.String(), e.String()
}

func sha(word string) string { return fmt.Sprintf("%X", sha1.Sum([]byte(word))) }

func TestPasswordFilter(t *testing.T) {
	hashes := sha("hunter2") + ":17\n" + strings.ToLower(sha("sesame")) + "\r\n" + sha("rare") + ":1\n\n"
	for _, tt := range []struct {
		name   string
		list   string
		args   []string // before LIST and OUT
		status int
		want   []string // in what it says
		in     []string // passwords that the filter finds
		out    []string // and some that it does not
	}{
		{"hashes", hashes, nil, 0, []string{"# 3 passwords in 0.0 MiB; of 1024 others one is refused", "read 4 lines", "skipped 1"},
			[]string{"hunter2", "sesame", "rare"}, []string{"seven wild geese"}},
		{"hashes that were seen often", hashes, []string{"--min-count", "2"}, 0, []string{"# 2 passwords", "skipped 2"},
			[]string{"hunter2", "sesame"}, []string{"rare"}},
		{"a finer one", hashes, []string{"--bits", "20"}, 0, []string{"of 1048576 others"}, []string{"hunter2"}, []string{"x", "y"}},
		{"passwords", "hunter2\nsesame\n", []string{"--plain"}, 0, []string{"# 2 passwords"}, []string{"hunter2", "sesame"}, []string{"rare"}},
		{"passwords taken for hashes", "hunter2\nsesame\n", nil, 1, []string{"line 1 of the list", "SHA-1"}, nil, nil},
		{"hashes taken for passwords", hashes, []string{"--plain"}, 1, []string{"leave --plain out"}, nil, nil},
		{"and with a byte order mark", "\ufeff" + hashes, []string{"--plain"}, 1, []string{"leave --plain out"}, nil, nil},
		{"nothing", "", nil, 1, []string{"no entries"}, nil, nil},
		{"a number that is none", hashes, []string{"--bits", "ten"}, 2, []string{"--bits"}, nil, nil},
		{"a number out of bounds", hashes, []string{"--bits", "25"}, 2, []string{"25 is not between 6 and 24"}, nil, nil},
	} {
		for _, from := range []string{"stdin", "file"} {
			t.Run(tt.name+" from "+from, func(t *testing.T) {
				dir := t.TempDir()
				list, out, in := "-", filepath.Join(dir, "breached.filter"), io.Reader(strings.NewReader(tt.list))
				if from == "file" {
					list, in = filepath.Join(dir, "list.txt"), strings.NewReader("what is on stdin does not matter")
					if err := os.WriteFile(list, []byte(tt.list), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				status, said, errs := runIn(t, in, append(append([]string{"filter"}, tt.args...), list, out)...)
				if status != tt.status {
					t.Errorf("status %d, want %d: %s", status, tt.status, errs)
				}
				for _, want := range tt.want {
					if !strings.Contains(said+errs, want) {
						t.Errorf("got %q, want %q in it", said+errs, want)
					}
				}
				if strings.Contains(errs+said, "hunter2") || strings.Contains(errs+said, sha("hunter2")[:8]) {
					t.Error("what stands in the list is printed")
				}
				if tt.status != 0 {
					if _, err := os.Stat(out); err == nil || said != "" {
						t.Errorf("there is a filter, or a result: %s", said)
					}
					return
				}
				if _, value, _ := strings.Cut(said, "PASSWORD_BREACHED_FILE="); value != out+"\n" {
					t.Errorf("the setting is %q, want %q", value, out)
				}
				judge(t, out, tt.in, tt.out)
			})
		}
	}
}

// judge asks a filter.
func judge(t *testing.T, path string, in, out []string) {
	t.Helper()
	f, err := policy.OpenFilter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, word := range in {
		if found, err := f.Contains(word); !found || err != nil {
			t.Errorf("%q is found: %t, %v", word, found, err)
		}
	}
	for _, word := range out {
		if found, err := f.Contains(word); found || err != nil {
			t.Errorf("%q is found: %t, %v, and is not in the list", word, found, err)
		}
	}
}

func TestPasswordFilterReplacesOnlyFilters(t *testing.T) {
	dir := t.TempDir()
	list, out := filepath.Join(dir, "list"), filepath.Join(dir, "out")
	if err := os.WriteFile(list, []byte(sha("hunter2")), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := runIn(t, nil, "filter", list, out); status != 0 {
		t.Fatal(errs)
	}
	if status, _, errs := runIn(t, strings.NewReader(sha("sesame")), "filter", "-", out); status != 0 {
		t.Fatal(errs)
	}
	judge(t, out, []string{"sesame"}, []string{"hunter2"})
	for _, taken := range []string{list, dir} {
		status, _, errs := runIn(t, nil, "filter", list, taken)
		if status != 1 || !strings.Contains(errs, "no filter that could be replaced") {
			t.Errorf("status %d: %s", status, errs)
		}
	}
	if b, err := os.ReadFile(list); err != nil || string(b) != sha("hunter2") {
		t.Errorf("the list was written over: %v", err)
	}
	if status, _, errs := runIn(t, nil, "filter", filepath.Join(dir, "nosuch"), out); status != 1 || !strings.Contains(errs, "nosuch") {
		t.Errorf("status %d: %s", status, errs)
	}
	judge(t, out, []string{"sesame"}, nil)
}

func TestPasswordFilterInterrupted(t *testing.T) {
	in, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "out")
	done := make(chan int, 1)
	var errs strings.Builder
	go func() {
		done <- manage.Run(ctx, unbuildable, []string{"app", "password", "filter", "-", out}, manage.Streams{In: in, Out: io.Discard, Err: &errs})
	}()
	if _, err := io.WriteString(w, sha("hunter2")+"\n"); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case status := <-done:
		if _, err := os.Stat(out); status != 1 || !strings.Contains(errs.String(), "interrupted: nothing was changed") || err == nil {
			t.Errorf("status %d, %v: %s", status, err, errs.String())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits still")
	}
}

// The lines that are printed are settings that a site takes, and hashes then cost about what was said.
func TestPasswordCalibrate(t *testing.T) {
	t.Chdir(t.TempDir()) // no .env
	for _, tt := range []struct {
		algorithm, want string
	}{{"argon2", `^PASSWORD_ARGON2_MEMORY=\d+\nPASSWORD_ARGON2_TIME=\d+\nPASSWORD_ARGON2_PARALLEL=1\n$`},
		{"pbkdf2_sha256", `^PASSWORD_HASHERS=pbkdf2_sha256,argon2,[a-z0-9_,]+\nPASSWORD_PBKDF2_ITERATIONS=\d+\n$`}} {
		status, out, errs := runIn(t, nil, "calibrate", "--target", "20ms", "--algorithm", tt.algorithm)
		if status != 0 || errs != "" {
			t.Fatalf("status %d: %s", status, errs)
		}
		env, comments := map[string]string{}, ""
		rest := ""
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, "#") {
				comments += line
				continue
			}
			rest += line
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			env[name] = value
		}
		if !regexp.MustCompile(tt.want).MatchString(rest) || !regexp.MustCompile(`# \d+ms and \d+\.\d MiB for a hash, \d+ at a time: \d+\.\d logins a second`).MatchString(comments) {
			t.Errorf("stdout is\n%s", out)
		}
		cfg, err := settings.Load(t.Context(), struct{ Passwords password.Config }{}, settings.Map("test", env))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := password.New(cfg.Passwords); err != nil {
			t.Errorf("the settings are refused: %v", err)
		}
	}
}

func TestPasswordCalibrateUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		args, want string
		status     int
	}{
		{"--target 1ms", "between 10ms and 5s", 2},
		{"--target 1m", "between 10ms and 5s", 2},
		{"--target soon", "--target", 2},
		{"--logins=-1", "negative", 2},
		{"--algorithm md5", `"md5": use argon2 or pbkdf2_sha256`, 2},
		{"now", "hint:", 2},
		{"--help", "logins a", 0},
	} {
		status, out, errs := runIn(t, nil, append([]string{"calibrate"}, strings.Fields(tt.args)...)...)
		if status != tt.status || !strings.Contains(out+errs, tt.want) {
			t.Errorf("%s: status %d: %s%s", tt.args, status, out, errs)
		}
	}
	t.Setenv("PASSWORD_MEMORY", "lots")
	if status, _, errs := runIn(t, nil, "calibrate"); status != 1 || !strings.Contains(errs, "PASSWORD_MEMORY") {
		t.Errorf("a setting that cannot be read: status %d: %s", status, errs)
	}
	t.Setenv("PASSWORD_MEMORY", "1MiB")
	if status, _, errs := runIn(t, nil, "calibrate"); status != 1 || !strings.Contains(errs, "PASSWORD_MEMORY") {
		t.Errorf("a setting that is too small: status %d: %s", status, errs)
	}
}

//go:build unix

package airworthy_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/settings"
)

// TestBadInputFiles has variables come from files that are none.
func TestBadInputFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	huge := write("huge", "")
	if err := os.Truncate(huge, 1<<30); err != nil {
		t.Fatal(err)
	}
	key := newCanaries().key
	rest := "AIRWORTHY_ENV=production\nALLOWED_HOSTS=example.com\n"
	for _, row := range []struct{ name, dotenv, refused string }{
		{"54: a .env file with a byte order mark and Windows' line ends", "\ufeff" + strings.ReplaceAll(rest+"SECRET_KEY="+key+"\n", "\n", "\r\n"), ""},
		{"54: a key in a file of its own", rest + "SECRET_KEY_FILE=" + write("key", key+"\n"), ""},
		{"54: a key in a file of a gigabyte", rest + "SECRET_KEY_FILE=" + huge, "larger than 1 MiB"},
		{"54: a key in a directory", rest + "SECRET_KEY_FILE=" + dir, "is a directory"},
		{"54: a key in a pipe", rest + "SECRET_KEY_FILE=" + pipe(t, dir), "is a pipe"},
		{"54: a key in a device without end", rest + "SECRET_KEY_FILE=/dev/zero", "is a pipe, a socket or a device"},
		{"54: a key in the environment of the process", rest + "SECRET_KEY_FILE=/proc/self/environ", "is a file of the kernel"},
		{"54: a key in a file that is not there", rest + "SECRET_KEY_FILE=" + dir + "/none", "there is no such file"},
		{"54: a key in the place of its file", rest + "SECRET_KEY_FILE=" + key, "there is no such file"},
		{"54: a key in both places", rest + "SECRET_KEY=" + key + "\nSECRET_KEY_FILE=" + write("key2", key), "are set"},
		{"54: an empty file", rest + "SECRET_KEY_FILE=" + write("empty", ""), "SECRET_KEY"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if runtime.GOOS != "linux" && (strings.Contains(row.dotenv, "/proc/") || strings.Contains(row.dotenv, "/dev/")) {
				t.Skip("there is no such file here")
			}
			path := write(".env", row.dotenv)
			build := func(ctx context.Context) (*airworthy.App, error) {
				cfg, err := settings.Branching(func(string) airworthy.Settings {
					s := airworthy.Production()
					s.Logs.Output = io.Discard
					return s
				}, "production").Load(ctx, settings.DotEnv(path))
				if err != nil {
					return nil, err
				}
				return airworthy.New(cfg, prey())
			}
			var out bytes.Buffer
			status := manage.Run(t.Context(), build, []string{"app", "settings"}, manage.Streams{Out: &out, Err: &out})
			if (status == 0) != (row.refused == "") || !strings.Contains(out.String(), row.refused) {
				t.Errorf("status %d, want it to be refused with %q: %s", status, row.refused, out.String())
			}
			if strings.Contains(out.String(), key[:8]) {
				t.Error("the key is shown")
			}
		})
	}
}

// pipe makes a named pipe that nobody writes to.
func pipe(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

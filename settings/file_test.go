//go:build unix

package settings_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type keyed struct {
	Key    secret.Text `env:"SECRET_KEY"`
	Host   string      `env:"MAIL_HOST"`
	Loaded settings.Loaded
}

func loadKeyed(t *testing.T, sources ...settings.Source) (keyed, error) {
	t.Helper()
	return settings.Load(t.Context(), keyed{}, sources...)
}

// Badinput 54: what NAME_FILE may point at without being a file of text, in the environment and in a .env file. None
// of it may make the program wait.
func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	huge := filepath.Join(dir, "huge") // sparse: a gigabyte that takes no room
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<30); err != nil {
		t.Fatal(err)
	}
	link := func(target string) string {
		path := filepath.Join(dir, "link"+strings.ReplaceAll(target, "/", "-"))
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	refused := map[string]string{
		fifo:                             "is a pipe, a socket or a device",
		link(fifo):                       "is a pipe, a socket or a device",
		dir:                              "is a directory",
		"/dev/zero":                      "is a pipe, a socket or a device",
		huge:                             "is larger than 1 MiB",
		dir + "/absent":                  "there is no such file",
		"":                               "is not the path of a file",
		write(t, "nul", "a\x00b", 0o600): "holds a NUL byte",
	}
	if runtime.GOOS == "linux" {
		refused["/proc/self/environ"] = "is a file of the kernel"
		refused[link("/proc/self/environ")] = "is a file of the kernel"
		refused["/proc/self/root/proc/self/environ"] = "is a file of the kernel"
		refused["/proc/../proc/version"] = "is a file of the kernel"
		refused["/sys/kernel/notes"] = ""
	}
	for path, rule := range refused {
		dotenv := settings.DotEnv(write(t, ".env", "SECRET_KEY_FILE='"+path+"'\n", 0o600))
		t.Setenv("SECRET_KEY_FILE", path)
		for kind, source := range map[string]settings.Source{"environment": settings.Env(), ".env": dotenv} {
			got, err := loadKeyed(t, source)
			if err == nil || !strings.Contains(err.Error(), rule) {
				t.Errorf("%s, %s: got %v, want %q", kind, path, err, rule)
				continue
			}
			if !got.Key.IsZero() {
				t.Errorf("%s, %s: something was read", kind, path)
			}
			if len(path) > 4 && !strings.Contains(rule, "NUL") && strings.Contains(err.Error(), path) {
				t.Errorf("%s: the error shows what NAME_FILE holds, which may be the secret itself: %v", kind, err)
			}
		}
	}
	for path, rule := range map[string]string{fifo: "is a pipe", dir: "is a directory", huge: "larger than 1 MiB", "/dev/zero": "a device"} {
		if _, err := loadKeyed(t, settings.DotEnv(path)); err == nil || !strings.Contains(err.Error(), rule) {
			t.Errorf(".env at %s: got %v, want %q", path, err, rule)
		}
	}
}

func TestFilesThatAreRead(t *testing.T) {
	const newline, mark = "the file ends with a newline, which was left out", "the file begins with a byte order mark, which was left out"
	const open = "the file of a secret can be read by every user of this machine"
	for name, test := range map[string]struct {
		text, want string
		mode       os.FileMode
		warnings   []string
	}{
		"as it is":                        {"key", "key", 0o600, nil},
		"one newline goes":                {"key\n", "key", 0o600, []string{newline}},
		"with its carriage return":        {"key\r\n", "key", 0o600, []string{newline}},
		"a second newline is the key's":   {"key\n\n", "key\n", 0o600, []string{newline, "the secret begins or ends with white space"}},
		"the byte order mark goes":        {"\xEF\xBB\xBFkey", "key", 0o600, []string{mark}},
		"others can read it":              {"key", "key", 0o644, []string{open}},
		"the group may":                   {"key", "key", 0o640, nil},
		"an empty file is an empty key":   {"", "", 0o600, nil},
		"a mebibyte is not yet too large": {strings.Repeat("k", 1<<20), strings.Repeat("k", 1<<20), 0o600, nil},
	} {
		path := write(t, "key", test.text, test.mode)
		t.Setenv("SECRET_KEY_FILE", path)
		for _, source := range []settings.Source{settings.DotEnv(write(t, ".env", "SECRET_KEY_FILE="+path, 0o600)), settings.Env()} {
			got, err := loadKeyed(t, source)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got.Key.Reveal() != test.want {
				t.Errorf("%s: got %d bytes, want %d", name, len(got.Key.Reveal()), len(test.want))
			}
			if origin := got.Loaded.Origin("SECRET_KEY"); origin != path {
				t.Errorf("%s: Origin = %q, want %q", name, origin, path)
			}
			var texts []string
			for _, w := range got.Loaded.Warnings {
				if w.Variable != "SECRET_KEY" || w.Origin != path {
					continue
				}
				texts = append(texts, w.Text)
			}
			if fmt.Sprint(texts) != fmt.Sprint(test.warnings) {
				t.Errorf("%s: warnings %q, want %q", name, texts, test.warnings)
			}
		}
	}
}

func TestAFileMayBeALink(t *testing.T) { // Kubernetes mounts secrets as links to links
	target := write(t, "key", "key", 0o600)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if got, err := loadKeyed(t, fileVariable(t, "SECRET_KEY", link)); err != nil || got.Key.Reveal() != "key" {
		t.Errorf("a link to a file: %v", err)
	}
}

func TestBothForms(t *testing.T) {
	path := write(t, "key", "key", 0o600)
	t.Setenv("SECRET_KEY", "other")
	_, err := loadKeyed(t, fileVariable(t, "SECRET_KEY", path))
	if want := "settings: SECRET_KEY (environment): both it and SECRET_KEY_FILE are set: unset one"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	os.Unsetenv("SECRET_KEY_FILE")
	dotenv := settings.DotEnv(write(t, ".env", "SECRET_KEY_FILE="+path, 0o600))
	if got, err := loadKeyed(t, settings.Env(), dotenv); err != nil || got.Key.Reveal() != "other" {
		t.Errorf("the forms in two sources: the first was not taken: %v", err)
	}
}

func TestThePartsOfAURLMayStandInFiles(t *testing.T) {
	t.Setenv("DB_PASSWORD_FILE", write(t, "password", "a#b\n", 0o644))
	t.Setenv("DB_ENGINE", "postgresql")
	t.Setenv("DB_NAME", "shop")
	cfg, err := settings.Load(t.Context(), base(), settings.Env())
	if err != nil || cfg.Database.Password.Reveal() != "a#b" {
		t.Fatalf("got %v, %v", cfg.Database, err)
	}
	for _, want := range []string{"the file ends with a newline", "can be read by every user"} {
		if got := about(cfg.What, "DB_PASSWORD"); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAFieldThatIsNoSecretMayStandInAFileOfAnyMode(t *testing.T) {
	got, err := loadKeyed(t, fileVariable(t, "MAIL_HOST", write(t, "host", "mail.example", 0o644)))
	if err != nil || got.Host != "mail.example" {
		t.Fatalf("got %q, %v", got.Host, err)
	}
	for _, w := range got.Loaded.Warnings {
		if w.Variable == "MAIL_HOST" {
			t.Errorf("unexpected warning: %s", w)
		}
	}
}

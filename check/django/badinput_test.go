//go:build unix

package django_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
)

// stub is a package with the name and the few parts of Django that reading settings needs, so that what settings do to
// who reads them is tested where no Django is. conformance/djangoversions has the real ones.
var stub = map[string]string{
	"django/__init__.py": `
VERSION = (5, 2, 19)
def get_version(): return "5.2.19"
def setup(): pass
`,
	"django/conf/__init__.py": `
import importlib, os
class Lazy:
    def __getattr__(self, name):
        module = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
        if name == "DEBUG":
            return getattr(module, name, False)
        return getattr(module, name)
settings = Lazy()
`,
}

// project writes a project whose settings are src, and returns its directory and a Python for it.
func project(t *testing.T, src string, more ...string) (dir, python string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no python3")
		}
		t.Skip("install python3 to run this")
	}
	dir = t.TempDir()
	write := func(name, text string) {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range stub {
		write(name, text)
	}
	write("site1/__init__.py", "")
	write("site1/settings.py", src)
	for i := 0; i < len(more); i += 2 {
		write(more[i], more[i+1])
	}
	return dir, python
}

const sound = "SECRET_KEY = 'canary-0123456789-0123456789-0123456789-abcdefghij'\nALLOWED_HOSTS = ['example.com']\n"

// TestBadSettings reads settings that do what settings should not. Each is read all the same, or it is said what is wrong
// with it, in time, with nothing left running and nothing left in the project.
func TestBadSettings(t *testing.T) {
	for _, row := range []struct {
		name, src string
		want      string // part of the error; empty if the settings are read
	}{
		{"62: settings print to stdout and stderr", "import sys, os\nprint('{\"airworthy\": 1}')\nsys.stderr.write('x')\nos.system('echo hi')\n" + sound, ""},
		{"62: settings print twenty megabytes", "import os\nfor i in range(20): os.write(1, b'x' * (1 << 20))\n" + sound, ""},
		{"62: settings print what looks like a frame", "import sys\nsys.stdout.write('x 2\\n{}x')\nsys.stdout.flush()\n" + sound, ""},
		{"62: settings close every descriptor", "import os\nos.closerange(0, 4096)\n" + sound, ""},
		{"62: settings replace stdout", "import sys\nsys.stdout = sys.stderr = None\n" + sound, ""},
		{"62: settings break what reads them", "import json, builtins, os\njson.dumps = builtins.open = os.write = os._exit = None\n" + sound, ""},
		{"62: settings read stdin", "import sys\nassert sys.stdin.read() == ''\n" + sound, ""},
		{"62: settings ask the terminal", "try:\n  open('/dev/tty')\n  raise SystemExit('there is a terminal')\nexcept OSError: pass\n" + sound, ""},
		{"62: settings change directory", "import os\nos.chdir('/')\n" + sound, ""},
		{"62: settings ignore signals", "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + sound, ""},
		{"62: settings start a thread that never ends", "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n" + sound, ""},
		{"62: settings fork, and the child goes on", "import os\nos.fork()\n" + sound, ""},
		{"62: settings fork a child that keeps everything open", "import os, time\nif os.fork() == 0:\n  time.sleep(600)\n" + sound, ""},
		{"62: settings fork a child in a session of its own", "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    time.sleep(600)\n  os._exit(0)\n" + sound, ""},
		{"62: settings register what runs at exit", "import atexit, time\natexit.register(time.sleep, 600)\n" + sound, ""},
		{"62: settings look at the command line", "import sys\nassert sys.argv[1] == 'check'\n" + sound, ""},
		{"62: settings stand beside modules with names of Python's", "import json\njson.dumps\n" + sound, ""},
		{"62: settings turn warnings into errors", "import warnings\nwarnings.simplefilter('error')\n" + sound, ""},
		{"62: settings hold an object that objects", "class C:\n  def __bool__(self): raise ValueError('s3cr3t')\nMEDIA_ROOT = C()\n" + sound, ""},
		{"62: settings hold a list of itself", "INSTALLED_APPS = []\nINSTALLED_APPS.append(INSTALLED_APPS)\n" + sound, ""},
		{"62: settings hold half a character", "MEDIA_URL = '\\ud800'\n" + sound, ""},
		{"62: settings exit 0", "raise SystemExit(0)\n", "raise SystemExit"},
		{"62: settings end the process", "import os\nos._exit(0)\n", "ended before the settings were read (exit status 0)"},
		{"62: settings kill the process", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "ended before the settings were read (signal: killed)"},
		{"62: settings become another program", "import os\nos.execvp('true', ['true'])\n", "ended before the settings were read"},
		{"62: settings become a daemon", "import os\nif os.fork(): os._exit(0)\nos.setsid()\n" + sound, "ended before the settings were read"},
		{"62: settings sleep", "import time\ntime.sleep(600)\n", "took too long"},
		{"62: settings loop", "while True: pass\n", "took too long"},
		{"62: settings use all memory", "x = []\nwhile True: x.append(bytearray(1 << 24))\n", "MemoryError"},
		{"62: settings are too deep", "def f(): f()\nf()\n", "RecursionError"},
		{"62: settings are very large", "MEDIA_URL = 'x' * (9 << 20)\n" + sound, "longer than"},
		{"62: settings raise", "raise ValueError('s3cr3t')\n", "raise ValueError"},
		{"62: settings lack a variable", "import os\nos.environ['NO_SUCH_VARIABLE']\n", "raise KeyError, naming NO_SUCH_VARIABLE"},
		{"62: settings lack a module", "import no_such_module\n", "no module no_such_module"},
		{"62: settings are no Python", "SECRET_KEY = 's3cr3t\n", "raise SyntaxError"},
		{"62: settings write a file without end", "with open('/dev/shm/airworthy-test-' + str(__import__('os').getpid()), 'wb') as f:\n  __import__('os').unlink(f.name)\n  while True: f.write(b'x' * (1 << 24))\n", "raise OSError"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			mark := "AIRWORTHY_TEST=" + strconv.FormatInt(time.Now().UnixNano(), 36) + t.Name()
			dir, python := project(t, row.src, "json.py", "raise SystemExit('shadowed')\n", "inspect.py", "raise SystemExit('shadowed')\n")
			before := files(t, dir)
			timeout := 20 * time.Second
			if strings.Contains(row.want, "too long") {
				timeout = 2 * time.Second
			}
			start := time.Now()
			p, err := django.Read(t.Context(), django.ReadConfig{Dir: dir, Settings: "site1.settings", Python: python, Timeout: timeout,
				Memory: 512 << 20, Env: append(os.Environ(), mark)})
			if took := time.Since(start); took > timeout+5*time.Second {
				t.Errorf("it took %s", took)
			}
			switch {
			case row.want == "" && err != nil:
				t.Errorf("not read: %v", err)
			case row.want == "" && p.Version() != "5.2.19":
				t.Errorf("version = %q", p.Version())
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("error = %v, want %q", err, row.want)
			}
			if err != nil && strings.Contains(err.Error(), "s3cr3t") {
				t.Error("the error holds a value")
			}
			if after := files(t, dir); after != before {
				t.Errorf("the project was changed: %s, before %s", after, before)
			}
			if left := marked(mark); left != "" {
				t.Errorf("still running: %s", left)
			}
		})
	}
}

// files lists the files below dir.
func files(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		all = append(all, strings.TrimPrefix(p, dir))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// marked returns the processes that have mark in their environment and are no zombies, where the system tells.
func marked(mark string) string {
	var left []string
	for range 40 { // whoever was killed needs a moment to end
		left = nil
		dirs, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, d := range dirs {
			env, err := os.ReadFile(d)
			pid, _ := strconv.Atoi(strings.Split(d, "/")[2])
			if err == nil && pid != os.Getpid() && strings.Contains(string(env), mark) && syscall.Kill(pid, 0) == nil {
				left = append(left, strconv.Itoa(pid))
			}
		}
		if len(left) == 0 {
			return ""
		}
		time.Sleep(25 * time.Millisecond)
	}
	return strings.Join(left, " ")
}

// TestReadErrorSaysWhere holds that an error names the project's file and line, and that it becomes a finding there.
func TestReadErrorSaysWhere(t *testing.T) {
	dir, python := project(t, "from .base import *\n", "site1/base.py", "\n\nimport os\nKEY = os.environ['NO_SUCH_VARIABLE']\n")
	_, err := django.Read(t.Context(), django.ReadConfig{Dir: dir, Settings: "site1.settings", Python: python})
	e, ok := errors.AsType[*django.ReadError](err)
	if !ok || e.File != "site1/base.py" || e.Line != 4 {
		t.Fatalf("error = %v, want one at site1/base.py:4", err)
	}
	r := check.Run(t.Context(), []check.Check{django.ReadCheck(err)}, check.Options{Deploy: true})
	if len(r.Findings) != 1 || r.Findings[0].ID != "django.E022" || r.Findings[0].Source != "site1/base.py:4" {
		t.Errorf("findings = %+v", r.Findings)
	}
	if r = check.Run(t.Context(), []check.Check{django.ReadCheck(nil)}, check.Options{Deploy: true}); len(r.Findings) != 0 {
		t.Errorf("findings of settings that could be read = %+v", r.Findings)
	}
}

// TestReadRefuses holds what is refused before anything runs.
func TestReadRefuses(t *testing.T) {
	dir, python := project(t, sound)
	good := django.ReadConfig{Dir: dir, Settings: "site1.settings", Python: python}
	if _, err := django.Read(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*django.ReadConfig){
		"no directory":      func(c *django.ReadConfig) { c.Dir = "" },
		"another directory": func(c *django.ReadConfig) { c.Dir = filepath.Join(dir, "manage.py") },
		"no module":         func(c *django.ReadConfig) { c.Settings = "" },
		"a path":            func(c *django.ReadConfig) { c.Settings = "../settings.py" },
		"a module missing":  func(c *django.ReadConfig) { c.Settings = "site1.nothing" },
		"a package missing": func(c *django.ReadConfig) { c.Settings = "nothing.settings" },
		"no Python":         func(c *django.ReadConfig) { c.Python = "no-such-python" },
		"a Python that is none": func(c *django.ReadConfig) {
			c.Python = "true"
		},
		"a Python without Django": func(c *django.ReadConfig) {
			if err := os.Rename(filepath.Join(dir, "django"), filepath.Join(dir, "gone")); err != nil {
				t.Fatal(err)
			}
			c.Env = []string{"PATH=" + os.Getenv("PATH"), "PYTHONNOUSERSITE=1"}
		},
	} {
		cfg := good
		change(&cfg)
		if _, err := django.Read(t.Context(), cfg); err == nil {
			t.Errorf("%s: read", name)
		}
		if name == "a Python without Django" {
			if err := os.Rename(filepath.Join(dir, "gone"), filepath.Join(dir, "django")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

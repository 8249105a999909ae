package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/waivers"
)

// asideFlags adds the flags for what sets findings aside, to a gate's and to a checklist's.
func asideFlags(fs *pflag.FlagSet, waivers *string, edge *[]string) {
	fs.StringVar(waivers, "waivers", "", "set aside what this YAML `file` waives, each with scope, reason, owner and expiry")
	fs.StringArrayVar(edge, "edge-owns", nil, "this `SETTING` is left to a proxy or CDN, for a live look to confirm; may be repeated")
}

// maxWaivers is how long a file of waivers may be, in bytes.
const maxWaivers = 1 << 20

// readWaivers reads the file of --waivers. A file that cannot be read as one is an error of usage: a gate that waives
// other things than it was told must not run.
func (g *Gate) readWaivers(opt *check.Options) error {
	if g.Waivers == "" {
		return nil
	}
	text, err := readFile(g.Waivers, maxWaivers)
	if err != nil {
		return Usage("--waivers: %w", err)
	}
	opt.Waivers, err = waivers.Read(filepath.ToSlash(g.Waivers), text)
	if err != nil {
		return Usage("--waivers: %w", err)
	}
	opt.WaiversOutside = outside(g.Waivers)
	return nil
}

func (g *Gate) readBaseline(opt *check.Options) error {
	if g.Baseline == "" {
		if g.NewOnly {
			return Usage("--new-only goes with --baseline FILE, a report that --report json=FILE wrote")
		}
		return nil
	}
	f, err := os.Open(g.Baseline)
	if err != nil {
		return Usage("--baseline: %w", withoutPath(g.Baseline, err))
	}
	defer f.Close()
	opt.Baseline, err = check.ReadBaseline(f)
	if err != nil {
		return Usage("--baseline: %s: %w", g.Baseline, err)
	}
	return nil
}

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, withoutPath(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(name + " is no file")
	}
	if info.Size() > limit {
		return nil, errors.New(name + " is too long")
	}
	return os.ReadFile(name)
}

// withoutPath returns what is wrong with a file, in one line that begins with its name.
func withoutPath(name string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return errors.New(name + ": " + err.Error())
}

// outside reports whether a file, or what it links to, stands outside the repository that the command runs in. Where there
// is no repository nothing is outside.
func outside(name string) bool {
	dir, err := filepath.Abs(".")
	if err != nil {
		return false
	}
	dir, err = filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	file, err := filepath.EvalSymlinks(name)
	if err != nil {
		return true
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return true
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return !strings.HasPrefix(file, dir+string(filepath.Separator))
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

package django

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// SettingsModules is what can be seen of a project's settings modules without running anything.
type SettingsModules struct {
	Default string   // the one that manage.py names, empty if it names none
	Found   []string // modules that look like settings
	dir     string
}

var defaultModule = regexp.MustCompile(`DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([A-Za-z_][A-Za-z0-9_.]*)["']`)

// Modules looks for the settings modules of the project in dir. The error says that there is no such directory.
func Modules(dir string) (SettingsModules, error) {
	dir, err := projectDir(dir)
	if err != nil {
		return SettingsModules{}, err
	}
	m := SettingsModules{dir: dir}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return m, err
	}
	defer root.Close()
	if info, err := root.Stat("manage.py"); err == nil && info.Mode().IsRegular() && info.Size() < 1<<20 {
		if b, err := root.ReadFile("manage.py"); err == nil {
			if found := defaultModule.FindSubmatch(b); found != nil {
				m.Default = string(found[1])
			}
		}
	}
	_ = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || len(m.Found) >= 20 {
			return fs.SkipDir
		}
		name := d.Name()
		if d.IsDir() && (p != "." && strings.HasPrefix(name, ".") || strings.Count(p, "/") > 3 ||
			slices.Contains([]string{"node_modules", "venv", "env", "site-packages", "tests", "static", "media"}, name)) {
			return fs.SkipDir
		}
		module, python := strings.CutSuffix(p, ".py")
		if info, err := d.Info(); err != nil || name == "__init__.py" && info.Size() == 0 {
			return nil
		}
		if python && (path.Base(path.Dir(p)) == "settings" || strings.Contains(name, "settings")) {
			m.Found = append(m.Found, strings.ReplaceAll(strings.TrimSuffix(module, "/__init__"), "/", "."))
		}
		return nil
	})
	return m, nil
}

// Has reports whether the project's directory may have the module. One that is installed elsewhere is not there, and can be
// imported all the same; so only what begins with a package of the project is missed.
func (m SettingsModules) Has(module string) bool {
	first, _, _ := strings.Cut(module, ".")
	at := path.Join(m.dir, strings.ReplaceAll(module, ".", "/"))
	for _, p := range []string{at + ".py", at + "/__init__.py", at} {
		if _, err := os.Stat(p); err == nil {
			return true
		}
	}
	_, err := os.Stat(path.Join(m.dir, first))
	_, err2 := os.Stat(path.Join(m.dir, first+".py"))
	return err != nil && err2 != nil && strings.Contains(module, ".")
}

// Suggestion returns what may have been meant instead, as the rest of a sentence.
func (m SettingsModules) Suggestion(_ string) string {
	if len(m.Found) == 0 {
		return ": name it as in DJANGO_SETTINGS_MODULE"
	}
	return ": it has " + strings.Join(m.Found, ", ")
}

// Subject names what is judged: the project's directory and module, and the versions that are known.
func (p Project) Subject(dir, module string) string {
	s := path.Base(path.Clean(strings.ReplaceAll(dir, `\`, "/")))
	if s == "." || s == "/" || s == ".." {
		s = "Django project"
	}
	s += " " + module
	if p.version != "" {
		s += ", Django " + p.version
	}
	if p.python != "" {
		s += ", Python " + p.python
	}
	return s
}

package django

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/internal/pyliteral"
)

// ReadStatic reads the source of a project's settings, by which it knows as much as is literal there, and runs nothing. It
// follows imports and no links within dir. A rule that depends on what is known only at run time could not look, and says
// on what.
//
// The error is a [*ReadError] if dir has no such module. None holds a value of a setting.
func ReadStatic(dir, module string) (Project, error) {
	dir, err := projectDir(dir)
	if err != nil {
		return Project{}, err
	}
	if !moduleName(module) {
		return Project{}, fmt.Errorf("django: %q is no name of a module: write it as in DJANGO_SETTINGS_MODULE, such as mysite.settings", module)
	}
	m, beside, err := parseModule(dir, module)
	if errors.Is(err, pyliteral.ErrNoModule) {
		return Project{}, &ReadError{What: fmt.Sprintf("there is no module %s in the project", module),
			Hint: "See manage.py for the name of the settings module, and name the directory of manage.py."}
	}
	if err != nil {
		return Project{}, errors.New("django: the source of the settings cannot be read: see that it is there, and less than a megabyte")
	}
	p := Project{version: lockedDjango(dir), python: pinnedPython(dir), settings: map[string]value{}}
	for name, v := range defaults(p.series()) {
		p.settings[name] = value{v, true}
	}
	for name := range p.settings {
		if m.Open != nil {
			p.settings[name] = value{m.Open, true}
		}
	}
	for name, n := range m.Names {
		if strings.ToUpper(name) == name {
			p.settings[name] = value{trim(name, plain(n.Value)), true}
		}
	}
	if key := p.settings["SECRET_KEY"]; key.raw == "" {
		delete(p.settings, "SECRET_KEY") // Django takes an empty one for none
	}
	for name, v := range p.settings {
		if u, ok := pyliteral.IsUnknown(v.raw); ok && judgedBy(name) {
			p.open = append(p.open, gap{name, u})
		}
	}
	slices.SortFunc(p.open, func(a, b gap) int { return strings.Compare(a.setting, b.setting) })
	p.Source = newSource(m, beside, nil)
	p.staticFacts(dir)
	return p, nil
}

// gap is a setting that is not known, or not all of it.
type gap struct {
	setting string
	why     *pyliteral.Unknown
}

// String says what is not known and why.
func (g gap) String() string {
	s := g.setting + ": " + g.why.Why
	if g.why.File != "" {
		s += fmt.Sprintf(" (%s:%d)", g.why.File, g.why.Line)
	}
	return s
}

// staticFacts finds out without the project's code what that would tell. What it cannot find out stays nil.
func (p *Project) staticFacts(dir string) {
	ok := "ok"
	async := os.Getenv("DJANGO_ALLOW_ASYNC_UNSAFE") != ""
	p.Async = &async
	if s, known := p.get("CSRF_FAILURE_VIEW").str(); known && s == "django.views.csrf.csrf_failure" {
		p.Failure = &ok
	}
	if at := p.get("FILE_UPLOAD_TEMP_DIR"); at.isNone() || at.raw == "" {
		p.Upload = &ok
	}
	p.Directories = p.staticDirectories(dir)
	p.Login = p.staticLogin()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return
	}
	defer root.Close()
	urls, hasURLs := p.get("ROOT_URLCONF").str()
	text := ""
	if hasURLs {
		text, hasURLs = source1(root.FS(), urls)
	}
	apps := p.get("INSTALLED_APPS")
	if _, open := pyliteral.IsUnknown(apps.raw); !open && !p.appNamed("django.contrib.admin") {
		none := ""
		p.Admin = &none
	}
	if !p.get("ROOT_URLCONF").set {
		p.Handlers = &map[string]string{}
	}
	if !hasURLs {
		return
	}
	if m := adminRoute.FindStringSubmatch(text); m != nil && p.Admin == nil {
		at := "/" + strings.TrimPrefix(m[1], "^")
		p.Admin = &at
	}
	if !strings.Contains(text, "handler4") && !strings.Contains(text, "handler5") && !strings.Contains(text, "import *") {
		p.Handlers = &map[string]string{}
	}
}

// staticLogin says whether LoginRequiredMiddleware has what it needs, as far as names tell.
func (p Project) staticLogin() *string {
	if _, open := pyliteral.IsUnknown(p.get("MIDDLEWARE").raw); open {
		return nil
	}
	const auth = "django.contrib.auth.middleware."
	stack := p.get("MIDDLEWARE").texts()
	login, before := slices.Index(stack, auth+"LoginRequiredMiddleware"), slices.Index(stack, auth+"AuthenticationMiddleware")
	state := "ok"
	if login >= 0 && (before < 0 || before > login) {
		state = "missing"
	}
	return &state
}

var adminRoute = regexp.MustCompile(`(?m)^[^#\n]*\b(?:path|re_path|url)\(\s*r?["']([^"'\n]*)["']\s*,\s*(?:include\()?admin\.site\.urls`)

// source1 returns the text of a module in the tree.
func source1(tree fs.FS, module string) (string, bool) {
	for _, end := range []string{".py", "/__init__.py"} {
		file := strings.ReplaceAll(module, ".", "/") + end
		if info, err := fs.Stat(tree, file); err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
			continue
		}
		if b, err := fs.ReadFile(tree, file); err == nil {
			return string(b), true
		}
	}
	return "", false
}

// Where the version of Django stands, in the files that pin requirements.
var pins = map[string]*regexp.Regexp{
	"uv.lock":      regexp.MustCompile(`(?i)name = "django"\s+version = "([0-9][0-9a-z.]*)"`),
	"poetry.lock":  regexp.MustCompile(`(?i)name = "django"\s+version = "([0-9][0-9a-z.]*)"`),
	"pdm.lock":     regexp.MustCompile(`(?i)name = "django"\s+version = "([0-9][0-9a-z.]*)"`),
	"Pipfile.lock": regexp.MustCompile(`(?is)"django": \{[^}]*?"version": "==([0-9][0-9a-z.]*)"`),
}

var requirement = regexp.MustCompile(`(?im)^\s*"?django\s*==\s*([0-9][0-9a-z.]*)`)

// lockedDjango returns the version of Django that the project is pinned to, nothing if it is to none or to several.
func lockedDjango(dir string) string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ""
	}
	defer root.Close()
	var found []string
	look := func(file string, pattern *regexp.Regexp) {
		info, err := root.Stat(file)
		if err != nil || !info.Mode().IsRegular() || info.Size() > 8<<20 {
			return
		}
		if b, err := root.ReadFile(file); err == nil {
			if m := pattern.FindSubmatch(b); m != nil && !slices.Contains(found, string(m[1])) {
				found = append(found, string(m[1]))
			}
		}
	}
	for file, pattern := range pins {
		look(file, pattern)
	}
	for _, pattern := range []string{"requirements*.txt", "requirements/*.txt"} {
		files, _ := fs.Glob(root.FS(), pattern)
		for _, f := range files {
			look(path.Clean(f), requirement)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

var pythonVersion = regexp.MustCompile(`^(?:python-)?([0-9]+\.[0-9]+[0-9.]*)\s*$`)

// pinnedPython returns the version of Python that the project is pinned to.
func pinnedPython(dir string) string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ""
	}
	defer root.Close()
	for _, file := range []string{".python-version", "runtime.txt"} {
		if info, err := root.Stat(file); err != nil || !info.Mode().IsRegular() || info.Size() > 1000 {
			continue
		}
		if b, err := root.ReadFile(file); err == nil {
			if m := pythonVersion.FindSubmatch(b); m != nil {
				return string(m[1])
			}
		}
	}
	return ""
}

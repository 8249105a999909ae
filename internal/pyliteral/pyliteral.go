// Package pyliteral reads the settings modules of Python projects without Python, as far as they are literal.
//
// It runs nothing. It follows assignments of literals, arithmetic, concatenation, changes of lists and dictionaries, paths
// made of __file__, conditions that it can decide and imports from the same tree; whatever else a value depends on makes it
// [Unknown], with the reason and the place. A name is never given a value that it may not have: two branches that
// disagree, a loop, a call of somebody's function make it unknown.
//
//	m, err := pyliteral.Read(os.DirFS("site"), "/srv/site", "mysite.settings")
//	debug := m.Names["DEBUG"]
//
// It does not judge, and knows nothing of Django but the constants of its policies. Aliases are not followed: a list that is
// changed under its second name stays as it was under the first.
package pyliteral

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Bounds of what is read; beyond them everything is unknown.
const (
	maxSource  = 1 << 20 // bytes of a module
	maxModules = 100
	maxLines   = 50_000
	maxDepth   = 60    // of blocks, brackets and imports
	maxItems   = 5_000 // of a list, characters of a string that is computed
	maxSites   = 50    // of a name
	maxBits    = 4096  // of a number
	maxSteps   = 2_000_000
)

// Unknown stands, in a value or for all of it, for what is known only at run time. In a list, Rest says that any number of
// elements may stand there.
type Unknown struct {
	Why     string // such as "os.environ is known only at run time"
	Type    string // bool, int, str, list or dict, if that much is known
	Raw     bool   // it is what a variable of the environment says, unconverted
	Rest    bool
	Default string // the text that it is without the variable, if that stands in the source
	File    string // with slashes, from the top of the tree
	Line    int
}

// Path is a path of Python's pathlib. It is absolute where the tree's place is known.
type Path string

// Site is a place where a name is given a value.
type Site struct {
	File  string
	Line  int
	Value any  // what it is given there
	Plain bool // by writing the value itself down, a string for example, rather than an expression of it
}

// Name is what a module says of a name. Value is nil for None, or a bool, *big.Int, float64, string, Path, []any for lists,
// tuples and sets, map[string]any, or *Unknown; lists and dictionaries may hold Unknowns.
type Name struct {
	Value any
	Sites []Site // in the order in which they are executed, the last in effect; those of branches not taken are left out
}

// Module is a module that was read.
type Module struct {
	File  string // from the top of the tree
	Names map[string]Name
	Open  *Unknown // if it is not nil, names that are not listed may exist: something unknown was imported
	Files []string // every file that was read
}

// ErrNoModule says that the tree has no such module.
var ErrNoModule = errors.New("no such module in the tree")

// Read reads a module, given by its dotted name. The tree's top is where imports begin, and dir its absolute path, for
// what depends on __file__. The error is ErrNoModule, or about a file that cannot be read; never about what stands in it.
func Read(tree fs.FS, dir, module string) (m *Module, err error) {
	defer func() {
		if recover() != nil { // a fault of this package, which must not take the gate down
			m, err = nil, errors.New("pyliteral: "+module+": its source cannot be read")
		}
	}()
	r := &reader{tree: tree, dir: dir, modules: map[string]*scope{}}
	s, err := r.load(strings.Split(module, "."), 0)
	if err != nil {
		return nil, err
	}
	m = &Module{File: s.file, Names: map[string]Name{}, Open: s.open, Files: slices.Sorted(maps.Keys(r.files()))}
	for n, v := range s.names {
		if _, isModule := v.Value.(*scope); !isModule {
			m.Names[n] = *v
		}
	}
	return m, nil
}

// reader reads the modules of one tree.
type reader struct {
	tree    fs.FS
	dir     string
	modules map[string]*scope // by file
	steps   int
}

func (r *reader) files() map[string]bool {
	out := map[string]bool{}
	for f := range r.modules {
		out[f] = true
	}
	return out
}

// scope is a module while it is executed.
type scope struct {
	*reader
	file   string   // from the top of the tree
	pkg    []string // the package that relative imports begin at
	names  map[string]*Name
	open   *Unknown
	depth  int // of imports
	nest   int // of expressions
	loop   bool
	leaked token // where the table of names was handed to somebody
}

// find returns the file of a module.
func (r *reader) find(parts []string) (file string, ok bool) {
	base := path.Join(parts...)
	if len(parts) == 0 || !fs.ValidPath(base) {
		return "", false
	}
	for _, f := range []string{path.Join(base, "__init__.py"), base + ".py"} {
		if info, err := fs.Stat(r.tree, f); err == nil && info.Mode().IsRegular() {
			return f, true
		}
	}
	return "", false
}

// load executes a module, once.
func (r *reader) load(parts []string, depth int) (*scope, error) {
	file, ok := r.find(parts)
	if !ok {
		return nil, fmt.Errorf("pyliteral: %s: %w", strings.Join(parts, "."), ErrNoModule)
	}
	if s, ok := r.modules[file]; ok {
		return s, nil
	}
	if depth > maxDepth || len(r.modules) >= maxModules {
		return nil, fmt.Errorf("pyliteral: %s: more than %d modules import each other", file, maxModules)
	}
	s := &scope{reader: r, file: file, pkg: parts, names: map[string]*Name{}, depth: depth}
	if path.Base(file) != "__init__.py" {
		s.pkg = parts[:len(parts)-1]
	}
	r.modules[file] = s
	if err := s.source(file); err != nil {
		return s, err
	}
	if s.leaked.text != "" {
		s.forget(s.leaked.line, s.leaked.text+"() is handed to a function")
	}
	return s, nil
}

// source executes a file in the scope.
func (s *scope) source(file string) error {
	info, err := fs.Stat(s.tree, file)
	if err != nil {
		return err
	}
	if info.Size() > maxSource {
		return fmt.Errorf("pyliteral: %s: longer than %d bytes", file, maxSource)
	}
	src, err := fs.ReadFile(s.tree, file)
	if err != nil {
		return err
	}
	before := s.file
	s.file = file
	s.block(nest(lex(string(src)), 0))
	s.file = before
	return nil
}

// unknown returns an Unknown at a line.
func (s *scope) unknown(line int, why string) *Unknown {
	return &Unknown{Why: why, File: s.file, Line: line}
}

// set gives a name a value.
func (s *scope) set(n string, v any, line int, plain bool) {
	if s.loop {
		v, plain = s.unknown(line, "it is set in a loop"), false
	}
	old := s.names[n]
	var sites []Site
	if old != nil {
		sites = old.Sites[max(0, len(old.Sites)-maxSites):]
	}
	s.names[n] = &Name{Value: v, Sites: append(slices.Clip(sites), Site{s.file, line, v, plain})}
}

// get returns a name's value.
func (s *scope) get(n string, line int) any {
	if v, ok := s.names[n]; ok {
		return v.Value
	}
	if s.open != nil {
		return s.open
	}
	return s.unknown(line, n+" is not known")
}

// IsUnknown reports whether v is, or holds, something unknown, and returns the first of it.
func IsUnknown(v any) (*Unknown, bool) {
	switch v := v.(type) {
	case *Unknown:
		return v, true
	case []any:
		for _, e := range v {
			if u, ok := IsUnknown(e); ok {
				return u, true
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if u, ok := IsUnknown(v[key]); ok {
				return u, true
			}
		}
	}
	return nil, false
}

package pyliteral_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/airworthy-go/airworthy/internal/pyliteral"
)

// tree makes files of "name: text" pairs.
func tree(files ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		out[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return out
}

// show writes a value as JSON, what is unknown as ?type, and the rest of a list as *.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case *pyliteral.Unknown:
		if v.Rest {
			return "*"
		}
		return "?" + v.Type
	case *big.Int:
		return v.String()
	case pyliteral.Path:
		return "P" + string(v)
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case map[string]any:
		b, _ := json.Marshal(len(v))
		out := "{" + string(b)
		for _, key := range []string{"a", "b", "default"} {
			if e, ok := v[key]; ok {
				out += " " + key + ":" + show(e)
			}
		}
		return out + "}"
	}
	return fmt.Sprint(v)
}

func read(t testing.TB, files fstest.MapFS) *pyliteral.Module {
	t.Helper()
	m, err := pyliteral.Read(files, "/srv/site", "s")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestValues reads X from one module.
func TestValues(t *testing.T) {
	for _, row := range []struct{ src, want string }{
		{`X = True`, "true"},
		{`X = None`, "None"},
		{`X = 60 * 60 * 24`, "86400"},
		{`X = 10**9`, "1000000000"},
		{`X = 31_536_000`, "31536000"},
		{`X = 0x10 + 0o10 + 0b10`, "26"},
		{`X = -1`, "-1"},
		{`X = 7 // 2 % 2`, "1"},
		{`X = 1.5`, "1.5"},
		{`X = 1e3`, "1000"},
		{`X = 2 ** 10 ** 10`, "?"}, // too large to be computed here
		{`X = "a" 'b' """c"""`, "abc"},
		{`X = r"\n" + "\n\x41\u0042\103\q"`, "\\n\nABC\\q"},
		{`X = "a" * 3`, "aaa"},
		{`X = "a" * 10**9`, "?"},
		{`X = b"a"`, "?"},
		{"Y = 'b'\nX = f'a{Y}c{{}}'", "abc{}"},
		{`X = f"{1+unknown()}"`, "?str"},
		{`X = ["a", "b",]`, "[a b]"},
		{`X = ("a", 'b')`, "[a b]"},
		{`X = "a",`, "[a]"},
		{`X = ("a")`, "a"},
		{`X = []`, "[]"},
		{`X = {"a": 1, "b": {"c": 2}}`, "{2 a:1 b:{1}}"},
		{`X = {}`, "{0}"},
		{`X = [*["a"], "b"]`, "[a b]"},
		{`X = [*f(), "b"]`, "[* b]"},
		{`X = [a for a in b]`, "?list"},
		{"X = [ # comment\n  'a', # more\n\n  'b'\n]", "[a b]"},
		{"X = 'a' \\\n  'b'", "ab"},
		{"X = 1; X = 2", "2"},
		{"X: int = 3", "3"},
		{"X: int", "-"},
		{"X = Y = 4", "4"},
		{"X, Y = 5, 6", "5"},
		{"(X, Y) = [7, 8]", "7"},
		{"X = 1\nX += 2", "3"},
		{"X = ['a']\nX += ['b']", "[a b]"},
		{"X = ['a']\nX += unknown", "[a *]"},
		{"X = unknown + ['a']", "[* a]"},
		{"X = ['a']\nX.append('b')", "[a b]"},
		{"X = ['a']\nX.insert(0, 'b')", "[b a]"},
		{"X = ['a']\nX.extend(['b'])", "[a b]"},
		{"X = ['a', 'b']\nX.remove('a')", "[b]"},
		{"X = ['a']\nX.sort()", "?list"},
		{"X = {'a': 1}\nX['b'] = 2", "{2 a:1 b:2}"},
		{"X = {'a': {}}\nX['a']['b'] = 2", "{1 a:{1 b:2}}"},
		{"X = {'a': 1}\nX.update({'b': 2})", "{2 a:1 b:2}"},
		{"X = {'a': ['x']}\nX['a'].append('y')", "{1 a:[x y]}"},
		{"X = {'a': ['x']}\nX[0]['a'].append('y')", "?"},
		{"X = {**{'a': 1}, 'b': 2}", "{2 a:1 b:2}"},
		{"X = dict(a=1)", "{1 a:1}"},
		{"X = ['a']\nf(X)", "?"}, // f may change it
		{"X = 'a'\nf(X)", "a"},
		{"X = 'a'\nf(locals())", "?"},
		{"a = f(table=globals())\nX = 'a'\na.update()", "?"}, // which can change it later
		{"X = 'a'\nY = 'X' in globals()", "a"},
		{"X = 'a'\nY = globals().get('X')", "a"},
		{"X = 'a'\nglobals()['X'] = 'b'", "?"},
		{"X = 1 if True else 2", "1"},
		{"X = 1 if f() else 2", "?int"},
		{"X = 1 if f() else 1", "1"},
		{"X = not True", "false"},
		{"X = not f()", "?bool"},
		{"X = f() or 'a'", "?"},
		{"X = '' or 'a'", "a"},
		{"X = 0 and f()", "0"},
		{"X = 'a' in ['a', f()]", "true"},
		{"X = 'b' in ['a', f()]", "?bool"},
		{"X = 'b' not in ['a']", "true"},
		{"X = 1 < 2", "true"},
		{"X = 'a' == 'b'", "false"},
		{"import os\nX = os.environ['A']", "?str"},
		{"import os\nX = os.environ.get('A')", "?str"},
		{"import os\nX = os.environ.get('A', False)", "?"},
		{"import os\nX = os.environ.get('A', 'x') == 'True'", "?bool"},
		{"import os\nX = os.environ.get('A', '').split(',')", "?list"},
		{"import os\nX = int(os.getenv('A', '1'))", "?int"},
		{"import os\nX = bool(os.getenv('A'))", "?bool"},
		{"from os import environ\nX = environ['A']", "?str"},
		{"import environ\nenv = environ.Env(DEBUG=(bool, False))\nX = env.bool('DEBUG')", "?bool"},
		{"import environ\nenv = environ.Env()\nX = env.list('DEBUG', default=[])", "?list"},
		{"from decouple import config\nX = config('DEBUG', cast=bool)", "?bool"},
		{"from pathlib import Path\nX = Path(__file__).resolve().parent / 'db'", "P/srv/site/db"},
		{"from pathlib import Path\nX = Path(__file__).parents[1]", "P/srv"},
		{"import os\nX = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'static')", "/srv/site/static"},
		{"import sys\nX = 'test' in sys.argv", "false"},
		{"import sys\nX = sys.argv[1]", "check"},
		{"if True:\n  X = 1\nelse:\n  X = 2", "1"},
		{"X = 1\nif f():\n  X = 2", "?int"},
		{"X = 1\nif f():\n  X = 1", "1"},
		{"if f():\n  X = 1\nelse:\n  X = 1", "1"},
		{"if f(): X = 1", "?"},
		{"if False: Y = 1; X = 1", "-"},
		{"X = 2\nif True: Y = 1; X = 1\nelse: X = 3; X = 4", "1"},
		{";;X = 1;", "1"},
		{"()=0\nX = 1", "1"},
		{"(X) = 1", "1"},
		{"[X, Y] = 1, 2", "1"},
		{"(X), (Y) = 1, 2", "1"},
		{"X = ['a']\nif f():\n  X += ['b']", "[a *]"},
		{"X = 1\nif f():\n  pass\nelif g():\n  X = 2", "?int"},
		{"X = 1\nfor a in b:\n  X = 2", "?"},
		{"X = 1\nwhile f():\n  X += 2", "?"},
		{"for X in [1, 2]:\n  pass", "?"},
		{"with open('f') as f:\n  X = f.read()", "?"},
		{"X = 1\ndef f():\n  X = 2", "1"},
		{"X = 1\ndef f():\n  global X\n  X = 2", "?"},
		{"X = 1\nclass C:\n  X = 2", "1"},
		{"X = 1\ndel X", "-"},
		{"try:\n  X = 1\nexcept Exception:\n  X = 2", "?int"},
		{"try:\n  from .local import *\nexcept ImportError:\n  X = 2", "2"},
		{"X = 1\nfrom elsewhere import *", "?"},
		{"from elsewhere import *\nX = 1", "1"},
		{"from django.utils.csp import CSP\nX = [CSP.SELF, CSP.NONCE]", "['self' <CSP_NONCE_SENTINEL>]"},
		{"from csp.constants import SELF, NONE\nX = [SELF, NONE]", "['self' 'none']"},
		{"X = lambda: 1", "?"},
		{"X = (yield)", "?"},
		{"X = 'a", "?"},
		{"X = [1, 2", "?"},
		{"X = ,", "?"},
		{"X = 1 2", "?"},
		{"X = {'a': 1}['a']", "1"},
		{"X = ['a', 'b'][-1]", "b"},
		{"X = {'a': 1}.get('b', 2)", "2"},
		{"X = ','.join(['a', 'b'])", "a,b"},
		{"X = 'a,b'.split(',')", "[a b]"},
		{"\ufeffX = 1", "1"},
		{"X = 1\r\nX = 2\r\n", "2"},
		{"match f():\n  case 1:\n    X = 1", "?"},
	} {
		m := read(t, tree("s.py", row.src+"\n"))
		got := "-"
		if n, ok := m.Names["X"]; ok {
			got = show(n.Value)
		}
		if got != row.want {
			t.Errorf("%q: X = %s, want %s", row.src, got, row.want)
		}
	}
}

// TestModules reads X through imports, with the place in effect.
func TestModules(t *testing.T) {
	for name, row := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"a base":                  {tree("s/__init__.py", "from .base import *\n", "s/base.py", "\nX = 1\n"), "1 s/base.py:2"},
		"the last wins":           {tree("s/__init__.py", "from .base import *\nX = 2\n", "s/base.py", "X = 1\n"), "2 s/__init__.py:2"},
		"an import after it":      {tree("s/__init__.py", "X = 2\nfrom .base import *\n", "s/base.py", "X = 1\n"), "1 s/base.py:1"},
		"an absolute import":      {tree("s.py", "from a.b import *\n", "a/b.py", "X = 1\n"), "1 a/b.py:1"},
		"a name":                  {tree("s.py", "from a import X\n", "a.py", "X = 1\n"), "1 a.py:1"},
		"another name":            {tree("s.py", "from a import Y as X\n", "a.py", "Y = 1\n"), "1 a.py:1"},
		"a module":                {tree("s/__init__.py", "from . import a\nX = a.Y\n", "s/a.py", "Y = 1\n"), "1 s/__init__.py:2"},
		"a module under its name": {tree("s.py", "import a.b as c\nX = c.Y\n", "a/b.py", "Y = 1\n"), "1 s.py:2"},
		"in brackets":             {tree("s.py", "from a import (\n  Y,\n  X,\n)\n", "a.py", "X = 1\n"), "1 a.py:1"},
		"each other":              {tree("s.py", "from a import *\nX = 1\n", "a.py", "from s import *\n"), "1 s.py:2"},
		"itself":                  {tree("s.py", "from s import *\nX = 1\n"), "1 s.py:2"},
		"split settings": {tree("s/__init__.py", "from split_settings.tools import include, optional\ninclude('base.py', 'c/*.py')\n",
			"s/base.py", "X = 1\n", "s/c/a.py", "X = X + 1\n"), "2 s/c/a.py:1"},
		"above the top":      {tree("s.py", "from ...a import *\nX = 1\n"), "1 s.py:2"},
		"private names stay": {tree("s.py", "_X = 1\nX = 1\nfrom a import *\nX = _X\n", "a.py", "_X = 2\n"), "1 s.py:4"},
	} {
		m := read(t, row.files)
		n := m.Names["X"]
		got := show(n.Value)
		if len(n.Sites) > 0 {
			got += fmt.Sprintf(" %s:%d", n.Sites[len(n.Sites)-1].File, n.Sites[len(n.Sites)-1].Line)
		}
		if got != row.want {
			t.Errorf("%s: X = %s, want %s", name, got, row.want)
		}
	}
	if _, err := pyliteral.Read(tree("s.py", ""), "/", "t"); err == nil {
		t.Error("a module that is not there is read")
	}
}

// FuzzRead holds that whatever stands in a module is read, in bounded time, and that what follows it wins.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"X = [1, {'a': (2,)}]\n", "if a:\n  X = 'b'\nelse:\n  X += f'{c}'\n", "try:\n\tfrom .x import *\nexcept: pass\n",
		"X.append(1)\n", "X = lambda: (yield)\n", "[", "def f(:\n", "X = '''", "from . import s as X, y\n", "X: Y = Z = a[1:2] if b else -c ** d\n",
		"for x in y:\n for z in x:\n  X[z]['a'] |= {**w, 'b': not 1 in [2]}\n", strings.Repeat("(", 500), strings.Repeat("X = [", 100),
		"include('s.py')\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 10_000 {
			return
		}
		m, err := pyliteral.Read(tree("s.py", src), "/srv", "s")
		if err != nil || m == nil {
			t.Fatalf("%q: %v", src, err)
		}
		for n, v := range m.Names {
			for _, site := range v.Sites {
				if site.Line < 0 || site.Line > strings.Count(src, "\n")+1 {
					t.Errorf("%s is set in line %d", n, site.Line)
				}
			}
		}
		if strings.ContainsAny(src, "\"'\\([{") || strings.Contains(src, "s") { // may reach into what follows, or import itself
			return
		}
		m, _ = pyliteral.Read(tree("s.py", src+"\nAFTER = 1\n"), "/srv", "s")
		if got := show(m.Names["AFTER"].Value); got != "1" {
			t.Errorf("%q: AFTER = %s, want 1", src, got)
		}
	})
}

func Example() {
	files := fstest.MapFS{
		"site/settings/base.py":       {Data: []byte("DEBUG = True\nHOSTS = ['example.com']\n")},
		"site/settings/production.py": {Data: []byte("import os\nfrom .base import *\nDEBUG = False\nKEY = os.environ['KEY']\n")},
	}
	m, err := pyliteral.Read(files, "/srv", "site.settings.production")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range []string{"DEBUG", "HOSTS", "KEY"} {
		v := m.Names[n]
		site := v.Sites[len(v.Sites)-1]
		if u, ok := pyliteral.IsUnknown(v.Value); ok {
			fmt.Printf("%s is not known: %s (%s:%d)\n", n, u.Why, u.File, u.Line)
			continue
		}
		fmt.Printf("%s = %v (%s:%d)\n", n, v.Value, site.File, site.Line)
	}
	// Output:
	// DEBUG = false (site/settings/production.py:3)
	// HOSTS = [example.com] (site/settings/base.py:2)
	// KEY is not known: it comes from the environment (site/settings/production.py:4)
}

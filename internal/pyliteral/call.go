package pyliteral

import (
	"math"
	"math/big"
	"path"
	"strings"
)

// builtins are the names that Python has without an import and that mean something here.
var builtins = map[string]bool{"bool": true, "int": true, "str": true, "float": true, "list": true, "tuple": true, "set": true,
	"frozenset": true, "dict": true, "len": true, "globals": true, "locals": true, "vars": true, "any": true, "all": true}

// csp are the constants of django.utils.csp.CSP and of csp.constants.
var csp = map[string]string{"HEADER_ENFORCE": "Content-Security-Policy", "NONE": "'none'", "REPORT_SAMPLE": "'report-sample'", "SELF": "'self'",
	"STRICT_DYNAMIC": "'strict-dynamic'", "UNSAFE_EVAL": "'unsafe-eval'", "UNSAFE_HASHES": "'unsafe-hashes'",
	"UNSAFE_INLINE": "'unsafe-inline'", "WASM_UNSAFE_EVAL": "'wasm-unsafe-eval'", "NONCE": "<CSP_NONCE_SENTINEL>"}

// builtin returns what a name of a library is when it is used as a value.
func (e *expr) builtin(b builtin, at int) any {
	parts := strings.Split(string(b), ".")
	last := parts[len(parts)-1]
	switch {
	case b == "sys.argv":
		return []any{"manage.py", "check", "--deploy"}
	case strings.HasPrefix(string(b), "django.utils.csp.CSP.") || strings.HasPrefix(string(b), "csp.constants."):
		if v, ok := csp[last]; ok {
			return v
		}
	case b == "os.sep":
		return "/"
	}
	return e.unknown(at, string(b)+" is known only at run time")
}

// tree0 returns the path of the file that is read.
func (s *scope) tree0() any { return path.Join(s.dir, s.file) }

func (p Path) parent() Path { return Path(path.Dir(string(p))) }

// member returns v.name.
func (e *expr) member(v any, n string, at int) any {
	switch x := v.(type) {
	case builtin:
		return x + builtin("."+n)
	case *scope:
		if got, ok := x.names[n]; ok {
			return got.Value
		}
		return e.unknown(at, n+" is not known")
	case Path:
		switch n {
		case "parent":
			return x.parent()
		case "name":
			return path.Base(string(x))
		}
	case attribute:
		return attribute{e.unknown(at, "."+x.name+" is known only at run time"), n}
	}
	return attribute{v, n}
}

// arguments evaluates the positional arguments of a call.
func (s *scope) arguments(tokens []token) (args []any) {
	args, _ = s.allArguments(tokens)
	return args
}

func (s *scope) allArguments(tokens []token) (args []any, named map[string]any) {
	named = map[string]any{}
	if comprehension(tokens) {
		return []any{s.unknown(tokens[0].line, "it is a comprehension")}, named
	}
	for _, p := range split(tokens, ",") {
		switch {
		case len(p) == 0:
		case len(p) > 2 && p[0].kind == name && p[1].text == "=":
			named[p[0].text] = s.raw(p[2:])
		default:
			args = append(args, s.evaluate(p))
		}
	}
	return args, named
}

// raw evaluates an expression that may be the name of a type, such as the one in cast=bool.
func (s *scope) raw(tokens []token) any {
	if len(tokens) == 1 && builtins[tokens[0].text] && s.names[tokens[0].text] == nil {
		return builtin(tokens[0].text)
	}
	return s.evaluate(tokens)
}

// called returns v(arguments).
func (e *expr) called(v any, inner []token, at int) any {
	if e.nest > maxDepth {
		return e.unknown(at, "it is nested too deeply")
	}
	args, named := e.allArguments(inner)
	first := any(nil)
	if len(args) > 0 {
		first = args[0]
	}
	switch f := v.(type) {
	case builtin:
		return e.library(string(f), args, named, first, at)
	case attribute:
		return e.methodOf(f, args, named, at)
	case *Unknown:
		return e.environment("", args, named, at)
	}
	return e.unknown(at, "it is what a function returns")
}

// library calls a function of Python or of a library.
func (e *expr) library(f string, args []any, named map[string]any, first any, at int) any {
	u, unknown := IsUnknown(first)
	switch f {
	case "os.environ.get", "os.getenv":
		return e.variable(args, at)
	case "bool":
		if truth, known := truthy(first); known {
			return truth
		}
		return e.typed(at, why(first), "bool")
	case "int", "float":
		if n, ok := first.(string); ok && f == "int" {
			if i, ok := new(big.Int).SetString(strings.TrimSpace(n), 10); ok && len(n) < 1000 {
				return i
			}
		}
		if i, ok := first.(*big.Int); ok && f == "int" {
			return i
		}
		return e.typed(at, why(first), "int")
	case "str":
		switch x := first.(type) {
		case string:
			return x
		case Path:
			return string(x)
		}
		return e.typed(at, why(first), "str")
	case "list", "tuple", "set", "frozenset":
		if list, ok := first.([]any); ok {
			return list
		}
		if len(args) == 0 {
			return []any{}
		}
		return e.typed(at, why(first), "list")
	case "dict":
		if len(args) == 0 {
			return named
		}
	case "len":
		switch x := first.(type) {
		case []any:
			if !hasRest(x) {
				return big.NewInt(int64(len(x)))
			}
		case string:
			return big.NewInt(int64(len([]rune(x))))
		}
		return e.typed(at, why(first), "int")
	case "Path", "pathlib.Path", "pathlib.PurePath":
		return e.joined(args, at)
	case "os.path.join":
		if p, ok := e.joined(args, at).(Path); ok {
			return string(p)
		}
	case "os.path.dirname":
		if s, ok := plainPath(first); ok {
			return path.Dir(s)
		}
	case "os.path.abspath", "os.path.realpath", "os.path.normpath":
		if s, ok := plainPath(first); ok && (path.IsAbs(s) || f == "os.path.normpath") {
			return path.Clean(s)
		}
	case "datetime.timedelta":
		return e.unknown(at, "it is a timedelta")
	}
	if strings.Contains(f, "gettext") || strings.HasSuffix(f, ".reverse_lazy") {
		return first
	}
	if unknown && u.Why != "" && strings.HasPrefix(f, "os.path.") {
		return e.typed(at, u.Why, "str")
	}
	if last := f[strings.LastIndexByte(f, '.')+1:]; strings.HasPrefix(f, "decouple.") || strings.HasPrefix(f, "environ.") || strings.HasPrefix(f, "environs.") || last == "config" || last == "env" {
		return e.environment(last, args, named, at)
	}
	return e.unknown(at, f+"() is known only at run time")
}

func plainPath(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case Path:
		return string(x), true
	}
	return "", false
}

// joined joins paths.
func (e *expr) joined(args []any, at int) any {
	out := ""
	for _, a := range args {
		s, ok := plainPath(a)
		if !ok {
			return e.unknown(at, why(a))
		}
		if path.IsAbs(s) {
			out = s
		} else if s != "" {
			out = strings.TrimSuffix(out, "/") + "/" + s
			if out == "/"+s {
				out = s
			}
		}
	}
	return Path(path.Clean(out))
}

// variable is a variable of the environment, as a string; what stands there without it may be None.
func (e *expr) variable(args []any, at int) any {
	u := &Unknown{Why: "it comes from the environment", File: e.file, Line: at, Raw: true, Type: "str"}
	if len(args) > 1 {
		if t := typeOf(args[1]); t != "str" {
			u.Type = ""
		}
		u.Default, _ = args[1].(string)
	}
	return u
}

// environment is what a reader of the environment returns: env.bool("X"), env("X", cast=int), config("X", default="").
func (e *expr) environment(method string, args []any, named map[string]any, at int) any {
	u := &Unknown{Why: "it comes from the environment or from a call", File: e.file, Line: at}
	types := map[string]string{"bool": "bool", "int": "int", "float": "int", "str": "str", "list": "list", "tuple": "list", "json": "",
		"dict": "dict", "db": "dict", "db_url": "dict", "cache": "dict", "cache_url": "dict", "dj_db_url": "dict", "dj_cache_url": "dict"}
	u.Type = types[method]
	if len(args) > 1 {
		u.Default, _ = args[1].(string)
	}
	if d, ok := named["default"].(string); ok {
		u.Default = d
	}
	if b, ok := named["cast"].(builtin); ok {
		u.Type = types[string(b)]
	}
	return u
}

// methodOf calls a method of a value.
func (e *expr) methodOf(a attribute, args []any, named map[string]any, at int) any {
	switch v := a.of.(type) {
	case string:
		return e.textMethod(v, a.name, args, at)
	case Path:
		switch a.name {
		case "resolve", "absolute", "expanduser":
			return v
		case "joinpath":
			return e.joined(append([]any{v}, args...), at)
		case "as_posix", "__str__":
			return string(v)
		}
	case map[string]any:
		if a.name == "get" && len(args) > 0 {
			if key, ok := args[0].(string); ok {
				if found, has := v[key]; has {
					return found
				}
				if len(args) > 1 {
					return args[1]
				}
				return nil
			}
		}
		if a.name == "copy" {
			return v
		}
	case []any:
		if a.name == "copy" {
			return v
		}
	case *Unknown:
		switch a.name {
		case "split", "splitlines":
			return e.typed(at, v.Why, "list")
		case "strip", "lower", "upper", "title", "replace", "rstrip", "lstrip", "decode":
			return e.typed(at, v.Why, "str")
		case "startswith", "endswith", "exists", "is_file", "is_dir", "isdigit":
			return e.typed(at, v.Why, "bool")
		}
		return e.environment(a.name, args, named, at)
	}
	return e.unknown(at, "."+a.name+"() is known only at run time")
}

func (e *expr) textMethod(s, method string, args []any, at int) any {
	texts := make([]string, len(args))
	for i, a := range args {
		t, ok := a.(string)
		if list, isList := a.([]any); isList && method == "join" && len(args) == 1 && !hasRest(list) {
			var parts []string
			for _, x := range list {
				part, ok := x.(string)
				if !ok {
					return e.typed(at, why(x), "str")
				}
				parts = append(parts, part)
			}
			if joined := strings.Join(parts, s); len(joined) <= maxItems {
				return joined
			}
			return e.typed(at, "it is too long", "str")
		}
		if !ok {
			return e.unknown(at, why(a))
		}
		texts[i] = t
	}
	switch {
	case method == "strip" && len(args) == 0:
		return strings.TrimSpace(s)
	case method == "lower":
		return strings.ToLower(s)
	case method == "upper":
		return strings.ToUpper(s)
	case method == "startswith" && len(args) == 1:
		return strings.HasPrefix(s, texts[0])
	case method == "endswith" && len(args) == 1:
		return strings.HasSuffix(s, texts[0])
	case method == "replace" && len(args) == 2 && texts[0] != "" && strings.Count(s, texts[0])*len(texts[1])+len(s) <= maxItems:
		return strings.ReplaceAll(s, texts[0], texts[1])
	case method == "split" && len(args) <= 1 && len(s) <= maxItems:
		parts := strings.Fields(s)
		if len(args) == 1 {
			if texts[0] == "" {
				break
			}
			parts = strings.Split(s, texts[0])
		}
		list := []any{}
		for _, p := range parts {
			list = append(list, p)
		}
		return list
	}
	return e.unknown(at, "."+method+"() is known only at run time")
}

// binary computes a o b, within bounds.
func (s *scope) binary(o string, a, b any, at int) any {
	if p, ok := a.(Path); ok && o == "/" {
		if t, ok := plainPath(b); ok {
			return (&expr{scope: s}).joined([]any{p, t}, at)
		}
	}
	if x, ok := a.([]any); ok && (o == "+" || o == "|") {
		if y, ok := b.([]any); ok && len(x)+len(y) <= maxItems {
			return append(x[:len(x):len(x)], y...)
		}
		return append(x[:len(x):len(x)], (&expr{scope: s}).rest(b, at))
	}
	if y, ok := b.([]any); ok && o == "+" && (typeOf(a) == "list" || typeOf(a) == "") {
		return append([]any{(&expr{scope: s}).rest(a, at)}, y...)
	}
	if x, ok := a.(map[string]any); ok && o == "|" {
		if y, ok := b.(map[string]any); ok {
			out := map[string]any{}
			for _, m := range []map[string]any{x, y} {
				for k, v := range m {
					out[k] = v
				}
			}
			return out
		}
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok && o == "+" && len(x)+len(y) <= 1<<16 {
			return x + y
		}
		if n, ok := b.(*big.Int); ok && o == "*" && n.IsInt64() && n.Int64() >= 0 && n.Int64() <= maxItems && int64(len(x))*n.Int64() <= maxItems {
			return strings.Repeat(x, int(n.Int64()))
		}
	}
	x, ok := a.(*big.Int)
	y, ok2 := b.(*big.Int)
	if ok && ok2 {
		if v, ok := whole(o, x, y); ok {
			return v
		}
	}
	if u, unknown := IsUnknown(a); unknown {
		return s.typed(at, u.Why, commonType(a, b))
	}
	if u, unknown := IsUnknown(b); unknown {
		return s.typed(at, u.Why, commonType(a, b))
	}
	return s.unknown(at, "it is an expression that is not computed here")
}

func commonType(a, b any) string {
	if t := typeOf(a); t == typeOf(b) {
		return t
	}
	return ""
}

func whole(o string, x, y *big.Int) (any, bool) {
	switch {
	case x.BitLen() > maxBits || y.BitLen() > maxBits:
	case o == "+":
		return new(big.Int).Add(x, y), true
	case o == "-":
		return new(big.Int).Sub(x, y), true
	case o == "*":
		return new(big.Int).Mul(x, y), true
	case o == "/" && y.Sign() != 0:
		f, _ := new(big.Rat).SetFrac(x, y).Float64()
		return f, !math.IsInf(f, 0)
	case o == "//" && y.Sign() > 0:
		return new(big.Int).Div(x, y), true
	case o == "%" && y.Sign() > 0:
		return new(big.Int).Mod(x, y), true
	case o == "**" && y.Sign() >= 0 && y.IsInt64() && y.Int64()*int64(x.BitLen()) <= maxBits:
		return new(big.Int).Exp(x, y, nil), true
	case o == "<<" && y.Sign() >= 0 && y.IsInt64() && y.Int64() <= maxBits:
		return new(big.Int).Lsh(x, uint(y.Int64())), true
	case o == "|":
		return new(big.Int).Or(x, y), true
	case o == "&":
		return new(big.Int).And(x, y), true
	}
	return nil, false
}

package pyliteral

import (
	"io/fs"
	"maps"
	"math/big"
	"reflect"
	"strings"
)

func (s *scope) glob(pattern string) []string {
	names, err := fs.Glob(s.tree, pattern)
	if err != nil {
		return nil
	}
	return names
}

var augmented = map[string]string{"+=": "+", "-=": "-", "*=": "*", "|=": "|", "/=": "/", "//=": "//", "%=": "%", "&=": "&", "^=": "^",
	"**=": "**", ">>=": ">>", "<<=": "<<", "@=": "@"}

// assign executes an assignment, or an expression that stands alone.
func (s *scope) assign(tokens []token) {
	for i, t := range tokens {
		if t.kind == op && augmented[t.text] != "" && outside(tokens[:i]) {
			s.augment(tokens[:i], augmented[t.text], tokens[i+1:])
			return
		}
	}
	parts := split(tokens, "=")
	if len(parts) < 2 {
		if annotated := split(tokens, ":"); len(annotated) == 2 && len(annotated[0]) == 1 {
			return // a type, and no value
		}
		s.call(tokens)
		return
	}
	right := parts[len(parts)-1]
	s.leaks(right)
	v := s.evaluate(right)
	plain := len(right) == 1 || literal(right)
	for _, target := range parts[:len(parts)-1] {
		if annotated := split(target, ":"); len(annotated) == 2 {
			target = annotated[0]
		}
		s.bind(target, v, plain)
	}
}

// outside reports whether no bracket is open after the tokens.
func outside(tokens []token) bool {
	depth := 0
	for _, t := range tokens {
		if t.kind == op {
			depth += strings.Count("([{", t.text) - strings.Count(")]}", t.text)
		}
	}
	return depth == 0
}

// literal reports whether tokens are a string that is written in several parts.
func literal(tokens []token) bool {
	for _, t := range tokens {
		if t.kind != text && t.text != "(" && t.text != ")" && t.text != "+" {
			return false
		}
	}
	return len(tokens) > 0
}

// bind gives a target a value.
func (s *scope) bind(target []token, v any, plain bool) {
	if len(target) == 0 {
		return
	}
	at := target[0].line
	if len(target) == 1 && target[0].kind == name {
		s.set(target[0].text, v, at, plain)
		return
	}
	if n := closing(target); n == len(target)-1 && (target[0].text == "(" || target[0].text == "[") {
		s.bind(target[1:n], v, plain)
		return
	}
	if several := split(target, ","); len(several) > 1 {
		values, ok := v.([]any)
		for i, one := range several {
			if ok && len(values) == len(several) && !hasRest(values) {
				s.bind(one, values[i], plain)
			} else {
				s.bind(one, s.unknown(at, "it is unpacked from something"), false)
			}
		}
		return
	}
	s.store(target, v)
}

// store gives an element of a name a value: NAME["a"]["b"] = v.
func (s *scope) store(target []token, v any) {
	base, keys, ok := s.path(target)
	if !ok {
		if target[0].kind == name {
			if target[0].text == "globals" || target[0].text == "locals" || target[0].text == "vars" {
				s.forget(target[0].line, "globals() is changed")
				return
			}
			if _, has := s.names[target[0].text]; has {
				s.set(target[0].text, s.unknown(target[0].line, "a part of it is set"), target[0].line, false)
			}
		}
		return
	}
	s.set(base, s.put(s.get(base, target[0].line), keys, v, target[0].line), target[0].line, false)
}

// path reads NAME[key][key], whose keys are known.
func (s *scope) path(target []token) (base string, keys []any, ok bool) {
	if target[0].kind != name {
		return "", nil, false
	}
	base, target = target[0].text, target[1:]
	for len(target) > 0 {
		n := closing(target)
		if target[0].text != "[" || n < 0 {
			return "", nil, false
		}
		key := s.evaluate(target[1:n])
		if _, unknown := IsUnknown(key); unknown {
			return "", nil, false
		}
		keys = append(keys, key)
		target = target[n+1:]
	}
	return base, keys, len(keys) > 0
}

// closing returns where the bracket that the tokens begin with is closed, -1 if nowhere.
func closing(tokens []token) int {
	depth := 0
	for i, t := range tokens {
		if t.kind == op {
			depth += strings.Count("([{", t.text) - strings.Count(")]}", t.text)
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (s *scope) put(container any, keys []any, v any, at int) any {
	if len(keys) == 0 {
		return v
	}
	switch c := container.(type) {
	case map[string]any:
		key, ok := keys[0].(string)
		if !ok {
			break
		}
		c = maps.Clone(c)
		c[key] = s.put(c[key], keys[1:], v, at)
		return c
	case []any:
		n, ok := index(keys[0], len(c))
		if !ok || hasRest(c) {
			break
		}
		c = append([]any{}, c...)
		c[n] = s.put(c[n], keys[1:], v, at)
		return c
	case *Unknown:
		return c
	}
	return s.unknown(at, "a part of it is set")
}

// index returns which element of n a key names.
func index(key any, n int) (int, bool) {
	i, ok := key.(*big.Int)
	if !ok || !i.IsInt64() {
		return 0, false
	}
	at := i.Int64()
	if at < 0 {
		at += int64(n)
	}
	return int(at), at >= 0 && at < int64(n)
}

func hasRest(list []any) bool {
	for _, e := range list {
		if u, ok := e.(*Unknown); ok && u.Rest {
			return true
		}
	}
	return false
}

// augment executes target op= value.
func (s *scope) augment(target []token, operator string, right []token) {
	if len(target) == 0 {
		return
	}
	v := s.binary(operator, s.evaluate(target), s.evaluate(right), target[0].line)
	s.bind(target, v, false)
}

// call executes a statement that is an expression: one that changes a name, or one that may change everything.
func (s *scope) call(tokens []token) {
	if len(tokens) >= 3 && tokens[0].kind == name && tokens[0].text == "include" && tokens[1].text == "(" {
		s.include(s.arguments(tokens[2:len(tokens)-1]), tokens[0].line)
		return
	}
	if s.leaks(tokens) {
		return
	}
	base, method, args, ok := s.method(tokens)
	if !ok {
		for i, t := range tokens {
			handed := t.kind == name && i > 0 && (tokens[i-1].text == "(" || tokens[i-1].text == "," || tokens[i-1].text == "=")
			if v, has := s.names[t.text]; handed && has && mutable(v.Value) {
				s.set(t.text, s.unknown(t.line, "it is handed to a function"), t.line, false)
			}
		}
		return
	}
	at := tokens[0].line
	if len(base) == 1 {
		if _, has := s.names[base[0].text]; !has && s.open == nil {
			return
		}
	}
	old := s.evaluate(base)
	if !mutable(old) {
		return
	}
	s.bind(base, s.mutate(old, method, args, at), false)
}

// leaks notes whether the table of names itself is handed to somebody, who can change any of them then and later. A look at
// one name in it is none of that.
func (s *scope) leaks(tokens []token) bool {
	for i, t := range tokens {
		if t.kind != name || t.text != "globals" && t.text != "locals" && t.text != "vars" || i+2 >= len(tokens) || tokens[i+1].text != "(" ||
			tokens[i+2].text != ")" {
			continue
		}
		looked := i+3 < len(tokens) && tokens[i+3].text == "[" || i > 0 && tokens[i-1].text == "in" ||
			i+4 < len(tokens) && tokens[i+3].text == "." && tokens[i+4].text == "get"
		if !looked {
			s.leaked = t
			s.forget(t.line, t.text+"() is handed to a function")
			return true
		}
	}
	return false
}

func mutable(v any) bool {
	switch v := v.(type) {
	case []any, map[string]any:
		return true
	case *Unknown:
		return v.Type == "list" || v.Type == "dict" || v.Type == ""
	}
	return false
}

// method reads BASE.method(args), where BASE can be assigned to.
func (s *scope) method(tokens []token) (base []token, method string, args []any, ok bool) {
	n := len(tokens)
	if n < 5 || tokens[n-1].text != ")" || tokens[0].kind != name {
		return nil, "", nil, false
	}
	open := 1
	for open < n && closing(tokens[open:]) >= 0 && tokens[open].text == "[" {
		open += closing(tokens[open:]) + 1
	}
	if open+3 >= n || tokens[open].text != "." || tokens[open+2].text != "(" || open+2+closing(tokens[open+2:]) != n-1 {
		return nil, "", nil, false
	}
	return tokens[:open], tokens[open+1].text, s.arguments(tokens[open+3 : n-1]), true
}

// mutate returns what a method of a list or a dictionary makes of it.
func (s *scope) mutate(old any, method string, args []any, at int) any {
	changed := s.unknown(at, "."+method+"() changes it")
	list, isList := old.([]any)
	dict, isDict := old.(map[string]any)
	switch {
	case isList && method == "append" && len(args) == 1:
		return append(list[:len(list):len(list)], args[0])
	case isList && method == "extend" && len(args) == 1:
		return s.binary("+", old, args[0], at)
	case isList && method == "insert" && len(args) == 2 && !hasRest(list):
		n := 0
		if i, ok := args[0].(*big.Int); ok && i.IsInt64() {
			n = int(min(max(i.Int64(), -maxItems), int64(len(list))))
			if n < 0 {
				n = max(0, n+len(list))
			}
			out := append([]any{}, list[:n]...)
			return append(append(out, args[1]), list[n:]...)
		}
	case isList && method == "insert" && len(args) == 2:
		return append(append([]any{}, list...), args[1]) // its place is not known; that it is there is
	case isList && method == "remove" && len(args) == 1 && !hasRest(list):
		for i, e := range list {
			if reflect.DeepEqual(e, args[0]) {
				return append(append([]any{}, list[:i]...), list[i+1:]...)
			}
		}
	case isDict && method == "update" && len(args) == 1:
		if more, ok := args[0].(map[string]any); ok {
			dict = maps.Clone(dict)
			maps.Copy(dict, more)
			return dict
		}
	case isDict && method == "setdefault" && len(args) == 2:
		if key, ok := args[0].(string); ok {
			if _, has := dict[key]; has {
				return dict
			}
			dict = maps.Clone(dict)
			dict[key] = args[1]
			return dict
		}
	case method == "copy" || method == "get" || method == "items" || method == "keys" || method == "values" || method == "index" || method == "count":
		return old
	}
	if isList {
		changed.Type = "list"
	}
	return changed
}

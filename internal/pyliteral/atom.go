package pyliteral

import (
	"math/big"
	"strconv"
	"strings"
)

// attribute is a method or a part of a value, until it is called.
type attribute struct {
	of   any
	name string
}

// primary reads an atom and what follows it: .name, [index], (arguments).
func (e *expr) primary() any {
	at := e.line()
	v := e.atom()
	for e.peek().kind == op {
		if o, ok := e.take(".", "[", "("); !ok {
			break
		} else if o == "." {
			n := e.peek()
			e.at++
			v = e.member(v, n.text, at)
		} else if o == "[" {
			inner, ok := e.inside("]")
			if !ok {
				return e.unknown(at, "it is no literal")
			}
			v = e.element(v, inner, at)
		} else {
			inner, ok := e.inside(")")
			if !ok {
				return e.unknown(at, "it is no literal")
			}
			v = e.called(v, inner, at)
		}
	}
	switch x := v.(type) {
	case builtin:
		return e.builtin(x, at)
	case attribute:
		return e.unknown(at, "."+x.name+" is known only at run time")
	case *scope:
		return e.unknown(at, "it is a module")
	}
	return v
}

// inside returns the tokens up to the bracket that closes the one just read.
func (e *expr) inside(_ string) ([]token, bool) {
	n := closing(e.tokens[e.at-1:])
	if n < 0 {
		e.at = len(e.tokens)
		return nil, false
	}
	inner := e.tokens[e.at : e.at-1+n]
	e.at += n
	e.steps += n
	return inner, true
}

func (e *expr) atom() any {
	t := e.peek()
	at := t.line
	e.at++
	switch t.kind {
	case digits:
		return e.number(t)
	case text, format, bytes:
		e.at--
		return e.strings()
	case name:
		switch t.text {
		case "True", "False":
			return t.text == "True"
		case "None":
			return nil
		case "__file__":
			return e.tree0()
		case "__name__":
			return strings.TrimSuffix(strings.ReplaceAll(e.file, "/", "."), ".py")
		}
		if v, ok := e.names[t.text]; ok {
			return v.Value
		}
		if e.open == nil && builtins[t.text] {
			return builtin(t.text)
		}
		return e.get(t.text, at)
	case op:
		switch t.text {
		case "(", "[", "{":
			inner, ok := e.inside("")
			if !ok {
				break
			}
			return e.bracket(t.text, inner, at)
		case "*", "**":
			return e.unknown(at, "it is unpacked from something")
		case "...":
			return e.unknown(at, "it is an ellipsis")
		}
	}
	e.at = len(e.tokens) + 1
	return e.unknown(at, "it is no literal")
}

func (e *expr) number(t token) any {
	s := strings.ReplaceAll(t.text, "_", "")
	if n, ok := new(big.Int).SetString(s, 0); ok && len(s) < 1000 && (s == "0" || s[0] != '0' || len(s) > 1 && strings.ContainsAny(s[1:2], "xXoObB") || strings.Trim(s, "0") == "") {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !hex(s) {
		return f
	}
	return e.unknown(t.line, "it is no number that is known here")
}

// strings reads adjacent string literals, which are one.
func (e *expr) strings() any {
	var b strings.Builder
	var odd *Unknown
	for {
		t := e.peek()
		switch t.kind {
		case text:
			b.WriteString(t.text)
		case format:
			s, ok := e.formatted(t)
			if !ok && odd == nil {
				odd = e.typed(t.line, "it is made at run time", "str")
			}
			b.WriteString(s)
		case bytes:
			if odd == nil {
				odd = e.unknown(t.line, "it is bytes")
			}
		default:
			if odd != nil {
				return odd
			}
			return b.String()
		}
		e.at++
	}
}

// formatted returns an f-string whose expressions are names that are known.
func (e *expr) formatted(t token) (string, bool) {
	var b strings.Builder
	for s := t.text; s != ""; {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		if i+1 < len(s) && s[i+1] == s[i] {
			b.WriteByte(s[i])
			s = s[i+2:]
			continue
		}
		n := strings.IndexByte(s[i:], '}')
		if s[i] != '{' || n < 0 {
			return "", false
		}
		lines := lex(s[i+1 : i+n])
		if len(lines) != 1 {
			return "", false
		}
		switch v := e.evaluate(lines[0].tokens).(type) {
		case string:
			b.WriteString(v)
		case Path:
			b.WriteString(string(v))
		case *big.Int:
			b.WriteString(v.String())
		default:
			return "", false
		}
		if b.Len() > maxItems {
			return "", false
		}
		s = s[i+n+1:]
	}
	return b.String(), true
}

// bracket evaluates what stands in brackets.
func (e *expr) bracket(open string, inner []token, at int) any {
	if comprehension(inner) {
		return e.typed(at, "it is a comprehension", map[string]string{"[": "list", "{": "", "(": ""}[open])
	}
	parts := split(inner, ",")
	if open == "(" && len(parts) == 1 && inner[len(inner)-1].text != "," {
		return e.evaluate(inner)
	}
	if open == "{" && len(inner) == 0 {
		return map[string]any{}
	}
	if open == "{" && (inner[0].text == "**" || len(split(parts[0], ":")) == 2) {
		return e.dict(parts, at)
	}
	list := []any{}
	for _, p := range parts {
		if len(p) == 0 || len(list) > maxItems {
			return e.unknown(at, "it is no literal")
		}
		if p[0].text != "*" || p[0].kind != op {
			list = append(list, e.evaluate(p))
			continue
		}
		switch v := e.evaluate(p[1:]).(type) {
		case []any:
			list = append(list, v...)
		default:
			list = append(list, e.rest(v, at))
		}
	}
	return list
}

// rest returns what stands for the elements of something unknown.
func (e *expr) rest(v any, at int) *Unknown {
	u := e.unknown(at, why(v))
	u.Rest = true
	return u
}

func comprehension(tokens []token) bool {
	depth := 0
	for _, t := range tokens {
		if t.kind == op {
			depth += strings.Count("([{", t.text) - strings.Count(")]}", t.text)
		}
		if t.kind == name && t.text == "for" && depth == 0 {
			return true
		}
	}
	return false
}

func (e *expr) dict(parts [][]token, at int) any {
	out := map[string]any{}
	for _, p := range parts {
		if len(p) > 0 && p[0].text == "**" {
			more, ok := e.evaluate(p[1:]).(map[string]any)
			if !ok {
				return e.typed(at, "it is unpacked from something", "dict")
			}
			for k, v := range more {
				out[k] = v
			}
			continue
		}
		pair := split(p, ":")
		if len(pair) < 2 {
			return e.typed(at, "it is no literal", "dict")
		}
		value := p[len(pair[0])+1:]
		switch key := e.evaluate(pair[0]).(type) {
		case string:
			out[key] = e.evaluate(value)
		case *big.Int:
			out[key.String()] = e.evaluate(value)
		default:
			return e.typed(at, "its keys are known only at run time", "dict")
		}
		if len(out) > maxItems {
			return e.unknown(at, "it is too long")
		}
	}
	return out
}

// element returns v[index].
func (e *expr) element(v any, inner []token, at int) any {
	if v == builtin("os.environ") {
		return &Unknown{Why: "it comes from the environment", Type: "str", Raw: true, File: e.file, Line: at}
	}
	if b, ok := v.(builtin); ok {
		v = e.builtin(b, at)
	}
	if len(split(inner, ":")) > 1 || len(inner) > 0 && inner[0].text == ":" {
		return e.typed(at, "it is a slice", typeOf(v))
	}
	key := e.evaluate(inner)
	switch c := v.(type) {
	case map[string]any:
		if s, ok := key.(string); ok {
			if found, has := c[s]; has {
				return found
			}
		}
	case []any:
		if n, ok := index(key, len(c)); ok && !hasRest(c) {
			return c[n]
		}
	case attribute:
		if p, ok := c.of.(Path); ok && c.name == "parents" {
			n, isInt := key.(*big.Int)
			for i := int64(0); isInt && n.IsInt64() && i <= min(n.Int64(), 100); i++ {
				p = p.parent()
			}
			return p
		}
	case *Unknown:
		u := *c
		u.Type, u.Rest = "", false
		return &u
	}
	return e.unknown(at, "it is an element of something unknown")
}

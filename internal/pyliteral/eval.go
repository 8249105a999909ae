package pyliteral

import (
	"math/big"
	"reflect"
	"strings"
)

// builtin is a name of a library that means something here, such as os.environ.
type builtin string

// expr reads one expression.
type expr struct {
	*scope
	tokens []token
	at     int
}

// evaluate returns what an expression is. What it does not understand is unknown.
func (s *scope) evaluate(tokens []token) any {
	at := 0
	if len(tokens) > 0 {
		at = tokens[0].line
	}
	if s.nest > maxDepth {
		return s.unknown(at, "it is nested too deeply")
	}
	s.nest++
	defer func() { s.nest-- }()
	e := &expr{s, tokens, 0}
	v := e.list()
	if e.at < len(tokens) {
		return s.unknown(at, "it is no literal")
	}
	if b, ok := v.(builtin); ok {
		return e.builtin(b, at)
	}
	return v
}

func (e *expr) peek() token {
	e.steps++
	if e.at < len(e.tokens) && e.steps < maxSteps {
		return e.tokens[e.at]
	}
	return token{}
}

func (e *expr) line() int {
	if e.at < len(e.tokens) {
		return e.tokens[e.at].line
	}
	if len(e.tokens) > 0 {
		return e.tokens[len(e.tokens)-1].line
	}
	return 0
}

// take consumes a token if it is one of the operators or keywords.
func (e *expr) take(words ...string) (string, bool) {
	t := e.peek()
	if t.kind != op && t.kind != name {
		return "", false
	}
	for _, w := range words {
		if t.text == w {
			e.at++
			return w, true
		}
	}
	return "", false
}

// list reads expressions with commas between them, which are a tuple.
func (e *expr) list() any {
	v := e.ternary()
	if e.peek().text != "," || e.peek().kind != op {
		return v
	}
	items := []any{v}
	for {
		if _, ok := e.take(","); !ok || e.at >= len(e.tokens) {
			return items
		}
		items = append(items, e.ternary())
	}
}

func (e *expr) ternary() any {
	if e.nest > maxDepth*4 {
		e.at = len(e.tokens)
		return e.unknown(e.line(), "it is nested too deeply")
	}
	e.nest++
	defer func() { e.nest-- }()
	if _, ok := e.take("lambda"); ok {
		at := e.line()
		for e.at < len(e.tokens) && e.peek().text != "," && e.peek().text != ")" && e.peek().kind != end {
			e.at++
		}
		return e.unknown(at, "it is a function")
	}
	v := e.or()
	at := e.line()
	if _, ok := e.take("if"); !ok {
		return v
	}
	truth, known := truthy(e.or())
	if _, ok := e.take("else"); !ok {
		return e.unknown(at, "it is no literal")
	}
	other := e.ternary()
	switch {
	case !known:
		return either(v, other, e.unknown(at, "it depends on a condition"))
	case truth:
		return v
	}
	return other
}

func (e *expr) or() any {
	v := e.and()
	for {
		at := e.line()
		if _, ok := e.take("or"); !ok {
			return v
		}
		other := e.and()
		truth, known := truthy(v)
		switch {
		case !known:
			if t, ok := truthy(other); ok && t && typeOf(v) == "bool" && typeOf(other) == "bool" {
				v = true
			} else {
				v = either(v, other, e.unknown(at, why(v)))
			}
		case !truth:
			v = other
		}
	}
}

func (e *expr) and() any {
	v := e.not()
	for {
		at := e.line()
		if _, ok := e.take("and"); !ok {
			return v
		}
		other := e.not()
		truth, known := truthy(v)
		switch {
		case !known:
			v = either(v, other, e.unknown(at, why(v)))
		case truth:
			v = other
		}
	}
}

func (e *expr) not() any {
	at := e.line()
	if _, ok := e.take("not"); !ok {
		return e.compare()
	}
	truth, known := truthy(e.not())
	if !known {
		return e.typed(at, "it depends on something unknown", "bool")
	}
	return !truth
}

func (s *scope) typed(at int, why, typ string) *Unknown {
	u := s.unknown(at, why)
	u.Type = typ
	return u
}

func (e *expr) compare() any {
	v := e.sum(0)
	for n := 0; ; n++ {
		at := e.line()
		o, ok := e.take("==", "!=", "<=", ">=", "<", ">", "in", "is", "not")
		if !ok {
			return v
		}
		if o == "not" {
			if _, ok := e.take("in"); !ok {
				return e.unknown(at, "it is no literal")
			}
			o = "not in"
		} else if o == "is" {
			if _, ok := e.take("not"); ok {
				o = "is not"
			}
		}
		other := e.sum(0)
		if n > 0 {
			v = e.typed(at, "it is a comparison of several", "bool")
			continue
		}
		v = e.comparison(o, v, other, at)
	}
}

// comparison compares what is known.
func (e *expr) comparison(o string, a, b any, at int) any {
	ua, unknown := IsUnknown(a)
	ub, unknown2 := IsUnknown(b)
	if list, ok := b.([]any); ok && (o == "in" || o == "not in") && !unknown {
		for _, x := range list {
			if reflect.DeepEqual(x, a) {
				return o == "in"
			}
		}
	}
	if unknown || unknown2 {
		u := ua
		if !unknown {
			u = ub
		}
		return e.typed(at, u.Why, "bool")
	}
	switch o {
	case "==", "is":
		return equal(a, b)
	case "!=", "is not":
		return !equal(a, b)
	case "in", "not in":
		if found, ok := contains(b, a); ok {
			return found == (o == "in")
		}
	default:
		if c, ok := order(a, b); ok {
			return map[string]bool{"<": c < 0, ">": c > 0, "<=": c <= 0, ">=": c >= 0}[o]
		}
	}
	return e.typed(at, "it is a comparison", "bool")
}

func equal(a, b any) bool {
	if x, ok := a.(*big.Int); ok {
		if y, ok := b.(*big.Int); ok {
			return x.Cmp(y) == 0
		}
	}
	return reflect.DeepEqual(a, b)
}

func order(a, b any) (int, bool) {
	if x, ok := a.(*big.Int); ok {
		if y, ok := b.(*big.Int); ok {
			return x.Cmp(y), true
		}
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), true
		}
	}
	return 0, false
}

func contains(container, v any) (found, ok bool) {
	switch c := container.(type) {
	case []any:
		return false, true // it was looked for already
	case string:
		part, isText := v.(string)
		return strings.Contains(c, part), isText
	case map[string]any:
		key, isText := v.(string)
		_, found = c[key]
		return found, isText
	}
	return false, false
}

// precedence of the operators that sum reads, the loosest first.
var precedence = [][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%", "@"}}

func (e *expr) sum(level int) any {
	if level == len(precedence) {
		return e.unary()
	}
	v := e.sum(level + 1)
	for {
		at := e.line()
		if e.peek().kind != op {
			return v
		}
		o, ok := e.take(precedence[level]...)
		if !ok {
			return v
		}
		v = e.binary(o, v, e.sum(level+1), at)
	}
}

func (e *expr) unary() any {
	at := e.line()
	o, ok := "", false
	if e.peek().kind == op {
		o, ok = e.take("-", "+", "~")
	}
	if !ok {
		return e.power()
	}
	if e.nest > maxDepth*4 {
		e.at = len(e.tokens)
		return e.unknown(at, "it is nested too deeply")
	}
	e.nest++
	v := e.unary()
	e.nest--
	switch x := v.(type) {
	case *big.Int:
		switch o {
		case "-":
			return new(big.Int).Neg(x)
		case "~":
			return new(big.Int).Not(x)
		}
		return x
	case float64:
		if o == "-" {
			return -x
		}
		return x
	}
	return e.unknown(at, "it is no literal")
}

func (e *expr) power() any {
	e.take("await")
	v := e.primary()
	at := e.line()
	if _, ok := e.take("**"); !ok {
		return v
	}
	return e.binary("**", v, e.unary(), at)
}

// truthy is Python's bool(v), if it is known.
func truthy(v any) (truth, known bool) {
	switch v := v.(type) {
	case nil:
		return false, true
	case bool:
		return v, true
	case *big.Int:
		return v.Sign() != 0, true
	case float64:
		return v != 0, true
	case string:
		return v != "", true
	case Path:
		return true, true
	case map[string]any:
		return len(v) > 0, true
	case []any:
		for _, e := range v {
			if u, ok := e.(*Unknown); !ok || !u.Rest {
				return true, true
			}
		}
		return false, len(v) == 0
	}
	return false, false
}

func typeOf(v any) string {
	switch v := v.(type) {
	case bool:
		return "bool"
	case *big.Int:
		return "int"
	case string:
		return "str"
	case []any:
		return "list"
	case map[string]any:
		return "dict"
	case *Unknown:
		return v.Type
	}
	return ""
}

func why(v any) string {
	if u, ok := IsUnknown(v); ok {
		return u.Why
	}
	return "it depends on a condition"
}

package pyliteral

import (
	"errors"
	"maps"
	"path"
	"reflect"
	"strings"
)

// block executes statements.
func (s *scope) block(lines []line) {
	for i := 0; i < len(lines); i++ {
		s.steps++
		if s.steps > maxSteps {
			s.forget(lines[i].tokens[0].line, "the settings are too long")
			return
		}
		switch lines[i].tokens[0].text {
		case "if":
			n := chain(lines[i:], "elif", "else")
			s.branches(lines[i : i+n])
			i += n - 1
		case "try":
			n := chain(lines[i:], "except", "else", "finally")
			s.try(lines[i : i+n])
			i += n - 1
		case "for", "while", "match", "async":
			n := chain(lines[i:], "else")
			for _, l := range lines[i : i+n] {
				s.repeat(l)
			}
			i += n - 1
		case "case":
			if len(lines[i].body) > 0 { // of a match
				s.block(lines[i].body)
				continue
			}
			s.statement(lines[i])
		default:
			s.statement(lines[i])
		}
	}
}

// chain returns how many lines belong to the compound statement that the first one begins.
func chain(lines []line, words ...string) int {
	n := 1
	for n < len(lines) && lines[n].indent == lines[0].indent {
		first, found := lines[n].tokens[0], false
		for _, w := range words {
			found = found || first.kind == name && first.text == w
		}
		if !found {
			break
		}
		n++
	}
	return n
}

// suite returns the tokens between a compound statement's first word and its colon, and what stands below the colon.
func suite(l line) (head []token, body []line) {
	depth := 0
	for i, t := range l.tokens {
		switch {
		case t.kind != op:
		case strings.ContainsAny(t.text, "([{"):
			depth++
		case strings.ContainsAny(t.text, ")]}"):
			depth--
		case t.text == ":" && depth == 0:
			if i+1 < len(l.tokens) {
				return l.tokens[1:i], append([]line{{tokens: l.tokens[i+1:]}}, l.body...)
			}
			return l.tokens[1:i], l.body
		}
	}
	return l.tokens[1:], l.body
}

// branches executes if, elif and else: the one that is taken if that is known, else all of them apart.
func (s *scope) branches(lines []line) {
	var open []map[string]*Name
	start := s.names
	reason := s.unknown(lines[0].tokens[0].line, "it depends on a condition")
	decided := false
	for _, l := range lines {
		head, body := suite(l)
		truth, known := true, true
		if l.tokens[0].text != "else" {
			truth, known = truthy(s.evaluate(head))
		}
		if known && !truth {
			continue
		}
		s.steps += len(start)
		s.names = maps.Clone(start)
		s.block(body)
		open = append(open, s.names)
		if known {
			decided = true
			break
		}
	}
	if !decided {
		open = append(open, start)
	}
	s.names = open[0]
	for _, other := range open[1:] {
		s.names = merge(s.names, other, reason)
	}
}

// merge returns what is known if either of two branches was taken.
func merge(a, b map[string]*Name, why *Unknown) map[string]*Name {
	out := maps.Clone(a)
	for n, v := range b {
		have, ok := out[n]
		if !ok {
			have = &Name{Value: why}
		}
		out[n] = join(have, v, why)
	}
	for n, v := range a {
		if _, ok := b[n]; !ok {
			out[n] = join(v, &Name{Value: why}, why)
		}
	}
	return out
}

func join(a, b *Name, why *Unknown) *Name {
	if a == b {
		return a
	}
	sites := a.Sites
	for _, site := range b.Sites {
		seen := false
		for _, have := range a.Sites {
			seen = seen || have.File == site.File && have.Line == site.Line
		}
		if !seen {
			sites = append(sites[:len(sites):len(sites)], site)
		}
	}
	return &Name{Value: either(a.Value, b.Value, why), Sites: sites}
}

// either returns what two values have in common: the value, or of lists what they begin with.
func either(a, b any, why *Unknown) any {
	if reflect.DeepEqual(a, b) {
		return a
	}
	type_ := typeOf(a)
	if other := typeOf(b); other != type_ {
		type_ = ""
	}
	u := *why
	u.Type = type_
	x, ok := a.([]any)
	y, ok2 := b.([]any)
	if !ok || !ok2 {
		return &u
	}
	n := 0
	for n < len(x) && n < len(y) && reflect.DeepEqual(x[n], y[n]) {
		n++
	}
	u.Rest, u.Type = true, ""
	return append(x[:n:n], &u)
}

// try executes what is tried, and apart from it what would be if it failed. A module of the tree that is not there fails.
func (s *scope) try(lines []line) {
	start := s.names
	_, body := suite(lines[0])
	failed := false
	for _, l := range body {
		if s.missing(l) {
			failed = true
		}
	}
	var open []map[string]*Name
	for _, l := range lines {
		head, below := suite(l)
		_ = head
		switch word := l.tokens[0].text; {
		case word == "finally":
		case word == "except" && (failed || !importsOnly(body)), word != "except" && !failed:
			from := start
			if word == "else" && len(open) > 0 {
				from = open[0]
			}
			s.steps += len(from)
			s.names = maps.Clone(from)
			s.block(below)
			if word == "else" && len(open) > 0 {
				open[0] = s.names
			} else {
				open = append(open, s.names)
			}
		}
	}
	if len(open) == 0 {
		open = append(open, start)
	}
	s.names = open[0]
	for _, other := range open[1:] {
		s.names = merge(s.names, other, s.unknown(lines[0].tokens[0].line, "it depends on whether something fails"))
	}
	for _, l := range lines {
		if l.tokens[0].text == "finally" {
			_, below := suite(l)
			s.block(below)
		}
	}
}

// importsOnly reports whether a block only imports, which in a tree that has the modules does not fail.
func importsOnly(body []line) bool {
	for _, l := range body {
		if t := l.tokens[0].text; t != "from" && t != "import" && t != "pass" {
			return false
		}
	}
	return true
}

// missing reports whether a line imports a module by a relative name, or everything from one, and the tree has no such.
func (s *scope) missing(l line) bool {
	if l.tokens[0].text != "from" {
		return false
	}
	parts, rest, relative := s.moduleName(l.tokens[1:])
	star := len(rest) == 2 && rest[1].text == "*"
	if !relative && !star {
		return false
	}
	_, found := s.find(parts)
	return !found && (relative || len(parts) == 1)
}

// repeat notes what a loop assigns as unknown.
func (s *scope) repeat(l line) {
	head, body := suite(l)
	for i, t := range head {
		if t.text == "in" {
			for _, target := range head[:i] {
				if target.kind == name {
					s.set(target.text, s.unknown(target.line, "it is set in a loop"), target.line, false)
				}
			}
			break
		}
	}
	was := s.loop
	s.loop = true
	s.block(body)
	s.loop = was
}

// forget makes every name unknown, since something changed them that is not understood.
func (s *scope) forget(at int, why string) {
	u := s.unknown(at, why)
	for n := range s.names {
		if _, module := s.names[n].Value.(*scope); !module && n == strings.ToUpper(n) {
			s.set(n, u, at, false)
		}
	}
	s.open = u
}

// statement executes a statement that is not compound.
func (s *scope) statement(l line) {
	first := l.tokens[0]
	switch first.text {
	case "from", "import":
		s.imports(l.tokens)
	case "with":
		_, body := suite(l)
		s.block(body)
	case "def", "class":
		s.define(l)
	case "del":
		for _, t := range l.tokens[1:] {
			delete(s.names, t.text)
		}
	case "pass", "assert", "raise", "return", "global", "nonlocal", "break", "continue", "@", "else", "elif", "except", "finally", "print":
	default:
		s.assign(l.tokens)
	}
}

// define notes a function or a class, and what it can change from inside.
func (s *scope) define(l line) {
	if len(l.tokens) < 2 {
		return
	}
	s.set(l.tokens[1].text, s.unknown(l.tokens[1].line, "it is a "+l.tokens[0].text), l.tokens[1].line, false)
	var look func(lines []line)
	look = func(lines []line) {
		for _, b := range lines {
			if b.tokens[0].text == "global" {
				for _, t := range b.tokens[1:] {
					if t.kind == name {
						s.set(t.text, s.unknown(t.line, "a function sets it"), t.line, false)
					}
				}
			}
			look(b.body)
		}
	}
	look(l.body)
}

// moduleName reads the name in an import: its parts from the top of the tree, and the tokens after it.
func (s *scope) moduleName(tokens []token) (parts []string, rest []token, relative bool) {
	dots := 0
	for len(tokens) > 0 && strings.Trim(tokens[0].text, ".") == "" && tokens[0].kind == op {
		dots += len(tokens[0].text)
		tokens = tokens[1:]
	}
	if dots > 0 {
		relative = true
		n := len(s.pkg) - dots + 1
		if n < 0 {
			n = 0
		}
		parts = append(parts, s.pkg[:n]...)
	}
	for len(tokens) > 0 && tokens[0].kind == name && tokens[0].text != "import" && tokens[0].text != "as" {
		parts = append(parts, tokens[0].text)
		tokens = tokens[1:]
		if len(tokens) > 0 && tokens[0].text == "." {
			tokens = tokens[1:]
		} else {
			break
		}
	}
	return parts, tokens, relative
}

// imports executes an import.
func (s *scope) imports(tokens []token) {
	at := tokens[0].line
	if tokens[0].text == "import" {
		for _, part := range split(tokens[1:], ",") {
			parts, rest, _ := s.moduleName(part)
			if len(parts) == 0 {
				continue
			}
			bound, known := parts[0], any(builtin(parts[0]))
			if len(rest) == 2 && rest[0].text == "as" {
				bound, known = rest[1].text, builtin(strings.Join(parts, "."))
				if m, err := s.load(parts, s.depth+1); err == nil {
					known = m
				}
			}
			s.set(bound, known, at, false)
		}
		return
	}
	parts, rest, _ := s.moduleName(tokens[1:])
	if len(rest) < 2 || rest[0].text != "import" {
		return
	}
	names := rest[1:]
	if names[0].text == "(" {
		names = names[1:max(1, len(names)-1)]
	}
	module, err := s.load(parts, s.depth+1)
	if len(names) == 1 && names[0].text == "*" {
		s.star(parts, module, err, at)
		return
	}
	for _, part := range split(names, ",") {
		if len(part) == 0 || part[0].kind != name {
			continue
		}
		bound := part[len(part)-1].text
		var v any = builtin(strings.Join(parts, ".") + "." + part[0].text)
		if err == nil && module != nil {
			if _, has := module.names[part[0].text]; has || module.open != nil {
				v = module.get(part[0].text, at)
			}
		}
		if sub, subErr := s.load(append(parts[:len(parts):len(parts)], part[0].text), s.depth+1); subErr == nil {
			v = sub
		}
		if n, ok := v.(*scope); !ok && module != nil && module.names[part[0].text] != nil {
			s.names[bound] = module.names[part[0].text] // with the places of its assignments
		} else if ok {
			s.set(bound, n, at, false)
		} else {
			s.set(bound, v, at, false)
		}
	}
}

// star executes an import of everything.
func (s *scope) star(parts []string, module *scope, err error, at int) {
	dotted := strings.Join(parts, ".")
	switch {
	case dotted == "django.conf.global_settings", dotted == "split_settings.tools":
	case err != nil || module == nil:
		why := dotted + " is not in the tree"
		if !errors.Is(err, ErrNoModule) && err != nil {
			why = dotted + " cannot be read"
		}
		s.forget(at, why)
	default:
		for n, v := range module.names {
			if !strings.HasPrefix(n, "_") {
				s.names[n] = v
			}
		}
		if module.open != nil {
			s.open = module.open
		}
	}
}

// split cuts tokens at a separator outside of brackets.
func split(tokens []token, sep string) (parts [][]token) {
	depth, start := 0, 0
	for i, t := range tokens {
		if t.kind != op {
			continue
		}
		switch {
		case strings.ContainsAny(t.text, "([{"):
			depth++
		case strings.ContainsAny(t.text, ")]}"):
			depth--
		case t.text == sep && depth == 0:
			parts = append(parts, tokens[start:i])
			start = i + 1
		}
	}
	if start < len(tokens) {
		parts = append(parts, tokens[start:])
	}
	return parts
}

// include executes files of django-split-settings.
func (s *scope) include(args []any, at int) {
	for _, a := range args {
		pattern, ok := a.(string)
		if !ok {
			s.forget(at, "it is not known what include reads")
			return
		}
		names := s.glob(path.Join(path.Dir(s.file), pattern))
		for _, f := range names {
			if s.depth+s.nest > maxDepth || s.modules[f] != nil {
				continue
			}
			s.modules[f] = s
			if err := s.source(f); err != nil {
				s.forget(at, f+" cannot be read")
			}
		}
	}
}

package settings

import "strings"

// expand replaces $NAME, ${NAME}, ${NAME:-text} and the like in an unquoted value.
func (p *dotEnvParser) expand(name, s string) (string, *Fault) {
	x := expander{p: p}
	f := x.run(s, 0)
	return x.finish(name, s, f)
}

// expandQuoted also replaces the escapes of double quotes. What the escapes make is not replaced again.
func (p *dotEnvParser) expandQuoted(name, s string) (string, *Fault) {
	x := expander{p: p, escapes: true}
	f := x.run(s, 0)
	if strings.Contains(s, `\`) && f == nil {
		p.differ(name, "django-environ keeps the backslash of \\n, \\r and \\t, and a shell keeps all but those before \" \\ $",
			"give a NAME_FILE, or do without the escape")
	}
	return x.finish(name, s, f)
}

// expander makes one value.
type expander struct {
	p       *dotEnvParser
	escapes bool
	used    bool // a variable or $$ stood in it
	out     strings.Builder
}

const dollar = "write a dollar as $$, or put the value in single quotes"

func (x *expander) finish(name, s string, f *Fault) (string, *Fault) {
	if f != nil {
		return "", f
	}
	if x.used {
		x.p.differ(name, "the $ in the value is replaced here, and kept by django-environ and docker run", single)
	}
	return x.out.String(), nil
}

func (x *expander) run(s string, depth int) *Fault {
	if depth > 8 {
		return fault("nests variables too deeply", "say it with fewer")
	}
	for s != "" {
		i := strings.IndexAny(s, `$\`)
		if i < 0 {
			i = len(s)
		}
		if x.out.Len()+i > maxFile {
			return fault("becomes longer than 1 MiB", "repeat less")
		}
		x.out.WriteString(s[:i])
		s = s[i:]
		var f *Fault
		switch {
		case s == "":
		case s[0] == '\\':
			s, f = x.backslash(s)
		default:
			x.used = true
			s, f = x.variable(s[1:], depth)
		}
		if f != nil {
			return f
		}
	}
	return nil
}

var escapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '\\': `\`, '"': `"`, '$': "$"}

func (x *expander) backslash(s string) (string, *Fault) {
	if !x.escapes {
		x.out.WriteByte('\\')
		return s[1:], nil
	}
	if len(s) < 2 || escapes[s[1]] == "" {
		return "", fault("has an unknown escape", `write \n, \r, \t, \\, \" or \$, or use single quotes`)
	}
	x.out.WriteString(escapes[s[1]])
	return s[2:], nil
}

// variable replaces what follows a dollar.
func (x *expander) variable(s string, depth int) (string, *Fault) {
	switch {
	case strings.HasPrefix(s, "$"):
		x.out.WriteByte('$')
		return s[1:], nil
	case strings.HasPrefix(s, "{"):
		end := closingBrace(s)
		if end < 0 {
			return "", fault("has a ${ that is not closed", dollar)
		}
		return s[end+1:], x.braced(s[1:end], depth)
	}
	n := nameLength(s)
	if n == 0 {
		return "", fault("has a $ that names no variable", dollar)
	}
	return s[n:], x.replace(s[:n], "", "", depth)
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && isName(s[:n+1]) {
		n++
	}
	return n
}

// closingBrace returns where the brace ends that s begins with; braces of inner variables are counted.
func closingBrace(s string) int {
	open := 0
	for i := range len(s) {
		switch {
		case s[i] == '{' && (i == 0 || s[i-1] == '$'):
			open++
		case s[i] == '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

func (x *expander) braced(s string, depth int) *Fault {
	n := nameLength(s)
	name, rest := s[:n], s[n:]
	if n > 0 {
		for _, op := range []string{":-", ":?", ":+", "-", "?", "+"} {
			if text, ok := strings.CutPrefix(rest, op); ok {
				return x.replace(name, op, text, depth)
			}
		}
	}
	if n == 0 || rest != "" {
		return fault("has a ${ that is none of ${NAME}, ${NAME:-text}, ${NAME:?text} and ${NAME:+text}", dollar)
	}
	return x.replace(name, "", "", depth)
}

// replace writes the value of name, or what op says. The process environment comes before earlier lines, as in
// Compose. A variable that is not set is an error, where Compose warns and takes the empty text: a password that holds
// a dollar would silently lose its end. Neither name nor the text after ? is shown: both may be part of a value.
func (x *expander) replace(name, op, text string, depth int) *Fault {
	value, set := x.p.lookup(name)
	if !set {
		value, set = x.p.names[name]
	}
	given := set && (value != "" || !strings.HasPrefix(op, ":"))
	switch strings.TrimPrefix(op, ":") {
	case "-":
		if !given {
			return x.run(text, depth+1)
		}
	case "+":
		if given {
			return x.run(text, depth+1)
		}
		return nil
	case "?":
		if !given {
			return fault("requires a variable that is not set", "set it")
		}
	default:
		if !given {
			return fault("refers to a variable that is not set", dollar+", or write ${NAME:-} for one that may be missing")
		}
	}
	if x.out.Len()+len(value) > maxFile {
		return fault("becomes longer than 1 MiB", "repeat less")
	}
	x.out.WriteString(value)
	return nil
}

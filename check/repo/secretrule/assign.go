package secretrule

import (
	"bytes"
)

const (
	maxName      = 80
	maxStatement = 2 << 10 // how far the values of one assignment are followed
	maxValues    = 32
)

// assignment is a name and the texts that it is given.
type assignment struct {
	name   string
	start  int // of the name
	values []literal
}

// literal is a text as a program or a file of settings has it.
type literal struct {
	start, end int    // between its quotation marks
	text       []byte // decoded
	bare       bool   // it has no quotation marks
	field      bool   // it has a field that a program fills in: an f-string
}

func nameByte(b byte) bool { return wordByte(b) || b == '.' || b == '-' || b == '$' }

// assigned returns what the name around at is given: NAME = "value", name: value, "name": "value", NAME=value,
// env("NAME", default="value"), []byte("value"), lists, texts that are joined, and other ways in which the languages say it.
func (f *File) assigned(at int) (assignment, bool) {
	if isQuote(f.Data[at]) { // a literal that begins with the quotation mark of the name
		at++
	}
	s, e := at, at
	for s > 0 && at-s < maxName && nameByte(f.Data[s-1]) {
		s--
	}
	for e < len(f.Data) && e-at < maxName && nameByte(f.Data[e]) {
		e++
	}
	for s < at && (f.Data[s] == '-' || f.Data[s] == '.') {
		s++
	}
	a := assignment{name: string(f.Data[s:e]), start: s}
	p := parser{file: f, at: e, end: min(len(f.Data), e+maxStatement)}
	if s > 0 && e < len(f.Data) && isQuote(f.Data[e]) && f.Data[e] == f.Data[s-1] {
		p.quoted = true
		p.at++
	}
	p.before = s
	if p.quoted {
		p.before--
	}
	if !p.operator() {
		return a, false
	}
	p.value()
	a.values = p.values
	return a, len(a.values) > 0
}

func isQuote(b byte) bool { return b == '"' || b == '\'' || b == '`' }

// parser follows one assignment.
type parser struct {
	file   *File
	at     int
	end    int
	before int  // where the name begins, with its quotation mark
	quoted bool // the name is

	bareOK  bool // a value may stand without quotation marks
	element bool // <name>value</name>
	values  []literal
}

func (p *parser) peek(n int) byte {
	if p.at+n < p.end {
		return p.file.Data[p.at+n]
	}
	return 0
}

func (p *parser) has(text string) bool {
	return bytes.HasPrefix(p.file.Data[p.at:p.end], []byte(text))
}

func (p *parser) spaces() (n int) {
	for p.peek(0) == ' ' || p.peek(0) == '\t' {
		p.at++
		n++
	}
	return n
}

// previous returns the byte before the name, without what space there is.
func (p *parser) previous() byte {
	for i := p.before - 1; i >= 0; i-- {
		if b := p.file.Data[i]; b != ' ' && b != '\t' {
			return b
		}
	}
	return '\n'
}

// operator steps over what gives a value to a name, and reports whether there is such a thing.
func (p *parser) operator() bool {
	kinds := p.file.Kinds
	if p.peek(0) == ']' {
		p.at++
	}
	gap := p.spaces()
	switch c := p.peek(0); {
	case p.has("=>"), p.has(":="), p.has("?="), p.has("+="):
		p.at += 2
		p.bareOK = kinds&Shell != 0 && !p.has("=>")
	case p.has("||=") || p.has("??="):
		p.at += 3
	case c == '=':
		if n := p.peek(1); n == '=' || n == '~' {
			return false
		}
		p.at++
		p.bareOK = kinds&(Env|Shell|Docker|Properties|Terraform) != 0 || gap == 0 && p.shouts()
	case c == ':' && p.peek(1) != ':':
		p.at++
		p.bareOK = kinds&YAML != 0 && (p.peek(0) == ' ' || p.peek(0) == '\t')
		p.annotation()
	case c == ',' && p.quoted:
		p.at++
		return p.argument()
	case c == '>' && p.previous() == '<':
		p.at++
		p.bareOK, p.element = true, true
	case p.quoted && p.has("value="): // <add key="name" value="…"/>
		p.at += len("value=")
	case c == '\n' || c == '\r' || c == '#':
		return p.yamlEntry()
	case gap > 0 && kinds&Docker != 0 && p.firstWord("ENV"), gap > 0 && kinds&Docker != 0 && p.firstWord("env"):
		p.bareOK = true
	case gap > 0 && isLetter(c) || c == '*' || c == '&' || c == '[' && gap > 0: // Go: var name string = "…"
		return p.typed()
	case c == '[' && p.peek(1) == ']' && isLetter(p.previous()): // C: char name[] = "…"
		return p.typed()
	default:
		return false
	}
	return true
}

// argument steps to what follows a name among arguments, os.Setenv("SECRET_KEY", "…"), or in {"name": "SECRET_KEY", "value": "…"}.
func (p *parser) argument() bool {
	before := p.previous()
	for p.peek(0) == ' ' || p.peek(0) == '\n' || p.peek(0) == '\t' || p.peek(0) == '\r' {
		p.at++
	}
	if !p.has(`"value"`) {
		return before == '(' || before == ','
	}
	p.at += len(`"value"`)
	p.spaces()
	p.at++
	return p.at <= p.end && p.file.Data[p.at-1] == ':'
}

// shouts reports whether the name is in capitals, as names of the environment are, which stand in texts and commands
// without quotation marks.
func (p *parser) shouts() bool {
	for i := p.before; i < p.at; i++ {
		if isLower(p.file.Data[i]) {
			return false
		}
	}
	return !p.quoted
}

// firstWord reports whether the line begins with a word, and the name follows it.
func (p *parser) firstWord(word string) bool {
	start, _ := p.file.Line(p.before)
	return string(bytes.TrimSpace(p.file.Data[start:p.before])) == word
}

// annotation steps over the type in name: type = value, of Python, TypeScript and Rust.
func (p *parser) annotation() {
	i := p.at
	for ; i < p.end && i-p.at < 40; i++ {
		switch b := p.file.Data[i]; {
		case b == '=' && i+1 < p.end && p.file.Data[i+1] != '=' && p.file.Data[i+1] != '>':
			p.at = i + 1
			return
		case !wordByte(b) && !bytes.ContainsRune([]byte(" .|&<>[]'?"), rune(b)) || b == '\'' && p.file.Data[i-1] != '&':
			return
		}
	}
}

// typed steps over the type in name type = value, of Go and C.
func (p *parser) typed() bool {
	for i := p.at; i < p.end && i-p.at < 40; i++ {
		switch b := p.file.Data[i]; {
		case b == '=':
			p.at = i + 1
			return i+1 < p.end && p.file.Data[i+1] != '='
		case !wordByte(b) && !bytes.ContainsRune([]byte(" .*[]"), rune(b)):
			return false
		}
	}
	return false
}

// yamlEntry steps over what stands between the name and the value of an entry of Kubernetes:
//
//   - name: SECRET_KEY
//     value: "…"
func (p *parser) yamlEntry() bool {
	start, _ := p.file.Line(p.before)
	lead := bytes.TrimSpace(p.file.Data[start:p.before])
	if p.file.Kinds&YAML == 0 || !bytes.HasSuffix(lead, []byte("name:")) {
		return false
	}
	i := bytes.IndexByte(p.file.Data[p.at:p.end], '\n')
	if i < 0 {
		return false
	}
	p.at += i + 1
	p.spaces()
	if !p.has("value:") {
		return false
	}
	p.at += len("value:")
	p.bareOK = true
	return true
}

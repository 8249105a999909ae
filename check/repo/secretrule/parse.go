package secretrule

import (
	"bytes"
	"strconv"
)

// value reads the texts of an expression, to where its statement ends: those of a list, of arguments, of a fallback behind
// "or", and parts that are joined as one.
func (p *parser) value() {
	p.spaces()
	if p.element {
		p.text('<')
		return
	}
	if p.bareOK && !isQuote(p.peek(0)) && p.bare() {
		return
	}
	if p.file.Kinds&YAML != 0 && (p.peek(0) == '|' || p.peek(0) == '>') {
		p.block()
		return
	}
	p.expression()
}

// expression reads texts to where a statement ends.
func (p *parser) expression() {
	var open []byte // brackets
	joined := false
	for p.at < p.end && len(p.values) < maxValues {
		switch c := p.peek(0); {
		case isQuote(c):
			keyed := len(open) > 0 && open[len(open)-1] == '{' && p.file.keyed(p.at)
			if !p.quotedText(joined) {
				return
			}
			if keyed || len(open) > 0 && p.isKey() {
				p.values = p.values[:len(p.values)-1]
			}
			joined = p.joins(len(open))
			continue
		case c == '(' || c == '[' || c == '{':
			open = append(open, c)
		case c == ')' || c == ']' || c == '}':
			if len(open) == 0 {
				return
			}
			open = open[:len(open)-1]
		case c == '\\' && (p.peek(1) == '\n' || p.peek(1) == '\r'):
			p.at++
		case c == '\n' && len(open) == 0 && !p.joinedLine(), c == ';', c == ',' && len(open) == 0:
			return
		case c == '#' && p.file.Kinds&(Python|YAML|Properties|Shell) != 0, c == '/' && p.peek(1) == '/':
			p.skipLine()
			continue
		}
		p.at++
	}
}

// keyed reports whether a text is given to a name of its own: {name: "text"}.
func (f *File) keyed(at int) bool {
	for at--; at > 0; at-- {
		switch f.Data[at] {
		case ' ', '\t', '\n', '\r', 'b':
			continue
		case ':', '=', '>':
			return true
		}
		return false
	}
	return false
}

// isKey reports whether the text that was read is a name of a table: {"text": value}.
func (p *parser) isKey() bool {
	i := p.at
	for i < p.end && (p.file.Data[i] == ' ' || p.file.Data[i] == '\t') {
		i++
	}
	rest := p.file.Data[i:p.end]
	return bytes.HasPrefix(rest, []byte(":")) || bytes.HasPrefix(rest, []byte("=>"))
}

// joinedLine reports whether a statement goes on in the next line.
func (p *parser) joinedLine() bool {
	for i := p.at - 1; i > 0; i-- {
		switch p.file.Data[i] {
		case ' ', '\t', '\r':
			continue
		case '=', '+':
			return true
		}
		return false
	}
	return false
}

func (p *parser) skipLine() {
	i := bytes.IndexByte(p.file.Data[p.at:p.end], '\n')
	if i < 0 {
		i = p.end - p.at
	}
	p.at += i
}

// joins steps to the next text if that is joined to the one before: beside it in Python and C, with + or . between.
func (p *parser) joins(depth int) bool {
	at := p.at
	operator := false
	for p.at < p.end {
		switch c := p.peek(0); {
		case c == ' ', c == '\t', c == '\\', (c == '\n' || c == '\r') && (depth > 0 || operator || p.file.Data[p.at-1] == '\\' || p.file.Data[p.at-1] == '\r'):
		case (c == '+' || c == '.') && !operator:
			operator = true
		case isQuote(c):
			return true
		case bytes.IndexByte([]byte("bBrRuUfF"), c) >= 0 && isQuote(p.peek(1)):
			return true
		default:
			p.at = at
			return false
		}
		p.at++
	}
	p.at = at
	return false
}

// quotedText reads a text with its quotation marks, and joins it to the one before if it has to.
func (p *parser) quotedText(joined bool) bool {
	data := p.file.Data
	quote := p.peek(0)
	prefix := prefixOf(data, p.at)
	mark := []byte{quote}
	if p.at+3 <= p.end && data[p.at+1] == quote && data[p.at+2] == quote {
		mark = []byte{quote, quote, quote}
	}
	if len(mark) == 3 && quote == '`' {
		return false // a block of code in a document
	}
	start := p.at + len(mark)
	i := start
	for ; ; i++ {
		if i >= p.end {
			return false
		}
		if data[i] == '\\' {
			i++
			continue
		}
		if data[i] == '\n' && len(mark) == 1 && quote != '`' {
			return false
		}
		if bytes.HasPrefix(data[i:p.end], mark) {
			break
		}
	}
	text := data[start:i]
	if len(mark) == 3 {
		text = bytes.TrimSpace(text)
	}
	if !bytes.ContainsAny(prefix, "rR") && quote != '`' {
		text = unescape(text)
	}
	l := literal{start: start, end: i, text: text, field: bytes.ContainsAny(prefix, "fF") && bytes.IndexByte(text, '{') >= 0}
	p.at = i + len(mark)
	if joined && len(p.values) > 0 {
		last := &p.values[len(p.values)-1]
		last.end, last.text = l.end, append(bytes.Clone(last.text), l.text...)
		last.field = last.field || l.field
		return true
	}
	p.values = append(p.values, l)
	return true
}

// prefixOf returns the letters before a quotation mark: b, r, f of Python.
func prefixOf(data []byte, at int) []byte {
	s := at
	for s > 0 && at-s < 2 && bytes.IndexByte([]byte("bBrRuUfF"), data[s-1]) >= 0 {
		s--
	}
	if s > 0 && wordByte(data[s-1]) {
		return nil
	}
	return data[s:at]
}

// bare reads a value without quotation marks, and reports whether there is one. ${NAME:-value} is value.
func (p *parser) bare() bool {
	i := p.at
	stop := " \t\r\n\"'`,;<>"
	if p.file.Kinds&(Env|Properties) != 0 {
		stop = " \t\r\n\"'`"
	}
	for i < p.end && bytes.IndexByte([]byte(stop), p.file.Data[i]) < 0 {
		i++
	}
	text := p.file.Data[p.at:i]
	inQuotes := i < p.end && p.before > 0 && p.file.Data[p.before-1] == p.file.Data[i] // "NAME=value"
	if i < p.end && isQuote(p.file.Data[i]) && !inQuotes || bytes.IndexByte(text, '(') > 0 && p.file.Kinds&(Env|YAML) == 0 || len(text) == 0 {
		return false
	}
	if i < p.end && p.file.Data[i] == '<' {
		return false // the rest is to be filled in
	}
	from := p.at
	if bytes.HasPrefix(text, []byte("${")) {
		_, rest, ok := bytes.Cut(text, []byte("-"))
		end := bytes.LastIndexByte(text, '}')
		if !ok || end < len(text)-len(rest) {
			return false
		}
		from, text = from+len(text)-len(rest), text[len(text)-len(rest):end]
	}
	if len(text) == 0 || text[0] == '[' || text[0] == '{' || text[0] == '|' || text[0] == '&' || text[0] == '*' && len(text) == 1 {
		return false
	}
	p.values = append(p.values, literal{start: from, end: from + len(text), text: text, bare: true})
	p.at = i
	return true
}

// text reads a bare value up to a byte, in one line.
func (p *parser) text(until byte) {
	i := bytes.IndexByte(p.file.Data[p.at:p.end], until)
	if i <= 0 || bytes.IndexByte(p.file.Data[p.at:p.at+i], '\n') >= 0 {
		return
	}
	p.values = append(p.values, literal{start: p.at, end: p.at + i, text: p.file.Data[p.at : p.at+i], bare: true})
}

// block reads the first line of a block of YAML, which is all of it where a secret is meant.
func (p *parser) block() {
	p.skipLine()
	p.at = min(p.at+1, p.end)
	p.spaces()
	i := bytes.IndexByte(p.file.Data[p.at:p.end], '\n')
	if i < 0 {
		i = p.end - p.at
	}
	text := bytes.TrimSpace(p.file.Data[p.at : p.at+i])
	if len(text) > 0 && !bytes.ContainsAny(text, " :") {
		p.values = append(p.values, literal{start: p.at, end: p.at + len(text), text: text, bare: true})
	}
}

// unescape decodes the escapes that nearly all languages share. Others stay as they are.
func unescape(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] != '\\' || i+1 == len(v) {
			out = append(out, v[i])
			continue
		}
		i++
		switch c := v[i]; {
		case c == 'n':
			out = append(out, '\n')
		case c == 't':
			out = append(out, '\t')
		case c == 'r':
			out = append(out, '\r')
		case c == '\\' || c == '/' || isQuote(c):
			out = append(out, c)
		case c == 'u' && i+4 < len(v):
			if n, err := strconv.ParseUint(string(v[i+1:i+5]), 16, 16); err == nil && n < 0x80 {
				out = append(out, byte(n))
				i += 4
				continue
			}
			out = append(out, '\\', c)
		case c == '\r' || c == '\n':
		default:
			out = append(out, '\\', c)
		}
	}
	return out
}

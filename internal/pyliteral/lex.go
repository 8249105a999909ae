package pyliteral

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is a kind of token.
type kind uint8

const (
	end    kind = iota // of the tokens
	name               // an identifier or a keyword
	digits             // a number
	text               // a string; the value is decoded
	format             // an f-string; the value is what stands between the quotes
	bytes              // a bytes literal
	op                 // an operator or a bracket
)

type token struct {
	kind kind
	text string
	line int
}

// line is a logical line: its tokens, the columns that it is indented by, and, once nested, the lines below it.
type line struct {
	tokens []token
	indent int
	body   []line
}

// lex splits a module into logical lines. What is no Python ends up in tokens that no statement begins with.
func lex(src string) []line {
	l := lexer{src: src, number: 1}
	var lines []line
	for l.at < len(l.src) && len(lines) < maxLines {
		indent, ok := l.indentation()
		if !ok {
			continue
		}
		tokens := l.logical()
		below := 0
		for len(tokens) > 0 { // statements after semicolons are lines of their own
			n := semicolon(tokens)
			if n > 0 {
				lines = append(lines, line{tokens: tokens[:n], indent: indent + below})
				if compound[tokens[0].text] && below == 0 { // which the others belong to
					below = 1
				}
			}
			tokens = tokens[min(n+1, len(tokens)):]
		}
	}
	return lines
}

// compound are the words that a statement with a block begins with.
var compound = map[string]bool{"if": true, "elif": true, "else": true, "try": true, "except": true, "finally": true, "for": true,
	"while": true, "with": true, "def": true, "class": true, "async": true, "case": true}

// semicolon returns where the first statement ends.
func semicolon(tokens []token) int {
	for i, t := range tokens {
		if t.kind == op && t.text == ";" {
			return i
		}
	}
	return len(tokens)
}

// nest puts lines below those that they are indented under.
func nest(lines []line, depth int) (block []line) {
	for i := 0; i < len(lines); {
		head := lines[i]
		n := i + 1
		for n < len(lines) && lines[n].indent > head.indent {
			n++
		}
		if depth < maxDepth {
			head.body = nest(lines[i+1:n], depth+1)
		}
		block = append(block, head)
		i = n
	}
	return block
}

type lexer struct {
	src    string
	at     int
	number int // of the line
}

// indentation counts blanks at the start of a line. It is not ok if nothing else stands there.
func (l *lexer) indentation() (columns int, ok bool) {
	for l.at < len(l.src) {
		switch l.src[l.at] {
		case ' ':
			columns++
		case '\t':
			columns += 8 - columns%8
		case '\f', '\r':
		case '\n':
			l.at++
			l.number++
			return 0, false
		case '#':
			l.comment()
			continue
		default:
			if strings.HasPrefix(l.src[l.at:], "\ufeff") {
				l.at += len("\ufeff")
				continue
			}
			return columns, true
		}
		l.at++
	}
	return 0, false
}

func (l *lexer) comment() {
	if i := strings.IndexByte(l.src[l.at:], '\n'); i >= 0 {
		l.at += i
		return
	}
	l.at = len(l.src)
}

// logical reads tokens up to the end of the line that no bracket or backslash carries on.
func (l *lexer) logical() (tokens []token) {
	depth := 0
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case c == '\n':
			l.at++
			l.number++
			if depth == 0 {
				return tokens
			}
		case c == '\\' && strings.HasPrefix(strings.TrimPrefix(l.src[l.at+1:], "\r"), "\n"):
			l.at = strings.IndexByte(l.src[l.at:], '\n') + l.at + 1
			l.number++
		case c == '#':
			l.comment()
		case c == ' ' || c == '\t' || c == '\r' || c == '\f':
			l.at++
		default:
			t := l.token()
			if t.kind == op && strings.ContainsAny(t.text, "([{") {
				depth++
			}
			if t.kind == op && strings.ContainsAny(t.text, ")]}") && depth > 0 {
				depth--
			}
			tokens = append(tokens, t)
		}
	}
	return tokens
}

// operators that are longer than a character, the longest first.
var operators = []string{"**=", "//=", ">>=", "<<=", "...", "!=", "==", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/=", "%=", "&=", "|=",
	"^=", "@=", "**", "//", "<<", ">>"}

func (l *lexer) token() token {
	start, number := l.at, l.number
	rest := l.src[start:]
	c, size := utf8.DecodeRuneInString(rest)
	switch {
	case c == '"' || c == '\'':
		return l.quoted("", number)
	case c == '_' || unicode.IsLetter(c):
		n := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(rest)
		}
		if n <= 2 && n < len(rest) && (rest[n] == '"' || rest[n] == '\'') && strings.Trim(strings.ToLower(rest[:n]), "rbuf") == "" {
			l.at += n
			return l.quoted(strings.ToLower(rest[:n]), number)
		}
		l.at += n
		return token{name, rest[:n], number}
	case c >= '0' && c <= '9' || c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		n := 1
		for n < len(rest) && (isWord(rest[n]) || rest[n] == '.' || (rest[n] == '+' || rest[n] == '-') && (rest[n-1] == 'e' || rest[n-1] == 'E') && !hex(rest)) {
			n++
		}
		l.at += n
		return token{digits, rest[:n], number}
	}
	for _, o := range operators {
		if strings.HasPrefix(rest, o) {
			l.at += len(o)
			return token{op, o, number}
		}
	}
	l.at += size
	return token{op, rest[:size], number}
}

func hex(s string) bool { return len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') }

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quoted reads a string whose prefix has been read.
func (l *lexer) quoted(prefix string, number int) token {
	quote := l.src[l.at : l.at+1]
	if strings.HasPrefix(l.src[l.at:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	l.at += len(quote)
	raw, formatted := strings.Contains(prefix, "r"), strings.Contains(prefix, "f")
	start, braces := l.at, 0
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case c == '\\' && l.at+1 < len(l.src):
			if l.src[l.at+1] == '\n' {
				l.number++
			}
			l.at += 2
			continue
		case formatted && c == '{':
			braces++
		case formatted && c == '}' && braces > 0:
			braces--
		case braces == 0 && strings.HasPrefix(l.src[l.at:], quote):
			body := l.src[start:l.at]
			l.at += len(quote)
			return stringToken(prefix, body, raw, formatted, number)
		case c == '\n':
			if len(quote) == 1 { // a string that nobody closed
				return token{op, "\x00", number}
			}
			l.number++
		}
		l.at++
	}
	return token{op, "\x00", number}
}

func stringToken(prefix, body string, raw, formatted bool, number int) token {
	switch {
	case strings.Contains(prefix, "b"):
		return token{bytes, "", number}
	case formatted:
		if !raw {
			body = unescape(body)
		}
		return token{format, body, number}
	case raw:
		return token{text, body, number}
	}
	return token{text, unescape(body), number}
}

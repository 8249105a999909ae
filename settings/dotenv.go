package settings

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DotEnv returns a file of NAME=value lines as a source: the dialect of Docker Compose, less what is ambiguous, see
// docs/dotenv.md. A file that does not exist is an empty source; one that cannot be read, that is no regular file or
// that has a line in error is a fault, whatever other sources say. NAME_FILE works in it as in the environment.
//
// The file does not override the process environment unless it stands before it in the list of sources.
func DotEnv(path string) Source { return dotEnv{path} }

const maxLines = 10_000

type dotEnv struct{ path string }

func (d dotEnv) Name() string { return d.path }

func (d dotEnv) Lookup(ctx context.Context, names []string) (map[string]Value, error) {
	return lookup(ctx, d, names)
}

func (d dotEnv) survey(names []string) (survey, error) {
	if _, err := os.Lstat(d.path); os.IsNotExist(err) {
		return survey{}, nil
	}
	text, _, f := readFile(d.path)
	if f != nil {
		return survey{}, f.at("", d.path)
	}
	s := survey{present: map[string]string{}, all: true}
	entries, warnings, err := parseDotEnv(text, d.path, os.LookupEnv) // the lines without a fault may have faulty values
	s.warnings = warnings
	held := map[string]Value{}
	for _, e := range entries {
		held[e.name] = Value{Text: e.value, Origin: e.origin}
		s.present[e.name] = e.origin
	}
	values, faults := withFiles(held, names)
	s.values = values
	return s, errors.Join(err, faults)
}

// entry is one variable of a .env file.
type entry struct {
	name, value, origin string
	start, end          int // where its lines stand in the text, the last newline included
}

// dotEnvParser reads a .env file from top to bottom.
type dotEnvParser struct {
	path     string
	text     string // what is still to be read
	size     int    // of the whole text
	line     int    // the line that text begins on
	lookup   func(string) (string, bool)
	names    map[string]string // the variables so far
	entries  []entry
	warnings []Warning
	faults   []error
}

// parseDotEnv reads the text of a .env file. Lookup is the process environment, which interpolation asks first, as
// Compose does. Its errors name lines and say nothing of what stands there.
func parseDotEnv(text, path string, lookup func(string) (string, bool)) ([]entry, []Warning, error) {
	p := &dotEnvParser{path: path, line: 1, lookup: lookup, names: map[string]string{}}
	text = normal(text)
	p.size = len(text)
	switch {
	case strings.ContainsRune(text, 0):
		return nil, nil, &Fault{"", path, "holds a NUL byte", "save it as UTF-8 text"}
	case !utf8.ValidString(text):
		return nil, nil, &Fault{"", path, "is not UTF-8", "save it as UTF-8 text"}
	case strings.ContainsFunc(text, isControl):
		return nil, nil, &Fault{"", path, "holds control characters", "write them as escapes in double quotes (\\r, \\t)"}
	case strings.Count(text, "\n") > maxLines:
		return nil, nil, &Fault{"", path, "has more than " + strconv.Itoa(maxLines) + " lines", "give the right file"}
	case len(text) > maxFile:
		return nil, nil, &Fault{"", path, textTooLong, "give the right file"}
	}
	for p.text = text; p.text != ""; {
		p.statement()
	}
	return p.entries, p.warnings, join(p.faults)
}

// normal returns the text of a .env file without what editors add.
func normal(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, byteOrder), "\r\n", "\n")
}

func isControl(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }

// statement reads a line, or the lines of a quoted value.
func (p *dotEnvParser) statement() {
	line, _, _ := strings.Cut(p.text, "\n")
	trimmed := strings.Trim(line, " \t")
	if trimmed == "" || trimmed[0] == '#' {
		p.skip(len(line))
		return
	}
	first, start := p.line, p.size-len(p.text)
	name, value, f := p.assignment(line)
	origin := p.path + ":" + strconv.Itoa(first)
	switch _, twice := p.names[name]; {
	case f != nil:
		p.faults = append(p.faults, f.at(shown(name), origin))
	case twice:
		p.faults = append(p.faults, &Fault{shown(name), origin, "is set twice", "leave one of the lines out"})
	default:
		p.names[name] = value
		p.entries = append(p.entries, entry{name, value, origin, start, p.size - len(p.text)})
	}
}

// shown returns name if it can be shown.
func shown(name string) string {
	if printable(name) {
		return name
	}
	return ""
}

// skip moves past n bytes and the newline after them.
func (p *dotEnvParser) skip(n int) {
	p.line += strings.Count(p.text[:n], "\n")
	p.text = p.text[n:]
	if p.text != "" {
		p.text = p.text[1:]
		p.line++
	}
}

// assignment reads NAME=value. It always moves on to the next statement.
func (p *dotEnvParser) assignment(line string) (name, value string, f *Fault) {
	left, right, ok := strings.Cut(line, "=")
	name = strings.Trim(left, " \t")
	if rest, found := strings.CutPrefix(name, "export"); found && rest != strings.TrimLeft(rest, " \t") {
		name = strings.TrimLeft(rest, " \t")
	}
	if !ok || !isName(name) {
		p.skip(len(line))
		return "", "", fault("is not NAME=value", "write a name of letters, digits and _, =, and the value; quote a value of several lines")
	}
	if strings.TrimRight(left, " \t") != left || strings.TrimLeft(right, " \t") != right {
		p.differ(name, "the spaces around = are an error to a shell and make django-environ ignore the line", "leave them out")
	}
	value = strings.TrimLeft(right, " \t")
	if value != "" && (value[0] == '\'' || value[0] == '"') {
		return p.quoted(name, len(line)-len(value))
	}
	defer p.skip(len(line))
	value, f = p.unquoted(name, value)
	return name, value, f
}

// differ warns of a line that another reader of .env files reads differently.
func (p *dotEnvParser) differ(name, text, hint string) {
	origin := p.path + ":" + strconv.Itoa(p.line)
	if n := len(p.warnings); n > 0 && p.warnings[n-1].Origin == origin && p.warnings[n-1].Text == text {
		return
	}
	p.warnings = append(p.warnings, Warning{shown(name), origin, text, hint, false})
}

const single = "put the value in single quotes"

func (p *dotEnvParser) unquoted(name, value string) (string, *Fault) {
	if strings.HasPrefix(value, "#") {
		return "", fault("has a value that begins with #", "quote it, or leave the comment out")
	}
	if before, _, comment := strings.Cut(value, " #"); comment {
		p.differ(name, "the comment after the value is part of it to django-environ 0.12", "put the comment on a line of its own")
		value = before
	} else if strings.Contains(value, "#") {
		p.differ(name, "the # in the value begins a comment to django-environ 0.11", single)
	}
	if trimmed := strings.TrimRight(value, " \t"); trimmed != value {
		p.differ(name, "the spaces after the value are part of it to django-environ", "leave them out, or "+single)
		value = trimmed
	}
	if strings.ContainsAny(value, "\\\"'`") {
		p.differ(name, "a shell reads the quotes or backslashes in the value, Compose keeps them", single)
	}
	if strings.ContainsAny(value, " \t;&|<>()") {
		p.differ(name, "a shell ends the value at its first space or operator", single)
	}
	return p.expand(name, value)
}

// quoted reads a quoted value, which may go over several lines and is followed by nothing but a comment.
func (p *dotEnvParser) quoted(name string, at int) (string, string, *Fault) {
	quote := p.text[at]
	end := closing(p.text[at+1:], quote)
	if end < 0 {
		rest := strings.IndexByte(p.text, '\n')
		if rest < 0 {
			rest = len(p.text)
		}
		p.skip(rest)
		return name, "", fault("has a quote that is not closed", "close it")
	}
	body := p.text[at+1 : at+1+end]
	after, _, _ := strings.Cut(p.text[at+2+end:], "\n")
	if strings.Contains(body, "\n") {
		p.differ(name, "django-environ has no values of several lines", "write \\n in double quotes, or give a NAME_FILE")
	}
	defer p.skip(at + 2 + end + len(after))
	if rest := strings.TrimLeft(after, " \t"); rest != "" && (rest[0] != '#' || rest == after) {
		return name, "", fault("has text after the closing quote", "escape the quote with a backslash, or begin a comment with a space and #")
	}
	if quote == '\'' {
		if strings.Contains(body, `\'`) {
			p.differ(name, "a shell ends the value at the escaped quote", "use double quotes")
		}
		return name, strings.ReplaceAll(body, `\'`, `'`), nil
	}
	value, f := p.expandQuoted(name, body)
	return name, value, f
}

// closing returns where the quote ends that s stands in.
func closing(s string, quote byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return -1
}

// quoteDotEnv returns value so that a .env file says it.
func quoteDotEnv(value string) string {
	if value != "" && strings.Trim(value, plainBytes) == "" {
		return value
	}
	if !strings.ContainsAny(value, "'\\\n") && !strings.ContainsFunc(value, isControl) {
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "$", `\$`).Replace(value) + `"`
}

const plainBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./:,@%"

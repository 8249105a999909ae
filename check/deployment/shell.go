package deployment

import (
	"regexp"
	"strings"
)

// assignment is NAME=value as shells and .env files write it, quoted or not.
var assignment = regexp.MustCompile(`(?:^|[\s;&|(])(?:export\s+|set\s+|-e\s+|--env[= ]|--build-arg[= ])?["']?([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|\$\{\{.*?\}\}|\$\([^)]*\)?|[^\s"';&|)]+)`)

// option is a flag of a command whose name says that its value is a secret.
var option = regexp.MustCompile(`(?:^|\s)(--?[A-Za-z][\w-]*)(?:=|\s+)("[^"]*"|'[^']*'|\$\{\{.*?\}\}|[^\s"';&|)-][^\s"';&|)]*)`)

// login is the argument of a command that takes user:password, as curl does.
var login = regexp.MustCompile(`(?:^|\s)(?:-u|--user)(?:=|\s+)["']?([^\s:"']+):([^\s"']+)`)

// link is a URL anywhere in a text.
var link = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)

// shell reads a script. line is where it begins; in a block, the line after.
func (f *file) shell(id, where string, line int, block bool, text string) {
	if block {
		line++
	}
	for l := range strings.Lines(text) {
		f.scriptLine(id, where, line, strings.TrimSpace(l))
		line++
	}
}

func (f *file) scriptLine(id, where string, line int, l string) {
	if strings.HasPrefix(l, "#") {
		return
	}
	seen := map[string]bool{}
	give := func(name, value string) {
		value = strings.Trim(value, `"'`)
		if !seen[name] && !strings.HasPrefix(value, "`") && !strings.HasPrefix(value, "$(") && !throwaway(value) {
			seen[name] = true
			f.variable(id, line, where, name, value)
		}
	}
	for _, m := range assignment.FindAllStringSubmatch(l, -1) {
		give(m[1], m[2])
	}
	for _, m := range option.FindAllStringSubmatch(l, -1) {
		if name := strings.TrimLeft(m[1], "-"); len(name) > 2 {
			give(name, m[2])
		}
	}
	for _, m := range login.FindAllStringSubmatch(l, -1) {
		give("password", m[2])
	}
	for _, u := range link.FindAllString(l, -1) {
		for _, lit := range literals(u) {
			if hasPassword(lit) {
				give("password", u)
			}
		}
	}
}

// arguments reads a command that is a list.
func (f *file) arguments(id, where string, line int, args []string) {
	for i, a := range args {
		switch name, value, ok := strings.Cut(a, "="); {
		case strings.ContainsAny(a, " \n"):
			f.shell(id, where, line, false, a)
		case ok:
			f.variable(id, line, where, strings.TrimLeft(name, "-"), value)
		case strings.HasPrefix(a, "--") && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
			f.variable(id, line, where, strings.TrimLeft(a, "-"), args[i+1])
		}
	}
}

// assignments reads lines of name=value or name: value, such as a file inside a ConfigMap.
func (f *file) assignments(id, where string, line int, text string) {
	for l := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(l), "=")
		if !ok {
			name, value, ok = strings.Cut(strings.TrimSpace(l), ": ")
		}
		name = strings.Trim(strings.TrimPrefix(name, "export "), `"' `)
		if ok && !strings.ContainsAny(name, " #/;") {
			f.variable(id, line, where, name, strings.Trim(strings.TrimSpace(value), `"',`))
		}
		line++
	}
}

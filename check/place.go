package check

import (
	"net/url"
	"path"
	"strconv"
	"strings"
)

// relative returns a path below the top of the tree that was judged, or nothing if name is no such path: one from the root
// of a file system may hold the name of a user, and no reader of a report has it.
func relative(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	drive := len(name) > 1 && name[1] == ':'
	clean := path.Clean(name)
	if name == "" || drive || strings.ContainsRune(name, 0) || path.IsAbs(clean) || clean == "." || clean == ".." ||
		strings.HasPrefix(clean, "../") {
		return ""
	}
	return clean
}

// reference returns a relative path as an URI reference, whose first segment is never taken for a scheme.
func reference(file string) string {
	parts := strings.Split(file, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), ":", "%3A")
	}
	return strings.Join(parts, "/")
}

// fileAndLine returns the file and line that f is about, or those that its source names as ".env:3". The file is empty if
// there is none, or none below the top of the tree.
func (f Finding) fileAndLine() (file string, line int) {
	if f.File != "" {
		return relative(f.File), max(f.Line, 0)
	}
	name, number, ok := cutLast(f.Source, ":")
	line, err := strconv.Atoi(number)
	if !ok || err != nil || line < 1 || strings.ContainsAny(name, " :\n") {
		return "", 0
	}
	return relative(name), line
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// Here returns what a text says from where the program runs: the paths below the working directory without that directory,
// the home directory as ~. A report that is handed on then tells nobody's name, and is the same on every machine. Errors of
// the system and of other programs hold such paths.
func Here() func(text string) string {
	dir, _ := os.Getwd()
	home, _ := os.UserHomeDir()
	return here(dir, home)
}

func here(dir, home string) func(string) string {
	return func(text string) string {
		return shorten(shorten(text, dir, "."), home, "~")
	}
}

// shorten writes to for dir where dir begins a path or is all of one. A root directory has no name to hide.
func shorten(text, dir, to string) string {
	if dir == "" || filepath.Dir(dir) == dir {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, dir)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		switch below := after != "" && os.IsPathSeparator(after[0]); {
		case inside(before, after):
			b.WriteString(dir)
		case below && to == ".":
			after = after[1:]
		default:
			b.WriteString(to)
		}
		text = after
	}
}

// inside reports whether the path between before and after is part of a longer name.
func inside(before, after string) bool {
	name := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c >= 0x80
	}
	if strings.HasSuffix(before, "file://") {
		before = ""
	}
	return before != "" && (name(before[len(before)-1]) || before[len(before)-1] == '.' || os.IsPathSeparator(before[len(before)-1])) ||
		after != "" && (name(after[0]) || after[0] == '.' && len(after) > 1 && name(after[1]))
}

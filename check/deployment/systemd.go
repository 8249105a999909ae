package deployment

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// isUnit reports whether a file is a unit of systemd, a drop-in for one, or a container of Podman's Quadlet.
func isUnit(name, folder string) bool {
	ext := path.Ext(name)
	return slices.Contains([]string{".service", ".container", ".socket", ".timer", ".mount"}, ext) ||
		ext == ".conf" && strings.HasSuffix(folder, ".d") && (strings.HasSuffix(folder, ".service.d") || strings.Contains(folder, "systemd"))
}

// quoted is one assignment of an Environment= line (systemd.exec(5)): quotes may stand around the whole or the value.
var quoted = regexp.MustCompile(`"([A-Za-z_][A-Za-z0-9_]*)=((?:[^"\\]|\\.)*)"|'([A-Za-z_][A-Za-z0-9_]*)=([^']*)'|([A-Za-z_][A-Za-z0-9_]*)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)`)

func (f *file) systemd() {
	const id = "deployment.E005"
	lines := strings.Split(strings.ReplaceAll(string(f.text), "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		start := i + 1
		l := strings.TrimSpace(lines[i])
		if l == "" || l[0] == '#' || l[0] == ';' || l[0] == '[' {
			continue
		}
		for strings.HasSuffix(l, `\`) && i+1 < len(lines) {
			i++
			l = strings.TrimSuffix(l, `\`) + " " + strings.TrimSpace(lines[i])
		}
		key, value, ok := strings.Cut(l, "=")
		if !ok {
			continue
		}
		switch key = strings.TrimSpace(key); {
		case key == "Environment" || key == "PodmanArgs":
			for _, m := range quoted.FindAllStringSubmatch(value, -1) {
				f.variable(id, start, key, m[1]+m[3]+m[5], strings.Trim(m[2]+m[4]+m[6], `"'`))
			}
		case key == "SetCredential":
			name, content, ok := strings.Cut(value, ":")
			if ok && plainAny(content) {
				f.secret(id, start, name, key+" "+name, key+" holds the credential "+name)
			}
		case strings.HasPrefix(key, "Exec"):
			f.scriptLine(id, key, start, value)
		}
	}
}

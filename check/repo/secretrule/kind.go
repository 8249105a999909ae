package secretrule

import "strings"

// Kind is a set of kinds of files. A file is of a kind by its name alone, so that this can be known of the same content under
// all its names.
type Kind uint32

// The kinds. A name may be of several: docker-compose.yml is Compose and YAML.
const (
	Env    Kind = 1 << iota // .env, .env.production, production.env
	Python                  // *.py
	Go                      // *.go
	YAML                    // *.yml, *.yaml
	Docs                    // *.md, *.rst, *.txt, README
)

// KindsOf returns the kinds of a file with a name, which is the last part of its path.
func KindsOf(name string) (k Kind) {
	name = strings.ToLower(name)
	switch ext := name[strings.LastIndexByte(name, '.')+1:]; ext {
	case "py":
		k |= Python
	case "go":
		k |= Go
	case "yml", "yaml":
		k |= YAML
	case "md", "rst", "txt":
		k |= Docs
	}
	if name == ".env" || strings.HasPrefix(name, ".env.") || strings.HasSuffix(name, ".env") {
		k |= Env
	}
	return k
}

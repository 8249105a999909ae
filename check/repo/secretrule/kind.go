package secretrule

import "strings"

// Kind is a set of kinds of files. A file is of a kind by its name alone, so that this can be known of the same content under
// all its names.
type Kind uint32

// The kinds. A name may be of several: values.yaml.env is Env and YAML. Most code is of none.
const (
	Env        Kind = 1 << iota // .env, .env.production, production.env, .envrc
	Python                      // *.py, *.pyi
	Go                          // *.go
	PHP                         // *.php
	YAML                        // *.yml, *.yaml
	JSON                        // *.json, *.tfstate
	XML                         // *.xml, *.config, *.plist
	Docs                        // *.md, *.rst, *.txt, *.adoc, *.html, README
	Properties                  // *.properties, *.ini, *.cfg, *.conf, *.toml, *.service: lines of name = value
	Shell                       // *.sh, *.bash, Makefile, .bashrc
	Docker                      // Dockerfile, Containerfile, *.dockerfile
	Terraform                   // *.tf, *.tfvars, *.hcl
	Login                       // .netrc, .pgpass, .htpasswd and others that hold who may log in
	Noise                       // lock files, checksums, minified code, translations: nothing in them was typed by people
)

// extensions are the kinds by what follows the last dot of a name.
var extensions = map[string]Kind{
	"env": Env, "envrc": Env, "py": Python, "pyi": Python, "go": Go, "php": PHP, "yml": YAML, "yaml": YAML,
	"json": JSON, "tfstate": JSON, "json5": JSON, "jsonc": JSON, "xml": XML, "config": XML, "plist": XML, "csproj": XML,
	"md": Docs, "mdx": Docs, "rst": Docs, "txt": Docs, "adoc": Docs, "markdown": Docs, "html": Docs, "htm": Docs,
	"properties": Properties, "ini": Properties, "cfg": Properties, "conf": Properties, "cnf": Properties, "toml": Properties,
	"service": Properties, "sh": Shell, "bash": Shell, "zsh": Shell, "mk": Shell, "bashrc": Shell, "profile": Shell,
	"dockerfile": Docker, "tf": Terraform, "tfvars": Terraform, "hcl": Terraform, "htpasswd": Login, "netrc": Login,
	"pgpass": Login, "lock": Noise, "sum": Noise, "map": Noise, "po": Noise, "pot": Noise, "xlf": Noise, "svg": Noise, "css": Noise,
	"ipynb": Noise, "csv": Noise, "tsv": Noise, "snap": Noise, "lockb": Noise, "xliff": Noise,
}

// names are the kinds of whole names.
var names = map[string]Kind{
	"readme": Docs, "changelog": Docs, "makefile": Shell, "dockerfile": Docker, "containerfile": Docker, "_netrc": Login,
	".npmrc": Properties, ".pypirc": Properties, "credentials": Properties, "htpasswd": Login, ".dockercfg": JSON,
	"package-lock.json": Noise, "npm-shrinkwrap.json": Noise, "pnpm-lock.yaml": Noise, "composer.lock": Noise,
	"pipfile.lock": Noise, "go.sum": Noise, "checksums.txt": Noise, "sha256sums": Noise, "kubeconfig": YAML,
	".git-credentials": Login, "wp-config.php": PHP,
}

// KindsOf returns the kinds of a file with a name, which is the last part of its path.
func KindsOf(name string) (k Kind) {
	name = strings.ToLower(name)
	k = names[name] | extensions[name[strings.LastIndexByte(name, '.')+1:]]
	switch {
	case name == ".env" || strings.HasPrefix(name, ".env."):
		k |= Env
	case strings.HasPrefix(name, "dockerfile.") || strings.HasPrefix(name, "dockerfile-"):
		k |= Docker
	case strings.Contains(name, ".min.") || strings.Contains(name, ".bundle.") || strings.HasSuffix(name, "-lock.json"):
		k |= Noise
	}
	if !strings.Contains(name, ".") {
		k &^= extensions[name] // a file that is called json is not one
		k |= names[name]
	}
	return k
}

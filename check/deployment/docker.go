package deployment

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// instruction is one instruction of a Dockerfile, its continued lines joined.
type instruction struct {
	line int
	name string // in capitals
	rest string
}

// heredoc is the beginning of a text that stands in the lines below.
var heredoc = regexp.MustCompile(`<<-?["']?([A-Za-z_][A-Za-z0-9_]*)["']?`)

// instructions reads a Dockerfile (https://docs.docker.com/reference/dockerfile/). Comments inside a continued instruction
// are left out, as Docker does.
func instructions(text string) (all []instruction) {
	escape := `\`
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		l := strings.TrimSpace(lines[i])
		if strings.HasPrefix(l, "#") {
			if key, value, ok := strings.Cut(strings.TrimSpace(l[1:]), "="); ok && len(all) == 0 && strings.EqualFold(strings.TrimSpace(key), "escape") {
				escape = strings.TrimSpace(value)
			}
			continue
		}
		if l == "" {
			continue
		}
		start := i
		var b strings.Builder
		for {
			part := strings.TrimSpace(lines[i])
			more := escape != "" && strings.HasSuffix(part, escape)
			if i == start || !strings.HasPrefix(part, "#") {
				b.WriteString(strings.TrimSuffix(part, escape))
			}
			if (!more && !(i > start && strings.HasPrefix(part, "#"))) || i+1 >= len(lines) {
				break
			}
			b.WriteByte(' ')
			i++
		}
		whole := b.String()
		name, rest, _ := strings.Cut(whole, " ")
		all = append(all, instruction{start + 1, strings.ToUpper(name), strings.TrimSpace(rest)})
		for _, m := range heredoc.FindAllStringSubmatch(whole, -1) {
			for i+1 < len(lines) {
				i++
				if strings.TrimSpace(lines[i]) == m[1] {
					break
				}
				all = append(all, instruction{i + 1, "RUN", strings.TrimSpace(lines[i])})
			}
		}
	}
	return all
}

// word is NAME=value of ENV and ARG.
var word = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|(?:[^\s\\]|\\.)*)`)

// carried are files that hold secrets, by the last part of their path.
var carried = regexp.MustCompile(`(?i)^(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env|id_(?:rsa|dsa|ecdsa|ed25519)|[\w.-]+\.(?:pem|key|p12|pfx|jks|keystore)|` +
	`\.npmrc|\.netrc|\.pypirc|\.git-credentials|\.htpasswd|credentials\.json|service[-_]?account[\w-]*\.json|\.aws|\.ssh|\.kube|kubeconfig)$`)

func (f *file) dockerfile() {
	const id = "deployment.E003"
	copiesAll, stage, copying := 0, 0, 0 // the line of the last copy of everything, the stage now, and that of the copy
	for _, in := range instructions(string(f.text)) {
		switch in.name {
		case "FROM":
			stage++
		case "ENV", "ARG", "LABEL":
			f.words(id, in)
		case "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL", "ONBUILD":
			f.scriptLine(id, in.name, in.line, strings.TrimSpace(in.rest))
		case "COPY", "ADD":
			if strings.Contains(in.rest, "--from=") {
				continue
			}
			sources := copied(in.rest)
			for _, s := range sources {
				if strings.Contains(s, "://") {
					continue
				}
				if base := path.Base(s); carried.MatchString(base) && !isExample(base) && !strings.HasSuffix(base, ".pub") {
					f.secret(id, in.line, "", in.name+" "+s, in.name+" takes "+s+" into the image")
				}
				if c := path.Clean(s); c == "." || c == "/" || c == "*" {
					copiesAll, copying = in.line, stage
				}
			}
		}
	}
	if copiesAll > 0 && !f.casual && !f.ignoresEnv() {
		found := f.add("deployment.W007", copiesAll, "", "copy", "the whole folder is copied, and .dockerignore does not name .env")
		if copying < stage {
			found.Level = check.Info // it stays in a stage that is not shipped, and in the builder's cache
		}
	}
}

// words reads NAME=value …, or the old form NAME value.
func (f *file) words(id string, in instruction) {
	pairs := word.FindAllStringSubmatch(in.rest, -1)
	if len(pairs) == 0 && in.name == "ENV" {
		if name, value, ok := strings.Cut(in.rest, " "); ok {
			f.variable(id, in.line, in.name, name, strings.TrimSpace(value))
		}
	}
	for _, m := range pairs {
		f.variable(id, in.line, in.name, m[1], strings.Trim(m[2], `"'`))
	}
}

// copied returns the sources of COPY or ADD.
func copied(rest string) (sources []string) {
	if strings.HasPrefix(rest, "[") {
		rest = strings.NewReplacer("[", " ", "]", " ", `"`, " ", ",", " ").Replace(rest)
	}
	var args []string
	for a := range strings.FieldsSeq(rest) {
		if !strings.HasPrefix(a, "--") && !strings.HasPrefix(a, "<<") {
			args = append(args, a)
		}
	}
	if len(args) < 2 {
		return nil
	}
	return args[:len(args)-1]
}

// isExample reports whether a name says that the file holds no values.
func isExample(name string) bool {
	return slices.ContainsFunc([]string{"example", "sample", "template", "dist", "schema", "ca.pem", "cacert", "ca-cert", "ca-bundle", "chain.pem",
		"fullchain", "cert.pem", "pubkey", "public"}, func(w string) bool { return strings.Contains(strings.ToLower(name), w) })
}

// ignoresEnv reports whether a .dockerignore keeps .env out of the build: the Dockerfile's own, one beside it, or one at the
// top of the tree, from where many are built.
func (f *file) ignoresEnv() bool {
	for _, p := range []string{f.path + ".dockerignore", path.Join(path.Dir(f.path), ".dockerignore"), ".dockerignore"} {
		text, err := fs.ReadFile(f.tree, p)
		if err != nil {
			continue
		}
		ignored := false
		for l := range strings.Lines(string(text)) {
			l = strings.TrimSpace(l)
			pattern, keeps := strings.CutPrefix(l, "!")
			pattern = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(pattern, "/"), "**/"), "/**")
			if ok, err := path.Match(pattern, ".env"); err == nil && ok || pattern == "**" {
				ignored = !keeps
			}
		}
		return ignored
	}
	return false
}

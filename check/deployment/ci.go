package deployment

import (
	"path"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/internal/yamltree"
)

// isCI reports whether a path is where a CI system looks for its file. The name and folder are in small letters.
func isCI(name, folder string) bool {
	bare := strings.TrimSuffix(strings.TrimSuffix(name, ".yml"), ".yaml")
	for _, dir := range []string{".github/workflows", ".github/actions", ".gitlab", ".circleci", ".buildkite", ".woodpecker", ".gitea/workflows",
		".forgejo/workflows", ".azure-pipelines", ".tekton"} {
		if folder == dir || strings.HasPrefix(folder, dir+"/") || strings.HasSuffix(folder, "/"+dir) || strings.Contains(folder, "/"+dir+"/") {
			return true
		}
	}
	return strings.HasSuffix(bare, ".gitlab-ci") || slices.Contains([]string{".travis", "azure-pipelines", "bitbucket-pipelines", ".drone",
		"appveyor", ".appveyor", "cloudbuild", "buildspec", ".woodpecker", ".cirrus", "codefresh", "action"}, bare)
}

// ci reads the file of a CI system. They differ in what they call things, and agree in that a variable is a pair below env,
// environment or variables, an input of a step one below with, and a script a text or a list below run or script.
func (f *file) ci() {
	if strings.HasPrefix(strings.ToLower(path.Base(f.path)), "action.") && !strings.Contains(string(f.text), "runs:") {
		return // a file that is only called like an action
	}
	for _, doc := range f.trees("deployment.E004") {
		f.pipeline(doc, "")
	}
}

func (f *file) pipeline(v yamltree.Value, where string) {
	const id = "deployment.E004"
	for _, pair := range v.Fields() {
		below := strings.TrimPrefix(where+"."+pair.Name, ".")
		switch strings.ToLower(pair.Name) {
		case "permissions", "secrets", "inputs", "outputs", "on", "permission":
			continue // what is declared, not what is set
		case "env", "environment", "variables", "with", "env_vars", "environment_variables", "env-variables", "build_args", "build-args":
			f.set(below, pair.Value)
			f.pipeline(pair.Value, below)
		case "run", "script", "before_script", "after_script", "command", "commands", "install", "before_install", "deploy", "args", "bash", "pwsh":
			if pair.Value.IsMap() {
				f.pipeline(pair.Value, below)
				continue
			}
			if text, ok := pair.Value.Text(); ok {
				f.shell(id, below, pair.Value.Line(), pair.Value.Block(), text)
			}
			for _, item := range pair.Value.Items() {
				if text, ok := item.Text(); ok {
					f.shell(id, below, item.Line(), item.Block(), text)
				} else {
					f.pipeline(item, below)
				}
			}
		default:
			f.pipeline(pair.Value, below)
		}
	}
	for _, item := range v.Items() {
		f.pipeline(item, where)
	}
}

// set reads the variables of a job: a mapping, a list of NAME=value, GitLab's {value, description} or Azure's {name, value}.
// What services of a test run are called by everybody is no secret.
func (f *file) set(where string, v yamltree.Value) {
	give := func(line int, name, value string) {
		if throwaway(value) || strings.Contains(where, "services.") { // containers that live as long as the job
			return
		}
		f.variable("deployment.E004", line, where, name, value)
	}
	for _, pair := range v.Fields() {
		text, ok := pair.Value.Text()
		if inner, isText := pair.Value.Get("value").Text(); isText {
			text, ok = inner, true
		}
		if ok {
			give(pair.Line, pair.Name, text)
		}
	}
	for _, item := range v.Items() {
		name, isName := item.Get("name").Text()
		value, isValue := item.Get("value").Text()
		if isName && isValue {
			give(item.Get("value").Line(), name, value)
		} else if text, ok := item.Text(); ok {
			if name, value, ok := strings.Cut(text, "="); ok {
				give(item.Line(), name, value)
			}
		}
	}
}

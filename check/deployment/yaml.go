package deployment

import (
	"path"
	"regexp"
	"strings"

	"github.com/airworthy-go/airworthy/internal/yamltree"
)

// trees parses the file. What cannot be parsed, templates above all, is looked at line by line under the rule id, and said so
// unless it is a template.
func (f *file) trees(id string) []yamltree.Value {
	tree, err := yamltree.Parse(f.text)
	if err == nil {
		f.walked = tree
		return tree.Documents
	}
	if !strings.Contains(string(f.text), "{{") {
		f.add("deployment.I008", 1, "", "yaml", err.Error())
	}
	f.lines(id)
	return nil
}

// pair is a line of YAML, or of something like it, that gives a name a value.
var pair = regexp.MustCompile(`^\s*(?:-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*[:=]\s+?["']?(.*?)["']?\s*(?:\s#.*)?$`)

func (f *file) lines(id string) {
	n := 0
	for line := range strings.Lines(string(f.text)) {
		n++
		if m := pair.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
			f.variable(id, n, "", m[1], m[2])
		}
	}
}

// yaml tells what a YAML file is by what stands in it, and reads it.
func (f *file) yaml() {
	name := strings.ToLower(path.Base(f.path))
	composed := strings.Contains(name, "compose")
	manifest := strings.Contains(string(f.text), "apiVersion:")
	values := strings.HasPrefix(name, "values") || strings.HasPrefix(name, "kustomization")
	switch {
	case composed:
		for _, doc := range f.trees("deployment.E001") {
			f.compose(doc)
		}
	case manifest, values:
		for _, doc := range f.trees("deployment.E002") {
			if values && !doc.Get("apiVersion").Exists() {
				f.values(doc, "")
			} else {
				f.manifest(doc)
			}
		}
	}
}

// compose reads a Compose file (https://docs.docker.com/reference/compose-file/).
func (f *file) compose(doc yamltree.Value) {
	const id = "deployment.E001"
	for _, services := range doc.All("services") {
		for _, service := range services.Fields() {
			f.service(id, "services."+service.Name, service.Value)
		}
	}
	for _, kind := range []string{"secrets", "configs"} {
		for _, s := range doc.Get(kind).Fields() {
			content := s.Value.Get("content")
			if text, ok := content.Text(); ok && kind == "secrets" && plainAny(text) {
				f.secret(id, content.Line(), s.Name, kind+" "+s.Name, "secrets."+s.Name+" has its content in the file")
			}
		}
	}
	for _, x := range doc.Fields() {
		if strings.HasPrefix(x.Name, "x-") {
			f.environment(id, x.Name, x.Value)
			f.environment(id, x.Name, x.Value.Get("environment"))
		}
	}
}

// service reads one service of a Compose file.
func (f *file) service(id, where string, v yamltree.Value) {
	for _, name := range []string{"environment", "labels"} {
		for _, set := range v.All(name) {
			f.environment(id, where, set)
		}
	}
	f.environment(id, where+".build", v.Get("build", "args"))
	for _, name := range []string{"command", "entrypoint"} {
		f.command(id, where, v.Get(name))
	}
	f.command(id, where, v.Get("healthcheck", "test"))
}

// plainAny reports whether a text has a literal part.
func plainAny(text string) bool {
	for _, l := range literals(text) {
		if plain(l) {
			return true
		}
	}
	return false
}

// environment reads variables that are a mapping, or a list of NAME=value.
func (f *file) environment(id, where string, v yamltree.Value) {
	for _, pair := range v.Fields() {
		if text, ok := pair.Value.Text(); ok {
			f.variable(id, pair.Line, where, pair.Name, text)
		}
	}
	for _, item := range v.Items() {
		if text, ok := item.Text(); ok {
			if name, value, ok := strings.Cut(text, "="); ok {
				f.variable(id, item.Line(), where, name, value)
			}
		}
	}
}

// command reads a command, which is a text or a list of arguments.
func (f *file) command(id, where string, v yamltree.Value) {
	if text, ok := v.Text(); ok {
		f.shell(id, where, v.Line(), v.Block(), text)
	}
	var args []string
	for _, item := range v.Items() {
		text, _ := item.Text()
		args = append(args, text)
	}
	f.arguments(id, where, v.Line(), args)
}

// manifest reads a Kubernetes object, or a list of them.
func (f *file) manifest(doc yamltree.Value) {
	const id = "deployment.E002"
	if doc.Get("sops").Exists() {
		return // SOPS has encrypted its values
	}
	kind, _ := doc.Get("kind").Text()
	name, _ := doc.Get("metadata", "name").Text()
	where := strings.TrimSpace(kind + " " + name)
	switch kind {
	case "List":
		for _, item := range doc.Get("items").Items() {
			f.manifest(item)
		}
	case "SealedSecret", "ExternalSecret", "ClusterExternalSecret", "SecretProviderClass", "VaultStaticSecret", "CustomResourceDefinition":
		return
	case "Secret":
		for _, part := range []string{"data", "stringData"} {
			for _, pair := range doc.Get(part).Fields() {
				if text, ok := pair.Value.Text(); ok && plainAny(text) {
					f.secret(id, pair.Line, pair.Name, where+" "+pair.Name, where+" has "+pair.Name+" in "+part)
				}
			}
		}
	case "Kustomization":
		for _, gen := range doc.Get("secretGenerator").Items() {
			of, _ := gen.Get("name").Text()
			for _, item := range gen.Get("literals").Items() {
				text, _ := item.Text()
				if name, value, ok := strings.Cut(text, "="); ok && plainAny(value) {
					f.secret(id, item.Line(), name, "secretGenerator "+of+" "+name, "secretGenerator "+of+" has "+name+" as a literal")
				}
			}
		}
	case "ConfigMap":
		for _, pair := range doc.Get("data").Fields() {
			text, ok := pair.Value.Text()
			if ok && pair.Value.Block() {
				f.assignments(id, where+" "+pair.Name, pair.Value.Line()+1, text)
			} else if ok {
				f.variable(id, pair.Line, where, pair.Name, text)
			}
		}
	default:
		f.containers(where, doc.Get("spec"))
	}
}

// containers looks for containers anywhere below v: Pods, Deployments, CronJobs and whatever custom resource embeds them.
func (f *file) containers(where string, v yamltree.Value) {
	const id = "deployment.E002"
	for _, pair := range v.Fields() {
		switch pair.Name {
		case "env":
			for _, item := range pair.Value.Items() {
				name, _ := item.Get("name").Text()
				value := item.Get("value")
				if text, ok := value.Text(); ok {
					f.variable(id, value.Line(), where, name, text)
				}
			}
			f.environment(id, where, pair.Value)
		case "command", "args":
			f.command(id, where, pair.Value)
		default:
			f.containers(where, pair.Value)
		}
	}
	for _, item := range v.Items() {
		f.containers(where, item)
	}
}

// values reads the values of a Helm chart, whose names are free.
func (f *file) values(v yamltree.Value, where string) {
	for _, pair := range v.Fields() {
		below := strings.TrimPrefix(where+"."+pair.Name, ".")
		if text, ok := pair.Value.Text(); ok {
			f.variable("deployment.E002", pair.Line, where, pair.Name, text)
			continue
		}
		f.values(pair.Value, below)
	}
	for _, item := range v.Items() {
		name, isName := item.Get("name").Text()
		if text, ok := item.Get("value").Text(); ok && isName {
			f.variable("deployment.E002", item.Get("value").Line(), where, name, text)
			continue
		}
		f.values(item, where)
	}
}

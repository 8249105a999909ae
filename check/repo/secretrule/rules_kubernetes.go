package secretrule

import (
	"bytes"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// manifests are Secrets of Kubernetes as they are applied: all that they hold is secret because they say so.
func manifests() []*Rule {
	return []*Rule{{
		ID: "kubernetes-secret", Name: "value in a Secret of Kubernetes", Literals: []string{"kind: secret", `"kind": "secret"`, `"kind":"secret"`}, Kinds: YAML | JSON | Docs,
		Tests: check.Info, Revoke: "https://kubernetes.io/docs/concepts/security/secrets-good-practices/", Match: manifest,
	}}
}

const maxManifest = 8 << 10 // on each side of the kind

// manifest finds the values below data and stringData of the document of YAML around a place. In JSON they stand alike.
func manifest(f *File, at int) (found []Match) {
	_, end := f.Line(at)
	kind := bytes.Trim(bytes.TrimSpace(f.Data[at:end]), `",`)
	if !bytes.HasSuffix(kind, []byte("Secret")) { // not SecretStore, and no list of words
		return nil
	}
	low, high := max(0, at-maxManifest), min(len(f.Data), at+maxManifest)
	if i := bytes.LastIndex(f.Data[low:at], []byte("\n---")); i >= 0 {
		low += i
	}
	if i := bytes.Index(f.Data[at:high], []byte("\n---")); i >= 0 {
		high = at + i
	}
	section, indent, child := "", 0, 0 // child is the indent of what stands directly below: deeper lines are texts of files
	for start := low; start < high; {
		end := start + len(f.Data[start:high])
		if i := bytes.IndexByte(f.Data[start:high], '\n'); i >= 0 {
			end = start + i
		}
		line := f.Data[start:end]
		lead := len(line) - len(bytes.TrimLeft(line, " "))
		name, value, ok := bytes.Cut(line, []byte(":"))
		key := string(bytes.Trim(name, " \t\""))
		value = bytes.Trim(value, " \t\r\"',")
		if ok && section != "" && child == 0 && lead > indent {
			child = lead
		}
		switch {
		case !ok && len(bytes.TrimSpace(line)) > 0 && lead <= indent:
			section = ""
		case key == "data" || key == "stringData":
			section, indent, child = key, lead, 0
		case ok && lead <= indent:
			section = ""
		case ok && section != "" && len(value) > 0 && lead == child && !bytes.ContainsAny(value, " |{>") && line[lead] != '-':
			if secret, ok := manifestValue(key, value, section == "data"); ok {
				from := start + bytes.Index(line, value)
				found = append(found, Match{Start: from, End: from + len(value), Name: key, Secret: secret})
			}
		}
		start = end + 1
	}
	return found
}

// manifestNames are names in a Secret whose values are none.
var manifestNames = []string{"user", "username", "host", "hostname", "port", "database", "dbname", "url", "endpoint", "region", "bucket", "email", "name", "type", "crt", "cert"}

// manifestValue returns what a value says, and reports whether it is a secret.
func manifestValue(name string, value []byte, encoded bool) ([]byte, bool) {
	if words := wordsOf(name); len(words) == 0 || slices.Contains(manifestNames, words[len(words)-1]) && !isSecretName(name) || Placeholder(value) {
		return nil, false
	}
	if encoded {
		plain := decode64(value)
		if len(plain) < len(value)*3/4-3 || bytes.IndexByte(value, ' ') >= 0 {
			return nil, false // a template
		}
		value = bytes.TrimSpace(plain)
	}
	if len(value) < 8 || Placeholder(value) || weak(value, "") || isReference(value) || bytes.HasPrefix(value, []byte("-----BEGIN")) || strings.Contains(string(value), "://") {
		return nil, false // a key in PEM and the password of a URL have rules of their own
	}
	return bytes.Clone(value), true
}

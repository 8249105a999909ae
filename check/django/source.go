package django

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/pyliteral"
)

// place is where a setting is set.
type place struct {
	File string
	Line int
}

// source is what the source of the settings tells beside their values.
type source struct {
	Places   map[string]place // of the assignment in effect, by setting
	File     string           // of the settings module, for what is not set anywhere
	Keys     []keyPlace       // where SECRET_KEY stands in the source
	Same     []place          // where the same key stands in the source of other settings
	Switches map[string]place // switches that are what a variable of the environment says, unconverted
}

// keyPlace is where a key stands in the source; Default says that it does only for want of a variable.
type keyPlace struct {
	place
	Default bool
}

// parseModule reads the source of a settings module and, under their files' names, those beside it.
func parseModule(dir, module string) (m *pyliteral.Module, beside map[string]*pyliteral.Module, err error) {
	root, err := os.OpenRoot(dir) // follows no link that leads out of it
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	m, err = pyliteral.Read(root.FS(), dir, module)
	if err != nil {
		return nil, nil, err
	}
	beside = map[string]*pyliteral.Module{}
	folder := path.Dir(m.File)
	entries, err := fs.ReadDir(root.FS(), folder)
	if err != nil {
		return m, beside, nil
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".py")
		file := path.Join(folder, e.Name())
		if !ok || file == m.File || name == "__init__" || len(beside) >= 30 ||
			path.Base(folder) != "settings" && !strings.Contains(name, "settings") {
			continue
		}
		dotted := strings.ReplaceAll(path.Join(folder, name), "/", ".")
		if other, err := pyliteral.Read(root.FS(), dir, strings.TrimPrefix(dotted, ".")); err == nil {
			beside[file] = other
		}
	}
	return m, beside, nil
}

// locate notes where the settings stand in the source, as far as it can be read.
func (p *Project) locate(dir, module string) {
	if m, beside, err := parseModule(dir, module); err == nil {
		p.Source = newSource(m, beside, p.settings)
	}
}

// newSource reads the places. values are the settings as they are known to be, which tell of several assignments the one
// in effect.
func newSource(m *pyliteral.Module, beside map[string]*pyliteral.Module, values map[string]value) *source {
	s := &source{File: m.File, Places: map[string]place{}, Switches: map[string]place{}}
	for name, n := range m.Names {
		if strings.ToUpper(name) != name || len(n.Sites) == 0 {
			continue
		}
		site := inEffect(name, n, values)
		s.Places[name] = place{site.File, site.Line}
		if u, ok := site.Value.(*pyliteral.Unknown); ok && u.Raw && slices.Contains(switches, name) {
			s.Switches[name] = place{site.File, site.Line}
		}
	}
	key, own := plainKey(m.Names["SECRET_KEY"], values)
	if own != nil {
		s.Keys = append(s.Keys, *own)
	}
	for _, file := range slices.Sorted(maps.Keys(beside)) {
		other, at := plainKey(beside[file].Names["SECRET_KEY"], nil)
		if key != "" && other == key && at != nil && (own == nil || at.place != own.place) && !slices.Contains(s.Same, at.place) {
			s.Same = append(s.Same, at.place)
		}
	}
	return s
}

// inEffect returns the last of a name's sites that is not known to give another value.
func inEffect(name string, n pyliteral.Name, values map[string]value) pyliteral.Site {
	known, ok := values[name]
	for i := len(n.Sites) - 1; ok && i >= 0; i-- {
		if _, unknown := pyliteral.IsUnknown(n.Sites[i].Value); unknown || reflect.DeepEqual(trim(name, plain(n.Sites[i].Value)), known.raw) {
			return n.Sites[i]
		}
	}
	return n.Sites[len(n.Sites)-1]
}

// plainKey returns the key that stands in the source and where, nothing if none does.
func plainKey(n pyliteral.Name, values map[string]value) (key string, at *keyPlace) {
	if len(n.Sites) == 0 {
		return "", nil
	}
	site := inEffect("SECRET_KEY", n, values)
	if s, ok := site.Value.(string); ok && s != "" {
		return s, &keyPlace{place{site.File, site.Line}, false}
	}
	if u, ok := site.Value.(*pyliteral.Unknown); ok && u.Default != "" {
		return u.Default, &keyPlace{place{site.File, site.Line}, true}
	}
	return "", nil
}

// plain returns a value of the source in the types of JSON, with Unknowns as they are.
func plain(v any) any {
	switch v := v.(type) {
	case *big.Int:
		return json.Number(v.String())
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case pyliteral.Path:
		return string(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, plain(e))
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	}
	return v
}

// trim is the exporter's trimmed, for a value of the source.
func trim(name string, v any) any {
	switch name {
	case "DATABASES":
		return each2(v, trimDatabase)
	case "CACHES":
		return each2(v, func(c map[string]any) any {
			return map[string]any{"BACKEND": text(c["BACKEND"]), "LOCATION": server(c["LOCATION"])}
		})
	case "MAILERS":
		return each2(v, func(c map[string]any) any { return only(c, "BACKEND") })
	case "LOGGING":
		d, ok := v.(map[string]any)
		if !ok {
			return v
		}
		handlers, ok := d["handlers"]
		if !ok {
			handlers = map[string]any{}
		}
		return map[string]any{"handlers": each2(handlers, func(h map[string]any) any {
			out := only(h, "class", "include_html")
			for k, e := range out {
				if e == true {
					out[k] = "True"
				}
				if e == false || e == nil {
					delete(out, k)
				}
			}
			return out
		})}
	case "TEMPLATES":
		return eachOf(v, func(t map[string]any) any {
			options, _ := t["OPTIONS"].(map[string]any)
			processors := options["context_processors"]
			if processors == nil {
				processors = []any{}
			}
			return map[string]any{"context_processors": processors}
		})
	case "AUTH_PASSWORD_VALIDATORS":
		return eachOf(v, func(t map[string]any) any { return text(t["NAME"]) })
	}
	return v
}

// text returns v, or an empty text where there is nothing.
func text(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func only(m map[string]any, keys ...string) map[string]any {
	out := map[string]any{}
	for _, k := range keys {
		if v, ok := m[k]; ok {
			out[k] = v
		}
	}
	return out
}

// each2 changes the dictionaries in a dictionary.
func each2(v any, change func(map[string]any) any) any {
	d, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for k, e := range d {
		if below, ok := e.(map[string]any); ok {
			out[k] = change(below)
		} else if u, ok := e.(*pyliteral.Unknown); ok {
			out[k] = u
		}
	}
	return out
}

// eachOf changes the dictionaries in a list.
func eachOf(v any, change func(map[string]any) any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := []any{}
	for _, e := range list {
		if below, ok := e.(map[string]any); ok {
			out = append(out, change(below))
		} else if u, ok := e.(*pyliteral.Unknown); ok {
			out = append(out, u)
		}
	}
	return out
}

func trimDatabase(d map[string]any) any {
	options := map[string]any{}
	if given, ok := d["OPTIONS"].(map[string]any); ok {
		options = only(given, "sslmode", "sslrootcert", "ssl", "ssl_mode", "ssl_ca", "ssl_disabled", "encrypt")
		if ssl, ok := options["ssl"].(map[string]any); ok {
			options["ssl"] = len(ssl) > 0
		}
	}
	out := map[string]any{"ENGINE": text(d["ENGINE"]), "HOST": text(d["HOST"]), "OPTIONS": options}
	if u, ok := d["OPTIONS"].(*pyliteral.Unknown); ok {
		out["OPTIONS"] = u
	}
	return out
}

// server returns a cache's address without names and passwords.
func server(v any) any {
	switch v := v.(type) {
	case string:
		scheme, rest, ok := strings.Cut(v, "://")
		if !ok {
			return v
		}
		rest, _, _ = strings.Cut(rest, "/")
		rest, _, _ = strings.Cut(rest, "?")
		return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, server(e))
		}
		return out
	case *pyliteral.Unknown:
		return v
	}
	return ""
}

// located adds the place in the source to findings about settings.
func (p Project) located(checks []check.Check) []check.Check {
	if p.Source == nil {
		return checks
	}
	for i, c := range checks {
		checks[i].Find = func(ctx context.Context) ([]check.Finding, error) {
			found, err := c.Find(ctx)
			for j := range found {
				f := &found[j]
				name := f.Setting
				if name == "" {
					name = c.Setting
				}
				if name == "" || f.File != "" {
					continue
				}
				at, ok := p.Source.Places[name]
				if !ok {
					at = place{File: p.Source.File}
				}
				f.File, f.Line = at.File, at.Line
			}
			return found, err
		}
	}
	return checks
}

// sourceRules are about what stands in the source.
func (p Project) sourceRules() []check.Check {
	return []check.Check{{
		ID: "django.W025", Level: check.Warning,
		Title: "SECRET_KEY stands in the source: whoever can read the repository, or a backup of it, can forge sessions.",
		Hint:  "Read it from the environment or a secrets manager, without a default, and rotate the one that stands there.",
		Why: "A key in the source is in every clone, fork, image and history, and stays there after it is removed. A default is " +
			"used without a word when the variable is missing.",
		See:     "https://docs.djangoproject.com/en/stable/howto/deployment/checklist/#secret-key",
		Setting: "SECRET_KEY",
		Find: func(context.Context) (found []check.Finding, err error) {
			if p.Source == nil {
				return nil, errors.New("django: the source of the settings is not known: name the project's directory")
			}
			for _, at := range p.Source.Keys {
				evidence := "it is written down there"
				if at.Default {
					evidence = "it is written down there as the default of a variable"
				}
				found = append(found, check.Finding{File: at.File, Line: at.Line, Evidence: evidence})
			}
			return found, nil
		},
	}, {
		ID: "django.W026", Level: check.Warning,
		Title: "Other settings have the same SECRET_KEY: what is signed for one environment is good in the other.",
		Hint:  "Give each environment a key of its own.",
		Why: "A session or a link to reset a password that was made on a developer's machine, where anybody may log in as " +
			"anybody, is then valid in production.",
		See:     "https://docs.djangoproject.com/en/stable/topics/signing/",
		Setting: "SECRET_KEY",
		Find: func(context.Context) (found []check.Finding, err error) {
			if p.Source == nil {
				return nil, errors.New("django: the source of the settings is not known: name the project's directory")
			}
			for _, at := range p.Source.Same {
				found = append(found, check.Finding{File: at.File, Line: at.Line})
			}
			return found, nil
		},
	}}
}

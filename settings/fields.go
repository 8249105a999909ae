package settings

import (
	"encoding"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// field is one tagged field of the application's struct.
type field struct {
	variable string
	path     string // "Hosts.Allowed"
	index    []int
	typ      reflect.Type
	doc      string

	invert, required, secret, json bool

	parts []part // the variables that may stand in place of this one
}

// registry is what a struct says about its settings.
type registry struct {
	fields []field
	loaded [][]int // where a Loaded wants to be filled
	faults []error // mistakes in the struct
	within []reflect.Type
}

var (
	loadedType   = reflect.TypeFor[Loaded]()
	textType     = reflect.TypeFor[secret.Text]()
	urlType      = reflect.TypeFor[url.URL]()
	unmarshaler  = reflect.TypeFor[encoding.TextUnmarshaler]()
	secretiveOne = reflect.TypeFor[secretive]()
)

// inspect walks a struct type.
func inspect(t reflect.Type) *registry {
	r := &registry{}
	if t.Kind() != reflect.Struct {
		r.mistake("", "the settings are not a struct", "load a struct whose fields carry env tags")
		return r
	}
	r.walk(t, "", "", nil)
	for _, f := range r.fields {
		name := f.variable + fileSuffix
		if slices.ContainsFunc(r.fields, func(g field) bool { return g.variable == name }) {
			r.mistake(name, "is a setting and also names the file of "+f.variable, "rename one of the two")
		}
	}
	return r
}

func (r *registry) mistake(variable, rule, remedy string) {
	r.faults = append(r.faults, &Fault{variable, "", rule, remedy})
}

func (r *registry) walk(t reflect.Type, path, prefix string, index []int) {
	if slices.Contains(r.within, t) {
		return
	}
	r.within = append(r.within, t)
	defer func() { r.within = r.within[:len(r.within)-1] }()
	for i := range t.NumField() {
		sf := t.Field(i)
		where := strings.TrimPrefix(path+"."+sf.Name, ".")
		at := append(slices.Clone(index), i)
		tag, tagged := sf.Tag.Lookup("env")
		switch {
		case sf.Type == loadedType && sf.IsExported():
			r.loaded = append(r.loaded, at)
		case tagged && !sf.IsExported():
			r.mistake("", "the field "+where+" is tagged and cannot be set", "export it")
		case tagged:
			r.add(sf, where, prefix, at, tag)
		case sf.Type.Kind() == reflect.Struct && (sf.IsExported() || sf.Anonymous):
			r.walk(sf.Type, where, prefix+sf.Tag.Get("prefix"), at)
		case sf.Type.Kind() == reflect.Pointer && sf.IsExported() && hasTags(sf.Type.Elem(), nil):
			r.mistake("", "the field "+where+" is a pointer to a struct with settings", "make it a struct")
		}
	}
}

// hasTags reports whether t is a struct with a tagged field, at any depth.
func hasTags(t reflect.Type, within []reflect.Type) bool {
	if t.Kind() != reflect.Struct || slices.Contains(within, t) {
		return false
	}
	within = append(within, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		if _, tagged := sf.Tag.Lookup("env"); sf.IsExported() && (tagged || hasTags(sf.Type, within)) {
			return true
		}
	}
	return false
}

// add enters a tagged field.
func (r *registry) add(sf reflect.StructField, where, prefix string, index []int, tag string) {
	options := strings.Split(tag, ",")
	f := field{variable: prefix + options[0], path: where, index: index, typ: sf.Type, doc: sf.Tag.Get("doc")}
	for _, option := range options[1:] {
		switch option {
		case "invert":
			f.invert = true
		case "required":
			f.required = true
		case "secret":
			f.secret = true
		case "json":
			f.json = true
		default:
			r.mistake(f.variable, "its tag has an unknown option on "+where, "use invert, required, secret or json")
		}
	}
	f.secret = f.secret || holdsText(sf.Type) || sf.Type.Kind() == reflect.String && isSecretWord(f.variable)
	switch {
	case !isName(f.variable) || strings.ToUpper(f.variable) != f.variable:
		r.mistake("", "the tag on "+where+" names no variable", "use A-Z, 0-9 and _, a letter first")
		return
	case f.invert && sf.Type.Kind() != reflect.Bool:
		r.mistake(f.variable, "its tag says invert on "+where+", which is no bool", "leave invert out")
		return
	case !f.json && !supported(sf.Type):
		r.mistake(f.variable, "there is no way to read the type of "+where, "use the option json or implement encoding.TextUnmarshaler")
		return
	}
	f.parts = partsOf(f)
	r.fields = append(r.fields, f)
}

// holdsText reports whether a value of type t is a secret as a whole.
func holdsText(t reflect.Type) bool {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t == textType
}

// sensitive reports whether a value of the field may hold a secret, alone or among other things.
func (f field) sensitive() bool {
	t := f.typ
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.secret || f.json || t == urlType || t.Implements(secretiveOne)
}

// names returns every variable of the struct, parts included, each once.
func (r *registry) names() []string {
	var names []string
	for _, f := range r.fields {
		names = append(names, f.variable)
		for _, p := range f.parts {
			names = append(names, p.variable)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isName reports whether s has the shape of a variable's name.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isNameByte(c) || i == 0 && '0' <= c && c <= '9' {
			return false
		}
	}
	return s != ""
}

func isNameByte(c byte) bool {
	return c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}

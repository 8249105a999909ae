package settings

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// load is one reading of all sources.
type load struct {
	reg      *registry
	values   map[string]Value
	from     map[string]Source // who has it
	present  map[string]string // names that surveyed sources have, with where; those of strict sources in all
	all      map[string]string
	failed   map[string]bool // variables that a source has and could not give
	blind    bool            // a source could not be read: what is missing may stand there
	whole    bool            // every value could be read
	faults   []error
	warnings []Warning
	secrets  []secret.Text
	sources  []Source
	needs    []Need // variables of the sources themselves
	learn    func([]secret.Text)
	command  bool // see ForCommand
}

// begin asks the sources, each for what those before it lack. Each is asked once, the environment's name included, so
// that a manager is called once.
func begin(ctx context.Context, t reflect.Type, sources []Source) *load {
	l := &load{reg: inspect(t), values: map[string]Value{}, from: map[string]Source{}, failed: map[string]bool{},
		learn: learner(ctx), command: ctx.Value(commandKey{}) != nil,
		present: map[string]string{}, all: map[string]string{}, sources: slices.Clone(sources)}
	l.faults = append(l.faults, l.reg.faults...)
	for _, source := range sources {
		if c, ok := source.(Configured); ok {
			l.needs = append(l.needs, c.Needs()...)
		}
	}
	names := l.known()
	slices.Sort(names)
	names = slices.Compact(names)
	for _, source := range sources {
		missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			_, found := l.values[name]
			return found || l.failed[name]
		})
		if c, ok := source.(Configured); ok {
			if err := l.configure(c); err != nil {
				l.refused(source, err)
				l.blind = true // what it would have had
				continue
			}
		}
		l.ask(ctx, source, missing)
	}
	return l
}

// known returns the names of all variables that mean something.
func (l *load) known() []string {
	names := append(l.reg.names(), EnvironmentVariable)
	for _, need := range l.needs {
		names = append(names, need.Name)
	}
	return names
}

// configure gives a source what it needs of those before it.
func (l *load) configure(c Configured) error {
	given := map[string]Value{}
	for _, need := range c.Needs() {
		if l.failed[need.Name] {
			return &Fault{"", "", c.Name() + " needs " + need.Name + ", which cannot be read", "see the other errors"}
		}
		v, ok := l.values[need.Name]
		if !ok {
			continue
		}
		given[need.Name] = v
		if need.Secret {
			l.secrets = append(l.secrets, secret.New(v.Text))
		}
	}
	return c.Configure(given)
}

// ask takes what one source says about names.
func (l *load) ask(ctx context.Context, source Source, names []string) {
	var values map[string]Value
	var err error
	if s, ok := source.(surveyor); ok && ctx.Err() == nil {
		var found survey
		found, err = s.survey(names)
		values = found.values
		l.warnings = append(l.warnings, found.warnings...)
		for name, origin := range found.present {
			if l.present[name] == "" {
				l.present[name] = origin
			}
			if found.all && l.all[name] == "" {
				l.all[name] = origin
			}
		}
	} else {
		values, err = source.Lookup(ctx, slices.Clone(names))
	}
	for _, name := range names {
		v, ok := values[name]
		if !ok {
			continue
		}
		if v.Origin == "" {
			v.Origin = source.Name()
		}
		l.values[name], l.from[name] = v, source
		for _, w := range v.Warnings {
			w.Variable, w.Origin = name, v.Origin
			l.warnings = append(l.warnings, w)
		}
	}
	l.refused(source, err)
}

// refused takes a source's error.
func (l *load) refused(source Source, err error) {
	for _, e := range split(err) {
		f, ok := errors.AsType[*Fault](e)
		if !ok {
			l.blind = true
			l.faults = append(l.faults, named(source.Name(), e))
			continue
		}
		if f.Variable == "" {
			l.blind = true
		}
		l.failed[f.Variable] = true
		l.failed[strings.TrimSuffix(f.Variable, fileSuffix)] = true
		l.faults = append(l.faults, e)
	}
}

// named is e with the name of the source, unless e begins with it.
func named(source string, e error) error {
	if strings.HasPrefix(e.Error(), source+": ") {
		return fmt.Errorf("settings: %w", e)
	}
	return fmt.Errorf("settings: %s: %w", source, e)
}

// split returns the errors that were joined to err.
func split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, split(e)...)
	}
	return all
}

// join is errors.Join with each error once: two fields may read one variable.
func join(all []error) error {
	var once []error
	seen := map[string]bool{}
	for _, err := range all {
		if text := err.Error(); !seen[text] {
			seen[text] = true
			once = append(once, err)
		}
	}
	return errors.Join(once...)
}

func (l *load) fail(f *Fault) { l.faults = append(l.faults, f) }

// fill sets the fields of root, which holds the base settings, and every Loaded in it.
func (l *load) fill(root reflect.Value, environment string) error {
	if root.Kind() != reflect.Struct {
		return join(l.faults)
	}
	sources := l.sources
	loaded := Loaded{Environment: environment, Command: l.command, sources: func() []Source { return slices.Clone(sources) }}
	for _, f := range l.reg.fields {
		into := root.FieldByIndex(f.index)
		origin, f2 := l.set(f, into)
		if f2 != nil {
			l.fail(f2)
			continue
		}
		loaded.Values = append(loaded.Values, setting(f, into, origin))
		loaded.secrets = append(loaded.secrets, secretsOf(f, into)...)
	}
	loaded.Values = append(loaded.Values, l.configuring(loaded.Values)...)
	l.whole = len(l.faults) == 0 && !l.blind
	if !l.blind {
		l.validate(root)
	}
	loaded.secrets = append(loaded.secrets, l.secrets...)
	refused := join(append(l.faults, l.slips()...))
	if refused != nil {
		refused = l.refusal(refused, loaded.secrets)
	}
	l.learn(loaded.Secrets())
	mask := secret.NewMask(loaded.secrets...) // a secret may stand a second time where none is expected
	for i := range loaded.Values {
		loaded.Values[i].Text = mask.String(loaded.Values[i].Text)
	}
	loaded.Warnings = append(l.warnings, l.unknown()...)
	for _, index := range l.reg.loaded {
		root.FieldByIndex(index).Set(reflect.ValueOf(loaded))
	}
	if refused != nil {
		return refused
	}
	l.forget(loaded.Values)
	return nil
}

// unfit is the error for settings that could all be read, and were refused.
type unfit struct {
	error
	settings func() any // a func, because fmt would print what they are
}

func (u *unfit) Unwrap() error { return u.error }

// Unfit returns the settings that a [Load] has refused with err, a T, if each of them could be read: a gate has more to say
// about them than why they were refused. Nothing may be served with them.
func Unfit(err error) (settings any, ok bool) {
	if u, ok := errors.AsType[*unfit](err); ok {
		return u.settings(), true
	}
	return nil, false
}

// Validator is what an application's struct implements to have its settings judged as a whole, together with their
// faults one by one. A struct that embeds another Validator, such as airworthy.Settings, has its method; one that
// defines its own calls it. The error holds no secret; each of its joined errors names the variable it is about.
type Validator interface{ Validate() error }

// validate adds what the struct has to say of itself. Of a variable that could not be read the base value was judged,
// which nobody asked for: what names such a variable is dropped.
func (l *load) validate(root reflect.Value) {
	v, ok := root.Addr().Interface().(Validator)
	if !ok {
		return
	}
	var unread []string
	for _, err := range l.faults {
		if f, ok := errors.AsType[*Fault](err); ok && f.Variable != "" {
			unread = append(unread, f.Variable)
		}
	}
	for _, err := range split(v.Validate()) {
		if !slices.ContainsFunc(unread, func(name string) bool { return strings.Contains(err.Error(), name) }) {
			l.faults = append(l.faults, l.located(err))
		}
	}
}

// located returns err with the place of the variable that it is about, if a source set that.
func (l *load) located(err error) error {
	variable, _ := subject(err.Error())
	if v, ok := l.values[variable]; ok {
		return &Located{v.Origin, err}
	}
	return err
}

// set gives a field its value and returns where that came from, nothing for the base value.
func (l *load) set(f field, into reflect.Value) (string, *Fault) {
	parts := l.givenParts(f)
	v, given := l.values[f.variable]
	switch {
	case given && len(parts) > 0:
		return "", &Fault{f.variable, v.Origin, "both it and " + strings.Join(parts, ", ") + " are set",
			"give the URL or its parts, not both"}
	case given:
		if problem := l.convert(f, v, into); problem != nil {
			return "", problem.at(f.variable, v.Origin)
		}
	case len(parts) > 0:
		return l.assemble(f, parts, into)
	}
	if f.required && into.IsZero() && !(given && v.Text != "") && !l.blind && !l.failed[f.variable] {
		return "", l.missing(f)
	}
	return v.Origin, nil
}

// convert reads the text of v into the field.
func (l *load) convert(f field, v Value, into reflect.Value) *Fault {
	if strings.ContainsRune(v.Text, 0) {
		return nulByte
	}
	got, problem := f.parse(v.Text)
	if problem != nil {
		return problem
	}
	into.Set(got)
	if !f.sensitive() {
		return nil
	}
	if v.Exposed {
		l.warn(f, v, exposed, "chmod o-r")
	}
	if f.secret && strings.TrimSpace(v.Text) != v.Text {
		l.warn(f, v, "the secret begins or ends with white space", "take the white space out if it is not meant")
	}
	if len(secretsOf(f, into)) > 0 {
		l.secrets = append(l.secrets, secret.New(v.Text))
	}
	return nil
}

func (l *load) warn(f field, v Value, text, hint string) {
	l.warnings = append(l.warnings, Warning{f.variable, v.Origin, text, hint, false})
}

// missing is the fault of a required field that nobody set.
func (l *load) missing(f field) *Fault {
	remedy := "set it"
	if f.doc != "" {
		remedy += " (" + strings.TrimSuffix(f.doc, ".") + ")"
	}
	for _, w := range l.unknown() {
		if w.Variable != "" && near(w.Variable, f.variable) {
			remedy += "; " + w.Variable + " is set (" + w.Origin + "): is it meant?"
		}
	}
	return &Fault{f.variable, "", "is not set", remedy}
}

var nulByte = fault("holds a NUL byte", "give text")

const exposed = "the file of a secret can be read by every user of this machine"

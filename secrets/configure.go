package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/settings"
)

// Configure opens the sources that AIRWORTHY_SECRETS lists. Given the same values again it does nothing. Other values
// make the keeper forget what it holds.
func (k *Keeper) Configure(values map[string]settings.Value) error {
	k.configuring.Lock()
	defer k.configuring.Unlock()
	k.mu.Lock()
	if k.given != nil && maps.EqualFunc(k.given(), values, func(a, b settings.Value) bool { return a.Text == b.Text && a.Origin == b.Origin }) {
		defer k.mu.Unlock()
		return k.fault
	}
	closeAll(k.sources)
	given := maps.Clone(values)
	if given == nil {
		given = map[string]settings.Value{}
	}
	k.sources, k.given, k.fault = nil, func() map[string]settings.Value { return given }, nil
	k.forgetMask()
	clear(k.names)
	clear(k.entries)
	for _, c := range k.cells {
		c.p.Store(nil)
	}
	if k.life.Err() != nil { // it was closed
		k.life, k.cancel = context.WithCancel(context.Background())
	}
	life := k.life
	k.mu.Unlock()

	sources, refresh, err := k.configure(life, given)
	if err != nil {
		closeAll(sources)
		sources = nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sources, k.refresh, k.fault = sources, refresh, err
	return err
}

// configure opens the sources, and returns every mistake.
func (k *Keeper) configure(life context.Context, given map[string]settings.Value) (sources []*source, refresh time.Duration, _ error) {
	faults := k.cfg.faults()
	wrong := func(variable, rule, remedy string) {
		faults = append(faults, &settings.Fault{Variable: variable, Origin: given[variable].Origin, Rule: rule, Remedy: remedy})
	}
	refresh = k.cfg.Refresh
	if v, ok := given[RefreshVariable]; ok {
		switch d, err := settings.ParseAs[time.Duration](RefreshVariable, v.Text); {
		case err != nil:
			wrong(RefreshVariable, "is not a duration", "write it like 5m or 1h30m")
		case d < time.Second:
			wrong(RefreshVariable, "is less than a second", "give a duration such as 5m")
		default:
			refresh = d
		}
	}
	list := strings.TrimSpace(given[Variable].Text)
	if list == "" || len(k.cfg.faults()) > 0 {
		return nil, refresh, errors.Join(faults...)
	}
	for i, text := range strings.Split(list, ",") {
		s, rule, remedy := k.open(life, strings.TrimSpace(text), given)
		if s == nil {
			wrong(Variable, fmt.Sprintf("the URL at [%d] %s", i, rule), remedy)
			continue
		}
		s.label = fmt.Sprintf("%s[%d] %s", Variable, i, s.place)
		sources = append(sources, s)
	}
	return sources, refresh, errors.Join(faults...)
}

// faults returns the mistakes in code.
func (c Config) faults() []error {
	var faults []error
	bad := func(format string, args ...any) {
		faults = append(faults, &settings.Fault{Rule: fmt.Sprintf(format, args...), Remedy: "correct the Config of package secrets"})
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"Timeout", c.Timeout}, {"Refresh", c.Refresh}, {"StaleAfter", c.StaleAfter}} {
		if d.d < 0 {
			bad("secrets: %s is negative", d.name)
		}
	}
	seen := map[string]bool{}
	for _, s := range c.Schemes {
		switch {
		case s.Name == "" || s.Open == nil:
			bad("secrets: a scheme has no name or cannot open anything")
		case seen[s.Name]:
			bad("secrets: the scheme %s is given twice", s.Name)
		}
		seen[s.Name] = true
	}
	return faults
}

// open opens one source. The URL is in no text that it returns: nobody knows what stands in one that is refused.
func (k *Keeper) open(life context.Context, text string, given map[string]settings.Value) (_ *source, rule, remedy string) {
	const form = "write it like vault://vault.example:8200/secret/app or file:///run/secrets"
	if text == "" {
		return nil, "is empty", "take the comma out; a comma in a URL is written %2C"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return nil, "is no URL", form
	}
	at := slices.IndexFunc(k.cfg.Schemes, func(s settings.Scheme) bool { return s.Name == u.Scheme })
	if at < 0 {
		return nil, "has an unknown scheme", k.knownSchemes(u.Scheme)
	}
	src, err := k.bounded(life, k.cfg.Schemes[at], u, given)
	if err != nil {
		if f, ok := errors.AsType[*settings.Fault](err); ok {
			return nil, k.clean(f.Rule), k.clean(f.Remedy)
		}
		return nil, "cannot be opened: " + k.clean(err.Error()), "see the documentation of the scheme"
	}
	return &source{Source: src, place: place(u), slots: make(chan struct{}, maxAtOnce)}, "", ""
}

// bounded calls the scheme's Open, which runs vendors' code: it may neither hang nor panic here. The context that it
// gets ends with the keeper, since clients go on using it.
func (k *Keeper) bounded(life context.Context, scheme settings.Scheme, u *url.URL, all map[string]settings.Value) (settings.Source, error) {
	type result struct {
		source settings.Source
		err    error
	}
	given, results := map[string]settings.Value{}, make(chan result, 1)
	for _, need := range scheme.Needs {
		if v, ok := all[need.Name]; ok {
			given[need.Name] = v
		}
	}
	go func() {
		var r result
		defer func() {
			if v := recover(); v != nil {
				r = result{err: fmt.Errorf("panicked: %v", v)}
			}
			results <- r
		}()
		r.source, r.err = scheme.Open(life, u, given)
		if r.source == nil && r.err == nil {
			r.err = errors.New("the scheme returned no source")
		}
	}()
	late := time.NewTimer(k.cfg.Timeout)
	defer late.Stop()
	select {
	case r := <-results:
		return r.source, r.err
	case <-late.C:
		go func() { // nobody is going to ask what it opens yet
			if r := <-results; r.source != nil {
				closeAll([]*source{{Source: r.source}})
			}
		}()
		return nil, fmt.Errorf("did not return within %v", k.cfg.Timeout)
	}
}

// place returns the URL as it may be shown: without the query, and without what might be a credential.
func place(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: u.Path, Opaque: u.Opaque}
	return httpx.RedactURL(&shown)
}

// knownSchemes says which schemes there are, and who brings the one that was meant.
func (k *Keeper) knownSchemes(got string) string {
	const root = "github.com/airworthy-go/airworthy/"
	drivers := map[string]string{"vault": root + "drivers/vaultsecrets", "aws-sm": root + "drivers/awssecrets",
		"aws-ssm": root + "drivers/awssecrets", "gcp-sm": root + "drivers/gcpsecrets",
		"azure-kv": root + "drivers/azuresecrets", "age": root + "secrets/agefile"}
	var known, others []string
	meant := ""
	for _, s := range k.cfg.Schemes {
		known = append(known, s.Name)
		delete(drivers, s.Name)
		if slip(got, s.Name) {
			meant = s.Name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(drivers)) {
		others = append(others, name+" ("+drivers[name]+")")
		if got == name || meant == "" && slip(got, name) {
			meant = name
		}
	}
	text := "this program knows " + strings.Join(known, ", ")
	if meant != "" {
		text += "; did you mean " + meant + "?"
	}
	if drivers[meant] != "" {
		return text + " Give its Scheme, of " + drivers[meant] + ", to secrets.New"
	}
	if meant == "" && len(others) > 0 {
		text += "; others are brought by drivers, whose Scheme is given to secrets.New: " + strings.Join(others, ", ")
	}
	return text
}

// slip reports whether a is b with one letter more, less or other, or two swapped.
func slip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// closeAll closes the sources that can be closed, without waiting for one that hangs.
func closeAll(sources []*source) {
	for _, s := range sources {
		if c, ok := s.Source.(io.Closer); ok {
			go func() {
				defer func() { _ = recover() }() // its last words change nothing
				_ = c.Close()
			}()
		}
	}
}

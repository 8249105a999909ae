package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// place is where the keys of an application stand.
type place struct {
	source    settings.Source // nil if the key is in no source
	key       settings.Value
	fallbacks settings.Value // the zero Value if nothing has any
	have      bool           // the source has SECRET_KEY_FALLBACKS
	current   secret.Text
	others    []secret.Text // the fallbacks
}

// findPlace reads the keys anew from the source that gave them.
func findPlace(ctx context.Context, app *airworthy.App) (place, error) {
	var p place
	here, there := -1, -1 // which source has the key, and which the fallbacks
	for i, s := range app.Settings().Loaded.Sources() {
		values, err := s.Lookup(ctx, []string{keyVariable, fallbacksVariable})
		if err != nil {
			return place{}, fmt.Errorf("the keys cannot be read: %w", err)
		}
		if v, ok := values[keyVariable]; ok && here < 0 {
			here, p.source, p.key = i, s, v
		}
		if v, ok := values[fallbacksVariable]; ok && there < 0 {
			there, p.fallbacks, p.have = i, v, true
		}
	}
	if here < 0 {
		return place{}, nil
	}
	if there >= 0 && there != here {
		return place{}, fmt.Errorf("%s stands in %s and %s in %s: put both into one place",
			keyVariable, p.key.Origin, fallbacksVariable, p.fallbacks.Origin)
	}
	return p, p.parse(app.Keyring())
}

// parse reads the values as the settings do.
func (p *place) parse(ring *keyring.Ring) error {
	var err, otherErr error
	p.current, err = settings.ParseAs[secret.Text](keyVariable, p.key.Text)
	if p.have {
		p.others, otherErr = settings.ParseAs[[]secret.Text](fallbacksVariable, p.fallbacks.Text)
	}
	if err := errors.Join(err, otherErr); err != nil {
		return err
	}
	if uses := ring.Uses(); uses[0].Fingerprint != p.current.Fingerprint() {
		return fmt.Errorf("the application does not sign with the %s of %s: its code changes the key after it was loaded, "+
			"or somebody has changed it this moment", keyVariable, p.key.Origin)
	}
	return nil
}

// onlyInCode returns a fallback that the application has and the place has not.
func (p *place) onlyInCode(ring *keyring.Ring) (fingerprint string, found bool) {
	for _, u := range ring.Uses()[1:] {
		if !slices.ContainsFunc(p.others, func(k secret.Text) bool { return k.Fingerprint() == u.Fingerprint }) {
			return u.Fingerprint, true
		}
	}
	return "", false
}

// coded refuses a rotation that would take a fallback from the instances.
func (r *rotation) coded() error {
	fingerprint, found := r.place.onlyInCode(r.app.Keyring())
	if !found {
		return nil
	}
	text := fmt.Sprintf("%s is a fallback only in code, or somebody has removed it this moment", fingerprint)
	if !r.flags.revoke {
		return fmt.Errorf("%s: the list that a rotation writes takes its place: put the key into %s beside %s, or remove it from code",
			text, fallbacksVariable, keyVariable)
	}
	fmt.Fprintf(r.err, "warning: %s: an instance that is started has it again: remove it from code\n", text)
	return nil
}

// writer returns what can write the place; nil if nothing can.
func (p *place) writer() settings.Writer {
	if k, ok := p.source.(interface{ Writable(name string) bool }); ok && !k.Writable(keyVariable) {
		return nil // it asks sources of which some cannot be written
	}
	w, _ := p.source.(settings.Writer)
	return w
}

// name says where the place is, for people.
func (p *place) name() string {
	if k, ok := p.source.(interface{ Place(name string) string }); ok {
		if at := k.Place(keyVariable); at != "" {
			return at
		}
	}
	return p.source.Name()
}

// follows reports whether running instances read the place again.
func (p *place) follows() bool {
	_, ok := p.source.(propagating)
	return ok
}

// config returns the keys as a ring takes them.
func (p *place) config() keyring.Config {
	return keyring.Config{Key: p.current, Fallbacks: p.others}
}

// propagation is how long a change takes to arrive at every instance.
func (p *place) propagation() time.Duration {
	if s, ok := p.source.(propagating); ok && s.Propagation() > 0 {
		return s.Propagation()
	}
	return defaultPropagation
}

// setFallbacks returns the change to these fallbacks.
func (p *place) setFallbacks(keys []secret.Text) settings.Change {
	return settings.Change{Name: fallbacksVariable, Text: secret.New(joined(keys)), Version: p.fallbacks.Version}
}

// setKey returns the change to this key.
func (p *place) setKey(k secret.Text) settings.Change {
	return settings.Change{Name: keyVariable, Text: k, Version: p.key.Version}
}

// write writes the changes. Some places cannot hold the empty text; in a list, a space means the same.
func (p *place) write(ctx context.Context, changes ...settings.Change) error {
	w := p.writer()
	err := w.Write(ctx, changes)
	if err == nil || errors.Is(err, settings.ErrConflict) || ctx.Err() != nil {
		return err
	}
	again := false
	for i, c := range changes {
		if c.Name == fallbacksVariable && c.Text.IsZero() {
			changes[i].Text, again = secret.New(" "), true
		}
	}
	if again && w.Write(ctx, changes) == nil {
		return nil
	}
	return err
}

// joined returns keys as a list.
func joined(keys []secret.Text) string {
	var texts []string
	for _, k := range keys {
		texts = append(texts, k.Reveal())
	}
	return strings.Join(texts, ",")
}

// listable reports whether k can stand in a list.
func listable(k secret.Text) bool {
	s := k.Reveal()
	return s != "" && !strings.Contains(s, ",") && strings.TrimSpace(s) == s
}

// without returns keys without k, in a slice of its own.
func without(keys []secret.Text, drop ...secret.Text) []secret.Text {
	var left []secret.Text
next:
	for _, k := range keys {
		for _, d := range drop {
			if k.Equal(d) {
				continue next
			}
		}
		left = append(left, k)
	}
	return left
}

package secrets

import (
	"sync/atomic"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

// maxFormer bounds the former values that [Secret.Matches] knows: a value that changes at every reading takes no
// memory.
const maxFormer = 4

// Secret is the newest value of one name. Reading it takes no lock and allocates nothing.
type Secret struct {
	cell      *cell
	otherwise *state
}

// cell is the place of one name's value. It is written under the keeper's lock.
type cell struct{ p atomic.Pointer[state] }

// state is immutable.
type state struct {
	text    secret.Text
	version string
	former  []former // the newest first
}

type former struct {
	text  secret.Text
	until time.Time
}

// Secret returns the value of name as the keeper holds it, now and later. A name that no source of the keeper has, or
// that stands in a source before the keeper, is the empty secret, which matches nothing; see [Secret.Or].
func (k *Keeper) Secret(name string) *Secret {
	k.mu.Lock()
	defer k.mu.Unlock()
	return &Secret{cell: k.cell(name)}
}

// Or returns a Secret that is t while the keeper does not hold the name. Given the setting as it was loaded, it is
// right wherever that came from:
//
//	token := keeper.Secret("HOOK_TOKEN").Or(cfg.HookToken)
func (s *Secret) Or(t secret.Text) *Secret { return &Secret{s.cell, &state{text: t}} }

// Text returns the newest value.
func (s *Secret) Text() secret.Text { return s.now().text }

// Version returns the newest value's version, in its source's own words. It is empty if the source keeps none.
func (s *Secret) Version() string { return s.now().version }

// Matches reports whether candidate is the newest value, or one that it replaced less than Config.Overlap ago: for a
// token that others send, who learn of a change later. It takes the same time whatever candidate holds. The empty
// candidate matches nothing.
func (s *Secret) Matches(candidate string) bool {
	if candidate == "" {
		return false
	}
	c, now, st := secret.New(candidate), time.Now(), s.now()
	found := st.text.Equal(c)
	for _, f := range st.former {
		same := f.text.Equal(c)
		found = found || same && now.Before(f.until)
	}
	return found
}

var empty state

func (s *Secret) now() *state {
	if st := s.cell.p.Load(); st != nil {
		return st
	}
	if s.otherwise != nil {
		return s.otherwise
	}
	return &empty
}

func (c *cell) text() secret.Text {
	if st := c.p.Load(); st != nil {
		return st.text
	}
	return secret.Text{}
}

// set replaces the value. What it was counts as the former one until then.
func (c *cell) set(text secret.Text, version string, until time.Time) {
	next := &state{text: text, version: version}
	if old := c.p.Load(); old != nil {
		formers := old.former
		if !old.text.Equal(text) && !old.text.IsZero() {
			formers = append([]former{{old.text, until}}, formers...)
		}
		for _, f := range formers {
			if len(next.former) < maxFormer && !f.text.Equal(text) {
				next.former = append(next.former, f)
			}
		}
	}
	c.p.Store(next)
}

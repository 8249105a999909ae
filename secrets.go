package airworthy

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// keeper returns the keeper among the sources that the settings were loaded from, nil if there is none.
func (s Settings) keeper() *secrets.Keeper {
	for _, source := range s.Loaded.Sources() {
		if k, ok := source.(*secrets.Keeper); ok {
			return k
		}
	}
	return nil
}

// Secrets returns the keeper among the sources that the settings were loaded from, nil if there is none.
func (a *App) Secrets() *secrets.Keeper { return a.keeper }

// follow starts the keeper, and has the keys follow it.
func (a *App) follow() {
	a.audit()
	k := a.settings.keeper()
	if k == nil {
		return
	}
	a.keeper = k
	keys, ring := a.settings.Keyring, a.parts.ring
	k.OnChanges([]string{"SECRET_KEY", "SECRET_KEY_FALLBACKS"}, func(_ context.Context, values map[string]secret.Text) error {
		next, err := rekeyed(keys, values)
		if err != nil {
			return err
		}
		return ring.Swap(next)
	})
	k.Start(a.Logger())
}

// rekeyed returns keys with those of its values that a manager has.
func rekeyed(keys keyring.Config, values map[string]secret.Text) (keyring.Config, error) {
	if key, ok := values["SECRET_KEY"]; ok {
		keys.Key = key
	}
	if list, ok := values["SECRET_KEY_FALLBACKS"]; ok {
		var err error
		if keys.Fallbacks, err = settings.ParseAs[[]secret.Text]("SECRET_KEY_FALLBACKS", list.Reveal()); err != nil {
			return keys, err
		}
	}
	return keys, nil
}

// audit logs where each secret came from that the keeper did not read, which logs its own.
func (a *App) audit() {
	k := a.settings.keeper()
	for _, v := range a.settings.Loaded.Values {
		if v.Default || len(v.Secrets()) == 0 || k != nil && k.Holds(v.Variable) {
			continue
		}
		a.Logger().LogAttrs(context.Background(), slog.LevelInfo, "read a secret", slog.String("event", "airworthy.secrets.Read"),
			slog.String("name", v.Variable), slog.String("source", v.Origin))
	}
}

// Mask returns what hides the secrets of the settings as they are now, for whoever prints what others wrote. The
// application's log and its error pages have it already.
func (s Settings) Mask() secret.Mask { return s.mask()() }

// Mask returns what hides the secrets of the application as they are now. Ask for it anew each time: they may change.
func (a *App) Mask() secret.Mask { return a.mask() }

// mask returns what hides the secrets of the settings, and those that the keeper reads later.
func (s Settings) mask() func() secret.Mask {
	fixed := s.secrets()
	k := s.keeper()
	if k == nil {
		return sync.OnceValue(func() secret.Mask { return secret.NewMask(fixed...) })
	}
	var public []string // a manager may hold any setting: names of hosts are no secret
	for _, v := range s.Loaded.Values {
		if !v.Secret {
			public = append(public, v.Variable)
		}
	}
	type made struct {
		generation uint64
		mask       secret.Mask
	}
	var last atomic.Pointer[made]
	return func() secret.Mask {
		now := k.Generation()
		if m := last.Load(); m != nil && m.generation == now {
			return m.mask
		}
		all := slices.Clone(fixed)
		for name, texts := range k.Secrets() {
			if slices.Contains(public, name) {
				continue
			}
			for _, text := range texts {
				all = append(all, settings.SecretsIn(text.Reveal())...)
			}
		}
		m := &made{now, secret.NewMask(all...)}
		last.Store(m)
		return m.mask
	}
}

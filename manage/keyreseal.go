package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// reseal has the current key seal the second factors that another one sealed, before that one goes: it may be the only
// one that opens them, and without them their owners cannot log in.
func (p *program) reseal(ctx context.Context, app *airworthy.App) error {
	a := app.Accounts()
	if a == nil {
		return nil
	}
	n, err := a.Reseal(ctx)
	if n > 0 {
		fmt.Fprintf(p.err, "sealed %s anew with the current key\n", words.Count(n, "second factor"))
	}
	if err != nil {
		return fmt.Errorf("not all second factors could be sealed with the current key, and the owner of one that is not could not "+
			"log in any more, so no key was removed: %w", err)
	}
	return nil
}

// sealed reports whether there are second factors, which a key has sealed.
func (p *program) sealed(ctx context.Context, app *airworthy.App) (bool, error) {
	u := p.usersOf(app)
	if u == nil || u.factors == nil {
		return false, nil
	}
	some, err := u.factors.AllFactors(ctx, "", 1)
	if err != nil {
		return false, fmt.Errorf("the second factors cannot be read, and they are sealed with the keys: no key was changed: %w", err)
	}
	return len(some) > 0, nil
}

// saveFactors has the key that takes the place of all others seal the second factors. It is staged before, so that
// whatever becomes of this command, the place holds the key that opens them.
func (r *rotation) saveFactors(ctx context.Context, next secret.Text) error {
	some, err := r.sealed(ctx, r.app)
	if err != nil || !some {
		return err
	}
	at := &r.place
	others := append([]secret.Text{next}, at.others...)
	changes := []settings.Change{at.setFallbacks(others)}
	if !at.have { // beside the key, and only if nobody else has begun
		changes = append(changes, at.setKey(at.current))
	}
	if err := at.write(ctx, changes...); err != nil {
		return fmt.Errorf("revoking: nothing was revoked: %w", err)
	}
	if r.place, err = r.again(ctx); err != nil {
		return fmt.Errorf("revoking: nothing was revoked: %w", err)
	}
	cfg := r.app.Settings().Keyring
	cfg.Key, cfg.Fallbacks = next, slices.Concat([]secret.Text{cfg.Key}, at.others, cfg.Fallbacks) // those in code too
	for range 3 {
		if err := r.app.Keyring().Swap(cfg); err != nil {
			return err
		}
		if err := r.reseal(ctx, r.app); err != nil {
			return err
		}
		if r.app.Keyring().Uses()[0].Fingerprint == next.Fingerprint() { // else what follows the place has put the former key back
			fmt.Fprintln(r.err, "whoever has the former keys and a copy of the database knows the secrets of the second factors: have their owners set them up anew")
			return nil
		}
	}
	return errors.New("revoking: nothing was revoked: the keys of this command changed while it sealed the second factors: run it again")
}

// retireFirst returns the command that has to be run before all keys are replaced by hand; nothing if this is something
// else, or if no key has sealed anything.
func (r *rotation) retireFirst(ctx context.Context) (string, error) {
	if !r.flags.revoke {
		return "", nil
	}
	some, err := r.sealed(ctx, r.app)
	if err != nil || !some {
		return "", err
	}
	command := "key retire --force"
	for _, k := range append([]secret.Text{r.place.current}, r.place.others...) {
		command += " " + k.Fingerprint()
	}
	return command, nil
}

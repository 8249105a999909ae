package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type retireFlags struct{ expired, force bool }

func (p *program) keyRetireCommand() *cobra.Command {
	var f retireFlags
	c := &cobra.Command{
		Use:   "retire [FINGERPRINT...]",
		Short: "Remove fallbacks that nothing needs any more",
		Long: `Remove fallbacks from SECRET_KEY_FALLBACKS, in the place where it stands: those that the fingerprints name, or with
--expired all that may go. One may go when what it signed is no longer valid, no live instance signs with it, and
nobody has needed it for as long as a session lasts; without a ledger of the instances, the dates of the keys decide.

Second factors that such a key sealed are sealed anew with the current one before.

Exits with 0 when they are removed or nothing was to be removed, with 1 when one may not go yet, and then removes
none, and with 2 for wrong usage.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.expired == (len(args) > 0) {
				return cli.Usage("give either fingerprints, which \"key status\" prints, or --expired")
			}
			if f.expired && f.force {
				return cli.Usage("--force needs fingerprints: --expired removes only what may go")
			}
			app, err := p.application(cmd.Context())
			if err != nil {
				return refusal(err)
			}
			defer p.close(app)
			return p.retire(cmd.Context(), app, args, f)
		},
	}
	c.Flags().BoolVar(&f.expired, "expired", false, "all fallbacks that may go")
	c.Flags().BoolVar(&f.force, "force", false, "remove what the fingerprints name although it may be needed: it says what is lost")
	return c
}

func (p *program) retire(ctx context.Context, app *airworthy.App, fingerprints []string, f retireFlags) error {
	at, err := findPlace(ctx, app)
	if err != nil {
		return err
	}
	now := time.Now()
	all, err := reports(ctx, app.Settings().KeyLedger)
	if err != nil {
		if !f.force {
			return err
		}
		fmt.Fprintf(p.err, "warning: %s\n", p.redact(err.Error()))
	}
	states := keyring.Standings(app.Settings().Keyring, app.Keyring().Uses(), all, now)
	var chosen []*keyring.Standing
	if f.expired {
		for _, s := range states {
			switch {
			case s.May:
				chosen = append(chosen, s)
			case strings.HasPrefix(s.Role, "fallback"):
				fmt.Fprintf(p.err, "%s stays: %s\n", s.Fingerprint, s.Next)
			}
		}
	} else if chosen, err = p.choose(states, fingerprints, f.force); err != nil {
		return err
	}
	if len(chosen) == 0 {
		_, err := fmt.Fprintln(p.out, "nothing to retire")
		return err
	}
	return p.remove(ctx, app, at, chosen)
}

// choose returns the keys that the fingerprints name, or an error if one of them must not go.
func (p *program) choose(states []*keyring.Standing, fingerprints []string, force bool) ([]*keyring.Standing, error) {
	var chosen []*keyring.Standing
	var errs []error
	for _, fingerprint := range fingerprints {
		i := slices.IndexFunc(states, func(s *keyring.Standing) bool { return s.Fingerprint == fingerprint && s.Role != "" })
		switch {
		case i < 0:
			errs = append(errs, fmt.Errorf("%s: no key of the settings has this fingerprint: see \"key status\"", fingerprint))
		case states[i].Role == "current":
			errs = append(errs, fmt.Errorf("%s signs: \"key rotate\" replaces it", fingerprint))
		case states[i].May || states[i].Staged && states[i].Signing == 0:
			chosen = append(chosen, states[i])
		case force:
			fmt.Fprintf(p.err, "%s is removed although it says %q: %s\n", fingerprint, states[i].Next, loss(states[i]))
			chosen = append(chosen, states[i])
		default:
			errs = append(errs, fmt.Errorf("%s: %s; --force removes it all the same: %s", fingerprint, states[i].Next, loss(states[i])))
		}
	}
	return chosen, errors.Join(errs...)
}

// loss says what goes with a key that goes too early.
func loss(s *keyring.Standing) string {
	text := "sessions and links that it signed become invalid"
	if s.Verified > 0 {
		text += fmt.Sprintf(", and it verified %d of them", s.Verified)
	}
	if !s.Last.IsZero() {
		text += ", the last at " + stamp(s.Last, "2006-01-02 15:04") + " UTC"
	}
	return text
}

func (p *program) remove(ctx context.Context, app *airworthy.App, at place, chosen []*keyring.Standing) error {
	var drop []secret.Text
	var names []string
	for _, s := range chosen {
		names = append(names, s.Fingerprint)
		before := len(drop)
		for _, k := range at.others {
			if k.Fingerprint() == s.Fingerprint {
				drop = append(drop, k)
			}
		}
		if len(drop) == before && at.source != nil {
			return fmt.Errorf("%s is not in %s: it stands in code: remove it there; nothing was removed", s.Fingerprint, fallbacksVariable)
		}
	}
	list := strings.Join(names, ", ")
	if err := p.reseal(ctx, app); err != nil {
		return err
	}
	switch {
	case at.source == nil:
		return fmt.Errorf("the fallbacks stand in code: remove %s there", list)
	case at.writer() == nil:
		return fmt.Errorf("%s stands in %s, which this command cannot write. By hand: take out of the list what stands at position %s (%s), and restart the instances",
			fallbacksVariable, at.fallbacks.Origin, at.positions(drop), list)
	}
	err := at.write(ctx, at.setFallbacks(without(at.others, drop...)))
	switch {
	case errors.Is(err, settings.ErrConflict):
		return fmt.Errorf("somebody else is changing the keys at this moment; nothing was removed: look with \"key status\", then try again: %w", err)
	case err != nil:
		return fmt.Errorf("retiring %s: %w", list, err)
	}
	_, err = fmt.Fprintf(p.out, "retired: %s\n", list)
	return err
}

// positions says where in the list of fallbacks the keys stand, counted from 1.
func (p *place) positions(keys []secret.Text) string {
	var at []string
	for i, k := range p.others {
		if slices.ContainsFunc(keys, k.Equal) {
			at = append(at, fmt.Sprint(i+1))
		}
	}
	return strings.Join(at, ", ")
}

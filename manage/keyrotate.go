package manage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type rotateFlags struct {
	wait               time.Duration
	waitSet            bool
	environment        string
	environmentSet     bool
	yes, revoke, print bool
	stage              bool
	without            []string // instances that are known to be dead
}

func (p *program) keyRotateCommand() *cobra.Command {
	var f rotateFlags
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Replace the key of the running site, without logging anybody out",
		Long: `Replace the key of the running site in the place where it stands, in two steps. First a new key is staged, as the first
of SECRET_KEY_FALLBACKS, so that every instance learns to verify it; when all have it, it becomes SECRET_KEY, and the
former key a fallback. Whoever is interrupted runs the command again: it goes on where it was. Where a deployment carries
the keys to the instances, take the steps apart: "key rotate --stage", deploy, "key rotate", deploy.

A leaked key must not stay a fallback: --revoke replaces all keys at once, and everything that they signed is invalid.

Exits with 0 when the keys are replaced, with 1 when they are not, which the message says, and with 2 for wrong usage.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.waitSet, f.environmentSet = cmd.Flags().Changed("wait"), cmd.Flags().Changed("environment")
			if f.wait < 0 {
				return cli.Usage("--wait: %s is negative", f.wait)
			}
			if f.stage && (f.waitSet || f.revoke || f.print) {
				return cli.Usage("--stage goes with neither --wait, --revoke nor --print: it stages a key and ends")
			}
			app, err := p.application(cmd.Context())
			if err != nil {
				return refusal(err)
			}
			defer p.close(app)
			return p.rotate(cmd.Context(), app, f)
		},
	}
	c.Flags().DurationVar(&f.wait, "wait", 0, "how long to wait between the steps: for instances that report to a ledger at most, else exactly\n"+
		"(default what the place of the keys needs to reach every instance; three times that with a ledger)")
	c.Flags().StringVar(&f.environment, "environment", "", "the `environment` that the new key is for; empty for any\n"+
		"(default that of the present key, or of the settings if it says none)")
	c.Flags().StringArrayVar(&f.without, "without", nil, "do not wait for this `instance`, which you know to be dead; may be repeated.\n"+
		"One that was killed is waited for until it has been silent for 5 minutes")
	c.Flags().BoolVar(&f.stage, "stage", false, "do the first step alone; \"key rotate\" does the second, within a day")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.revoke, "revoke", false, "the key has leaked: drop it and all fallbacks at once, which logs everybody out")
	c.Flags().BoolVar(&f.print, "print", false, "where the keys cannot be written by this command, print what to write by hand, keys included")
	return c
}

// rotation is one run of key rotate.
type rotation struct {
	*program
	app   *airworthy.App
	flags rotateFlags
	place place

	dropped bool // a key that was staged too long ago is to go
}

func (p *program) rotate(ctx context.Context, app *airworthy.App, f rotateFlags) error {
	at, err := findPlace(ctx, app)
	if err != nil {
		return err
	}
	r := &rotation{program: p, app: app, flags: f, place: at}
	switch {
	case at.source == nil:
		return fmt.Errorf("%s stands in no source, only in code: there is nothing to rotate; give each instance the same key by a source", keyVariable)
	}
	if err := r.coded(); err != nil {
		return err
	}
	switch {
	case at.writer() == nil:
		return r.byHand(ctx)
	case f.print:
		return cli.Usage("--print: this command can write %s itself: leave the flag out", at.name())
	}
	if err := r.run(ctx); err != nil {
		return r.explain(ctx, err)
	}
	return nil
}

// explain adds to an error what it left behind and what to do.
func (r *rotation) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, settings.ErrConflict):
		return fmt.Errorf("somebody else is changing the keys at this moment, so this command stopped; nothing is lost: "+
			"look with \"key status\", then run \"key rotate\" again: %w", err)
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted; every key that signs is still verified: run \"key rotate\" again to go on")
	}
	return err
}

func (r *rotation) run(ctx context.Context) error {
	if r.flags.revoke {
		return r.revoke(ctx)
	}
	at := &r.place
	if !at.config().Staged() && len(without(at.others, at.current)) != len(at.others) {
		fmt.Fprintln(r.err, "a rotation was interrupted when all but the tidying was done")
		return r.tidy(ctx)
	}
	if !listable(at.current) {
		return fmt.Errorf("%s: the key holds a comma, or space at its ends, and cannot stand in a list: rotate by hand, or --revoke it", keyVariable)
	}
	next, found, err := r.staged()
	if err != nil {
		return err
	}
	if !found {
		if next, err = r.stage(ctx); err != nil {
			return err
		}
	}
	if r.flags.stage {
		_, err := fmt.Fprintf(r.out, "staged: %s verifies, %s signs; when every instance has it, \"key rotate\" makes it the key\n",
			next.Fingerprint(), at.current.Fingerprint())
		return err
	}
	if err := r.await(ctx, next); err != nil {
		return err
	}
	return r.promote(ctx, next)
}

// staged returns the key that an interrupted run has staged, if it is to be promoted. One that was staged too long ago
// is to be replaced: its date would say that the present key had stopped signing then.
func (r *rotation) staged() (next secret.Text, found bool, err error) {
	at := &r.place
	if !at.config().Staged() {
		return next, false, nil
	}
	next = at.others[0]
	label, _ := keyring.LabelOf(next)
	print, age := next.Fingerprint(), time.Since(label.Made)
	_, dated := keyring.LabelOf(at.current)
	if age > keyring.Grace {
		fmt.Fprintf(r.err, "the key %s was staged %s ago and never promoted: a new one takes its place\n", print, words.Span(age))
		if dated { // else it may be a former key after all, and stays
			at.others, r.dropped = at.others[1:], true
		}
		return secret.Text{}, false, nil
	}
	fmt.Fprintf(r.err, "the key %s was staged %s ago by a rotation that was interrupted: going on with it\n", print, words.Span(age))
	if !dated {
		return next, true, r.confirm("The present key has no date. If it is newer than " + print + ", answer no. Promote " + print + "?")
	}
	return next, true, nil
}

// generate returns a key that is newer than the present one, whatever the clocks of the machines that made them say.
func (r *rotation) generate() (secret.Text, error) {
	made := time.Now()
	label, ok := keyring.LabelOf(r.place.current)
	if ok && label.Made.After(made.Add(-time.Second)) && !r.flags.revoke { // or the former key would count as staged one day
		if label.Made.After(made.Add(keyring.Grace)) {
			fmt.Fprintf(r.err, "warning: the present key says that it was made at %s UTC: no age is known of it and its successors before then\n",
				stamp(label.Made, "2006-01-02 15:04"))
		}
		made = label.Made.Add(time.Second)
	}
	environment := r.app.Settings().Loaded.Environment
	switch {
	case r.flags.environmentSet:
		return keyring.GenerateFor(r.flags.environment, made)
	case ok:
		environment = label.Environment
	}
	k, err := keyring.GenerateFor(environment, made)
	if err != nil {
		fmt.Fprintf(r.err, "the new key does not say for which environment it is: %v\n", err)
		return keyring.GenerateFor("", made)
	}
	return k, nil
}

// judge refuses keys that the application would refuse.
func (r *rotation) judge(current secret.Text, others []secret.Text) error {
	cfg := r.app.Settings().Keyring
	cfg.Key, cfg.Fallbacks = current, others
	_, err := keyring.New(cfg)
	return err
}

// stage writes a new key as the first fallback.
func (r *rotation) stage(ctx context.Context) (secret.Text, error) {
	at := &r.place
	next, err := r.generate()
	if err != nil {
		return next, err
	}
	others := append([]secret.Text{next}, at.others...)
	if err := r.judge(at.current, others); err != nil {
		return next, err
	}
	if r.dropped {
		if err := r.reseal(ctx, r.app); err != nil {
			return next, err
		}
	}
	changes := []settings.Change{at.setFallbacks(others)}
	if !at.have { // beside the key, and only if nobody else has begun
		changes = append(changes, at.setKey(at.current))
	}
	if err := at.write(ctx, changes...); err != nil {
		return next, fmt.Errorf("staging a new key: %w", err)
	}
	fmt.Fprintf(r.err, "staged %s as the first of %s in %s\n", next.Fingerprint(), fallbacksVariable, at.name())
	return next, nil
}

// promote makes the staged key the key. First the former one joins the fallbacks, while the new one stays there too: a
// place that cannot change both values at once never lacks one.
func (r *rotation) promote(ctx context.Context, next secret.Text) error {
	former := r.place.current
	at, err := r.stillStaged(ctx, next)
	if err != nil {
		return err
	}
	others := append([]secret.Text{next, former}, without(at.others, next, former)...)
	if err := r.judge(next, others); err != nil {
		return err
	}
	if err := at.write(ctx, at.setFallbacks(others), at.setKey(next)); err != nil {
		return fmt.Errorf("promoting the key %s: %w", next.Fingerprint(), err)
	}
	fmt.Fprintf(r.err, "promoted %s\n", next.Fingerprint())
	if r.place, err = r.again(ctx); err != nil {
		return err
	}
	return r.tidy(ctx)
}

// stillStaged reads the place anew, and returns an error if somebody else has changed the keys since next was staged.
func (r *rotation) stillStaged(ctx context.Context, next secret.Text) (place, error) {
	at, err := r.again(ctx)
	if err == nil && (!at.current.Equal(r.place.current) || len(at.others) == 0 || !at.others[0].Equal(next)) {
		err = fmt.Errorf("the keys in %s are not those that were staged: %w", at.name(), settings.ErrConflict)
	}
	return at, err
}

// again reads the place anew.
func (r *rotation) again(ctx context.Context) (place, error) {
	at := r.place
	values, err := at.source.Lookup(ctx, []string{keyVariable, fallbacksVariable})
	if err != nil {
		return at, fmt.Errorf("the keys cannot be read: %w", err)
	}
	at.key = values[keyVariable]
	at.fallbacks, at.have = values[fallbacksVariable]
	at.others = nil
	if at.current, err = settings.ParseAs[secret.Text](keyVariable, at.key.Text); err == nil && at.have {
		at.others, err = settings.ParseAs[[]secret.Text](fallbacksVariable, at.fallbacks.Text)
	}
	return at, err
}

// tidy drops the present key from the fallbacks and says how things stand.
func (r *rotation) tidy(ctx context.Context) error {
	at := &r.place
	others := without(at.others, at.current)
	if err := at.write(ctx, at.setFallbacks(others)); err != nil {
		return fmt.Errorf("the new key signs, and stands among the fallbacks too, which is harmless: run \"key rotate\" again to tidy up: %w", err)
	}
	return r.report(others)
}

func (r *rotation) report(others []secret.Text) error {
	var b strings.Builder
	fmt.Fprintf(&b, "rotated: %s signs", r.place.current.Fingerprint())
	if len(others) > 0 {
		fmt.Fprintf(&b, ", %s verifies", others[0].Fingerprint())
		label, _ := keyring.LabelOf(r.place.current)
		if until, ok := keyring.Until(label.Made, r.app.Settings().Keyring.Longest); ok {
			fmt.Fprintf(&b, " and may go on %s, by \"key retire --expired\"", words.DayFrom(until))
		}
	}
	_, err := fmt.Fprintln(r.out, b.String())
	return err
}

// revoke replaces all keys at once.
func (r *rotation) revoke(ctx context.Context) error {
	at := &r.place
	next, err := r.generate()
	if err != nil {
		return err
	}
	if err := r.judge(next, nil); err != nil {
		return err
	}
	lost := fmt.Sprintf("All sessions end, and everything that %s signed becomes invalid.", words.Count(1+len(at.others), "key"))
	if err := r.confirm(lost + " Go on?"); err != nil {
		return err
	}
	if err := r.saveFactors(ctx, next); err != nil {
		return err
	}
	changes := []settings.Change{at.setKey(next)} // first: second factors are sealed with it
	if at.have {
		changes = append(changes, at.setFallbacks(nil))
	}
	if err := at.write(ctx, changes...); err != nil {
		return fmt.Errorf("revoking: the keys may be valid still: %w", err)
	}
	_, err = fmt.Fprintf(r.out, "revoked: %s signs, nothing else verifies; the running instances know within %s, or when they are started again\n",
		next.Fingerprint(), words.Span(at.propagation()))
	return err
}

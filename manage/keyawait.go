package manage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// pollEvery is how often the ledger is asked while instances take a key over.
const pollEvery = 2 * time.Second

// lookEvery is how often the place is read meanwhile.
const lookEvery = 10 * time.Second

// await returns when every live instance has the staged key, or an error if they do not get it in time.
func (r *rotation) await(ctx context.Context, next secret.Text) error {
	label, _ := keyring.LabelOf(next)
	since := label.Made // it was staged then
	if now := time.Now(); since.After(now) {
		since = now
	}
	spread := r.place.propagation()
	ledger := r.app.Settings().KeyLedger
	if ledger == nil {
		if r.flags.waitSet {
			spread = r.flags.wait
		}
		left := time.Until(since.Add(spread))
		if left <= 0 {
			return nil
		}
		fmt.Fprintf(r.err, "no ledger says what the instances hold: waiting %s, which the change takes to reach them\n", words.Span(left))
		return pause(ctx, left)
	}
	most := max(3*spread, 15*time.Minute)
	if r.flags.waitSet {
		most, spread = r.flags.wait, min(spread, r.flags.wait)
	}
	return r.poll(ctx, ledger, next, since.Add(spread), time.Now().Add(most))
}

// poll asks the ledger until all that live have the key. Who may live but does not report is waited for until spread.
// Now and then it looks whether the key is still staged: no instance gets one that somebody else has overwritten.
func (r *rotation) poll(ctx context.Context, ledger keyring.Ledger, next secret.Text, spread, end time.Time) error {
	said, looked := "", time.Now()
	for {
		all, err := reports(ctx, ledger)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(report keyring.Report) bool { return slices.Contains(r.flags.without, report.Instance) })
		now := time.Now()
		waiting := lagging(all, next.Fingerprint(), now, spread)
		if waiting == "" {
			return nil
		}
		if !now.Before(end) {
			return fmt.Errorf("%s; the key stays staged: run \"key rotate\" again to go on", waiting)
		}
		if waiting != said {
			fmt.Fprintf(r.err, "waiting: %s\n", waiting)
			said = waiting
		}
		if now.Sub(looked) >= lookEvery {
			if _, err := r.stillStaged(ctx, next); err != nil {
				return err
			}
			looked = now
		}
		if err := pause(ctx, min(pollEvery, time.Until(end))); err != nil {
			return err
		}
	}
}

// lagging says who does not have the key yet, or "".
func lagging(all []keyring.Report, fingerprint string, now, spread time.Time) string {
	alive := keyring.Running(all, keyring.Live, now)
	var lack []string
	for _, r := range alive {
		if _, ok := held(r, fingerprint); !ok {
			lack = append(lack, r.Instance)
		}
	}
	if len(lack) > 0 {
		verb := "lack"
		if len(lack) == 1 {
			verb = "lacks"
		}
		return fmt.Sprintf("%d of %s %s the key: %s", len(lack), words.Count(len(alive), "instance"), verb, strings.Join(lack, ", "))
	}
	if !now.Before(spread) {
		return ""
	}
	until := spread.UTC().Format("15:04:05")
	if len(alive) == 0 {
		return "no instance reports to the ledger; the change reaches those that there are by " + until + " UTC"
	}
	if silent := len(keyring.Running(all, vanished, now)) - len(alive); silent > 0 {
		return fmt.Sprintf("%s stopped reporting without saying that it ends; the change reaches it by %s UTC", words.Count(silent, "instance"), until)
	}
	return ""
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// confirm asks a question, and returns an error unless the answer is yes.
func (r *rotation) confirm(question string) error {
	if r.flags.yes {
		return nil
	}
	return r.program.confirm(question)
}

func (p *program) confirm(question string) error {
	if _, file := p.in.(*os.File); file && !terminal(p.in) {
		return fmt.Errorf("%s There is no terminal to ask: add --yes", question)
	}
	fmt.Fprint(p.err, question+" [y/N] ")
	answer, err := bufio.NewReader(p.in).ReadString('\n')
	if answer == "" && err != nil {
		fmt.Fprintln(p.err)
		return errors.New("nobody answered: add --yes")
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
}

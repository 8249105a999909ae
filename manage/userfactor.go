package manage

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/internal/words"
)

func (p *program) userFactorCommand() *cobra.Command {
	var remove, yes bool
	c := &cobra.Command{
		Use:   "factor NAME",
		Short: "List the second factors of an account, or remove them",
		Long: `List the second factors of an account. With --remove all of them go, recovery codes included, and all sessions end: for
somebody who has lost the device and the recovery codes. Be sure who is asking: until a new one is set up, the password
alone lets in.`,
		Args: cli.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if yes && !remove {
				return cli.Usage("--yes goes with --remove")
			}
			return p.on(func(ctx context.Context, u *users, who accounts.User) error { return u.factor(ctx, who, remove, yes) })(cmd, args)
		},
	}
	c.Flags().BoolVar(&remove, "remove", false, "remove all of them")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

const factorRow = "%-10s  %-24s  %-16s  %-16s  %s"

func (u *users) factor(ctx context.Context, who accounts.User, remove, yes bool) error {
	if u.factors == nil {
		return errors.New("the application keeps no second factors: give Settings.Accounts.Factors a store, or take one for the accounts that can")
	}
	all, err := u.factors.Factors(ctx, who.ID)
	if err != nil {
		return fmt.Errorf("the second factors cannot be read: %w", err)
	}
	if len(all) == 0 {
		return u.say("%s has no second factor", shown(who.Username))
	}
	if !remove {
		return u.listFactors(all)
	}
	if !yes {
		question := fmt.Sprintf("Remove %s of %s, after which the password alone lets in, and end all sessions?", words.Count(len(all), "second factor"), shown(who.Username))
		if err := u.confirm(question); err != nil {
			return err
		}
	}
	u.noteSessions()
	n, err := u.accounts.RemoveFactors(ctx, who.ID)
	if err != nil {
		return fmt.Errorf("not all second factors were removed, or not all sessions ended: run the command again: %w", err)
	}
	return u.say("removed %s of %s; all sessions are ended", words.Count(n, "second factor"), shown(who.Username))
}

func (u *users) listFactors(all []accounts.Factor) error {
	if err := u.say(factorRow, "KIND", "NAME", "SET UP", "LAST USED", "CONFIRMED"); err != nil {
		return err
	}
	for _, f := range all {
		confirmed := "no"
		if f.Confirmed {
			confirmed = "yes"
		}
		err := u.say(factorRow, shown(string(f.Kind)), shown(f.Name), stamp(f.Created, "2006-01-02 15:04"), stamp(f.Used, "2006-01-02 15:04"), confirmed)
		if err != nil {
			return err
		}
	}
	return nil
}

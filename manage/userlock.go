package manage

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
)

// maxLocks is how many locks are looked at. During an attack there may be many, most of them of names that nobody has.
const maxLocks = 10_000

func (p *program) userLockCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lock NAME",
		Short: "Make an account inactive: nobody can log in to it, and its sessions end",
		Long: `Make an account inactive, until "user unlock": nobody can log in to it, and its sessions end at once. The account and what
belongs to it stay.`,
		Args: cli.Exactly(1),
		RunE: p.on(func(ctx context.Context, u *users, who accounts.User) error {
			if err := u.accounts.SetActive(ctx, who.ID, false); err != nil {
				return err
			}
			if !who.Active {
				return u.say("%s was inactive before; all sessions are ended", shown(who.Username))
			}
			return u.say("%s is inactive; all sessions are ended", shown(who.Username))
		}),
	}
}

func (p *program) userUnlockCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "unlock NAME",
		Short: "Let the owner of an account log in again",
		Long: `Let the owner of an account log in again: where it was made inactive, by "user lock" or otherwise, and where it was locked
after failed logins. It says which of the two it was. The failed logins to the account are forgotten.`,
		Args: cli.Exactly(1),
		RunE: p.on(func(ctx context.Context, u *users, who accounts.User) error { return u.unlock(ctx, who) }),
	}
}

func (u *users) unlock(ctx context.Context, who accounts.User) error {
	u.noteLocks()
	all, err := u.locks(ctx)
	if err != nil {
		return err
	}
	var was []string
	if !who.Active {
		if err := u.accounts.SetActive(ctx, who.ID, true); err != nil {
			return err
		}
		was = append(was, "was inactive")
	}
	name := accounts.CanonicalUsername(who.Username)
	if err := u.lockout.UnlockAccount(ctx, name, operator()); err != nil {
		return fmt.Errorf("the failed logins cannot be forgotten: %w", err)
	}
	for _, lock := range all[lockout.AccountKey(name).Subject] {
		was = append(was, "was locked "+lock.words())
	}
	if len(was) == 0 {
		was = []string{"was neither inactive nor locked"}
	}
	if err := u.say("%s %s; failed logins are forgotten", shown(who.Username), strings.Join(was, ", and ")); err != nil {
		return err
	}
	if who.Password == "" || !password.Usable(who.Password) {
		fmt.Fprintf(u.err, "hint: the account has no password: \"user password\" sets one\n")
	}
	return nil
}

// locks returns what is locked after failed logins, by the account as it stands in keys.
func (u *users) locks(ctx context.Context) (map[string][]lockState, error) {
	entries, err := u.lockout.Locked(ctx, maxLocks)
	if err != nil {
		return nil, fmt.Errorf("the failed logins cannot be read: %w", err)
	}
	if len(entries) == maxLocks {
		fmt.Fprintf(u.err, "note: there are more than %d locks, of which the latest are known here\n", maxLocks)
	}
	all := map[string][]lockState{}
	for _, e := range entries {
		if name := e.Account(); name != "" {
			all[name] = append(all[name], lockState{string(e.Kind), e.Until, e.From, e.Reason})
		}
	}
	return all, nil
}

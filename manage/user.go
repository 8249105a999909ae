package manage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	osuser "os/user"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/session"
)

func (p *program) userCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "user",
		Short: "Make accounts, list them, and help those who cannot log in",
		Long: `Make accounts, list them, and help those who cannot log in.

A NAME is taken as it is written; where nobody is called so, it is the one account whose name differs in capitals or in
Unicode form only. A password is typed on the terminal or stands on stdin. It is never an argument: others would see it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(p.userCreateCommand(), p.userPasswordCommand(), p.userListCommand(), p.userLockCommand(), p.userUnlockCommand(),
		p.userSessionsCommand(), p.userFactorCommand())
	return c
}

// users is what the commands on accounts work on.
type users struct {
	*program
	app      *airworthy.App
	accounts *accounts.Accounts
	store    accounts.Store
	factors  accounts.FactorStore // nil if there are no second factors
	lockout  *lockout.Guard
}

// withUsers builds the application and runs f on its accounts.
func (p *program) withUsers(ctx context.Context, f func(*users) error) error {
	app, err := p.application(ctx)
	if err != nil {
		return refusal(err)
	}
	defer p.close(app)
	u := p.usersOf(app)
	if u == nil {
		return errors.New("the application keeps no accounts: give Settings.Accounts.Store a store where you build it, such as one of drivers/sqlstore")
	}
	u.noteMemory(isMemory[*accounts.Memory](u.store), "accounts are", "drivers/sqlstore has stores that last")
	return f(u)
}

// usersOf returns the accounts of the application, nil if it keeps none.
func (p *program) usersOf(app *airworthy.App) *users {
	a := app.Accounts()
	if a == nil {
		return nil
	}
	cfg := app.Settings().Accounts
	u := &users{program: p, app: app, accounts: a, store: a.Store(), factors: cfg.Factors, lockout: cmp.Or(cfg.Lockout, app.Lockout())}
	if u.factors == nil {
		u.factors, _ = u.store.(accounts.FactorStore)
	}
	return u
}

func isMemory[M any](store any) bool {
	_, ok := store.(M)
	return ok
}

// noteMemory warns of what another process keeps to itself: a command that pretended to change it would mislead.
func (u *users) noteMemory(inMemory bool, what, remedy string) {
	if inMemory {
		fmt.Fprintf(u.err, "note: %s kept in the memory of each process: this command sees and changes none of a running site's; %s\n", what, remedy)
	}
}

// noteSessions and noteLocks do so for what ends, or unlocks. Accounts in memory were spoken of before.
func (u *users) noteSessions() {
	u.noteMemory(isMemory[*session.Memory](u.app.Settings().Session.Store) && !isMemory[*accounts.Memory](u.store),
		"sessions are", "drivers/sqlstore and drivers/redisstore have stores that are shared")
}

func (u *users) noteLocks() {
	store := u.app.Settings().Lockout.Store
	u.noteMemory((store == nil || isMemory[*lockout.Memory](store)) && !isMemory[*accounts.Memory](u.store),
		"failed logins are", "set Settings.Lockout.Store to one of drivers/sqlstore or drivers/redisstore, or unlock in the console")
}

// find returns the user of that name: exactly that, or the only one that differs in capitals or Unicode form.
func (u *users) find(ctx context.Context, name string) (accounts.User, error) {
	found, err := u.store.ByUsername(ctx, name)
	if !errors.Is(err, accounts.ErrNotFound) {
		return found, err
	}
	twins, err := u.store.Twins(ctx, name)
	switch {
	case err != nil:
		return accounts.User{}, err
	case len(twins) == 1:
		fmt.Fprintf(u.err, "note: nobody is called %q; this is %s, whose name differs in capitals or Unicode form only\n", name, shown(twins[0].Username))
		return twins[0], nil
	case len(twins) > 1:
		return accounts.User{}, fmt.Errorf("nobody is called exactly %q, and several nearly: give one of %s", name, names(twins))
	}
	others, err := u.store.ByEmail(ctx, name)
	switch {
	case err != nil:
		return accounts.User{}, err
	case len(others) > 0:
		return accounts.User{}, fmt.Errorf("nobody is called %q; give a name, not an address: that is of %s", name, names(others))
	}
	return accounts.User{}, fmt.Errorf("nobody is called %q: \"user list\" has the names", name)
}

// on returns what cobra runs for a command on one account.
func (p *program) on(f func(ctx context.Context, u *users, who accounts.User) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return p.withUsers(cmd.Context(), func(u *users) error {
			who, err := u.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return f(cmd.Context(), u, who)
		})
	}
}

func names(all []accounts.User) string {
	var list []string
	for _, who := range all {
		list = append(list, shown(who.Username))
	}
	return strings.Join(list, ", ")
}

// event logs a security event about a user, as package accounts does.
func (u *users) event(ctx context.Context, text, name string, who accounts.User) {
	u.app.Logger().LogAttrs(ctx, slog.LevelWarn, text, slog.String("event", name),
		slog.String("user", who.ID), slog.String("username", who.Username), slog.String("by", operator()))
}

// operator says who runs the command, for the log.
func operator() string {
	if me, err := osuser.Current(); err == nil && me.Username != "" {
		return me.Username + ", by command"
	}
	return "user " + strconv.Itoa(os.Getuid()) + ", by command"
}

// shown returns text that visitors chose as it can be printed: with anything that could deceive a reader, or control a
// terminal, escaped and in quotes.
func shown(s string) string {
	plain := s != "" && strings.TrimSpace(s) == s && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0
	if plain && !strings.HasPrefix(s, `"`) {
		return s
	}
	return strconv.Quote(s)
}

// say prints a result, without secrets: names are visitors' too.
func (p *program) say(format string, args ...any) error {
	_, err := fmt.Fprintln(p.out, p.redact(fmt.Sprintf(format, args...)))
	return err
}

// sayJSON prints one object in a line of its own.
func (p *program) sayJSON(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.say("%s", b)
}

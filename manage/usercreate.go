package manage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/secret"
)

type createFlags struct {
	email                                  string
	staff, superuser, noPassword, generate bool
}

func (p *program) userCreateCommand() *cobra.Command {
	var f createFlags
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make an account",
		Long: `Make an account. Its password is asked for twice on a terminal, and else is the first line of stdin; with --generate it is
made, and stands alone on stdout, once. The rules for passwords hold here too.

Exits with 0 when the account is made, with 1 when it is not, for all the reasons that it says, and with 2 for wrong usage.`,
		Args: cli.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.noPassword && f.generate {
				return cli.Usage("--no-password and --generate exclude each other")
			}
			return p.withUsers(cmd.Context(), func(u *users) error { return u.create(cmd.Context(), args[0], f) })
		},
	}
	c.Flags().StringVar(&f.email, "email", "", "the e-mail `address`")
	c.Flags().BoolVar(&f.staff, "staff", false, "who has it may see the operations console")
	c.Flags().BoolVar(&f.superuser, "superuser", false, "mark it as a superuser, for a Django that shares the table")
	c.Flags().BoolVar(&f.noPassword, "no-password", false, "nobody can log in until \"user password\" sets one")
	c.Flags().BoolVar(&f.generate, "generate", false, "make a strong password and print it")
	return c
}

func (u *users) create(ctx context.Context, name string, f createFlags) error {
	var chosen secret.Text
	if !f.noPassword {
		var err error
		if chosen, err = u.choose(ctx, f.generate); err != nil {
			return err
		}
	}
	who, err := u.accounts.Create(ctx, accounts.User{
		Username: name, Email: f.email, Staff: f.staff, Superuser: f.superuser, Active: true,
	}, chosen.Reveal())
	if err != nil {
		return problems("no account was made", err)
	}
	text := "made the account " + shown(who.Username)
	if f.noPassword {
		text += ", with which nobody can log in until \"user password\" sets a password"
	}
	return u.done(text, f.generate, chosen)
}

func (p *program) userPasswordCommand() *cobra.Command {
	var generate bool
	c := &cobra.Command{
		Use:   "password NAME",
		Short: "Set a new password, and end all sessions of the account",
		Long: `Set a new password, and end all sessions of the account. It is asked for twice on a terminal, and else is the first line
of stdin; with --generate it is made, and stands alone on stdout, once.

Exits with 0 when the password is set, with 1 when it is not, for all the reasons that it says, and with 2 for wrong usage.`,
		Args: cli.Exactly(1),
		RunE: p.on(func(ctx context.Context, u *users, who accounts.User) error { return u.setPassword(ctx, who, generate) }),
	}
	c.Flags().BoolVar(&generate, "generate", false, "make a strong password and print it")
	return c
}

func (u *users) setPassword(ctx context.Context, who accounts.User, generate bool) error {
	chosen, err := u.choose(ctx, generate)
	if err != nil {
		return err
	}
	err = u.accounts.SetPassword(ctx, who.ID, chosen.Reveal())
	switch {
	case errors.Is(err, accounts.ErrConflict):
		return errors.New("the password was changed by somebody else at this moment, and not by this command: run it again if it is still to be changed")
	case err != nil:
		return problems("the password was not changed", err)
	}
	if err := u.done("set the password of "+shown(who.Username)+"; all sessions are ended", generate, chosen); err != nil {
		return err
	}
	if !who.Active {
		fmt.Fprintf(u.err, "hint: the account is inactive: nobody can log in to it before \"user unlock\"\n")
	}
	return nil
}

// choose returns the password that is to be set.
func (u *users) choose(ctx context.Context, generate bool) (secret.Text, error) {
	if generate {
		return generated(u.app.Settings().PasswordPolicy.MinLength), nil
	}
	return u.newPassword(ctx, u.accounts.PasswordHelp())
}

// done says what was done. A password that was made stands alone on stdout, for whoever passes it on.
func (u *users) done(text string, generate bool, chosen secret.Text) error {
	if !generate {
		return u.say("%s", text)
	}
	fmt.Fprintln(u.err, u.redact(text)+"; the password is printed this once")
	_, err := fmt.Fprintln(u.out, chosen.Reveal())
	return err
}

// problems makes an error of what accounts refused, with each reason in a line.
func problems(what string, err error) error {
	if _, busy := errors.AsType[*password.BusyError](err); busy {
		return fmt.Errorf("%s: the machine is busy hashing other passwords: try again", what)
	}
	invalid, ok := errors.AsType[*accounts.InvalidError](err)
	if !ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	var lines []string
	for _, problem := range invalid.Problems {
		lines = append(lines, "\n  "+problem.Field+": "+problem.Message)
	}
	return fmt.Errorf("%s, for %s:%s", what, words.Count(len(lines), "reason"), strings.Join(lines, ""))
}

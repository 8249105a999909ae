package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
)

// userPage is how many accounts are read at a time, and held in memory.
const userPage = 100

func (p *program) userListCommand() *cobra.Command {
	var locked, asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the accounts, and what is weak about them",
		Long: `List the accounts in the order of their names: whether somebody can log in, when somebody did last, how the password is
hashed and what is weak about that, and whether there is a second factor. No part of a hash is printed.

With --json each account is an object in a line of its own.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withUsers(cmd.Context(), func(u *users) error { return u.list(cmd.Context(), locked, asJSON) })
		},
	}
	c.Flags().BoolVar(&locked, "locked", false, "those alone that are inactive, or locked after failed logins")
	c.Flags().BoolVar(&asJSON, "json", false, "an object in a line for each")
	return c
}

// userState is what user list prints of an account; the JSON is a promise.
type userState struct {
	ID           string      `json:"id"`
	Username     string      `json:"username"`
	Email        string      `json:"email"`
	Active       bool        `json:"active"`
	Staff        bool        `json:"staff"`
	Superuser    bool        `json:"superuser"`
	Joined       time.Time   `json:"joined,omitzero"`
	LastLogin    time.Time   `json:"last_login,omitzero"`
	Password     hashState   `json:"password"`
	SecondFactor bool        `json:"second_factor"`
	Locks        []lockState `json:"locks"` // after failed logins
}

// hashState says how a password is kept, and nothing of it.
type hashState struct {
	Usable     bool   `json:"usable"` // somebody can log in with it
	Algorithm  string `json:"algorithm,omitempty"`
	Parameters string `json:"parameters,omitempty"`
	Weak       string `json:"weak,omitempty"`
}

type lockState struct {
	Kind    string    `json:"kind"` // as in package lockout: account, pair, device
	Until   time.Time `json:"until"`
	Network string    `json:"network,omitempty"` // of the last failure
	Reason  string    `json:"reason,omitempty"`
}

func (l lockState) words() string {
	text := "until " + stamp(l.Until, "2006-01-02 15:04") + " UTC after " + l.Reason
	if l.Network != "" {
		text += ", the last from " + shown(l.Network)
	}
	return text
}

func (u *users) list(ctx context.Context, locked, asJSON bool) error {
	locks, err := u.locks(ctx)
	if err != nil {
		return err
	}
	if !asJSON {
		if err := u.say("%s", userHead); err != nil {
			return err
		}
	}
	n := 0
	err = u.each(ctx, func(who accounts.User) error {
		state, err := u.state(ctx, who, locks)
		if err != nil || locked && state.Active && len(state.Locks) == 0 {
			return err
		}
		n++
		if asJSON {
			return u.sayJSON(state)
		}
		return u.say("%s", state.text())
	})
	if err != nil {
		return err
	}
	text := words.Count(n, "account")
	if locked {
		text = words.Count(n, "locked account")
	}
	fmt.Fprintln(u.err, text)
	return nil
}

// each calls f with every account, of which it holds a page at a time.
func (u *users) each(ctx context.Context, f func(accounts.User) error) error {
	after := ""
	for {
		page, err := u.store.List(ctx, after, userPage)
		if err != nil {
			return fmt.Errorf("the accounts cannot be listed: %w", err)
		}
		for _, who := range page {
			if err := errors.Join(ctx.Err(), f(who)); err != nil {
				return err
			}
		}
		if len(page) == 0 {
			return nil
		}
		last := page[len(page)-1].Username
		if last <= after { // or this would go on for ever
			return errors.New("the accounts cannot be listed: the store does not give them in the order of their names")
		}
		after = last
	}
}

func (u *users) state(ctx context.Context, who accounts.User, locks map[string][]lockState) (userState, error) {
	s := userState{
		ID: who.ID, Username: who.Username, Email: who.Email, Active: who.Active, Staff: who.Staff, Superuser: who.Superuser,
		Joined: who.Joined, LastLogin: who.LastLogin, Password: hashOf(who.Password),
		Locks: locks[lockout.AccountKey(accounts.CanonicalUsername(who.Username)).Subject],
	}
	if s.Locks == nil {
		s.Locks = []lockState{}
	}
	if u.factors == nil {
		return s, nil
	}
	all, err := u.factors.Factors(ctx, who.ID)
	if err != nil {
		return s, fmt.Errorf("the second factors cannot be read: %w", err)
	}
	s.SecondFactor = slices.ContainsFunc(all, func(f accounts.Factor) bool { return f.Confirmed && f.Kind != accounts.RecoveryCodes })
	return s, nil
}

func hashOf(encoded string) hashState {
	if encoded == "" || !password.Usable(encoded) {
		return hashState{}
	}
	info, err := password.Inspect(encoded)
	if err != nil {
		return hashState{Weak: "nobody can log in with it: " + err.Error()}
	}
	return hashState{true, info.Algorithm, info.Parameters, info.Weak}
}

// userRow lays a line out. It is fixed, because a table that fits its contents would have to hold them all.
const userRow = "%-20s  %-26s  %-9s  %-8s  %-16s  %-13s  %s"

var userHead = fmt.Sprintf(userRow, "NAME", "E-MAIL", "RIGHTS", "STATE", "LAST LOGIN", "HASH", "FACTOR")

// text returns the account's line, and below it what is to be known besides.
func (s userState) text() string {
	rights, state, hash, factor, email := "-", "active", "none", "no", "-"
	switch {
	case s.Superuser:
		rights = "superuser"
	case s.Staff:
		rights = "staff"
	}
	switch {
	case !s.Active:
		state = "inactive"
	case len(s.Locks) > 0:
		state = "locked"
	}
	if s.Password.Usable {
		hash = s.Password.Algorithm
	}
	if s.SecondFactor {
		factor = "yes"
	}
	if s.Email != "" {
		email = shown(s.Email)
	}
	lines := []string{fmt.Sprintf(userRow, shown(s.Username), email, rights, state, stamp(s.LastLogin, "2006-01-02 15:04"), hash, factor)}
	if s.Password.Weak != "" {
		lines = append(lines, "  weak password hash: "+s.Password.Weak)
	}
	for _, lock := range s.Locks {
		lines = append(lines, "  locked "+lock.words())
	}
	return strings.Join(lines, "\n")
}

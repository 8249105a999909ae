package manage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/session"
)

type sessionFlags struct {
	end         string
	all, asJSON bool
}

func (p *program) userSessionsCommand() *cobra.Command {
	var f sessionFlags
	c := &cobra.Command{
		Use:   "sessions NAME",
		Short: "List the sessions of an account, or end them",
		Long: `List the sessions of an account, the one used last first, or end one or all of them. The IDs open nothing.

With --json each session is an object in a line of its own.`,
		Args: cli.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ends := cmd.Flags().Changed("end")
			switch {
			case ends && f.all:
				return cli.Usage("--end and --end-all exclude each other")
			case f.asJSON && (ends || f.all):
				return cli.Usage("--json lists: it goes with neither --end nor --end-all")
			case ends && f.end == "":
				return cli.Usage("--end needs the ID of a session, as \"user sessions NAME\" lists it")
			}
			return p.on(func(ctx context.Context, u *users, who accounts.User) error { return u.sessions(ctx, who, f) })(cmd, args)
		},
	}
	c.Flags().StringVar(&f.end, "end", "", "end the session of this `ID`")
	c.Flags().BoolVar(&f.all, "end-all", false, "end all of them")
	c.Flags().BoolVar(&f.asJSON, "json", false, "an object in a line for each")
	return c
}

// sessionLine is what user sessions prints of a session; the JSON is a promise.
type sessionLine struct {
	ID           string    `json:"id"`
	Begun        time.Time `json:"begun,omitzero"`
	Seen         time.Time `json:"seen,omitzero"`
	Expires      time.Time `json:"expires,omitzero"`
	Network      string    `json:"network,omitempty"`
	Agent        string    `json:"agent,omitempty"`
	SecondFactor time.Time `json:"second_factor,omitzero"` // when it was shown
}

func (u *users) sessions(ctx context.Context, who accounts.User, f sessionFlags) error {
	u.noteSessions()
	switch {
	case f.all:
		n, err := u.app.Sessions().EndUser(ctx, who.ID)
		if err != nil {
			return err
		}
		u.event(ctx, "all sessions of a user were ended by an operator", "airworthy.security.SessionEnded", who)
		return u.say("ended %s of %s", words.Count(n, "session"), shown(who.Username))
	case f.end != "":
		err := u.app.Sessions().End(ctx, who.ID, f.end)
		if errors.Is(err, session.ErrNotFound) {
			return fmt.Errorf("%s has no session %q: \"user sessions NAME\" lists them", shown(who.Username), f.end)
		}
		if err != nil {
			return err
		}
		u.event(ctx, "a session was ended by an operator", "airworthy.security.SessionEnded", who)
		return u.say("ended 1 session of %s", shown(who.Username))
	}
	all, err := u.accounts.SessionsOf(ctx, who.ID)
	if err != nil {
		return err
	}
	if !f.asJSON && len(all) > 0 {
		if err := u.say(sessionRow, "BEGUN", "LAST SEEN", "EXPIRES", "FACTOR", "NETWORK", "ID"); err != nil {
			return err
		}
	}
	for _, s := range all {
		line := sessionLine{s.ID, s.Begun, s.Seen, s.Expires, s.Network, s.Agent, s.Factor}
		if f.asJSON {
			err = u.sayJSON(line)
		} else {
			err = u.say("%s", line.text())
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprintln(u.err, words.Count(len(all), "session"))
	return nil
}

const sessionRow = "%-16s  %-16s  %-16s  %-16s  %-20s  %s"

func (l sessionLine) text() string {
	const minute = "2006-01-02 15:04"
	network := "-"
	if l.Network != "" {
		network = shown(l.Network)
	}
	text := fmt.Sprintf(sessionRow, stamp(l.Begun, minute), stamp(l.Seen, minute), stamp(l.Expires, minute),
		stamp(l.SecondFactor, minute), network, l.ID)
	if l.Agent != "" {
		text += "\n  " + shown(l.Agent)
	}
	return text
}

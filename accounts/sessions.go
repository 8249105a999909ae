package accounts

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/airworthy-go/airworthy/session"
)

// SessionState is one session of a user, for lists.
type SessionState struct {
	ID      string // for EndSession
	Current bool   // the one of the request
	Begun   time.Time
	Seen    time.Time
	Expires time.Time
	Agent   string // what the browser called itself when it logged in; anything at all
	Network string // where it was then
	Factor  time.Time
}

// Sessions returns the sessions of who is logged in, the present one first.
func (a *Accounts) Sessions(ctx context.Context) ([]SessionState, error) {
	u, err := a.mustCurrent(ctx)
	if err != nil {
		return nil, err
	}
	return a.SessionsOf(ctx, u.ID)
}

// SessionsOf returns the sessions of any user, for an operator: the present one first if it is among them, then those
// used last.
func (a *Accounts) SessionsOf(ctx context.Context, id string) ([]SessionState, error) {
	entries, err := a.cfg.Sessions.List(ctx, id)
	if err != nil {
		return nil, err
	}
	own := ""
	if s := session.From(ctx); s != nil {
		own = s.ID()
	}
	var states []SessionState
	for _, e := range entries {
		state := SessionState{ID: e.ID, Current: e.ID == own, Begun: e.Created, Seen: e.Seen, Expires: e.Expires}
		for key, value := range session.Pairs(e.Data) {
			var at int64
			switch key {
			case keyAgent:
				_ = json.Unmarshal([]byte(value), &state.Agent) // another program's values are not ours to judge
			case keyNetwork:
				_ = json.Unmarshal([]byte(value), &state.Network)
			case keyFactor:
				if json.Unmarshal([]byte(value), &at) == nil && at > 0 {
					state.Factor = time.Unix(at, 0)
				}
			}
		}
		states = append(states, state)
	}
	slices.SortFunc(states, func(a, b SessionState) int {
		if a.Current != b.Current {
			if a.Current {
				return -1
			}
			return 1
		}
		return b.Seen.Compare(a.Seen)
	})
	return states, nil
}

// EndSession ends the session of who is logged in that Sessions calls id. The error is session.ErrNotFound if there is
// none such, also when it is another user's.
func (a *Accounts) EndSession(ctx context.Context, id string) error {
	u, err := a.mustCurrent(ctx)
	if err != nil {
		return err
	}
	if err := a.cfg.Sessions.End(ctx, u.ID, id); err != nil {
		return err
	}
	a.event(ctx, slog.LevelInfo, "airworthy.security.SessionEnded", "a session was ended by its owner", *u)
	return nil
}

// EndOtherSessions ends all sessions of who is logged in but the present one, and returns how many there were.
func (a *Accounts) EndOtherSessions(ctx context.Context) (int, error) {
	u, err := a.mustCurrent(ctx)
	if err != nil {
		return 0, err
	}
	n, err := session.From(ctx).EndOthers()
	if err == nil {
		a.event(ctx, slog.LevelInfo, "airworthy.security.SessionEnded", "all other sessions were ended by their owner", *u)
	}
	return n, err
}

// SetActive lets a user log in or not, for an operator. Who may not is logged out everywhere.
func (a *Accounts) SetActive(ctx context.Context, id string, active bool) error {
	u, err := a.cfg.Store.ByID(ctx, id)
	if err != nil {
		return err
	}
	if err := a.cfg.Store.SetActive(ctx, id, active); err != nil {
		return err
	}
	if active {
		a.event(ctx, slog.LevelWarn, "airworthy.security.AccountUnlocked", "an account was made active by an operator", u)
		return nil
	}
	a.event(ctx, slog.LevelWarn, "airworthy.security.AccountLocked", "an account was made inactive by an operator", u)
	_, err = a.cfg.Sessions.EndUser(ctx, id)
	return err
}

// Store returns the Config's store, for lists of users.
func (a *Accounts) Store() Store { return a.cfg.Store }

package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/session"
)

func (p *Pages) sessions(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	page, err := p.memberPage(r, u, "sessions", "sessions/", "Sessions")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	states, err := p.accounts.Sessions(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	now := time.Now()
	page.Intro = "Where you are logged in. If you do not know one of these, end it and change your password."
	for _, s := range states {
		item := Item{Title: describe(s.Agent), Lines: []string{
			"Network " + network(s.Network),
			fmt.Sprintf("Logged in on %s, last used %s", s.Begun.UTC().Format("2 January 2006, 15:04 UTC"), ago(s.Seen, now)),
		}}
		if s.Current {
			item.Tag = "This one"
		} else {
			item.Buttons = []Button{{
				Action: p.cfg.Path + "sessions/", Label: "End", About: "End the session of " + item.Title + ", last used " + ago(s.Seen, now),
				Hidden: []Hidden{{"end", s.ID}},
			}}
		}
		page.Items = append(page.Items, item)
	}
	if len(states) > 1 {
		page.Buttons = []Button{{Action: p.cfg.Path + "sessions/", Label: "End all others", Danger: true, Hidden: []Hidden{{"others", "1"}}}}
	}
	p.show(w, r, http.StatusOK, page)
}

func (p *Pages) endSessions(w http.ResponseWriter, r *http.Request, _ *accounts.User) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	notice, err := "session", error(nil)
	if v["others"] != "" {
		notice = "others"
		_, err = p.accounts.EndOtherSessions(r.Context())
	} else {
		err = p.accounts.EndSession(r.Context(), v["end"])
	}
	switch {
	case errors.Is(err, session.ErrNotFound): // it ended by itself, or is another user's
		p.done(w, r, "gone", "sessions/")
	case err != nil:
		p.fail(w, r, err)
	default:
		p.done(w, r, notice, "sessions/")
	}
}

// network returns how a network is shown: a single address without the number of its bits.
func network(s string) string {
	prefix, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return "unknown"
	case prefix.IsSingleIP():
		return prefix.Addr().String()
	}
	return prefix.String()
}

// ago says how long ago t was, in words.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "never"
	case d < 2*time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute") + " ago"
	case d < 24*time.Hour:
		return count(int(d/time.Hour), "hour") + " ago"
	}
	return count(int(d/(24*time.Hour)), "day") + " ago"
}

package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Sessions is what the page of sessions needs.
type Sessions struct {
	List   func(ctx context.Context, user string) ([]SessionRow, error)  // of the user of that name; none if there is no such user
	End    func(ctx context.Context, user, id string) error              // one of them
	EndAll func(ctx context.Context, user string) (ended int, err error) // all of them, the visitor's own too
}

// SessionRow is one session.
type SessionRow struct {
	ID                     string // names it; opens nothing
	LoggedIn, Seen, Expire time.Time
	From, Agent            string // network, and what the browser says it is; empty if unknown
	Current                bool   // the one that asks
}

// SessionsPage shows whose sessions there are, and ends them.
func SessionsPage(s Sessions) Page {
	return Page{Path: "sessions", Title: "Sessions", Show: s.show, Act: map[string]func(context.Context, *http.Request) (string, error){
		"end": s.end, "end-all": s.endAll,
	}}
}

func (s Sessions) show(ctx context.Context, r *http.Request) (View, error) {
	user := strings.TrimSpace(r.URL.Query().Get("user"))
	if user == "" {
		user = From(ctx).Name
	}
	rows, err := s.List(ctx, user)
	if err != nil {
		return View{}, err
	}
	search := Section{Form: &Form{Submit: "Show sessions", Fields: []Field{
		{Name: "user", Label: "User name", Value: user, Type: "search", Required: true},
	}}}
	list := Section{Title: "Sessions of " + user, Columns: []string{"Session", "Logged in", "Last used", "Expires", "From"},
		Empty: "This user has no sessions, or there is no such user."}
	for _, row := range rows {
		list.Rows = append(list.Rows, s.row(user, row))
	}
	v := View{Intro: "Ending a session logs its browser out with the next request.", Sections: []Section{search, list}}
	if len(rows) > 1 {
		v.Sections = append(v.Sections, Section{Title: "All at once", Form: &Form{Action: "end-all", Danger: true,
			Values: url.Values{"user": {user}}, Submit: fmt.Sprintf("End all %d sessions of %s", len(rows), user)}})
	}
	return v, nil
}

func (s Sessions) row(user string, row SessionRow) Row {
	name := Cell{Text: short(row.ID), Code: true}
	if row.Current {
		name.Note = "this one"
	}
	return Row{
		Cells: []Cell{name, {Time: row.LoggedIn}, {Time: row.Seen}, {Time: row.Expire}, {Text: row.From, Code: row.From != "", Note: row.Agent}},
		Actions: []Action{{Label: "End", About: "the session " + short(row.ID), Name: "end", Danger: true,
			Values: url.Values{"user": {user}, "id": {row.ID}}}},
	}
}

// short returns as much of an id as tells sessions apart: people compare the beginnings of long ones anyway.
func short(id string) string { return printable(id[:min(len(id), 12)]) }

func (s Sessions) end(ctx context.Context, r *http.Request) (string, error) {
	user, id := r.PostForm.Get("user"), r.PostForm.Get("id")
	if err := s.End(ctx, user, id); err != nil {
		return "", err
	}
	return fmt.Sprintf("The session %s of %s is ended.", short(id), user), nil
}

func (s Sessions) endAll(ctx context.Context, r *http.Request) (string, error) {
	user := r.PostForm.Get("user")
	n, err := s.EndAll(ctx, user)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s of %s ended.", count(n, "session"), user), nil
}

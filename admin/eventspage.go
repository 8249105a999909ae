package admin

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// EventRow is one security event, masked already.
type EventRow struct {
	Time                   time.Time
	Level                  slog.Level
	Name, Message, Details string
	RequestID, Client      string
}

// eventsShown is how many events a page shows.
const eventsShown = 100

const allEvents = "all"

// EventsPage shows the latest security events of this instance, which list returns with the newest first.
func EventsPage(list func() []EventRow) Page {
	return Page{Path: "events", Title: "Events", Show: func(_ context.Context, r *http.Request) (View, error) {
		return eventsView(list(), r.URL.Query()), nil
	}}
}

func eventsView(all []EventRow, query url.Values) View {
	chosen := cmp.Or(query.Get("event"), allEvents)
	before, err := strconv.ParseInt(query.Get("before"), 10, 64)
	names := []string{allEvents}
	table := Section{Title: "Latest events", Columns: []string{"When", "Event", "What", "From, request"}, Empty: "There are none."}
	for _, e := range all {
		names = append(names, e.Name)
		switch {
		case chosen != allEvents && e.Name != chosen, err == nil && e.Time.UnixNano() >= before:
		case len(table.Rows) < eventsShown:
			table.Rows = append(table.Rows, eventRow(e))
			query.Set("before", strconv.FormatInt(e.Time.UnixNano(), 10))
		default:
			table.Next = "?" + url.Values{"event": {chosen}, "before": query["before"]}.Encode()
		}
	}
	slices.Sort(names[1:])
	table.Form = &Form{Submit: "Show", Fields: []Field{{Name: "event", Label: "Event", Value: chosen, Options: slices.Compact(names)}}}
	return View{Intro: "What happened lately on this instance since it started. Other instances, and what is older, are in the log.",
		Sections: []Section{table}}
}

func eventRow(e EventRow) Row {
	when := Cell{Time: e.Time}
	from := Cell{Text: e.Client, Code: e.Client != ""}
	from.Note = e.RequestID
	name := Cell{Text: e.Name, Code: true}
	if e.Level >= slog.LevelError {
		name.Note = "error"
	}
	return Row{Cells: []Cell{when, name, {Text: e.Message, Note: e.Details}, from}}
}

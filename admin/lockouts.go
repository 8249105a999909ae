package admin

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// Lockouts is what the page of lockouts needs.
type Lockouts struct {
	List   func(ctx context.Context, limit int) ([]LockoutRow, error) // what is locked now, the latest first
	Unlock func(ctx context.Context, kind, subject string) error
}

// LockoutRow is one lock.
type LockoutRow struct {
	Kind, Subject string // what is locked: "account" and a name; any bytes
	Since, Until  time.Time
	Failures      int    // that led to it
	Locks         int    // how many there were, this one included
	From          string // the network of the last failure; empty if unknown
	Reason        string
}

// maxLockouts is how many locks a page shows.
const maxLockouts = 200

// LockoutsPage shows who is kept from logging in, and lets them in again.
func LockoutsPage(l Lockouts) Page {
	return Page{Path: "lockouts", Title: "Lockouts", Show: l.show,
		Act: map[string]func(context.Context, *http.Request) (string, error){"unlock": l.unlock}}
}

func (l Lockouts) show(ctx context.Context, _ *http.Request) (View, error) {
	rows, err := l.List(ctx, maxLockouts+1)
	if err != nil {
		return View{}, err
	}
	list := Section{Title: "Locked now", Columns: []string{"Locked", "Since", "Until", "Last from", "Why"},
		Empty: "Nobody is locked out."}
	if len(rows) > maxLockouts {
		rows = rows[:maxLockouts]
		list.Intro = fmt.Sprintf("The latest %d; there are more.", maxLockouts)
	}
	for _, row := range rows {
		list.Rows = append(list.Rows, lockoutRow(row))
	}
	return View{Intro: "Too many wrong passwords lock an account, a network or the pair for a while. A lock that is taken away" +
		" starts to count from nothing.", Sections: []Section{list}}, nil
}

func lockoutRow(row LockoutRow) Row {
	why := Cell{Text: row.Reason, Note: count(row.Failures, "failure")}
	if row.Locks > 1 {
		why.Note += fmt.Sprintf(", lock number %d", row.Locks)
	}
	shown := printable(row.Subject)
	return Row{
		Cells: []Cell{{Text: shown, Note: row.Kind}, {Time: row.Since}, {Time: row.Until}, {Text: row.From, Code: row.From != ""}, why},
		Actions: []Action{{Label: "Unlock", About: "the " + row.Kind + " " + shown, Name: "unlock",
			// What is locked may have bytes that no HTML can carry.
			Values: url.Values{"kind": {row.Kind}, "subject": {base64.RawURLEncoding.EncodeToString([]byte(row.Subject))}}}},
	}
}

func (l Lockouts) unlock(ctx context.Context, r *http.Request) (string, error) {
	kind := r.PostForm.Get("kind")
	subject, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get("subject"))
	if err != nil {
		return "", Problem("This form is damaged. Please load the page again.")
	}
	if err := l.Unlock(ctx, kind, string(subject)); err != nil {
		return "", err
	}
	return fmt.Sprintf("The %s %s is unlocked.", kind, printable(string(subject))), nil
}

// printable returns s with a space for each run of characters that do not print.
func printable(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\x00"), func(c rune) bool { return !unicode.IsPrint(c) }), " ")
}

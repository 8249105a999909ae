package site

import (
	"context"
	"database/sql"
	"fmt"
	"time"
	"unicode/utf8"
)

// Note is one note on the board.
type Note struct {
	Author string    `json:"author"`
	Text   string    `json:"text"`
	Posted time.Time `json:"posted"`
}

// The longest author and text of a note, in characters.
const (
	MaxAuthor = 40
	MaxText   = 500
)

// InvalidError says what is wrong with a note, in words for its author.
type InvalidError struct{ Problem string }

// Error returns the problem.
func (e *InvalidError) Error() string { return "site: invalid note: " + e.Problem }

// Notes keeps the notes in an SQL database.
type Notes struct{ db *sql.DB }

// OpenNotes returns the notes in db and makes their table if there is none.
func OpenNotes(ctx context.Context, db *sql.DB) (*Notes, error) {
	const schema = `CREATE TABLE IF NOT EXISTS notes (
		id INTEGER PRIMARY KEY, author TEXT NOT NULL, text TEXT NOT NULL, posted INTEGER NOT NULL)`
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, fmt.Errorf("site: making the notes table: %w", err)
	}
	return &Notes{db}, nil
}

// Add checks and saves a note, and returns it as saved. The error is an [*InvalidError] if the author can mend it.
func (n *Notes) Add(ctx context.Context, note Note) (Note, error) {
	if note.Author == "" {
		note.Author = "somebody"
	}
	switch {
	case note.Text == "":
		return Note{}, &InvalidError{"Write something first."}
	case !utf8.ValidString(note.Text) || !utf8.ValidString(note.Author):
		return Note{}, &InvalidError{"The note holds characters that cannot be stored."}
	case utf8.RuneCountInString(note.Text) > MaxText:
		return Note{}, &InvalidError{fmt.Sprintf("A note has at most %d characters.", MaxText)}
	case utf8.RuneCountInString(note.Author) > MaxAuthor:
		return Note{}, &InvalidError{fmt.Sprintf("A name has at most %d characters.", MaxAuthor)}
	}
	note.Posted = time.Now().UTC().Truncate(time.Second)
	const insert = `INSERT INTO notes (author, text, posted) VALUES (?, ?, ?)`
	if _, err := n.db.ExecContext(ctx, insert, note.Author, note.Text, note.Posted.Unix()); err != nil {
		return Note{}, fmt.Errorf("site: saving a note: %w", err)
	}
	return note, nil
}

// Latest returns up to limit notes, the newest first.
func (n *Notes) Latest(ctx context.Context, limit int) ([]Note, error) {
	rows, err := n.db.QueryContext(ctx, `SELECT author, text, posted FROM notes ORDER BY id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("site: reading the notes: %w", err)
	}
	defer rows.Close()
	var notes []Note
	for rows.Next() {
		var note Note
		var posted int64
		if err := rows.Scan(&note.Author, &note.Text, &posted); err != nil {
			return nil, fmt.Errorf("site: reading a note: %w", err)
		}
		note.Posted = time.Unix(posted, 0).UTC()
		notes = append(notes, note)
	}
	return notes, rows.Err()
}

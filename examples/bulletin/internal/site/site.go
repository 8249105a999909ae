// Package site is the bulletin board itself: its pages, its form and its notes. It knows net/http and html/template;
// what makes it fit for production is around it, not in it.
package site

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/session"
)

//go:embed templates assets
var files embed.FS

// ErrorPages returns the site's own 403.html, 404.html and so on.
func ErrorPages() fs.FS {
	sub, err := fs.Sub(files, "templates/errors")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{"ago": ago}).ParseFS(files, "templates/*.html"))

// Site serves the board.
type Site struct {
	Log      *slog.Logger       // set both before the first request
	Accounts *accounts.Accounts // nil for a board without any

	notes *Notes
	mux   *http.ServeMux
}

// New returns a Site on the given notes, which logs to slog.Default().
func New(notes *Notes) *Site {
	s := &Site{Log: slog.Default(), notes: notes, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /{$}", s.board)
	s.mux.HandleFunc("POST /notes", s.post)
	s.mux.HandleFunc("GET /assets/{name}", s.asset)
	s.mux.HandleFunc("GET /favicon.ico", s.icon)
	return s
}

// ServeHTTP serves one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// page is what templates/board.html is given.
type page struct {
	Notes  []Note
	User   string // who is logged in
	Users  bool   // whether anybody can
	Author string
	Flash  string
	Error  string
	Draft  Note
	Nonce  string
	CSRF   template.HTML
}

func (s *Site) board(w http.ResponseWriter, r *http.Request) { s.render(w, r, http.StatusOK, page{}) }

// render shows the board with what p adds to it.
func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, p page) {
	ctx := r.Context()
	notes, err := s.notes.Latest(ctx, 50)
	if err != nil {
		s.fail(w, r, "reading the notes", err)
		return
	}
	visit := session.From(ctx)
	user, err := s.user(ctx)
	if err != nil {
		s.fail(w, r, "looking up the visitor", err)
		return
	}
	p.Notes, p.User, p.Users, p.Author = notes, user, s.Accounts != nil, visit.String("author")
	if p.Flash = visit.String("flash"); p.Flash != "" {
		if err := visit.Delete("flash"); err != nil {
			s.fail(w, r, "forgetting the message", err)
			return
		}
	}
	p.Nonce, p.CSRF = csp.Nonce(ctx), csrf.Field(ctx)

	var buf bytes.Buffer // a template that fails half-way must not send half a page
	if err := pages.ExecuteTemplate(&buf, "board.html", p); err != nil {
		s.fail(w, r, "rendering the board", err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w)
}

// user returns the name of who is logged in, cut to what a note has room for; empty for nobody.
func (s *Site) user(ctx context.Context) (string, error) {
	if s.Accounts == nil {
		return "", nil
	}
	u, err := s.Accounts.Current(ctx)
	if err != nil || u == nil {
		return "", err
	}
	name := []rune(u.Username)
	return string(name[:min(len(name), MaxAuthor)]), nil
}

// post takes a note from the form, or from the page's script, which asks for JSON.
func (s *Site) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	note := Note{Author: clean(r.PostFormValue("author")), Text: clean(r.PostFormValue("text"))}
	user, err := s.user(r.Context())
	if err != nil {
		s.fail(w, r, "looking up the visitor", err)
		return
	}
	if user != "" {
		note.Author = user // nobody else's name
	}
	wantsJSON := r.Header.Get("Accept") == "application/json"

	saved, err := s.notes.Add(r.Context(), note)
	var invalid *InvalidError
	switch {
	case errors.As(err, &invalid) && wantsJSON:
		s.json(w, http.StatusUnprocessableEntity, map[string]string{"error": invalid.Problem})
	case errors.As(err, &invalid):
		s.render(w, r, http.StatusUnprocessableEntity, page{Error: invalid.Problem, Draft: note})
	case err != nil:
		s.fail(w, r, "saving a note", err)
	case wantsJSON:
		s.remember(r.Context(), saved, "")
		s.json(w, http.StatusCreated, saved)
	default:
		s.remember(r.Context(), saved, "Your note is on the board.")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// remember keeps the visitor's name for the next note, and a message for the next page.
func (s *Site) remember(ctx context.Context, n Note, flash string) {
	visit := session.From(ctx)
	err := visit.Set("author", n.Author)
	if flash != "" {
		err = errors.Join(err, visit.Set("flash", flash))
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "remembering the visitor", "error", err)
	}
}

// icon is for the pages that say nothing of one, such as those of accounts.
func (s *Site) icon(w http.ResponseWriter, r *http.Request) { s.file(w, r, "assets/icon.svg") }

func (s *Site) asset(w http.ResponseWriter, r *http.Request) {
	s.file(w, r, "assets/"+r.PathValue("name"))
}

func (s *Site) file(w http.ResponseWriter, r *http.Request, name string) {
	if _, err := fs.Stat(files, name); err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeFileFS(w, r, files, name)
}

func (s *Site) json(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Site) fail(w http.ResponseWriter, r *http.Request, doing string, err error) {
	s.Log.ErrorContext(r.Context(), doing, "error", err)
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

// clean trims what was typed and makes its line ends one kind.
func clean(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// ago says how long ago t was, in words.
func ago(t time.Time) string {
	switch minutes := int(time.Since(t) / time.Minute); {
	case minutes < 1:
		return "just now"
	case minutes < 60:
		return fmt.Sprintf("%d min ago", minutes)
	default:
		return t.UTC().Format("2 January 2006, 15:04 UTC")
	}
}

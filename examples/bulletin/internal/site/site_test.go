package site_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/examples/bulletin/internal/site"
	"github.com/airworthy-go/airworthy/secret"
)

// visit starts the site as development serves it and returns its address and a visitor with cookies.
func visit(t *testing.T) (string, *http.Client) {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), sqlstore.SQLite, secret.New("file:"+t.TempDir()+"/db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	notes, err := site.OpenNotes(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	cfg := airworthy.Development()
	cfg.Logs.Output = io.Discard
	cfg.ErrorPages.Debug, cfg.Hosts.Debug = false, true
	cfg.ErrorPages.Templates = site.ErrorPages()
	app, err := airworthy.New(cfg, site.New(notes))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(app)
	t.Cleanup(srv.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return srv.URL, &http.Client{Jar: jar}
}

// send sends a form as a browser would from a page of the site, and returns the status and the body of the last answer.
func send(t *testing.T, c *http.Client, address, accept string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", address+"/notes", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept", accept)
	return do(t, c, r)
}

func do(t *testing.T, c *http.Client, r *http.Request) (int, string) {
	t.Helper()
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func get(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	return do(t, c, r)
}

func TestANotePostedWithTheFormStandsOnTheBoard(t *testing.T) {
	address, c := visit(t)
	status, page := send(t, c, address, "text/html", url.Values{"author": {" Ada "}, "text": {"<script>alert(1)</script>"}})
	if status != 200 || !strings.Contains(page, "Your note is on the board.") {
		t.Errorf("status %d, want the board with a message", status)
	}
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("the note's markup is not escaped")
	}
	if !strings.Contains(page, `value="Ada"`) {
		t.Error("the visitor's name is not remembered")
	}
	if _, page := get(t, c, address); strings.Contains(page, "Your note is on the board.") {
		t.Error("the message is shown twice")
	}
}

func TestANotePostedByTheScriptIsAnsweredWithJSON(t *testing.T) {
	address, c := visit(t)
	status, body := send(t, c, address, "application/json", url.Values{"text": {"hello"}})
	var note site.Note
	if err := json.Unmarshal([]byte(body), &note); err != nil || status != 201 || note.Text != "hello" || note.Author != "somebody" {
		t.Errorf("status %d, note %+v, %v", status, note, err)
	}
}

func TestNotesThatCannotBeTaken(t *testing.T) {
	address, c := visit(t)
	for name, form := range map[string]url.Values{
		"no text":     {"text": {" \n "}},
		"long text":   {"text": {strings.Repeat("ä", site.MaxText+1)}},
		"long author": {"text": {"x"}, "author": {strings.Repeat("ä", site.MaxAuthor+1)}},
		"not UTF-8":   {"text": {"a\xff"}},
	} {
		if status, body := send(t, c, address, "text/html", form); status != 422 || !strings.Contains(body, `role="alert">`) {
			t.Errorf("%s: status %d, want 422 and the board with what is wrong", name, status)
		}
		if status, _ := send(t, c, address, "application/json", form); status != 422 {
			t.Errorf("%s for the script: status %d, want 422", name, status)
		}
	}
	if status, _ := send(t, c, address, "text/html", url.Values{"text": {strings.Repeat("ä", site.MaxText)}}); status != 200 {
		t.Errorf("the longest note: status %d, want 200", status)
	}
	if status, _ := send(t, c, address, "text/html", url.Values{"text": {strings.Repeat("x", 1<<20)}}); status != 400 {
		t.Errorf("a form of 1 MB: status %d, want 400", status)
	}
}

func TestTheSitesOwnErrorPages(t *testing.T) {
	address, c := visit(t)
	status, page := get(t, c, address+"/nowhere")
	if status != 404 || !strings.Contains(page, "fallen off the board") {
		t.Errorf("status %d, want the site's own page for 404:\n%s", status, page)
	}
	if status, page := get(t, c, address+"/assets/..%2fsite.go"); status != 404 || strings.Contains(page, "package site") {
		t.Errorf("an asset outside the folder: status %d, want 404", status)
	}
	if status, page := get(t, c, address+"/favicon.ico"); status != 200 || !strings.Contains(page, "<svg") {
		t.Errorf("the icon: status %d, %s", status, page)
	}
	if status, page := get(t, c, address+"/assets/bulletin.css"); status != 200 || !strings.Contains(page, "color-scheme") {
		t.Errorf("the style sheet: status %d, want 200", status)
	}
}

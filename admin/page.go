package admin

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Page is one page of the console.
type Page struct {
	Path  string // below the console's path: one word, such as "sessions"
	Title string // in the menu and above the page

	// Show returns what there is to see. An error becomes a section that says so, and is logged.
	Show func(ctx context.Context, r *http.Request) (View, error)

	// Act holds what the page can do, by name. It gets a POST whose form is read already and whose origin is right, and
	// returns one sentence that the page shows once. An error is logged; its text is shown only if it is a [Problem].
	Act map[string]func(ctx context.Context, r *http.Request) (message string, err error)
}

// View is what a page shows. All its text is escaped.
type View struct {
	Intro    string // one or two sentences under the title
	Sections []Section
}

// Tone colours a text. What it means stands in the text too: not everybody sees colours.
type Tone string

// The tones. The zero Tone is plain.
const (
	Good  Tone = "good"
	Warn  Tone = "warn"
	Bad   Tone = "bad"
	Quiet Tone = "quiet"
)

// Section is a part of a page: what is set comes in the order of the fields.
type Section struct {
	ID     string // for links within the page; empty for none
	Title  string // empty for a part that needs none
	Badge  Cell   // beside the title
	Intro  string
	Form   *Form
	Facts  []Fact
	Figure template.HTML // such as a chart in SVG; goes out as it is, so nothing that a visitor wrote may be in it unescaped

	Columns []string // the heads of the table; none for no table
	Rows    []Row
	Empty   string // in place of a table without rows
	Next    string // address of the next page of a long table, such as "?after=42"; empty for none
}

// Fact is a name with a value.
type Fact struct {
	Label string
	Cell
}

// Row is a row of a table.
type Row struct {
	Cells   []Cell // as many as the section has Columns
	Actions []Action
}

// Cell is one value. Of Text and Time one is set.
type Cell struct {
	Text string
	Time time.Time
	Note string // a second line, smaller
	Link string // address that the text leads to; html/template drops what is no http address
	Tone Tone   // makes the text a badge
	Code bool   // text for machines: an id, a setting
}

// Action is a button that posts to the page that it stands on.
type Action struct {
	Label  string // what it does: "Unlock"
	About  string // what to: "the account alice"; for screen readers, to which all the buttons sound alike otherwise
	Name   string // of the action in [Page.Act]
	Values url.Values
	Danger bool // cannot be taken back
}

// Form is a form. Its fields are in r.Form.
type Form struct {
	Action string // name of the action in [Page.Act], which it posts to; empty for a search, which is a GET of the page
	Fields []Field
	Values url.Values // further fields, which nobody sees
	Submit string     // what the button says
	Danger bool       // what it does cannot be taken back
}

// Field is one field of a form.
type Field struct {
	Name, Label string
	Value       string
	Hint        string
	Type        string // "text" if empty, or "search", "number", "email"
	Required    bool
	Options     []string // makes it a list to choose from
}

// Problem is an error of an action whose text is meant for whoever acted: one sentence.
type Problem string

// Error returns the text.
func (p Problem) Error() string { return string(p) }

type visitorKey struct{}

// From returns the visitor for whom a page is shown or acts; nobody elsewhere.
func From(ctx context.Context) Visitor {
	v, _ := ctx.Value(visitorKey{}).(Visitor)
	return v
}

// page is a Page with its address.
type page struct {
	Page
	URL string
}

// compile takes over the pages.
func (g *Guard) compile(pages []Page) error {
	var errs []error
	bad := func(p Page, what string) { errs = append(errs, fmt.Errorf("admin: Pages: %q: %s", p.Path, what)) }
	g.byPath = map[string]*page{}
	for _, p := range pages {
		switch {
		case p.Path == "" || strings.ContainsFunc(p.Path, notPlain) || strings.Trim(p.Path, ".") == "":
			bad(p, "not one word: use letters, digits, hyphens and underscores")
		case p.Title == "" || p.Show == nil:
			bad(p, "has no Title or no Show: set both")
		case g.byPath[p.Path] != nil:
			bad(p, "there are two pages of this path: give them different ones")
		}
		for name, act := range p.Act {
			if name == "" || act == nil {
				bad(p, "has an action without name or function: set both")
			}
		}
		compiled := &page{p, g.path + "/" + p.Path}
		g.pages = append(g.pages, compiled)
		g.byPath[p.Path] = compiled
	}
	if len(pages) == 0 {
		errs = append(errs, errors.New("admin: Pages: there are none: give the console something to show, or set no ADMIN_PATH"))
	}
	return errors.Join(errs...)
}

package admin

import (
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Names of what a form sends beside its fields.
const (
	actionKey = "action"
	noteKey   = "note"
)

//go:embed console.html console.css
var files embed.FS

var (
	style  = read("console.css")
	layout = template.Must(template.New("").Funcs(template.FuncMap{
		"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"person":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"ago":     func(t time.Time) string { return ago(time.Since(t)) },
	}).Parse(read("console.html")))
)

// read returns an embedded file.
func read(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic("admin: " + err.Error()) // cannot happen: the compiler has put it there
	}
	return string(text)
}

// ago says how long ago something was, or how long it will be, in words that are right for a while.
func ago(d time.Duration) string {
	format := "%s ago"
	if d < 0 {
		format, d = "in %s", -d
	}
	switch {
	case d < time.Minute/2:
		return "now"
	case d < time.Hour-time.Minute/2:
		return fmt.Sprintf(format, fmt.Sprintf("%d min", d.Round(time.Minute)/time.Minute))
	case d < 48*time.Hour-time.Hour/2:
		return fmt.Sprintf(format, fmt.Sprintf("%d h", d.Round(time.Hour)/time.Hour))
	}
	return fmt.Sprintf(format, fmt.Sprintf("%d days", d.Round(day)/day))
}

const day = 24 * time.Hour

// Style returns the console's style where it goes into the page, for a nonce.
func (s *screen) Style() template.CSS { return template.CSS(style) }

// Nonce returns the nonce, empty for none.
func (s *screen) Nonce() string { return s.nonce }

// StyleURL is where the style is otherwise.
func (s *screen) StyleURL() string { return s.Root + "/" + stylePath }

// CSRF returns the hidden field of a form.
func (s *screen) CSRF() template.HTML {
	if s.guard.cfg.CSRF == nil {
		return ""
	}
	return s.guard.cfg.CSRF(s.r.Context())
}

// Title is that of the browser's window.
func (s *screen) Title() string {
	parts := []string{"Console", s.Name}
	if s.Page != nil {
		parts[0] = s.Page.Title
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " – ")
}

// HasActions reports whether the table needs a column for them.
func (s Section) HasActions() bool {
	return slices.ContainsFunc(s.Rows, func(r Row) bool { return len(r.Actions) > 0 })
}

// Pairs returns the hidden fields of an action, in order.
func (a Action) Pairs() [][2]string { return pairs(a.Values) }

// Pairs returns the hidden fields of a form, in order.
func (f Form) Pairs() [][2]string { return pairs(f.Values) }

func pairs(all url.Values) [][2]string {
	var pairs [][2]string
	for name, values := range all {
		for _, v := range values {
			pairs = append(pairs, [2]string{name, v})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1]) })
	return pairs
}

// Column returns the head of a column, empty for one too many.
func (s Section) Column(i int) string {
	if i < len(s.Columns) {
		return s.Columns[i]
	}
	return ""
}

// Long reports whether the cell has a word that is too long for a column, and so has to be broken anywhere.
func (c Cell) Long() bool {
	for word := range strings.FieldsSeq(c.Text + " " + c.Note) {
		if len(word) > 40 {
			return true
		}
	}
	return false
}

// placed is a field with an id of its own on the page.
type placed struct {
	Field
	ID string
}

// At returns the field for its place: the number of its section and its own.
func (f Field) At(section, i int) placed { return placed{f, fmt.Sprintf("field-%d-%d", section, i)} }

// Here is the page's address with what it was asked for, to which its forms post and come back.
func (s *screen) Here() string { return here(s.Page, s.r).String() }

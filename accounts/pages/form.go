package pages

import (
	"errors"
	"mime"
	"net/http"
	"strings"
)

// maxForm is how many bytes a form may have.
const maxForm = 16 << 10

// maxFields is how many fields a form may have: more than any of ours, fewer than cost anything.
const maxFields = 20

// Form is what a template shows as a form. See "form" in templates/form.html.
type Form struct {
	Action string   // where it is posted
	Submit string   // what its button says
	Danger bool     // its button is for something that cannot be undone
	Errors []string // what is wrong with the form as a whole
	User   string   // whose password is asked for: a hidden field for password managers, of which nothing depends
	Fields []Field

	// Hidden are further values, such as where to go afterwards.
	Hidden []Hidden
}

// Hidden is a hidden value of a Form.
type Hidden struct{ Name, Value string }

// Field is one field of a Form.
type Field struct {
	Name, Label string
	Type        string // text, email or password
	Value       string // what was typed before; never a password
	Help        string
	Rules       []string // for new passwords
	Errors      []string

	Autocomplete string // what browsers and password managers take it for
	Numeric      bool   // phones show digits
	Autofocus    bool
}

// ID returns the id of the field's element.
func (f Field) ID() string { return "id_" + f.Name }

// DescribedBy returns the ids of what belongs to the field: errors first, since they are more urgent.
func (f Field) DescribedBy() string {
	var ids []string
	if len(f.Errors) > 0 {
		ids = append(ids, f.ID()+"_error")
	}
	if f.Help != "" || len(f.Rules) > 0 {
		ids = append(ids, f.ID()+"_help")
	}
	return strings.Join(ids, " ")
}

// Refused reports whether anything is wrong with the form.
func (f *Form) Refused() bool {
	if f == nil {
		return false
	}
	for _, field := range f.Fields {
		if len(field.Errors) > 0 {
			return true
		}
	}
	return len(f.Errors) > 0
}

// refuse adds what is wrong: with the field of that name, or with the form if it has none such.
func (f *Form) refuse(name string, problems ...string) {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			f.Fields[i].Errors = append(f.Fields[i].Errors, problems...)
			return
		}
	}
	f.Errors = append(f.Errors, problems...)
}

// focus puts the cursor where something has to be mended.
func (f *Form) focus() {
	if !f.Refused() || len(f.Fields) == 0 {
		return
	}
	first := 0
	for i := range f.Fields {
		f.Fields[i].Autofocus = false
		if len(f.Fields[first].Errors) == 0 && len(f.Fields[i].Errors) > 0 {
			first = i
		}
	}
	f.Fields[first].Autofocus = true
}

// fill gives the fields what was typed, passwords excepted: what is sent back could be seen by whoever looks into the
// page, or into a cache.
func (f *Form) fill(v values) {
	for i := range f.Fields {
		if field := &f.Fields[i]; field.Type != "password" && field.Autocomplete != "one-time-code" {
			field.Value = v.get(field.Name)
		}
	}
}

// values are a form's fields as they were posted, each at most once.
type values map[string]string

// get returns a value without the spaces around it.
func (v values) get(name string) string { return strings.TrimSpace(v[name]) }

// password returns a value as it was typed: spaces are part of a password.
func (v values) password(name string) string { return v[name] }

// Errors of reading a form.
var (
	errTooLarge  = errors.New("pages: the form is too large")
	errMalformed = errors.New("pages: the form is malformed")
)

// read returns what was posted. A field that is there twice is refused: which of them counts, two programs in
// a row could decide differently.
func read(w http.ResponseWriter, r *http.Request) (values, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, errMalformed
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, errTooLarge
		}
		return nil, errMalformed
	}
	if len(r.PostForm) > maxFields {
		return nil, errMalformed
	}
	v := make(values, len(r.PostForm))
	for name, all := range r.PostForm {
		if len(all) != 1 {
			return nil, errMalformed
		}
		v[name] = all[0]
	}
	return v, nil
}

// The fields that forms have in common.
func usernameField() Field {
	return Field{Name: "username", Label: "User name", Type: "text", Autocomplete: "username"}
}

func emailField() Field {
	return Field{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "email"}
}

func passwordField(name, label string) Field {
	return Field{Name: name, Label: label, Type: "password", Autocomplete: "current-password"}
}

// newPasswordFields are a new password with what is demanded of it, and the same again, since nobody sees what they type.
func newPasswordFields(rules []string) []Field {
	return []Field{
		{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Rules: rules},
		{Name: "again", Label: "New password again", Type: "password", Autocomplete: "new-password"},
	}
}

func codeField(label, help string, numeric bool) Field {
	f := Field{Name: "code", Label: label, Type: "text", Help: help, Numeric: numeric, Autofocus: true, Autocomplete: "off"}
	if numeric {
		f.Autocomplete = "one-time-code"
	}
	return f
}

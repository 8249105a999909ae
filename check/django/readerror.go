package django

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// ReadError says why a project's settings could not be read. It holds no value of a setting.
type ReadError struct {
	What string // such as "the settings raise KeyError"
	Hint string // what to do about it
	File string // the project's file that is at fault, from its directory, with slashes; empty if that is not known
	Line int    // the line in it; 0 if that is not known
}

// Error returns what is wrong, where, and what to do.
func (e *ReadError) Error() string {
	where := ""
	if e.File != "" {
		where = fmt.Sprintf(" (%s:%d)", e.File, e.Line)
	}
	return "django: " + e.What + where + ": " + e.Hint
}

// ReadCheck returns the check that stands for a project whose settings could not be read.
func ReadCheck(err error) check.Check {
	return check.Check{
		ID: "django.E022", Level: check.Critical, Tags: tags, Needs: check.Settings,
		Title: "The project's settings cannot be read, so that nothing else is known of it.",
		Hint:  "Mend what the evidence says. The settings have to be those of production, with its variables.",
		Why: "A rule that could not look has not passed. Settings that fail here fail in production too, or say something else " +
			"there than was judged.",
		See: "https://docs.djangoproject.com/en/stable/topics/settings/",
		Find: func(context.Context) ([]check.Finding, error) {
			if err == nil {
				return nil, nil
			}
			f := check.Finding{Evidence: err.Error()}
			if e, ok := errors.AsType[*ReadError](err); ok {
				f = check.Finding{Evidence: e.What, Hint: e.Hint, File: e.File, Line: e.Line}
			}
			return []check.Finding{f}, nil
		},
	}
}

// answer turns the body of a frame into a project, or into what went wrong.
func answer(body []byte, python, module string) (Project, error) {
	var in struct {
		Export string
		Stage  string
		Error  *failure
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Project{}, &ReadError{What: "the settings disturbed what reads them", Hint: "See what they do on import."}
	}
	if in.Error == nil {
		return Parse([]byte(in.Export))
	}
	return Project{}, in.Error.told(in.Stage, python, module)
}

// failure is what the process says of an exception.
type failure struct {
	Type      string
	Place     []any
	Module    string
	Variables []string
}

func (f *failure) told(stage, python, module string) *ReadError {
	e := &ReadError{Hint: "See that the settings can be imported, with the variables of production."}
	if len(f.Place) == 2 {
		file, _ := f.Place[0].(string)
		line, _ := f.Place[1].(float64)
		e.File, e.Line = filepath.ToSlash(file), int(line)
	}
	if stage == "django" {
		e.What = "Django is not installed for " + python
		e.Hint = "Name the project's own Python with --python."
		return e
	}
	e.What = "the settings raise " + f.Type
	if stage == "export" {
		e.What = "the project raises " + f.Type + " when its settings are looked at"
	}
	switch {
	case f.Module != "" && (f.Module == module || strings.HasPrefix(module, f.Module+".")):
		e.What, e.File = fmt.Sprintf("there is no module %s in the project", module), ""
		e.Hint = "See manage.py for the name of the settings module, and name the directory of manage.py."
	case f.Module != "":
		e.What += ": no module " + f.Module
		e.Hint = "Install the project's requirements for " + python + ", or name another Python with --python."
	case len(f.Variables) > 0:
		e.What += ", naming " + strings.Join(f.Variables, ", ")
		e.Hint = "Set what is missing, as production does."
	}
	return e
}

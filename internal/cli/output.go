package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// format is a form of what a command has to say.
type format[T any] struct {
	name  string
	write func(what T, w io.Writer, color bool) error
}

// names lists forms for the help.
func names[T any](formats []format[T]) string {
	var all []string
	for _, f := range formats {
		all = append(all, f.name)
	}
	return strings.Join(all, ", ")
}

// output is one form to be written to one place.
type output[T any] struct {
	format[T]
	file string // stdout if empty
}

// outputs returns what the flags --format, --output and --report ask for. Its error is one of usage.
func outputs[T any](formats []format[T], name, file string, reports []string) ([]output[T], error) {
	named := func(flag, name string) (format[T], error) {
		i := slices.IndexFunc(formats, func(f format[T]) bool { return f.name == name })
		if i < 0 {
			return format[T]{}, Usage("%s: unknown format %q: use %s", flag, name, names(formats))
		}
		return formats[i], nil
	}
	f, err := named("--format", name)
	if err != nil {
		return nil, err
	}
	all := []output[T]{{f, file}}
	for _, r := range reports {
		name, file, ok := strings.Cut(r, "=")
		if !ok || file == "" {
			return nil, Usage("--report: %q is not FORMAT=FILE: write it as --report html=gate.html", r)
		}
		f, err := named("--report", name)
		if err != nil {
			return nil, err
		}
		all = append(all, output[T]{f, file})
	}
	return all, nil
}

// write writes each form once all of it is known. A place that takes none does not keep the others from theirs.
func write[T any](p *Program, outputs []output[T], what T) error {
	var errs []error
	for _, o := range outputs {
		var buf bytes.Buffer
		err := o.write(what, &buf, o.file == "" && Terminal(p.Out))
		switch {
		case err != nil:
		case o.file == "":
			_, err = buf.WriteTo(p.Out)
		default:
			if err = os.MkdirAll(filepath.Dir(o.file), 0o755); err == nil {
				err = os.WriteFile(o.file, buf.Bytes(), 0o644)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("the %s report was not written: %w", o.name, err))
		}
	}
	return errors.Join(errs...)
}

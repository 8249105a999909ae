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
			err = writeFile(o.file, buf.Bytes())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("the %s report was not written: %w", o.name, err))
		}
	}
	return errors.Join(errs...)
}

// writeFile writes a report, and makes the folder that it is to stand in. A link that leads to a file is refused: the folder
// may be somebody else's repository, and the file one of ours. Those of /dev lead to what the shell has opened.
func writeFile(name string, text []byte) error {
	info, err := os.Lstat(name)
	if err == nil && info.Mode()&os.ModeSymlink != 0 && !strings.HasPrefix(name, "/dev/") {
		if to, err := os.Stat(name); err != nil || to.Mode().IsRegular() {
			return errors.New(name + " is a link to another file: remove it, or name that file")
		}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

package secrets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/airworthy-go/airworthy/settings"
)

// The link by which Kubernetes swaps all files of a mounted secret at once.
const dataLink = "..data"

// swaps is how often a reading begins anew because the files were swapped meanwhile.
const swaps = 5

// Files reads secrets from a directory with a file for each, as Docker and Kubernetes mount them; it is what the scheme
// file opens. A value is read under the rules of NAME_FILE: from a regular file of at most 1 MiB, without one newline
// at the end. No link leads out of the directory.
//
// Where Kubernetes has mounted the directory, all values of one Lookup are of one version of the secret. Elsewhere files
// are replaced one by one, and [Files.Write] can do that.
type Files struct {
	dir     string
	refs    map[string]settings.Ref
	writing sync.Mutex
}

var _ settings.Writer = (*Files)(nil)

// NewFiles returns the secrets in dir, an absolute path. The file of a name is called like it, or as refs says: the
// Secret of a [settings.Ref] is a path below dir, and there are no fields.
func NewFiles(dir string, refs map[string]settings.Ref) (*Files, error) {
	if !filepath.IsAbs(dir) {
		return nil, &settings.Fault{Rule: "does not name a directory by its whole path", Remedy: "write it like file:///run/secrets"}
	}
	for name, ref := range refs {
		switch {
		case ref.Field != "":
			return nil, &settings.Fault{Rule: "maps " + name + " to a field, and a file has none", Remedy: "write NAME=file-name"}
		case !filepath.IsLocal(ref.Secret) || !fs.ValidPath(ref.Secret):
			return nil, &settings.Fault{Rule: "maps " + name + " to what is not a file below the directory", Remedy: "write NAME=file-name"}
		}
	}
	return &Files{dir: filepath.Clean(dir), refs: refs}, nil
}

// fileScheme opens file:///run/secrets and file:///run/secrets?NAME=file-name.
func fileScheme() settings.Scheme {
	return settings.Scheme{Name: "file", Open: func(_ context.Context, u *url.URL, _ map[string]settings.Value) (settings.Source, error) {
		l, err := settings.ParseLocation(u)
		if err != nil {
			return nil, err
		}
		if l.Host != "" {
			return nil, &settings.Fault{Rule: "has a host, and files are on this machine", Remedy: "write three slashes: file:///run/secrets"}
		}
		dir := u.Path
		if runtime.GOOS == "windows" {
			dir = filepath.FromSlash(l.Path) // file:///C:/secrets
		}
		return NewFiles(dir, l.Refs)
	}}
}

// Name returns "files".
func (f *Files) Name() string { return "files" }

// file returns the path of name's file below the directory.
func (f *Files) file(name string) string {
	if ref, ok := f.refs[name]; ok {
		return ref.Secret
	}
	return name
}

// Lookup reads the files. A directory that is not there is an error; a file that is not there is a name that the
// source lacks.
func (f *Files) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	root, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for range swaps {
		values, faults, swapped, err := f.once(ctx, root, names)
		if err != nil {
			return nil, err
		}
		if !swapped {
			return values, errors.Join(faults...)
		}
	}
	return nil, fmt.Errorf("%s: its files were swapped at each of %d readings: try again", f.dir, swaps)
}

func (f *Files) open(ctx context.Context) (*os.Root, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(f.dir)
	switch {
	case err == nil:
		return root, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such directory: mount it, or give the right path", f.dir)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: this user may not read the directory: change its owner or mode", f.dir)
	}
	return nil, fmt.Errorf("%s: is not a directory that can be read", f.dir)
}

// once reads all files through one version of the directory. If another one has taken its place meanwhile, and files
// went away with it, it has to be done again.
func (f *Files) once(ctx context.Context, root *os.Root, names []string) (_ map[string]settings.Value, faults []error, swapped bool, _ error) {
	version, err := dataVersion(root)
	if err != nil {
		return nil, nil, false, fmt.Errorf("%s: %w", f.dir, err)
	}
	in, at := root, f.dir
	if version != "" {
		if in, err = root.OpenRoot(version); err != nil {
			return nil, nil, true, nil // it was removed since
		}
		defer in.Close()
		at = filepath.Join(f.dir, dataLink)
	}
	closed := private(in)
	values := map[string]settings.Value{}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, nil, false, err
		}
		file := f.file(name)
		if !filepath.IsLocal(file) {
			continue // a name that can be no file's
		}
		v, info, err := settings.ReadFileIn(in, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		v.Origin = filepath.Join(at, file)
		if fault, ok := errors.AsType[*settings.Fault](err); ok {
			faults = append(faults, &settings.Fault{Variable: name, Origin: v.Origin, Rule: fault.Rule, Remedy: fault.Remedy})
			continue
		}
		v.Exposed = v.Exposed && !closed
		v.Warnings = slices.DeleteFunc(v.Warnings, func(w settings.Warning) bool { return w.Note }) // tools end files so
		if v.Version = version; version == "" {
			v.Version = stamp(info)
		}
		values[name] = v
	}
	now, err := dataVersion(root)
	return values, faults, err != nil || now != version, nil
}

// dataVersion returns the directory that Kubernetes' link points to, which is named after the time when it was made;
// nothing if there is no such link.
func dataVersion(root *os.Root) (string, error) {
	info, err := root.Lstat(dataLink)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", errors.New("the directory cannot be read")
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", errors.New(dataLink + " is not the link that Kubernetes makes")
	}
	target, err := root.Readlink(dataLink)
	if err != nil || !strings.HasPrefix(target, "..") || !filepath.IsLocal(target) || strings.ContainsAny(target, `/\`) {
		return "", errors.New(dataLink + " is not the link that Kubernetes makes")
	}
	return target, nil
}

// private reports whether other users of the machine cannot reach what is in the directory.
func private(root *os.Root) bool {
	info, err := root.Stat(".")
	return err == nil && runtime.GOOS != "windows" && info.Mode()&0o001 == 0
}

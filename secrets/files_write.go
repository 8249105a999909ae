package secrets

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/airworthy-go/airworthy/settings"
)

// Write replaces the files of the changes' names, each at once: whoever reads finds the old value or the new one. A
// file that is replaced keeps its owner and mode, so that whoever could read it still can; a new one belongs to the owner
// of the directory, who alone may read it. What would lock the owner out is refused. Files that Kubernetes has mounted are
// not written: it would put its own back.
func (f *Files) Write(ctx context.Context, changes []settings.Change) error {
	var names []string
	for _, c := range changes {
		if !fs.ValidPath(f.file(c.Name)) || strings.HasPrefix(f.file(c.Name), "..") {
			return fmt.Errorf("%s: nothing was written: a name cannot be that of a file", f.dir)
		}
		names = append(names, c.Name)
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	held, err := f.Lookup(ctx, names)
	if err != nil {
		return err
	}
	root, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer root.Close()
	if version, err := dataVersion(root); err != nil || version != "" {
		return fmt.Errorf("%s: nothing was written: Kubernetes mounts these files and puts its own back: change the Secret "+
			"in the cluster", f.dir)
	}
	for _, c := range changes {
		if c.Version != "" && c.Version != held[c.Name].Version {
			return fmt.Errorf("%s: %s: nothing was written: %w", f.dir, c.Name, settings.ErrConflict)
		}
	}
	for i, c := range changes {
		if err := replace(root, f.file(c.Name), c.Text.Reveal()); err != nil {
			return fmt.Errorf("%s: %s: not written: %w", f.dir, strings.Join(names[i:], ", "), err)
		}
	}
	return nil
}

// Writable reports whether the files may be written by this program: not where Kubernetes has mounted them.
func (f *Files) Writable() bool {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return true // Write says why not
	}
	defer root.Close()
	version, err := dataVersion(root)
	return err != nil || version == ""
}

// replace writes a file beside the one called name, and renames it.
func replace(root *os.Root, name, text string) error {
	if strings.HasSuffix(text, "\n") { // reading takes one away
		text += "\n"
	}
	if strings.HasPrefix(text, "\uFEFF") {
		text = "\uFEFF" + text
	}
	if len(text) > maxValue {
		return errors.New("the value is larger than 1 MiB")
	}
	temporary := path.Join(path.Dir(name), ".airworthy-"+rand.Text())
	file, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return plain(err)
	}
	_, err = file.WriteString(text)
	err = errors.Join(err, keep(root, name, file), file.Sync(), file.Close())
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary)
		return plain(err)
	}
	if dir, err := root.Open(path.Dir(name)); err == nil { // or the rename may not outlive a crash
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// errOwner says that the site could not read what was written.
var errOwner = errors.New("it belongs to another user, who could not read the new file: run this as that user, or as root")

// keep gives file the owner and mode of the one called name, or the owner of its directory.
func keep(root *os.Root, name string, file *os.File) error {
	mode := fs.FileMode(0o600)
	before, err := root.Stat(name)
	replaced := err == nil
	if replaced {
		mode = before.Mode().Perm()
	} else if before, err = root.Stat(path.Dir(name)); err != nil {
		return err
	}
	now, err := file.Stat()
	if err != nil {
		return err
	}
	uid, gid, known := owner(before)
	if u, g, ok := owner(now); known && ok && (u != uid || replaced && g != gid) {
		if err := file.Chown(uid, gid); err != nil && replaced {
			return errOwner
		}
	}
	return file.Chmod(mode)
}

// plain says why a file cannot be written, and what to do.
func plain(err error) error {
	switch {
	case errors.Is(err, errOwner):
		return errOwner
	case errors.Is(err, readOnly):
		return errors.New("the directory is mounted read-only: write where it is mounted from")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("this user may not write there: change the owner or mode of the directory")
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such directory: make it")
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return errors.New("the file cannot be replaced")
}

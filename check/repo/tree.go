package repo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxFiles = 200_000
	chunk    = 1 << 20
)

// tree is a work tree of git.
type tree struct {
	*os.Root
	dir   string
	store *store // nil if it is just a directory

	listed map[bool][]string // what files has returned
}

// open returns the work tree that dir is in, nil if it is in none.
func open(ctx context.Context, dir string) (*tree, error) {
	s, err := locate(ctx, dir)
	if s == nil || err != nil {
		return nil, err
	}
	if s.top == "" {
		return nil, nil
	}
	root, err := os.OpenRoot(s.top)
	if err != nil {
		return nil, errors.New("the repository cannot be opened")
	}
	return &tree{Root: root, dir: s.top, store: s}, nil
}

// Exists reports whether dir, the working directory if it is empty, or a directory above it has a .git, or dir is a repository
// without files. What cannot be known counts as true, so that the checks say so.
func Exists(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return true
	}
	if bare(dir) {
		return true
	}
	return above(dir) != ""
}

// above returns dir or the nearest directory above it that has a .git; empty if there is none.
func above(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// files returns the paths that are tracked and, with others, those that "git add ." would take.
func (t *tree) files(ctx context.Context, others bool) ([]string, error) {
	if paths, ok := t.listed[others]; ok {
		return paths, nil
	}
	args := []string{"-z", "--cached"}
	if others {
		args = append(args, "--others", "--exclude-standard")
	}
	out, err := git(ctx, t.dir, "ls-files", args...)
	if err != nil {
		return nil, err
	}
	var paths []string
	for path := range strings.SplitSeq(string(out), "\x00") {
		if path != "" {
			paths = append(paths, path)
		}
	}
	if len(paths) > maxFiles {
		return nil, fmt.Errorf("the repository has more than %d files", maxFiles)
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	if t.listed == nil {
		t.listed = map[bool][]string{}
	}
	t.listed[others] = paths
	return paths, nil
}

// regular opens a file that a commit would hold as it is, and returns nil for anything else: links, directories of
// submodules, files that have been deleted.
func (t *tree) regular(path string) (*os.File, error) {
	name := filepath.FromSlash(path)
	if info, err := t.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := t.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read", shown(path))
	}
	return f, nil
}

// search calls found with each needle that stands in a file, once for each, and the line where it first does, in
// memory that does not depend on the file.
func (t *tree) search(ctx context.Context, path string, needles [][]byte, found func(needle, line int)) error {
	f, err := t.regular(path)
	if f == nil {
		return err
	}
	defer f.Close()
	if err := searchIn(ctx, f, needles, found); err != nil {
		return cmp.Or(ctx.Err(), fmt.Errorf("%s cannot be read", shown(path)))
	}
	return nil
}

// searchIn is search for what r reads.
func searchIn(ctx context.Context, r io.Reader, needles [][]byte, found func(needle, line int)) error {
	longest := 0
	for _, n := range needles {
		longest = max(longest, len(n))
	}
	seen := make([]bool, len(needles))
	buf := make([]byte, 0, max(64<<10, 2*longest)) // most files are small, and memory has to be cleared
	line := 1                                      // of what buf begins with
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for i, needle := range needles {
			if at := bytes.Index(buf, needle); at >= 0 && !seen[i] {
				seen[i] = true
				found(i, line+bytes.Count(buf[:at], []byte("\n")))
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		done := len(buf) - (longest - 1) // a needle may begin in what is left
		line += bytes.Count(buf[:done], []byte("\n"))
		buf = buf[:copy(buf, buf[done:])]
	}
}

// staged returns the contents of the index that no file in the work tree has: what was added and then changed or deleted.
func (t *tree) staged(ctx context.Context) (*objects, map[string]string, error) {
	o, paths := &objects{hash: t.store.hash}, map[string]string{}
	err := t.store.entries(ctx, "", func(id, path string) error {
		if paths[id] == "" && !t.has(path, id) {
			o.add([]byte(id), 0)
			paths[id] = path
		}
		return ctx.Err()
	})
	return o, paths, err
}

// has reports whether a file is what git calls id.
func (t *tree) has(path, id string) bool {
	f, err := t.regular(path)
	if f == nil || err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() > 16<<20 { // git reads what it has more surely within the time
		return false
	}
	h := sha1.New()
	if len(id) == sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", info.Size())
	_, err = io.Copy(h, f)
	return err == nil && string(h.Sum(nil)) == id
}

// read returns the text of a file of settings.
func (t *tree) read(path string) ([]byte, error) {
	f, err := t.regular(path)
	if f == nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, chunk+1))
	if err != nil || len(b) > chunk {
		return nil, fmt.Errorf("%s cannot be read, or is too large for settings", shown(path))
	}
	return b, nil
}

// shown returns a path for a report: a name may hold whatever bytes.
func shown(path string) string {
	quoted := fmt.Sprintf("%q", path)
	if !utf8.ValidString(path) || quoted[1:len(quoted)-1] != path {
		return quoted
	}
	return path
}

package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/airworthy-go/airworthy/check/repo/secretrule"
)

// searchFiles looks at the files that are tracked or would be added; without a repository, at all.
func (s *scan) searchFiles(ctx context.Context) error {
	if s.store != nil && s.store.top == "" {
		return nil // a bare repository
	}
	t, paths, err := s.paths(ctx)
	if err != nil {
		return err
	}
	defer t.Close()
	search := s.marks()
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := t.regular(p)
		if err != nil {
			s.limit(ctx, err)
		}
		if f == nil {
			continue
		}
		found, err := s.searchFile(ctx, search, f, p)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s cannot be read", shown(p))
		}
		if len(found) > 0 {
			s.files[p] = found
		}
	}
	return nil
}

func (s *scan) searchFile(ctx context.Context, search *searcher, f *os.File, p string) ([]sighting, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > s.maxBlob() {
		s.tooLarge(p, "", info.Size())
		return nil, nil
	}
	return search.long(ctx, io.LimitReader(f, s.maxBlob()), secretrule.Kind(fileKinds(path.Base(p)))&^settingsFile)
}

// paths returns the tree of files and which of them to look at.
func (s *scan) paths(ctx context.Context) (*tree, []string, error) {
	if s.store != nil {
		root, err := os.OpenRoot(s.store.top)
		if err != nil {
			return nil, nil, errors.New("the repository cannot be opened")
		}
		t := &tree{Root: root, dir: s.store.top, store: s.store}
		paths, err := t.files(ctx, true)
		if err != nil {
			root.Close()
			return nil, nil, err
		}
		return t, paths, nil
	}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return nil, nil, errors.New("the working directory is not known")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, errors.New("the directory cannot be opened")
	}
	var paths []string
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			s.limit(ctx, errors.New(shown(p)+" cannot be read"))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case len(paths) >= maxFiles:
			return fmt.Errorf("the directory has more than %d files", maxFiles)
		case d.Type().IsRegular():
			paths = append(paths, p)
		}
		return ctx.Err()
	})
	if err != nil {
		root.Close()
		return nil, nil, err
	}
	return &tree{Root: root, dir: dir}, paths, nil
}

package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// Files returns the files of the tree that dir is in, those that git tracks and those that "git add ." would take, with the
// paths by which they are opened. Where there is no repository it is all files below dir, and no paths: nil.
func Files(ctx context.Context, dir string) (fs.FS, []string, error) {
	t, err := open(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	if t != nil {
		paths, err := t.files(ctx, true)
		if err != nil {
			return nil, nil, errors.Join(err, t.Close())
		}
		return t.FS(), paths, nil
	}
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, errors.New("the directory cannot be opened")
	}
	return root.FS(), nil, nil
}

package repo

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// literals finds the values in use.
func (c Config) literals(ctx context.Context, t *tree) ([]check.Finding, error) {
	var needles [][]byte
	var of []string // the setting of each
	for _, s := range c.Secrets {
		if v := s.Value.Reveal(); len(v) >= MinLength {
			for _, form := range forms(v) {
				needles, of = append(needles, []byte(form)), append(of, s.Setting)
			}
		}
	}
	if len(needles) == 0 {
		return nil, nil
	}
	paths, err := t.files(ctx, true)
	if err != nil {
		return nil, err
	}
	var all []check.Finding
	note := func(p, where string, search func(found func(needle, line int)) error) error {
		first := map[string]int{} // the first line of each setting's value
		err := search(func(needle, line int) {
			if at, ok := first[of[needle]]; !ok || line < at {
				first[of[needle]] = line
			}
		})
		for _, setting := range slices.Sorted(maps.Keys(first)) {
			place := fmt.Sprintf("%s:%d", shown(p), first[setting])
			all = append(all, check.Finding{Setting: setting, Source: place, File: p, Line: first[setting], Key: "value" + where,
				Evidence: "its value stands in " + where + place})
		}
		return cmp.Or(ctx.Err(), err)
	}
	for _, p := range paths {
		err := note(p, "", func(found func(needle, line int)) error { return t.search(ctx, p, needles, found) })
		if err != nil {
			return nil, err
		}
	}
	staged, names, err := t.staged(ctx)
	if err != nil {
		return nil, err
	}
	var unread atomic.Int64
	numbers := make([]uint32, staged.len())
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	err = t.store.read(ctx, staged, numbers, &unread, func(i int, size int64, r *bufio.Reader) error {
		return note(names[string(staged.id(i))], "the index, ", func(found func(needle, line int)) error {
			body := io.LimitReader(r, size)
			return cmp.Or(searchIn(ctx, body, needles, found), drain(body))
		})
	})
	if err == nil && unread.Load() > 0 {
		err = errors.New("the index has contents that git cannot read")
	}
	return all, err
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// forms returns a value in the ways in which files hold it: as it is, in a URL, and in base64 as Kubernetes has it.
func forms(v string) []string {
	all := []string{v, url.QueryEscape(v), url.PathEscape(v), base64.StdEncoding.EncodeToString([]byte(v))}
	slices.Sort(all)
	return slices.Compact(all)
}

// tracked finds files of settings that are in the repository.
func (c Config) tracked(ctx context.Context, t *tree) ([]check.Finding, error) {
	paths, err := t.files(ctx, false)
	if err != nil {
		return nil, err
	}
	var found []check.Finding
	for _, p := range paths {
		if !isDotEnv(path.Base(p)) {
			continue
		}
		held, err := assigned(ctx, t, p)
		if err != nil {
			return nil, err
		}
		if held {
			found = append(found, check.Finding{Source: shown(p), Evidence: shown(p) + " is tracked, and sets what is secret"})
		}
	}
	return found, nil
}

// assigned reports whether a file gives a variable a value that its name calls a secret. A file that cannot be read as
// settings may hold anything.
func assigned(ctx context.Context, t *tree, p string) (bool, error) {
	text, err := t.read(p)
	if err != nil {
		return false, err
	}
	return holds(text), ctx.Err()
}

// holds is assigned for a text.
func holds(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		if ok && strings.TrimSpace(value) != "" && settings.IsSecretName(name) {
			return true
		}
	}
	return false
}

// isDotEnv reports whether a file's name is that of settings with values: .env, .env.production, production.env. Examples
// and encrypted files have other names.
func isDotEnv(name string) bool {
	name = strings.ToLower(name)
	if name != ".env" && !strings.HasPrefix(name, ".env.") && !strings.HasSuffix(name, ".env") {
		return false
	}
	for _, word := range []string{"example", "sample", "template", "dist", "default", "schema", "age", "enc", "vault", "gpg"} {
		if slices.Contains(strings.Split(name, "."), word) {
			return false
		}
	}
	return true
}

// environmentOf returns the environment that a file of settings is for; empty if its name does not say.
func environmentOf(name string) string {
	name = strings.ToLower(name)
	if rest, ok := strings.CutPrefix(name, ".env."); ok {
		name = rest
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".env"), ".local")
	if strings.Contains(name, ".") {
		return ""
	}
	return name
}

// shared finds one key under two environments: the one in use, and those in files of settings, ignored ones too.
func (c Config) shared(ctx context.Context, t *tree) ([]check.Finding, error) {
	const variable = "SECRET_KEY"
	type holder struct {
		environment, place string
		key                secret.Text
	}
	var holders []holder
	for _, s := range c.Secrets {
		if s.Setting == variable && c.Environment != "" {
			holders = append(holders, holder{strings.ToLower(c.Environment), "the environment " + c.Environment, s.Value})
			break // the current key; a fallback may have been anything
		}
	}
	files, err := c.settingsFiles(t)
	if err != nil {
		return nil, err
	}
	var unread error
	for _, p := range files {
		environment := environmentOf(filepath.Base(p))
		if environment == "" {
			continue
		}
		got, err := settings.DotEnv(filepath.Join(t.dir, p)).Lookup(ctx, []string{variable})
		if err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil && len(got) == 0 { // it may hold any key
			unread = fmt.Errorf("%s cannot be read as settings", shown(filepath.ToSlash(p)))
		}
		if v, ok := got[variable]; ok && v.Text != "" {
			holders = append(holders, holder{environment, shown(p), secret.New(v.Text)})
		}
	}
	var found []check.Finding
	for i, a := range holders {
		for _, b := range holders[:i] {
			if a.environment != b.environment && a.key.Equal(b.key) {
				found = append(found, check.Finding{Setting: variable, Source: a.place,
					Evidence: a.place + " has the same " + variable + " as " + b.place})
			}
		}
	}
	if len(found) == 0 {
		return nil, unread
	}
	return found, nil
}

// settingsFiles returns the files of settings in the directory and at the top of the work tree.
func (c Config) settingsFiles(t *tree) ([]string, error) {
	dirs := []string{"."}
	if abs, err := filepath.Abs(c.Dir); err == nil {
		if rel, err := filepath.Rel(t.dir, abs); err == nil && filepath.IsLocal(rel) {
			dirs = append(dirs, rel)
		}
	}
	var files []string
	for _, dir := range slices.Compact(dirs) {
		d, err := t.Open(dir)
		if err != nil {
			return nil, errors.New("the directory cannot be read")
		}
		entries, err := d.ReadDir(-1)
		if err := errors.Join(err, d.Close()); err != nil {
			return nil, errors.New("the directory cannot be read")
		}
		for _, e := range entries {
			if e.Type().IsRegular() && isDotEnv(e.Name()) {
				files = append(files, filepath.Join(dir, e.Name()))
			}
		}
	}
	slices.Sort(files)
	return files, nil
}

// ignored asks git whether it ignores .env beside the program.
func (c Config) ignored(ctx context.Context, t *tree) ([]check.Finding, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, errors.New("the working directory is not known")
	}
	_, err = git(ctx, dir, "check-ignore", "--quiet", "--no-index", ".env")
	if failed, ok := errors.AsType[*gitError](err); ok && failed.status == 1 {
		return []check.Finding{{Evidence: "git would add " + shown(filepath.ToSlash(t.relative(dir, ".env")))}}, nil
	}
	return nil, err
}

// relative returns the path of a file in dir from the top of the work tree.
func (t *tree) relative(dir, name string) string {
	if rel, err := filepath.Rel(t.dir, filepath.Join(dir, name)); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return name
}

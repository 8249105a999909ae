// Package deployment judges the files by which a site is put on machines: Compose, Kubernetes, Dockerfile, continuous
// integration and systemd. It finds secrets that stand in them as plain text, and debugging that they turn on.
//
//	checks := deployment.In(dir).Checks()
//
// These files have good ways to name a secret without holding it, which are no findings: Compose's secrets and ${VAR:?}, *_FILE
// variables, secretKeyRef, SealedSecret and ExternalSecret, values that SOPS or a vault encrypted, secrets of the CI system,
// LoadCredential. A default beside a variable, as in ${PASSWORD:-hunter2}, is a finding: it is what runs when somebody
// forgets.
//
// No variable of our own environment is ever put in, and nothing is run or fetched. What is a secret follows from names and
// from URLs with passwords; package check/repo looks for values that show by themselves what they are.
package deployment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/internal/yamltree"
)

// Config says which files to look at. [In] makes one for a directory.
type Config struct {
	Tree fs.FS // the files; required

	// Paths are the files of the tree that count, with slashes, such as those that git tracks. Nil means all regular files
	// but those of .git and of packages that were installed there.
	Paths []string

	open func(context.Context) (fs.FS, []string, error) // what Tree and Paths are, once they are needed
}

// In returns a Config for the repository that dir is in: the files that git tracks or would add. Where there is none it is for
// the files below dir.
func In(dir string) Config {
	return Config{open: func(ctx context.Context) (fs.FS, []string, error) { return repo.Files(ctx, dir) }}
}

const (
	maxFile  = 1 << 20 // bytes of a file that is read; deployment files are written by hand
	maxFiles = 200_000
)

// Checks returns the rules. One list shares what it read: make a new one to look again.
func (c Config) Checks() []check.Check {
	s := &scan{Config: c}
	checks := []check.Check{{
		ID: "deployment.E001", Level: check.Error,
		Title: "A Compose file holds a secret as plain text.",
		Hint: "Rotate it, it is known. Then name it: secrets: with a _FILE variable where the image knows one, " +
			"or ${NAME:?} and the value in an .env that is ignored.",
		Why: "Whoever can read the code can read it, today and in each clone and backup, and \"docker inspect\" shows it too.",
		See: "https://docs.docker.com/compose/how-tos/use-secrets/",
	}, {
		ID: "deployment.E002", Level: check.Error,
		Title: "A Kubernetes manifest holds a secret as plain text; base64 is no encryption.",
		Hint:  "Rotate it, it is known. Then use a SealedSecret, an ExternalSecret or SOPS, and secretKeyRef where it is needed.",
		Why: "The manifest is in the repository, and whoever reads one Deployment or ConfigMap of the cluster reads the value as " +
			"well, although the right to read Secrets is given to few.",
		See: "https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
	}, {
		ID: "deployment.E003", Level: check.Error,
		Title: "A Dockerfile puts a secret into the image.",
		Hint: "Rotate it, it is known. Give the build what it needs by RUN --mount=type=secret, and the program what it needs when it runs. " +
			"Add the file to .dockerignore if it was copied.",
		Why: "Every layer stays in the image: whoever can pull it reads ENV, ARG and files, even those that a later step removed.",
		See: "https://docs.docker.com/build/building/secrets/",
	}, {
		ID: "deployment.E004", Level: check.Error,
		Title: "A file of the CI system holds a secret as plain text.",
		Hint:  "Rotate it, it is known. Then keep it among the system's own secrets and name it, as in ${{ secrets.NAME }}.",
		Why:   "It stands in the repository, in forks and in logs of jobs, and works for whoever copies it.",
		See:   "https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets",
	}, {
		ID: "deployment.E005", Level: check.Error,
		Title: "A systemd unit holds a secret as plain text.",
		Hint:  "Rotate it, it is known. Then use LoadCredential= or LoadCredentialEncrypted=, or an EnvironmentFile= with mode 0600.",
		Why: "Unit files and their Environment= can be read by every user of the machine, through systemctl show as well, " +
			"and this one stands in the repository too.",
		See: "https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment=",
	}, {
		ID: "deployment.W006", Level: check.Warning,
		Title: "A deployment file turns debugging on.",
		Hint:  "Remove it, or keep it in a file whose name says that it is for development.",
		Why:   "Debug pages show source, settings and the values of variables to whoever makes the site fail.",
		See:   "https://docs.djangoproject.com/en/5.2/ref/settings/#debug",
	}, {
		ID: "deployment.W007", Level: check.Warning,
		Title: "An image is made of the whole folder, and .dockerignore does not keep .env out.",
		Hint:  "Add the lines .env and .env.* to .dockerignore, beside .git.",
		Why:   "COPY . takes the developer's .env along, with its secrets, into an image that others can pull.",
		See:   "https://docs.docker.com/build/concepts/context/#dockerignore-files",
	}, {
		ID: "deployment.I008", Level: check.Info,
		Title: "A deployment file could not be read to its end.",
		Hint:  "See whether it is valid YAML; what could be read was looked at line by line.",
		Why:   "What cannot be read cannot be judged, and the finding that nobody made is not a pass.",
		See:   "https://yaml.org/spec/1.2.2/",
	}}
	for i := range checks {
		id := checks[i].ID
		checks[i].Tags = []string{"security", "repository", "deployment"}
		checks[i].Deploy = true
		checks[i].Needs = check.Repository
		checks[i].Find = func(ctx context.Context) ([]check.Finding, error) { return s.find(ctx, id) }
	}
	return checks
}

// scan reads the files once for all rules of a list.
type scan struct {
	Config
	done  bool
	found map[string][]check.Finding // by ID
	err   error
}

func (s *scan) find(ctx context.Context, id string) ([]check.Finding, error) {
	if !s.done {
		s.found, s.err = s.look(ctx)
		s.done = ctx.Err() == nil // what was interrupted is done anew
	}
	return s.found[id], s.err
}

func (s *scan) look(ctx context.Context) (map[string][]check.Finding, error) {
	var err error
	if s.open != nil {
		if s.Tree, s.Paths, err = s.open(ctx); err != nil {
			return nil, err
		}
	}
	if s.Tree == nil {
		return nil, errors.New("deployment: no files: set Config.Tree")
	}
	paths := s.Paths
	if paths == nil {
		if paths, err = s.walk(ctx); err != nil {
			return nil, err
		}
	}
	found := map[string][]check.Finding{}
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		read := readerOf(p)
		if read == nil {
			continue
		}
		text, err := s.read(p)
		if err != nil {
			return nil, err
		}
		f := &file{path: p, text: text, tree: s.Tree, found: found, casual: casual(p)}
		read(f)
		if len(text) > maxFile {
			f.add("deployment.I008", 1, "", "long", fmt.Sprintf("it is longer than %d bytes, and its end was not looked at", maxFile))
		}
		if f.walked != nil && f.walked.Err() != nil {
			f.add("deployment.I008", 1, "", "walk", f.walked.Err().Error()).Level = check.Error // nobody writes such a file by mistake
		}
	}
	for _, findings := range found {
		slices.SortStableFunc(findings, func(a, b check.Finding) int {
			return strings.Compare(a.File, b.File)
		})
	}
	return found, nil
}

// installed are folders of other people's files.
var installed = []string{".git", "node_modules", "vendor", ".venv", "venv", "site-packages", ".terraform"}

// walk lists the regular files of the tree. Links are not followed.
func (s *scan) walk(ctx context.Context) (paths []string, err error) {
	err = fs.WalkDir(s.Tree, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("deployment: %q cannot be read", p)
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() && slices.Contains(installed, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular():
			paths = append(paths, p)
		}
		if len(paths) > maxFiles {
			return fmt.Errorf("deployment: there are more than %d files", maxFiles)
		}
		return nil
	})
	return paths, err
}

// read returns a file's text, nothing if it is no regular file or has gone.
func (s *scan) read(p string) ([]byte, error) {
	if info, err := fs.Lstat(s.Tree, p); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := s.Tree.Open(p)
	if err != nil {
		return nil, fmt.Errorf("deployment: %q cannot be read", p)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("deployment: %q cannot be read", p)
	}
	return text, nil
}

// file is one file while it is judged.
type file struct {
	path   string
	text   []byte
	tree   fs.FS
	casual bool // its name says that it is for development or for tests
	found  map[string][]check.Finding
	walked *yamltree.Tree // what it was parsed to; nil if it is no YAML
}

// add reports a finding. key says which it is of those in the file, in a way that does not depend on lines.
func (f *file) add(id string, line int, setting, key, evidence string) *check.Finding {
	f.found[id] = append(f.found[id], check.Finding{
		Setting: setting, File: f.path, Line: line, Key: key, Evidence: evidence,
	})
	return &f.found[id][len(f.found[id])-1]
}

// secret reports a secret that stands there, and says less of it in a file for development.
func (f *file) secret(id string, line int, setting, key, evidence string) *check.Finding {
	found := f.add(id, line, setting, key, evidence)
	if f.casual {
		found.Level = check.Info
	}
	return found
}

// variable judges a variable that is given a value. where says in which part of the file.
func (f *file) variable(id string, line int, where, name, value string) {
	switch {
	case debugs(name, value) && !f.casual:
		f.add("deployment.W006", line, name, where+" "+name, strings.TrimSpace(where+" sets "+name+" to "+value))
	case holdsSecret(name, value):
		found := f.secret(id, line, name, where+" "+name, strings.TrimSpace(where+" sets "+name+" to a value that stands there"))
		if throwaway(value) {
			found.Level = min(check.Warning, cmp.Or(found.Level, check.Warning))
			found.Evidence = strings.TrimSpace(where + " sets " + name + " to a value that everybody would try first")
		}
	}
}

// readerOf returns who reads a file, by its path; nil if it is no deployment file.
func readerOf(p string) func(*file) {
	name := strings.ToLower(path.Base(p))
	folder := strings.ToLower(path.Dir(p))
	yml := strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml")
	switch {
	case name == "dockerfile", name == "containerfile", strings.HasPrefix(name, "dockerfile."),
		strings.HasSuffix(name, ".dockerfile"), strings.HasPrefix(name, "containerfile."):
		return (*file).dockerfile
	case isUnit(name, folder):
		return (*file).systemd
	case yml && isCI(name, folder):
		return (*file).ci
	case yml:
		return (*file).yaml
	}
	return nil
}

// casual reports whether a path says that the file is for development or tests, where a password that everybody knows protects
// nothing.
func casual(p string) bool {
	words := strings.FieldsFunc(strings.ToLower(p), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
	})
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"dev", "devel", "development", "test", "tests", "testing", "testdata", "local", "example", "examples",
			"sample", "samples", "e2e", "debug", "devcontainer", "fixtures"}, w)
	})
}

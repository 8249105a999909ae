package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type scanFlags struct {
	cli.Gate
	history string
	inUse   string
	timeout time.Duration
	maxBlob int64
	cache   string
	noCache bool
}

// scanCommand judges a repository, or a directory of files.
func scanCommand(p *cli.Program) *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan [DIR]",
		Short: "Look for secrets in a repository and in all of its history",
		Long: `Look for secrets in the files of the repository that DIR is in, and in everything that git holds: every branch, tag and stash, and what
nothing leads to any more. Each content is looked at once. Without DIR it is the working directory's repository; where there is
none, the files below DIR are looked at.

With --in-use FILE, a file such as .env, the report says of a secret whether it is one that you run with. The values are compared
here and go nowhere. Nothing asks the network, and nothing of the repository is run.

Exits with 0 if nothing stands at or above the fail level, with 1 if something does or not everything could be looked at, and with 2
for wrong usage.`,
		Args: cli.AtMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return scan(cmd.Context(), p, f, dir)
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.history, "history", "all", "all, or none for the files, the index and the commit that is checked out")
	fs.StringVar(&f.inUse, "in-use", "", "a `file` of settings whose secrets are in use; they are looked for too, and nothing is cached")
	fs.DurationVar(&f.timeout, "timeout", 10*time.Minute, "give up after this time, and say so")
	fs.Int64Var(&f.maxBlob, "max-blob", 100, "look at contents of up to this many MiB, and name those that are larger")
	fs.StringVar(&f.cache, "cache", "", "a `directory` to keep in what was looked at (default in the user's cache directory)")
	fs.BoolVar(&f.noCache, "no-cache", false, "look at everything, and keep nothing")
	f.Flags(fs)
	return c
}

func scan(ctx context.Context, p *cli.Program, f scanFlags, dir string) error {
	opt, err := f.Options(p)
	if err != nil {
		return err
	}
	opt.Deploy = true
	c, err := f.config(ctx, dir)
	if err != nil {
		return err
	}
	if cli.Terminal(p.Err) {
		c.Progress = (&bar{w: p.Err}).show
	}
	return f.Judge(ctx, p, subject(dir), cli.TreeChecks(c), opt)
}

// subject is what a report calls a directory: its name, and not where the machine keeps it.
func subject(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return filepath.Base(abs)
	}
	return dir
}

// config returns what the flags ask for. Its error is one of usage.
func (f scanFlags) config(ctx context.Context, dir string) (repo.Config, error) {
	c := repo.Config{Dir: dir, Timeout: f.timeout, MaxBlob: f.maxBlob << 20, Cache: f.cache}
	info, err := os.Stat(dir)
	switch {
	case err != nil || !info.IsDir():
		return c, cli.Usage("%q is not a directory", dir)
	case f.history != "all" && f.history != "none":
		return c, cli.Usage("--history: %q is neither all nor none", f.history)
	case f.timeout <= 0:
		return c, cli.Usage("--timeout: %s is no time", f.timeout)
	case f.maxBlob <= 0 || f.maxBlob > 1<<20:
		return c, cli.Usage("--max-blob: %d MiB is not between 1 and %d", f.maxBlob, 1<<20)
	case f.cache != "" && f.noCache:
		return c, cli.Usage("--cache and --no-cache contradict each other")
	}
	c.NoHistory = f.history == "none" || !repo.Exists(dir)
	if f.cache == "" && !f.noCache {
		if user, err := os.UserCacheDir(); err == nil {
			c.Cache = filepath.Join(user, "airworthy", "scan")
		}
	}
	if f.inUse != "" {
		c.Secrets, err = inUse(ctx, f.inUse)
	}
	return c, err
}

// inUse returns the secrets of a file of settings.
func inUse(ctx context.Context, file string) ([]repo.Secret, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, cli.Usage("--in-use: %q cannot be read", file)
	}
	names, err := settings.DotEnvNames(file, string(text))
	if err != nil {
		return nil, cli.Usage("--in-use: %v", err)
	}
	values, err := settings.DotEnvText(file, string(text)).Lookup(ctx, names)
	if err != nil {
		return nil, cli.Usage("--in-use: %v", err)
	}
	var all []repo.Secret
	for _, name := range names {
		if v := values[name]; settings.IsSecretName(name) && len(v.Text) >= repo.MinLength {
			all = append(all, repo.Secret{Setting: name, Value: secret.New(v.Text)})
		}
	}
	if len(all) == 0 {
		return nil, cli.Usage("--in-use: %q sets no secret of %d bytes or more", file, repo.MinLength)
	}
	return all, nil
}

// bar is the progress of a scan, on a terminal.
type bar struct {
	w    io.Writer
	mu   sync.Mutex
	last time.Time
}

func (b *bar) show(done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if done >= total && !b.last.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
		return
	}
	if now := time.Now(); total > 0 && now.Sub(b.last) > 100*time.Millisecond {
		b.last = now
		const width = 30
		full := int(min(done, total) * width / total)
		fmt.Fprintf(b.w, "\r[%-*s] %3d %%  %d of %d MiB", width, "##############################"[:full], min(done, total)*100/total, done>>20, total>>20)
	}
}

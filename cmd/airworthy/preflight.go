package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/internal/cli"
)

type preflightFlags struct {
	cli.Checklist
	repository string
	history    string
	django     django.ReadConfig
}

// preflightCommand shows the checklist of what needs no Go application.
func preflightCommand(p *cli.Program) *cobra.Command {
	var f preflightFlags
	c := &cobra.Command{
		Use:   "preflight [--url URL] [--repo DIR] [--django DIR]",
		Short: "Show the checklist of a site that goes on the internet: pass, fail, not verified",
		Long: `Show the checklist of a site that goes on the internet: sixteen items, each passed, failed or not verified, with the evidence and the
command that would look at the rest.

Looks at what is named: the live site, a repository with all of its history, the settings of a Django project. --django runs
the project's own Python with your rights and your environment, as check --django does; give it the variables of production.

Exits with 0 if no item fails, with 1 if one does, and with 2 for wrong usage. With --strict an item that is not verified fails too.`,
		Args: cli.Exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return showChecklist(cmd.Context(), p, f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.repository, "repo", "", "look at the repository that this `directory` is in")
	fs.StringVar(&f.history, "history", "all", "all, or none for the files, the index and the commit that is checked out")
	fs.StringVar(&f.django.Dir, "django", "", "look at the Django project in this `directory`, which holds manage.py")
	fs.StringVar(&f.django.Settings, "settings", "", "its settings `module`, such as mysite.settings (default: what manage.py names)")
	fs.StringVar(&f.django.Python, "python", "", "its `Python`; none runs nothing and reads the source")
	fs.DurationVar(&f.django.Timeout, "timeout", time.Minute, "how long reading its settings may take")
	f.Flags(fs)
	return c
}

func showChecklist(ctx context.Context, p *cli.Program, f preflightFlags) error {
	opt, err := f.Options(p)
	if err != nil {
		return err
	}
	if f.URL == "" && f.repository == "" && f.django.Dir == "" {
		return cli.Usage("there is nothing to look at: name it with --url, --repo or --django")
	}
	var tree repo.Config
	if f.repository != "" {
		scan := scanFlags{history: f.history, timeout: 10 * time.Minute, maxBlob: 100}
		if tree, err = scan.config(ctx, f.repository); err != nil {
			return err
		}
	}
	if f.django.Dir != "" {
		if err := usage(&f.django); err != nil {
			return err
		}
	}
	var live *probe.Live
	var claims probe.Claims
	if f.URL != "" {
		if live, claims, err = f.Live(f.URL); err != nil {
			return err
		}
		defer live.Close()
	}
	return f.look(ctx, p, live, claims, tree, opt)
}

// look makes the checks of what was named, and shows the checklist of what they find.
func (f preflightFlags) look(ctx context.Context, p *cli.Program, live *probe.Live, claims probe.Claims, tree repo.Config, opt check.Options) error {
	fold := preflight.Options{Commands: map[check.Evidence]string{}}
	var checks []check.Check
	var subjects []string
	if live != nil {
		found, claims := live.Checks(ctx, claims)
		checks = append(checks, found...)
		subjects = append(subjects, live.Describe(claims))
		fold.Commands[check.URL] = "airworthy probe " + live.URL()
	}
	if f.repository != "" {
		if cli.Terminal(p.Err) {
			tree.Progress = (&bar{w: p.Err}).show
		}
		checks = append(checks, cli.TreeChecks(tree)...)
		subjects = append(subjects, name(f.repository))
		fold.Commands[check.Repository] = "airworthy scan " + f.repository
	}
	if f.django.Dir != "" {
		found, subject, err := djangoChecks(ctx, f.django)
		if err != nil {
			return err
		}
		checks = append(checks, found...)
		subjects = append(subjects, subject)
		fold.Commands[check.Handler] = "airworthy probe https://…" // a Django application is asked from outside only
		fold.Commands[check.Settings] = "airworthy check --deploy --django " + f.django.Dir + " --settings " + f.django.Settings
	}
	fold.Subject = strings.Join(subjects, ", ")
	return f.Judge(ctx, p, checks, opt, fold)
}

// name returns what a directory is called, were it only by a dot.
func name(dir string) string {
	if whole, err := filepath.Abs(dir); err == nil {
		return filepath.Base(whole)
	}
	return dir
}

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
		Use:   "preflight [--url URL] [--repo DIR] [--django DIR --settings MODULE]",
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
	fs.StringVar(&f.django.Settings, "settings", "", "its settings `module`, such as mysite.settings")
	fs.StringVar(&f.django.Python, "python", "", "its `Python`")
	fs.DurationVar(&f.django.Timeout, "timeout", time.Minute, "how long reading its settings may take")
	f.Flags(fs)
	return c
}

func showChecklist(ctx context.Context, p *cli.Program, f preflightFlags) error {
	opt, err := f.Options(p)
	if err != nil {
		return err
	}
	fold := preflight.Options{Subject: f.subject(), Commands: map[check.Evidence]string{}}
	var tree repo.Config
	switch {
	case fold.Subject == "":
		return cli.Usage("there is nothing to look at: name it with --url, --repo or --django")
	case (f.django.Dir == "") != (f.django.Settings == ""):
		return cli.Usage("--django DIR and --settings MODULE go together: they name the directory of manage.py and the settings module")
	case f.repository != "":
		scan := scanFlags{history: f.history, timeout: 10 * time.Minute, maxBlob: 100}
		if tree, err = scan.config(ctx, f.repository); err != nil {
			return err
		}
	}
	var checks []check.Check
	if f.URL != "" {
		live, claims, err := f.Live(f.URL)
		if err != nil {
			return err
		}
		defer live.Close()
		fold.Commands[check.URL] = "airworthy probe " + live.URL()
		found, _ := live.Checks(ctx, claims)
		checks = append(checks, found...)
	}
	if f.repository != "" {
		fold.Commands[check.Repository] = "airworthy scan " + f.repository
		checks = append(checks, cli.TreeChecks(tree)...)
	}
	if f.django.Dir != "" {
		fold.Commands[check.Settings] = "airworthy check --deploy --django " + f.django.Dir + " --settings " + f.django.Settings
		checks = append(checks, djangoChecks(ctx, f.django)...)
	}
	return f.Judge(ctx, p, checks, opt, fold)
}

// subject names what is looked at.
func (f preflightFlags) subject() string {
	var parts []string
	tree := f.repository
	if dir, err := filepath.Abs(tree); tree != "" && err == nil {
		tree = filepath.Base(dir)
	}
	for _, part := range []string{f.URL, tree, strings.TrimSpace(f.django.Dir + " " + f.django.Settings)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// djangoChecks reads a project's settings and returns the checks of them, or the one that says why they cannot be read.
func djangoChecks(ctx context.Context, cfg django.ReadConfig) []check.Check {
	project, err := django.Read(ctx, cfg)
	checks := []check.Check{django.ReadCheck(err)}
	if err == nil {
		checks = append(checks, project.Checks()...)
	}
	return checks
}

package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
	"github.com/airworthy-go/airworthy/internal/cli"
)

const checkHelp = `Judge the settings of a Django project: Django's own rules under Django's IDs, as the project's own version has them, and
those that Django lacks.

This runs the project: its own Python imports the settings and the applications that they install, with your rights and
your environment, in a process that is bounded in time and memory. Give it the variables of production, or the
settings of another environment are judged. With --python none nothing is run: the source of the settings is read, and
what is known only at run time could not be checked and is reported as such.

Without --settings, manage.py is read for the module that it names. Without --python, the project's virtual environment is
looked for, then python3.`

// checkCommand judges a Django project's settings.
func checkCommand(p *cli.Program) *cobra.Command {
	var gate cli.Gate
	var cfg django.ReadConfig
	var deploy bool
	cmd := &cobra.Command{
		Use:     "check --deploy --django DIR --settings MODULE",
		Short:   "Judge the settings of a Django project",
		Long:    checkHelp,
		Example: "  airworthy check --deploy --django . --settings mysite.settings.production --python .venv/bin/python",
		Args:    cli.Exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt, err := gate.Options(p)
			if err != nil {
				return err
			}
			opt.Deploy = deploy
			if gate.ListTags || gate.ListChecks {
				return gate.Judge(cmd.Context(), p, "", append(django.Project{}.Checks(), django.ReadCheck(nil)), opt)
			}
			if err := usage(&cfg); err != nil {
				return err
			}
			checks, subject, err := djangoChecks(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return gate.Judge(cmd.Context(), p, subject, checks, opt)
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&deploy, "deploy", false, "run the checks for deployment too")
	fs.StringVar(&cfg.Dir, "django", "", "the project's `directory`, which holds manage.py")
	fs.StringVar(&cfg.Settings, "settings", "", "the settings `module`, such as mysite.settings (default: what manage.py names)")
	fs.StringVar(&cfg.Python, "python", "", "the project's `Python`; none runs nothing and reads the source")
	fs.DurationVar(&cfg.Timeout, "timeout", time.Minute, "how long reading the settings may take")
	gate.Flags(fs)
	return cmd
}

// noPython, as --python, reads the source.
const noPython = "none"

// usage refuses what cannot be meant, and fills in what manage.py says.
func usage(cfg *django.ReadConfig) error {
	if cfg.Dir == "" {
		return cli.Usage("--django is missing: name the directory that holds manage.py")
	}
	if cfg.Timeout <= 0 {
		return cli.Usage("--timeout: %s is no time: write it as 90s or 2m", cfg.Timeout)
	}
	modules, err := django.Modules(cfg.Dir)
	if err != nil {
		return cli.Usage("--django: %v", err)
	}
	if cfg.Settings == "" {
		if cfg.Settings = modules.Default; cfg.Settings == "" {
			return cli.Usage("--settings is missing, and manage.py names no module%s", modules.Suggestion(""))
		}
	}
	if !modules.Has(cfg.Settings) {
		return cli.Usage("--settings: there is no module %q in %s%s", cfg.Settings, cfg.Dir, modules.Suggestion(cfg.Settings))
	}
	if cfg.Python != noPython {
		if _, err := django.FindPython(cfg.Dir, cfg.Python); err != nil {
			return cli.Usage("%v; --python none reads the source and runs nothing", err)
		}
	}
	return nil
}

func read(ctx context.Context, cfg django.ReadConfig) (django.Project, error) {
	if cfg.Python == noPython {
		return django.ReadStatic(cfg.Dir, cfg.Settings)
	}
	return django.Read(ctx, cfg)
}

// djangoChecks reads a project's settings and returns the checks of them, and what the project is called. Settings that cannot
// be read are a finding.
func djangoChecks(ctx context.Context, cfg django.ReadConfig) (checks []check.Check, subject string, err error) {
	project, err := read(ctx, cfg)
	checks = []check.Check{django.ReadCheck(err)}
	if err == nil {
		checks = append(checks, project.Checks()...)
	}
	if _, fault := errors.AsType[*django.ReadError](err); err != nil && !fault {
		return nil, "", err
	}
	return checks, project.Subject(cfg.Dir, cfg.Settings), nil
}

package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/django"
	"github.com/airworthy-go/airworthy/internal/cli"
)

// checkCommand judges a Django project's settings.
func checkCommand(p *cli.Program) *cobra.Command {
	var gate cli.Gate
	var cfg django.ReadConfig
	var deploy bool
	cmd := &cobra.Command{
		Use:   "check --deploy --django DIR --settings MODULE",
		Short: "Judge the settings of a Django project",
		Long: "Judge the settings of a Django project: Django's own rules under Django's IDs, and those that Django lacks.\n\n" +
			"This runs the project: its own Python imports the settings and the applications, with your rights and your\n" +
			"environment, in a process that is bounded in time and memory. Give it the variables of production.",
		Args: cli.Exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt, err := gate.Options(p)
			if err != nil {
				return err
			}
			opt.Deploy = deploy
			if cfg.Dir == "" || cfg.Settings == "" {
				return cli.Usage("--django DIR and --settings MODULE are required: they name the directory of manage.py and the settings module")
			}
			if gate.ListTags || gate.ListChecks {
				return gate.Judge(cmd.Context(), p, "", append(django.Project{}.Checks(), django.ReadCheck(nil)), opt)
			}
			project, err := django.Read(cmd.Context(), cfg)
			checks := []check.Check{django.ReadCheck(err)}
			if err == nil {
				checks = append(checks, project.Checks()...)
			}
			return gate.Judge(cmd.Context(), p, cfg.Dir+" "+cfg.Settings, checks, opt)
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&deploy, "deploy", false, "run the checks for deployment too")
	fs.StringVar(&cfg.Dir, "django", "", "the project's `directory`, which holds manage.py")
	fs.StringVar(&cfg.Settings, "settings", "", "the settings `module`, such as mysite.settings")
	fs.StringVar(&cfg.Python, "python", "", "the project's `Python`")
	fs.DurationVar(&cfg.Timeout, "timeout", time.Minute, "how long reading the settings may take")
	gate.Flags(fs)
	return cmd
}

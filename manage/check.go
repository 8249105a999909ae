package manage

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/deployment"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/check/repo"
	"github.com/airworthy-go/airworthy/internal/cli"
)

type checkFlags struct {
	cli.Gate
	cli.Site
	deploy  bool
	history bool
	url     string
}

func (p *program) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check",
		Short: "Judge the settings and the application; exit 1 if something is unsafe",
		Long: `Judge the settings and, with --deploy, the running application: real requests through the real handler.

Exits with 0 if nothing stands at or above the fail level, with 1 if something does or a check could not run, and with 2
for wrong usage. Set a finding aside with SILENCED_SYSTEM_CHECKS="ID=reason, ID=reason"; the report repeats the reason.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.check(cmd.Context(), f) },
	}
	c.Flags().BoolVar(&f.deploy, "deploy", false, "run the checks for deployment too")
	c.Flags().StringVar(&f.url, "url", "", "look at the live site at this `URL` too, and compare it with the settings")
	c.Flags().BoolVar(&f.history, "history", false, "look for secrets in the files and the whole history of the repository too, and tell which are in use")
	f.Gate.Flags(c.Flags())
	f.Site.Flags(c.Flags())
	return c
}

func (p *program) check(ctx context.Context, f checkFlags) error {
	opt, err := f.Options(p.cli)
	if err != nil {
		return err
	}
	opt.Deploy = f.deploy
	// The program ends in a moment: to collect garbage costs more than to keep it.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	var live *probe.Live
	var claims probe.Claims
	if f.url != "" {
		if !f.deploy {
			return cli.Usage("--url: the checks of a live site are for deployment: add --deploy")
		}
		if live, claims, err = f.Live(f.url); err != nil {
			return err
		}
		defer live.Close()
	}
	if f.history && !f.deploy {
		return cli.Usage("--history: the checks of the history are for deployment: add --deploy")
	}
	checks, set, closeApp := p.checks(ctx, &opt)
	defer closeApp()
	if f.deploy && repo.Exists("") {
		checks = append(checks, deployment.In("").Checks()...)
	}
	if f.history {
		checks = append(checks, set.HistoryChecks()...)
	}
	switch {
	case live == nil:
	case f.ListChecks || f.ListTags:
		checks = append(checks, probe.Checks(live, claims)...)
	default:
		checks = append(checks, set.LiveChecks(ctx, live, claims.Profile)...)
	}
	return f.Judge(ctx, p.cli, p.name, checks, opt)
}

// checks returns the checks of the application and its settings, or, if it cannot be built, those of its settings and one
// that says so.
func (p *program) checks(ctx context.Context, opt *check.Options) ([]check.Check, airworthy.Settings, func()) {
	app, err := p.application(ctx)
	if err == nil {
		opt.Silenced, opt.Edge = app.Settings().Silences(), append(opt.Edge, app.Settings().Edge...)
		return app.Checks(), app.Settings(), func() { p.close(app) }
	}
	checks := []check.Check{airworthy.BuildCheck(err)}
	var set airworthy.Settings
	if refused, ok := airworthy.Refused(err); ok {
		set = refused
		checks = append(checks, set.Checks()...)
		opt.Silenced, opt.Edge = set.Silences(), append(opt.Edge, set.Edge...)
	}
	return checks, set, func() {}
}

func (p *program) close(app *airworthy.App) {
	if err := app.Close(); err != nil {
		fmt.Fprintf(p.err, "error: closing the application: %s\n", p.redact(err.Error()))
	}
}

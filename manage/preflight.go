package manage

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/internal/cli"
)

type preflightFlags struct {
	cli.Checklist
	repository bool
}

func (p *program) preflightCommand() *cobra.Command {
	var f preflightFlags
	c := &cobra.Command{
		Use:   "preflight",
		Short: "Show the checklist of a site that goes on the internet: pass, fail, not verified",
		Long: `Show the checklist of a site that goes on the internet: sixteen items and the application's own, each passed, failed or not
verified, with the evidence and the command that would look at the rest.

Looks at the settings and at the application as it answers; with --url at the live site too, and with --history at the repository
in which the command runs and at all of its history.

Exits with 0 if no item fails, with 1 if one does, and with 2 for wrong usage. With --strict an item that is not verified fails too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.preflight(cmd.Context(), f) },
	}
	f.Flags(c.Flags())
	c.Flags().BoolVar(&f.repository, "history", false, "look for secrets in the repository and in all of its history too")
	return c
}

func (p *program) preflight(ctx context.Context, f preflightFlags) error {
	opt, err := f.Options(p.cli)
	if err != nil {
		return err
	}
	var live *probe.Live
	var claims probe.Claims
	if f.URL != "" {
		if live, claims, err = f.Live(f.URL); err != nil {
			return err
		}
		defer live.Close()
	}
	checks, set, closeApp := p.checks(ctx, &opt)
	defer closeApp()
	if live != nil {
		checks = append(checks, set.LiveChecks(ctx, live, claims.Profile)...)
	}
	if f.repository {
		checks = slices.DeleteFunc(checks, func(c check.Check) bool { return c.Needs == check.Repository }) // these are among the tree's
		checks = append(checks, cli.TreeChecks(set.Repository())...)
	}
	return f.Judge(ctx, p.cli, checks, opt, preflight.Options{
		Subject: p.name, Items: set.Items, Commands: map[check.Evidence]string{
			check.Settings:   p.name + " check --deploy",
			check.Handler:    p.name + " check --deploy",
			check.Repository: p.name + " preflight --history",
			check.URL:        p.name + " preflight --url " + set.Address(),
		}})
}

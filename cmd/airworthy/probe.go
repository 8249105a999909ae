package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/internal/cli"
)

type probeFlags struct {
	cli.Gate
	cli.Site
	paths []string
}

func probeCommand(p *cli.Program) *cobra.Command {
	var f probeFlags
	c := &cobra.Command{
		Use:   "probe URL",
		Short: "Judge a live site by what it answers to a stranger",
		Long: `Judge a live site by what it answers to a stranger: certificate, TLS, redirects, headers, cookies, error pages.

Sends at most 150 requests and handshakes, five a second, to the host of the URL alone, and follows no redirect to another.
Two of them are POSTs without a body, as a foreign site's form would send them. Ask only about sites that are yours.

Exits with 0 if nothing stands at or above the fail level, with 1 if something does or a check could not look, and with 2 for
wrong usage.`,
		Args: cli.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error { return probeSite(cmd.Context(), p, f, args[0]) },
	}
	c.Flags().StringArrayVar(&f.paths, "path", nil, "look at the page at this `path` too; may be repeated")
	f.Site.Flags(c.Flags())
	f.Gate.Flags(c.Flags())
	return c
}

func probeSite(ctx context.Context, p *cli.Program, f probeFlags, url string) error {
	opt, err := f.Options(p)
	if err != nil {
		return err
	}
	opt.Deploy = true
	live, claims, err := f.Live(url)
	if err != nil {
		return err
	}
	defer live.Close()
	for _, path := range f.paths {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "# \t\r\n") {
			return cli.Usage("--path: %q is no path: write it as /about", path)
		}
	}
	claims.Paths = f.paths
	if f.ListTags || f.ListChecks {
		return f.Judge(ctx, p, live.URL(), probe.Checks(live, claims), opt)
	}
	checks, claims := live.Checks(ctx, claims)
	return f.Judge(ctx, p, live.Describe(claims), checks, opt)
}

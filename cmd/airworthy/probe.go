package main

import (
	"context"
	"crypto/x509"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check/probe"
	"github.com/airworthy-go/airworthy/internal/cli"
)

type probeFlags struct {
	cli.Gate
	private  bool
	profile  string
	paths    []string
	ca       string
	httpPort uint16
	interval time.Duration
	total    time.Duration
}

func probeCommand(p *cli.Program) *cobra.Command {
	var f probeFlags
	c := &cobra.Command{
		Use:   "probe URL",
		Short: "Judge a live site by what it answers to a stranger",
		Long: `Judge a live site by what it answers to a stranger: certificate, TLS, redirects, headers, cookies, error pages.

Sends at most 150 requests and handshakes, five a second, to the host of the URL alone, and follows no redirect to another.
Three of them are POSTs without a body, as a foreign site's form would send them. Ask only about sites that are yours.

Exits with 0 if nothing stands at or above the fail level, with 1 if something does or a check could not look, and with 2 for
wrong usage.`,
		Args: cli.Exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error { return probeSite(cmd.Context(), p, f, args[0]) },
	}
	c.Flags().BoolVar(&f.private, "allow-private", false, "let the site stand on this machine or in a private network")
	c.Flags().StringVar(&f.profile, "profile", "", "the kind of site: html, api, static or redirect\n(default what the first answer looks like)")
	c.Flags().StringArrayVar(&f.paths, "path", nil, "look at the page at this `path` too; may be repeated")
	c.Flags().StringVar(&f.ca, "ca", "", "trust the certificates in this `file` (PEM) instead of the system's")
	c.Flags().Uint16Var(&f.httpPort, "http-port", 0, "the `port` on which the site redirects http to https\n(default 80 if https is on 443, none otherwise)")
	c.Flags().DurationVar(&f.interval, "interval", 200*time.Millisecond, "the time between two requests")
	c.Flags().DurationVar(&f.total, "total", 3*time.Minute, "the time for all of them")
	f.Flags(c.Flags())
	return c
}

func probeSite(ctx context.Context, p *cli.Program, f probeFlags, url string) error {
	opt, err := f.Options(p)
	if err != nil {
		return err
	}
	opt.Deploy = true
	claims := probe.Claims{Outside: true}
	if f.profile != "" {
		if claims.Profile, err = probe.ParseProfile(f.profile); err != nil {
			return cli.Usage("--profile: %v", err)
		}
	}
	live, err := f.live(url)
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

// live makes the round tripper that the flags ask for. Its error is one of usage.
func (f *probeFlags) live(url string) (*probe.Live, error) {
	config := probe.LiveConfig{
		URL: url, HTTPPort: f.httpPort, InsecurePrivate: f.private, Interval: f.interval, Total: f.total,
	}
	if f.interval <= 0 || f.total <= 0 {
		return nil, cli.Usage("--interval and --total: a time must be more than nothing")
	}
	if f.ca != "" {
		text, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, cli.Usage("--ca: %v", err)
		}
		config.Roots = x509.NewCertPool()
		if !config.Roots.AppendCertsFromPEM(text) {
			return nil, cli.Usage("--ca: %s holds no certificate: it must be a PEM file", f.ca)
		}
	}
	live, err := probe.NewLive(config)
	if err != nil {
		return nil, &cli.Failure{Status: cli.Wrong, Err: err}
	}
	return live, nil
}

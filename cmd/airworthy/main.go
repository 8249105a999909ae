// Command airworthy is the gate on what needs no Go application: a Django project, a repository, a live site.
//
//	airworthy check --deploy --django DIR --settings MODULE
//	airworthy probe https://example.com
//	airworthy scan DIR
//	airworthy preflight --url https://example.com --repo DIR
//	airworthy explain ID
//
// Results go to stdout, everything else to stderr. The exit status is 0 when nothing stands at or above the fail level, 1
// for findings and for a check that could not run, and 2 for wrong usage. Nothing is sent anywhere but to the site that
// is probed.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/internal/catalog"
	"github.com/airworthy-go/airworthy/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run runs the command that args name and returns the exit status.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	p := &cli.Program{Out: out, Err: errs, Rules: catalog.Known}
	root := &cobra.Command{
		Use:           "airworthy",
		Short:         "Judge a Django project, a repository or a live site before you put it in front of people",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		cli.ExplainCommand(p, catalog.Known),
		checkCommand(p),
		preflightCommand(p),
		probeCommand(p),
		scanCommand(p),
	)
	p.Mark(root)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	return p.Status(root.ExecuteContext(ctx))
}

package manage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/check"
)

type checkFlags struct {
	deploy, listTags          bool
	tags                      []string
	failLevel, format, output string
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
	c.Flags().StringArrayVarP(&f.tags, "tag", "t", nil, "run only checks with this `tag`; may be repeated")
	c.Flags().BoolVar(&f.listTags, "list-tags", false, "print the tags and exit")
	c.Flags().StringVar(&f.failLevel, "fail-level", "",
		"the `level` from which a finding fails: CRITICAL, ERROR, WARNING, INFO or DEBUG\n"+
			"(default WARNING with --deploy, ERROR without)")
	c.Flags().StringVar(&f.format, "format", "text", "text or json")
	c.Flags().StringVarP(&f.output, "output", "o", "", "write the report to this `file` instead of stdout")
	return c
}

func (p *program) check(ctx context.Context, f checkFlags) error {
	opt := check.Options{Deploy: f.deploy, Tags: f.tags}
	if f.failLevel != "" {
		level, err := check.ParseLevel(f.failLevel)
		if err != nil {
			return usage("--fail-level: %v", err)
		}
		opt.FailLevel = level
	}
	if f.format != "text" && f.format != "json" {
		return usage("--format: unknown format %q: use text or json", f.format)
	}
	checks, closeApp := p.checks(ctx, &opt)
	defer closeApp()
	if f.listTags {
		_, err := fmt.Fprintln(p.out, strings.Join(check.Tags(checks, f.deploy), "\n"))
		return err
	}
	if known := check.Tags(checks, true); len(f.tags) > 0 {
		for _, tag := range f.tags {
			if !slices.Contains(known, tag) {
				return usage("--tag: no check has the tag %q: use %s", tag, strings.Join(known, ", "))
			}
		}
	}
	report := check.Run(ctx, checks, opt)
	report.Redact(p.redact)
	if err := p.write(report, f); err != nil {
		return err
	}
	if report.Failed() {
		return &failure{status: 1}
	}
	return nil
}

// checks returns the checks of the application, or, if it cannot be built, those of its settings and one that says so.
func (p *program) checks(ctx context.Context, opt *check.Options) ([]check.Check, func()) {
	app, err := p.application(ctx)
	if err == nil {
		opt.Silenced = app.Settings().Silences()
		return app.Checks(), func() { p.close(app) }
	}
	checks := []check.Check{airworthy.BuildCheck(err)}
	var refused *airworthy.RefusedError
	if errors.As(err, &refused) {
		checks = append(checks, refused.Settings.Checks()...)
		opt.Silenced = refused.Settings.Silences()
	}
	return checks, func() {}
}

func (p *program) close(app *airworthy.App) {
	if err := app.Close(); err != nil {
		fmt.Fprintf(p.err, "error: closing the application: %s\n", p.redact(err.Error()))
	}
}

// write writes the report, once all of it is known, before the exit status is decided.
func (p *program) write(r *check.Report, f checkFlags) error {
	var buf bytes.Buffer
	writeReport := func(w io.Writer) error { return r.WriteText(w, check.TextOptions{Color: f.output == "" && p.colour()}) }
	if f.format == "json" {
		writeReport = r.WriteJSON
	}
	if err := writeReport(&buf); err != nil {
		return err
	}
	if f.output == "" {
		_, err := buf.WriteTo(p.out)
		return err
	}
	if err := os.WriteFile(f.output, buf.Bytes(), 0o644); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// colour reports whether the results go to a terminal whose user did not ask for none (https://no-color.org).
func (p *program) colour() bool {
	file, ok := p.out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

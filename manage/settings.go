package manage

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/settings"
)

func (p *program) settingsCommand() *cobra.Command {
	var diff string
	c := &cobra.Command{
		Use:   "settings",
		Short: "Print the settings and where each came from, secrets redacted",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("diff") {
				return p.diffSettings(cmd.Context(), diff)
			}
			loaded, err := p.loaded(cmd.Context())
			if err != nil {
				return refusal(err)
			}
			return p.redacted(loaded.WriteText)
		},
	}
	c.Flags().StringVar(&diff, "diff", "", "print instead what differs in this `environment`")
	return c
}

// loaded returns what the application's settings were loaded from.
func (p *program) loaded(ctx context.Context) (settings.Loaded, error) {
	app, err := p.application(ctx)
	if err != nil {
		return settings.Loaded{}, err
	}
	defer p.close(app)
	return app.Settings().Loaded, nil
}

func (p *program) diffSettings(ctx context.Context, environment string) error {
	here, err := p.loaded(ctx)
	if err != nil {
		return refusal(err)
	}
	there, err := p.loaded(settings.WithEnvironment(ctx, environment))
	if err != nil {
		return fmt.Errorf("the environment %q cannot be loaded here: %w", environment, refusal(err))
	}
	return p.redacted(func(w io.Writer) error { return settings.WriteDiff(w, here, there) })
}

// redacted writes what write does, without secrets. The settings are redacted already, each set by what it knows itself.
func (p *program) redacted(write func(io.Writer) error) error {
	var buf strings.Builder
	if err := write(&buf); err != nil {
		return err
	}
	_, err := io.WriteString(p.out, p.redact(buf.String()))
	return err
}

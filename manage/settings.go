package manage

import (
	"context"
	"fmt"

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
			return loaded.WriteText(p.out)
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
	return settings.WriteDiff(p.out, here, there)
}

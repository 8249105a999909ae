package manage

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/settings"
)

// The variables that hold the keys.
const (
	keyVariable       = "SECRET_KEY"
	fallbacksVariable = "SECRET_KEY_FALLBACKS"
)

func (p *program) keyCommand() *cobra.Command {
	key := &cobra.Command{
		Use:   "key",
		Short: "Make signing keys, look after them and rotate them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	key.AddCommand(p.keyGenerateCommand(), p.keyStatusCommand(), p.keyRotateCommand(), p.keyRetireCommand())
	return key
}

func (p *program) keyGenerateCommand() *cobra.Command {
	var environment string
	c := &cobra.Command{
		Use:   "generate",
		Short: "Print a strong key for SECRET_KEY",
		Long: `Print a strong key for SECRET_KEY, and nothing else, on stdout. The key says when it was made and for which environment;
other environments refuse it.

To change the key of a running site without logging anybody out, use "key rotate".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("environment") {
				environment = os.Getenv(settings.EnvironmentVariable)
			}
			k, err := keyring.GenerateFor(environment, time.Now())
			if err != nil {
				return fmt.Errorf("%w, by --environment=", err)
			}
			_, err = fmt.Fprintln(p.out, k.Reveal())
			return err
		},
	}
	c.Flags().StringVar(&environment, "environment", "",
		"the `environment` that the key is for; empty for any (default AIRWORTHY_ENV, if it is set)")
	return c
}

// propagating is a source that knows how long a change of its values takes to arrive everywhere.
type propagating interface{ Propagation() time.Duration }

// defaultPropagation is how long that is taken to be where nobody knows.
const defaultPropagation = 12 * time.Minute

// vanished is for how long an instance that stopped reporting without a farewell may be serving still.
const vanished = time.Hour

// reports returns what the instances say of their keys; nothing without a ledger.
func reports(ctx context.Context, ledger keyring.Ledger) ([]keyring.Report, error) {
	if ledger == nil {
		return nil, nil
	}
	all, err := ledger.Reports(ctx)
	if err != nil {
		return nil, fmt.Errorf("the ledger of keys cannot be read, so nobody knows what the instances hold: %w", err)
	}
	return all, nil
}

// held returns what r says of a key.
func held(r keyring.Report, fingerprint string) (keyring.Use, bool) {
	for _, u := range r.Keys {
		if u.Fingerprint == fingerprint {
			return u, true
		}
	}
	return keyring.Use{}, false
}

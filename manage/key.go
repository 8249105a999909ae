package manage

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/keyring"
)

func (p *program) keyCommand() *cobra.Command {
	key := &cobra.Command{
		Use:   "key",
		Short: "Make signing keys",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	key.AddCommand(&cobra.Command{
		Use:   "generate",
		Short: "Print a strong key for SECRET_KEY",
		Long: `Print a strong key for SECRET_KEY, and nothing else, on stdout.

To change the key of a running site without logging anybody out, put the key that it replaces into
SECRET_KEY_FALLBACKS until the longest session has ended.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.out, keyring.Generate().Reveal())
			return err
		},
	})
	return key
}

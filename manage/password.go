package manage

import (
	"github.com/spf13/cobra"
)

func (p *program) passwordCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "password",
		Short: "Choose what hashing passwords costs, and make a filter of breached ones",
		Long: `Choose what hashing passwords costs on this machine, and make a filter of breached passwords, by which the site refuses them
without asking anybody. These commands work before the application can be built. The password of an account is changed by
"user password".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(p.passwordCalibrateCommand(), p.passwordFilterCommand())
	return c
}

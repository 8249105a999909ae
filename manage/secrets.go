package manage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets/agefile"
	"github.com/airworthy-go/airworthy/settings"
)

func (p *program) secretsCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "secrets",
		Short: "Keep secrets in an encrypted file that may be committed",
		Long: `Keep secrets in a file that is encrypted with age and may be committed.

  secrets keygen > identity.txt                       a key pair; keep identity.txt out of the repository
  export AIRWORTHY_AGE_IDENTITY_FILE=identity.txt
  export AIRWORTHY_SECRETS=age://secrets.env.age
  key generate | secrets set SECRET_KEY               makes the file
  secrets edit                                        in $VISUAL or $EDITOR

Whoever is listed in secrets.env.age.recipients, a public key on each line, can decrypt what is written from then on.
These commands work before the application can be built.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.PersistentFlags().StringVar(&path, "file", "", "the encrypted `file` (default the first age:// URL in AIRWORTHY_SECRETS)")
	classic := false
	keygen := &cobra.Command{
		Use:   "keygen",
		Short: "Print a new identity, and its recipient on stderr",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return p.secretsKeygen(classic) },
	}
	keygen.Flags().BoolVar(&classic, "classic", false, "for tools before age 1.3, which do not know keys that resist quantum computers")
	c.AddCommand(keygen, &cobra.Command{
		Use:   "recipient",
		Short: "Print the recipient (public key) of the identity in use",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := openSealed(cmd.Context(), cmp.Or(path, "unused"))
			if err != nil {
				return err
			}
			own, err := file.Own()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.out, strings.Join(own, "\n"))
			return err
		},
	}, &cobra.Command{
		Use:   "names",
		Short: "Print the names that the file holds",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return p.secretsNames(cmd.Context(), path) },
	}, &cobra.Command{
		Use:   "set NAME",
		Short: "Set NAME to what stands on stdin",
		Long:  "Set NAME to what stands on stdin, less one newline at its end. A value is never an argument: others would see it.",
		Args:  cli.Exactly(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return p.secretsSet(cmd.Context(), path, args[0]) },
	}, &cobra.Command{
		Use:   "rekey",
		Short: "Encrypt the file again, to its present recipients",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return p.secretsRekey(cmd.Context(), path) },
	}, &cobra.Command{
		Use:   "edit",
		Short: "Edit the file in $VISUAL or $EDITOR, and encrypt it to its present recipients",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return p.secretsEdit(cmd.Context(), path) },
	})
	return c
}

// sealing is what these commands need to know, from the same places as the application's settings.
type sealing struct {
	Sources  []string    `env:"AIRWORTHY_SECRETS"`
	Identity secret.Text `env:"AIRWORTHY_AGE_IDENTITY"`
}

// openSealed returns the encrypted file, at path if that is given.
func openSealed(ctx context.Context, path string) (*agefile.File, error) {
	cfg, err := settings.Load(ctx, sealing{}, settings.Env(), settings.DotEnv(".env"))
	if err != nil {
		return nil, err
	}
	if path != "" {
		return agefile.New(agefile.Config{Path: path, Identity: cfg.Identity})
	}
	scheme := agefile.Scheme()
	for _, source := range cfg.Sources {
		u, err := url.Parse(source)
		if err != nil || u.Scheme != scheme.Name {
			continue
		}
		opened, err := scheme.Open(ctx, u, map[string]settings.Value{agefile.IdentityVariable: {Text: cfg.Identity.Reveal()}})
		if err != nil {
			return nil, fmt.Errorf("AIRWORTHY_SECRETS: %w", err)
		}
		return opened.(*agefile.File), nil
	}
	return nil, errors.New("no encrypted file is known: set AIRWORTHY_SECRETS=age://secrets.env.age, or give --file secrets.env.age")
}

func (p *program) secretsKeygen(classic bool) error {
	identity, recipient, err := agefile.NewIdentity(classic)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "recipient: %s\n", recipient)
	_, err = fmt.Fprintf(p.out, "# recipient: %s\n%s\n", recipient, identity.Reveal())
	return err
}

func (p *program) secretsNames(ctx context.Context, path string) error {
	file, err := openSealed(ctx, path)
	if err != nil {
		return err
	}
	text, _, err := file.Read()
	if err != nil {
		return err
	}
	names, err := settings.DotEnvNames(file.Name(), text.Reveal())
	for _, name := range names {
		fmt.Fprintln(p.out, name)
	}
	return err
}

func (p *program) secretsRekey(ctx context.Context, path string) error {
	file, err := openSealed(ctx, path)
	if err != nil {
		return err
	}
	text, version, err := file.Read()
	if err != nil {
		return err
	}
	return file.Replace(text, version)
}

const maxSecret = 1 << 20

func (p *program) secretsSet(ctx context.Context, path, name string) error {
	file, err := openSealed(ctx, path)
	if err != nil {
		return err
	}
	if terminal(p.in) {
		fmt.Fprintf(p.err, "%s, which will be seen as you type; end with Ctrl-D: ", name)
	}
	b, err := io.ReadAll(io.LimitReader(p.in, maxSecret+1))
	if err != nil {
		return errors.New("stdin cannot be read")
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	switch {
	case len(b) > maxSecret:
		return errors.New("stdin holds more than 1 MiB: give the value alone")
	case value == "":
		return fmt.Errorf("stdin is empty: give the value of %s on it, as in \"key generate | secrets set SECRET_KEY\"", name)
	}
	return file.Write(ctx, []settings.Change{{Name: name, Text: secret.New(value)}})
}

func (p *program) secretsEdit(ctx context.Context, path string) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP) // a closed terminal is not to leave the decrypted text behind
	defer stop()
	file, err := openSealed(ctx, path)
	if err != nil {
		return err
	}
	text, version, err := file.Read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, err := plainDir()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	plain := filepath.Join(dir, "secrets.env")
	if err := os.WriteFile(plain, []byte(text.Reveal()), 0o600); err != nil {
		return errors.New("the decrypted text cannot be written for the editor")
	}
	for {
		if err := p.editor(ctx, plain); err != nil {
			return err
		}
		b, err := os.ReadFile(plain)
		if err != nil || len(b) > maxSecret {
			return errors.New("what the editor left cannot be read, or is larger than 1 MiB: the file is unchanged")
		}
		edited := secret.New(string(b))
		if edited.Equal(text) {
			fmt.Fprintln(p.err, "unchanged; \"secrets rekey\" encrypts it to other recipients all the same")
			return nil
		}
		if err = file.Replace(edited, version); err == nil {
			return nil
		}
		fmt.Fprintf(p.err, "error: %v\n", err)
		if errors.Is(err, settings.ErrConflict) || !terminal(p.in) {
			return errors.New("the file is unchanged")
		}
		fmt.Fprint(p.err, "Return opens the editor again, Ctrl-C leaves the file as it was. ")
		if _, err := fmt.Fscanln(p.in); err != nil && !strings.Contains(err.Error(), "newline") {
			return errors.New("the file is unchanged")
		}
	}
}

// plainDir makes a directory for decrypted text that only we can read, in memory where there is a place for that.
func plainDir() (string, error) {
	for _, parent := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/dev/shm", ""} {
		if parent == "" || filepath.IsAbs(parent) {
			if dir, err := os.MkdirTemp(parent, "secrets"); err == nil {
				return dir, nil
			}
		}
	}
	return "", errors.New("there is no directory for temporary files: set TMPDIR")
}

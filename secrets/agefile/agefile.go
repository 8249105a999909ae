// Package agefile keeps secrets in a file that is encrypted with age (https://age-encryption.org) and may be committed:
// a small team has a place for its secrets on the first day, without a server.
//
// It protects what is in the file from whoever reads the repository, and from being lost while it is changed. It does
// not protect from whoever may write to the repository: age does not say who encrypted a file, and a former recipient
// keeps what the history holds, so rotate what somebody has seen who should no longer.
//
//	file, err := agefile.New(agefile.Config{Path: "secrets.env.age", Identity: identity})
//	…
//	cfg, err := environments.Load(ctx, settings.Env(), settings.DotEnv(".env"), file)
//
// Inside, the file has the dialect of .env; outside it is age's own armored format, which age itself reads:
//
//	age --decrypt --identity key.txt secrets.env.age
//
// Who can decrypt it is said by a file beside it, secrets.env.age.recipients, one recipient on a line.
package agefile

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// IdentityVariable is the setting that holds the identity; IdentityVariable_FILE names a file that does.
const IdentityVariable = "AIRWORTHY_AGE_IDENTITY"

// Config says where the file is and who we are.
type Config struct {
	Path string // of the encrypted file; it need not exist before the first Write

	// Identity is one or more of age's secret keys, a line each, as age-keygen and "secrets keygen" write them. Without
	// one the file can be neither read nor changed.
	Identity secret.Text

	// Recipients is the path of the file of public keys, Path + ".recipients" if empty. It is read when the file is written;
	// where it does not exist, the file is encrypted to the identities themselves.
	Recipients string
}

// File is an encrypted file of settings. It is a settings.Writer, made by [New] and safe for concurrent use.
type File struct {
	path, recipients string
	identities       []age.Identity
}

// New returns the file of cfg. It does not read it. The error names what is wrong and holds nothing of the identity.
func New(cfg Config) (*File, error) {
	if cfg.Path == "" || strings.ContainsRune(cfg.Path, 0) {
		return nil, errors.New("agefile: Path: is not the path of a file: set it, such as secrets.env.age")
	}
	f := &File{path: cfg.Path, recipients: cfg.Recipients}
	if f.recipients == "" {
		f.recipients = cfg.Path + ".recipients"
	}
	if cfg.Identity.IsZero() {
		return f, nil
	}
	var err error
	// What age says of a malformed identity is left out: it may quote it.
	if f.identities, err = age.ParseIdentities(strings.NewReader(cfg.Identity.Reveal())); err != nil {
		return nil, fmt.Errorf("agefile: %s: holds a line that is no identity of age: give lines that begin with "+
			"AGE-SECRET-KEY-, as the command \"secrets keygen\" prints them", IdentityVariable)
	}
	return f, nil
}

// Scheme opens files from URLs: age://secrets.env.age is relative to the working directory, age:///etc/app/secrets.env.age
// is not. The option recipients names another file of recipients.
func Scheme() settings.Scheme {
	return settings.Scheme{
		Name: "age",
		Needs: []settings.Need{{Name: IdentityVariable, Secret: true,
			Doc: "The identity (secret key) that decrypts the file which an age:// URL names."}},
		Open: func(_ context.Context, u *url.URL, given map[string]settings.Value) (settings.Source, error) {
			l, err := settings.ParseLocation(u, "recipients")
			if err != nil {
				return nil, err
			}
			if len(l.Refs) > 0 {
				return nil, &settings.Fault{Rule: "maps a setting", Remedy: "give the settings their own names in the file"}
			}
			path := u.Path
			if l.Host != "" {
				path = l.Host + path
			}
			return New(Config{Path: filepath.FromSlash(path), Recipients: l.Options["recipients"],
				Identity: secret.New(given[IdentityVariable].Text)})
		},
	}
}

// NewIdentity returns a new secret key and the public key that belongs to it. The pair resists quantum computers: a file
// that is committed can be kept until there is one. Tools before age 1.3 know only classic pairs.
func NewIdentity(classic bool) (identity secret.Text, recipient string, err error) {
	if classic {
		k, err := age.GenerateX25519Identity()
		if err != nil {
			return identity, "", errors.New("agefile: no key could be made")
		}
		return secret.New(k.String()), k.Recipient().String(), nil
	}
	k, err := age.GenerateHybridIdentity()
	if err != nil {
		return identity, "", errors.New("agefile: no key could be made")
	}
	return secret.New(k.String()), k.Recipient().String(), nil
}

// Name returns the path, with the kind of file.
func (f *File) Name() string { return "age " + f.path }

// Lookup decrypts the file and returns what it holds under names. A file that does not exist is an error: somebody said
// that the settings are there.
func (f *File) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, version, err := f.Read()
	if err != nil {
		return nil, err
	}
	values, err := settings.DotEnvText(f.path, text.Reveal()).Lookup(ctx, names)
	for name, v := range values {
		v.Version = version
		values[name] = v
	}
	return values, err
}

// Write sets variables in the file, all at once, and encrypts it to the present recipients.
func (f *File) Write(ctx context.Context, changes []settings.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	text, version, err := f.Read()
	if err != nil && !errors.Is(err, errMissing) {
		return err
	}
	values := map[string]string{}
	for _, c := range changes {
		if c.Version != "" && c.Version != version {
			return fmt.Errorf("agefile: %s in %s: %w", c.Name, f.path, settings.ErrConflict)
		}
		values[c.Name] = c.Text.Reveal()
	}
	edited, err := settings.EditDotEnv(f.path, text.Reveal(), values)
	if err != nil {
		return err
	}
	return f.Replace(secret.New(edited), version)
}

package agefile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// maxText bounds the decrypted text, as that of a .env file is.
const maxText = 1 << 20

// maxLock is how long a lock is believed; the work under it takes milliseconds.
const maxLock = 30 * time.Second

// errMissing says that the file is not there yet.
var errMissing = fs.ErrNotExist

// fault returns an error about the file as a whole.
func (f *File) fault(rule, remedy string) error {
	return &settings.Fault{Origin: f.path, Rule: rule, Remedy: remedy}
}

// missing is the error of a file that is not there. It wraps fs.ErrNotExist.
type missing struct{ *settings.Fault }

func (missing) Is(target error) bool { return target == errMissing }

// As lets a missing file be found as the fault that it is.
func (m missing) As(target any) bool {
	into, ok := target.(**settings.Fault)
	if ok {
		*into = m.Fault
	}
	return ok
}

// Read returns the decrypted text, a .env file, and the version of the file, which [File.Replace] compares. The error
// wraps fs.ErrNotExist if there is no file.
func (f *File) Read() (text secret.Text, version string, err error) {
	sealed, err := f.sealed()
	if err != nil {
		return text, "", err
	}
	if len(f.identities) == 0 {
		return text, "", &settings.Fault{Variable: IdentityVariable, Rule: "is not set, without which " + f.path + " cannot be decrypted",
			Remedy: "set it, or " + IdentityVariable + "_FILE, to an identity that the file is encrypted to"}
	}
	var src io.Reader = bytes.NewReader(sealed)
	if bytes.HasPrefix(bytes.TrimLeft(sealed, " \t\r\n"), []byte(armor.Header)) {
		src = armor.NewReader(src)
	}
	plain, err := age.Decrypt(src, f.identities...)
	if err == nil {
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(plain, maxText+1)); err == nil {
			if len(b) > maxText {
				return text, "", f.fault("is larger than 1 MiB", "give the right file")
			}
			return secret.New(string(b)), versionOf(sealed), nil
		}
	}
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return text, "", f.fault("is not encrypted to the identity in "+IdentityVariable,
			"add its recipient to "+f.recipients+" and have somebody who can read the file run \"secrets rekey\"")
	}
	return text, "", f.fault("is damaged, or is no file of age", "take it from the repository again")
}

// sealed returns the file as it is on disk.
func (f *File) sealed() ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(f.path))
	if err != nil {
		fault := &settings.Fault{Origin: f.path, Rule: "its directory cannot be opened", Remedy: "correct the path in AIRWORTHY_SECRETS"}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missing{fault}
		}
		return nil, fault // whether there is a file is not known
	}
	defer root.Close()
	v, info, err := settings.ReadFileIn(root, filepath.Base(f.path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing{&settings.Fault{Origin: f.path, Rule: "there is no such file", Remedy: "make it with the command \"secrets set\", or correct the path in AIRWORTHY_SECRETS"}}
	}
	if fault, ok := errors.AsType[*settings.Fault](err); ok {
		return nil, f.fault(fault.Rule, fault.Remedy)
	}
	if err != nil {
		return nil, err
	}
	switch info.Size() - int64(len(v.Text)) { // of a file without armor, what looks like a newline at the end is a part
	case 1:
		v.Text += "\n"
	case 2:
		v.Text += "\r\n"
	}
	return []byte(v.Text), nil
}

// versionOf names what is in a file by its encrypted bytes, which are others after each encryption.
func versionOf(sealed []byte) string {
	sum := sha256.Sum256(bytes.TrimRight(sealed, "\n"))
	return "sha256:" + hex.EncodeToString(sum[:6])
}

// Replace encrypts text, a .env file, to the present recipients and puts it in place of the file, whole or not at all. If
// the file on disk is not of the version that text was made from, the error wraps [settings.ErrConflict]; the empty
// version is that of a file which does not exist.
func (f *File) Replace(text secret.Text, version string) error {
	if _, err := settings.DotEnvNames(f.path, text.Reveal()); err != nil {
		return err
	}
	recipients, err := f.recipientsNow()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, recipients...)
	if err != nil {
		return f.fault("cannot be encrypted to its recipients together", "give all of them the same kind of key")
	}
	_, err = io.WriteString(w, text.Reveal())
	if err := errors.Join(err, w.Close(), a.Close()); err != nil {
		return f.fault("cannot be encrypted", "try again")
	}
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer unlock()
	switch now, err := f.sealed(); {
	case errors.Is(err, errMissing):
		if version != "" {
			return fmt.Errorf("agefile: %s has been removed: %w", f.path, settings.ErrConflict)
		}
	case err != nil:
		return err
	case versionOf(now) != version:
		return fmt.Errorf("agefile: %s: %w", f.path, settings.ErrConflict)
	}
	return f.put(out.Bytes())
}

// recipientsNow returns whom the file is to be encrypted to. Our own identities have to be among them, or we would
// lock ourselves out.
func (f *File) recipientsNow() ([]age.Recipient, error) {
	ours, err := f.Own()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(f.recipients)
	if errors.Is(err, fs.ErrNotExist) {
		all, err := age.ParseRecipients(strings.NewReader(strings.Join(ours, "\n")))
		if err != nil {
			return nil, f.fault("cannot be encrypted to the identity", "give another")
		}
		return all, nil
	}
	listed := &settings.Fault{Origin: f.recipients, Rule: "cannot be read as a list of recipients",
		Remedy: "give a public key of age on each line, such as age1…; # begins a comment"}
	if err != nil || len(b) > maxText {
		return nil, listed
	}
	all, err := age.ParseRecipients(bytes.NewReader(b))
	if err != nil {
		return nil, listed
	}
	for line := range strings.Lines(string(b)) {
		for _, own := range ours {
			if strings.TrimSpace(line) == own {
				return all, nil
			}
		}
	}
	return nil, &settings.Fault{Origin: f.recipients, Rule: "does not list the recipient of the identity in use, which could not read the file any more",
		Remedy: "add its line, which the command \"secrets recipient\" prints"}
}

// Own returns the public keys of the identities in use, for the file of recipients.
func (f *File) Own() ([]string, error) {
	var all []string
	for _, id := range f.identities {
		switch id := id.(type) {
		case *age.X25519Identity:
			all = append(all, id.Recipient().String())
		case *age.HybridIdentity:
			all = append(all, id.Recipient().String())
		}
	}
	if len(all) == 0 {
		return nil, &settings.Fault{Variable: IdentityVariable, Rule: "is not set", Remedy: "make one with the command \"secrets keygen\""}
	}
	return all, nil
}

// put writes the file beside its place and moves it there, so that a reader or a crash meets the old one or the new one.
func (f *File) put(sealed []byte) error {
	failed := f.fault("cannot be written", "look at the directory's owner and mode, and at the room on the disk")
	temp, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".*") // with mode 0600
	if err != nil {
		return failed
	}
	defer os.Remove(temp.Name()) // does nothing once it has been moved
	mode := fs.FileMode(0o644)   // it is meant to be committed
	if info, err := os.Stat(f.path); err == nil {
		mode = info.Mode().Perm()
	}
	_, err = temp.Write(sealed)
	if err := errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return failed
	}
	if err := os.Rename(temp.Name(), f.path); err != nil {
		return failed
	}
	return nil
}

// lock keeps two writers on this machine from replacing each other's file between the look and the move. It is a file
// that only one can make; one that is old was left by a program that was killed.
func (f *File) lock() (unlock func(), err error) {
	name := f.path + ".lock"
	if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > maxLock {
		_ = os.Remove(name) // what follows says if it could not be
	}
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("agefile: %s: somebody else is writing: %w: try again", f.path, settings.ErrConflict)
	}
	if err != nil {
		return nil, f.fault("cannot be written", "look at the directory's owner and mode")
	}
	_ = lock.Close() // nothing was written to it
	return func() { _ = os.Remove(name) }, nil
}

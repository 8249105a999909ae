package smtpmail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/airworthy-go/airworthy/accounts"
)

func (c Config) checkFolder() error {
	if c.Address != "" {
		return bad("mail is written and sent too", "choose one of Folder and Address")
	}
	info, err := os.Stat(c.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is made for the first message
	}
	if err != nil {
		return fmt.Errorf("smtpmail: the folder for mail cannot be used: %w", err)
	}
	if !info.IsDir() {
		return bad("the folder for mail is a file", "give a folder")
	}
	return nil
}

// write puts the message into a file of its own, which is there whole or not at all.
func (m *Mailer) write(_ context.Context, message accounts.Message) (err error) {
	msg, _, _, err := m.compose(message, gomail.NoEncoding)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("smtpmail: the message cannot be written: %w", err)
		}
	}()
	if err := os.MkdirAll(m.cfg.Folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(m.cfg.Folder, ".mail-*") // with 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = msg.WriteTo(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	name := time.Now().UTC().Format("20060102T150405.000Z") + "-" + rand.Text()[:12] + ".eml"
	return os.Rename(f.Name(), filepath.Join(m.cfg.Folder, name))
}

package manage

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/airworthy-go/airworthy/secrets/agefile"
)

// editor lets the user edit a file.
func (p *program) editor(ctx context.Context, file string) error {
	words := strings.Fields(os.Getenv("VISUAL"))
	if len(words) == 0 {
		words = strings.Fields(os.Getenv("EDITOR"))
	}
	if len(words) == 0 {
		return errors.New("no editor is known: set EDITOR, or use \"secrets set NAME\"")
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], file)...)
	for _, pair := range os.Environ() { // it is to see this file, and not what decrypts all of them
		if !strings.HasPrefix(pair, agefile.IdentityVariable+"=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.in, p.err, p.err
	if f, ok := p.out.(*os.File); ok {
		cmd.Stdout = f // editors want the terminal
	}
	if err := cmd.Run(); err != nil {
		return errors.New("the editor failed: the file is unchanged")
	}
	return nil
}

// terminal reports whether somebody types what is read, or sees what is written.
func terminal(r any) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

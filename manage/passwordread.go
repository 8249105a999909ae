package manage

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/secret"
)

// await runs f, and returns before it does if ctx ends: nothing else interrupts the reading of a terminal or a pipe. The
// goroutine that is left behind then ends with the program.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, errInterrupted
	}
}

var errInterrupted = errors.New("interrupted: nothing was changed")

// newPassword reads a password that somebody chooses: twice from a terminal, which does not show it, or the first line
// of stdin. help says what it has to be like.
func (p *program) newPassword(ctx context.Context, help []string) (secret.Text, error) {
	if f, ok := p.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		for _, line := range help {
			fmt.Fprintln(p.err, line)
		}
		return p.typedPassword(ctx, int(f.Fd()))
	}
	line, err := await(ctx, func() (string, error) {
		b, err := bufio.NewReaderSize(p.in, password.MaxLength+2).ReadSlice('\n')
		return string(b), err
	})
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	switch {
	case errors.Is(err, errInterrupted):
		return secret.Text{}, err
	case errors.Is(err, bufio.ErrBufferFull), len(line) > password.MaxLength:
		return secret.Text{}, fmt.Errorf("the first line of stdin is longer than %d bytes: nothing was changed", password.MaxLength)
	case err != nil && !errors.Is(err, io.EOF):
		return secret.Text{}, errors.New("stdin cannot be read: nothing was changed")
	case line == "":
		return secret.Text{}, errors.New("the first line of stdin is empty: put the password there, or have one made with --generate")
	}
	return secret.New(line), nil
}

// typedPassword asks for a password until it was typed twice alike.
func (p *program) typedPassword(ctx context.Context, fd int) (secret.Text, error) {
	for range 3 {
		first, err := p.hidden(ctx, fd, "Password: ")
		if err != nil {
			return secret.Text{}, err
		}
		again, err := p.hidden(ctx, fd, "Password again: ")
		switch {
		case err != nil:
			return secret.Text{}, err
		case first.Equal(again):
			return first, nil
		}
		fmt.Fprintln(p.err, "These two are not the same.")
	}
	return secret.Text{}, errors.New("nothing was changed")
}

// hidden asks for a line that the terminal does not show. Whatever happens the terminal shows again what is typed.
func (p *program) hidden(ctx context.Context, fd int, prompt string) (secret.Text, error) {
	state, err := term.GetState(fd)
	if err != nil {
		return secret.Text{}, errors.New("the terminal cannot be asked for a password: put it on stdin")
	}
	fmt.Fprint(p.err, prompt)
	b, err := await(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	fmt.Fprintln(p.err)
	switch {
	case errors.Is(err, errInterrupted):
		return secret.Text{}, errors.Join(err, term.Restore(fd, state))
	case err != nil || len(b) == 0:
		return secret.Text{}, errors.New("no password was typed: nothing was changed")
	}
	return secret.New(string(b)), nil
}

// generated returns a password of 125 random bits and more, which can be read out and typed.
func generated(least int) secret.Text {
	letters := strings.ToLower(rand.Text())[:25]
	for len(letters)/5*6-1 < least {
		letters += strings.ToLower(rand.Text())[:25]
	}
	var groups []string
	for i := 0; i < len(letters); i += 5 {
		groups = append(groups, letters[i:i+5])
	}
	return secret.New(strings.Join(groups, "-"))
}

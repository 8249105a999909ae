// Package cli is what the commands of an application and those of airworthy itself have in common: how a command ends,
// how a gate is asked, and where its reports go.
//
// It is internal because it promises nothing to programs: the commands, their flags and their exit status are the promise.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/internal/sheet"
)

// The exit status of a command.
const (
	Passed  = 0
	Refused = 1 // findings at or above the fail level, a check that could not run, or work that was not done
	Wrong   = 2 // the command was not asked as it must be
)

// Failure is an error with an exit status of its own. One without an Err has said what it had to say.
type Failure struct {
	Status int
	Err    error
}

// Error returns the error's text, or nothing.
func (f *Failure) Error() string {
	if f.Err == nil {
		return ""
	}
	return f.Err.Error()
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Usage makes a failure of wrong usage.
func Usage(format string, args ...any) error { return &Failure{Wrong, fmt.Errorf(format, args...)} }

// Exactly lets a command have n arguments, and says how it is written to who gave it others.
func Exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return Usage("%d arguments instead of %d: write it as %q", len(args), n, c.UseLine())
	}
}

// AtMost lets a command have up to n arguments.
func AtMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		return Usage("%d arguments, of which there are %d at most: write it as %q", len(args), n, c.UseLine())
	}
}

// Program is one run of one command.
type Program struct {
	Out, Err io.Writer            // results; everything else
	Redact   func(string) string  // takes secrets out of what others wrote; nil if none are known
	Rules    func() []check.Check // every check that there is, whatever the command

	started bool // a command's own code has begun: an error is no longer one of usage
}

// Mark notes when the own code of c, or of a command below it, begins: after its flags and arguments were parsed.
func (p *Program) Mark(c *cobra.Command) {
	for _, sub := range c.Commands() {
		p.Mark(sub)
	}
	if run := c.RunE; run != nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			p.started = true
			return run(cmd, args)
		}
	}
}

// Status prints the error that a command ended with, if any, and returns the exit status.
func (p *Program) Status(err error) int {
	if err == nil {
		return Passed
	}
	status := Wrong
	if p.started {
		status = Refused
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		status = f.Status
	}
	if text := err.Error(); text != "" {
		// An error may repeat what a hostile folder calls its files.
		lines := strings.Split(p.redact(text), "\n")
		for i := range lines {
			lines[i] = sheet.Visible(lines[i])
		}
		fmt.Fprintf(p.Err, "error: %s\n", strings.Join(lines, "\n"))
		if status == Wrong {
			fmt.Fprintln(p.Err, "hint: flags come after their command; --help lists both")
		}
	}
	return status
}

func (p *Program) redact(text string) string {
	if p.Redact == nil {
		return text
	}
	return p.Redact(text)
}

// Terminal reports whether w is a terminal whose user did not ask for plain text (https://no-color.org).
func Terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

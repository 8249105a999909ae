// Package manage gives an application its commands: serve, check, explain, settings, key, secrets, user and password.
//
//	func main() { manage.Main(build) }
//
//	func build(ctx context.Context) (*airworthy.App, error) { … }
//
// It takes a function rather than an application, because the gate must judge the application that will really be
// served, report a build that fails as a finding, and be callable from the application's own tests, through [Run].
//
// Nothing that is printed, reports included, holds a secret that the settings were loaded with, in whatever error,
// evidence or panic of the build function it stood. A panic in a goroutine that the application starts ends the program, and
// Go prints its value; no package can change that.
//
// Results go to stdout, everything else to stderr. The exit status is 0 when all is well, 1 for findings at or above
// the fail level, for a check that could not run, for an application that cannot be built or served and for keys or
// accounts that were not changed, and 2 for wrong usage.
package manage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/internal/catalog"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// Build makes the application. Each command calls it at most once, but for `settings --diff`, which calls it for both
// environments. The context ends when the command is interrupted.
type Build func(context.Context) (*airworthy.App, error)

// Streams are what a command reads and writes.
type Streams struct {
	In  io.Reader // what it is given, answers included; nothing if nil
	Out io.Writer // results
	Err io.Writer // everything else
}

// Main runs the command that the program was started with and exits with its status. It returns to nobody: call it
// last in main.
func Main(build Build) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := Run(ctx, build, os.Args, Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(status)
}

// Run runs the command that args name, args[0] being the program, and returns the exit status.
func Run(ctx context.Context, build Build, args []string, streams Streams) int {
	if len(args) == 0 {
		args = []string{"app"}
	}
	if streams.In == nil {
		streams.In = strings.NewReader("")
	}
	p := &program{build: build, in: streams.In, out: streams.Out, err: streams.Err}
	p.cli = &cli.Program{Out: p.out, Err: p.err, Redact: p.redact, Rules: catalog.Known}
	p.name = filepath.Base(args[0])
	root := p.command(p.name)
	root.SetArgs(args[1:])
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	return p.cli.Status(root.ExecuteContext(ctx))
}

// program is one run of one command.
type program struct {
	build    Build
	in       io.Reader
	out, err io.Writer
	name     string // what the program is called
	cli      *cli.Program
	serving  bool // the command serves: its log is the site's

	mu    sync.Mutex
	known []secret.Text        // what the settings that were loaded, or refused, hold
	mask  *secret.Mask         // of these; nil to be made
	masks []func() secret.Mask // of what was built, and of what was refused
}

// application builds the application. What it panics with is an error too, so that check reports it, and so that it is
// printed without the secrets.
func (p *program) application(ctx context.Context) (app *airworthy.App, err error) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(p.err, "%s\n", p.redact(string(debug.Stack())))
			app, err = nil, fmt.Errorf("the build function panicked: %v", v)
		}
	}()
	if !p.serving {
		ctx = settings.ForCommand(ctx)
	}
	app, err = p.build(settings.WithSecrets(ctx, p.learn))
	if err == nil && app == nil {
		err = errors.New("the build function returned neither an application nor an error")
	}
	if err == nil {
		p.masks = append(p.masks, app.Mask)
	} else if refused, ok := airworthy.Refused(err); ok {
		p.masks = append(p.masks, refused.Mask)
	}
	return app, err
}

// learn takes note of secrets.
func (p *program) learn(secrets []secret.Text) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.mask = append(p.known, secrets...), nil
}

// redact returns a text that others wrote without the secrets that are known by now. Before settings are loaded none
// is: then it is for whoever writes an error to keep values out of it.
func (p *program) redact(text string) string {
	p.mu.Lock()
	if p.mask == nil {
		known := secret.NewMask(p.known...)
		p.mask = &known
	}
	text = p.mask.String(text)
	p.mu.Unlock()
	for _, mask := range p.masks {
		text = mask().String(text)
	}
	return text
}

func (p *program) command(name string) *cobra.Command {
	root := &cobra.Command{
		Use:           name,
		Short:         "Serve the application, and judge it before you do",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.serveCommand(), p.checkCommand(), p.preflightCommand(), p.settingsCommand(), p.keyCommand(), p.secretsCommand(),
		p.userCommand(), p.passwordCommand(), cli.ExplainCommand(p.cli, catalog.Known))
	p.cli.Mark(root)
	return root
}

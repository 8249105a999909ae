package manage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/password/policy"
)

func (p *program) passwordFilterCommand() *cobra.Command {
	var opts policy.FilterOptions
	c := &cobra.Command{
		Use:   "filter LIST OUT",
		Short: "Make a filter of breached passwords from a list",
		Long: `Make a filter of breached passwords, OUT, from a LIST of their SHA-1 hashes as Have I Been Pwned gives them (a hash on each
line, a colon and a number after it or not), or with --plain of the passwords themselves. LIST is "-" for stdin. Lists
may be in any order and of any size: memory is bounded, the rest is sorted in a temporary file.

OUT is replaced at once when all is done, or not at all. It tells who has it no password. The site refuses what is in it
when PASSWORD_BREACHED_FILE names it, which is the line to paste.`,
		Args: cli.Exactly(2),
		RunE: func(cmd *cobra.Command, args []string) error { return p.filter(cmd.Context(), args[0], args[1], opts) },
	}
	c.Flags().BoolVar(&opts.Plain, "plain", false, "the list holds passwords, not hashes")
	c.Flags().Uint64Var(&opts.MinCount, "min-count", 0, "leave out hashes whose `number` is smaller")
	c.Flags().IntVar(&opts.Bits, "bits", 0, "one of 2^`bits` other passwords is refused by mistake: from 6 to 24; an entry takes about bits+2 bits\n(default 10)")
	c.Flags().StringVar(&opts.TempDir, "temp-dir", "", "the `directory` to sort in (default that of OUT)")
	return c
}

// aHash is how a line of a list of hashes begins.
var aHash = regexp.MustCompile(`^(?:\x{FEFF})?[0-9A-Fa-f]{40}(?:[:\r\n]|$)`)

func (p *program) filter(ctx context.Context, list, out string, opts policy.FilterOptions) error {
	if opts.Bits != 0 && (opts.Bits < 6 || opts.Bits > 24) {
		return cli.Usage("--bits: %d is not between 6 and 24", opts.Bits)
	}
	if err := replaceable(out); err != nil {
		return err
	}
	src := p.in
	if list != "-" {
		file, err := os.Open(list)
		if err != nil {
			return fmt.Errorf("the list cannot be read: %w", err)
		}
		defer file.Close()
		src = file
	}
	in := bufio.NewReaderSize(&interruptible{ctx: ctx, src: src}, 64<<10)
	if opts.Plain {
		if head, _ := in.Peek(48); aHash.Match(head) {
			return errors.New("the list holds SHA-1 hashes: leave --plain out, or the filter would find nothing")
		}
	}
	begin := time.Now()
	info, err := policy.BuildFilter(ctx, out, in, opts, p.filterProgress())
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	}
	return p.filtered(info, out, time.Since(begin))
}

// replaceable refuses to put a filter into the place of anything else, such as of the list.
func replaceable(out string) error {
	if _, err := os.Lstat(out); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f, err := policy.OpenFilter(out)
	if err != nil {
		return fmt.Errorf("%s is there, and no filter that could be replaced: give another name, or remove it", out)
	}
	return f.Close()
}

func (p *program) filterProgress() func(policy.FilterProgress) {
	if !terminal(p.err) {
		return nil
	}
	next := time.Now().Add(time.Second)
	return func(now policy.FilterProgress) {
		if time.Now().Before(next) {
			return
		}
		next = time.Now().Add(time.Second)
		if now.Written > 0 {
			fmt.Fprintf(p.err, "written: %.0f %%\n", 100*now.Written)
			return
		}
		fmt.Fprintf(p.err, "read: %d lines\n", now.Lines)
	}
}

func (p *program) filtered(info policy.FilterInfo, out string, took time.Duration) error {
	path, err := filepath.Abs(out)
	if err != nil {
		path = out
	}
	fmt.Fprintf(p.err, "read %s in %s, skipped %d\n", words.Count(int(info.Lines), "line"), took.Round(100*time.Millisecond), info.Skipped)
	_, err = fmt.Fprintf(p.out, "# %s in %.1f MiB; of %.0f others one is refused by mistake\nPASSWORD_BREACHED_FILE=%s\n",
		words.Count(int(info.Entries), "password"), float64(info.Bytes)/(1<<20), 1/info.FalsePositives, path)
	return err
}

// interruptible is a reader that ends when its context does, even while src blocks.
type interruptible struct {
	ctx context.Context
	src io.Reader
	buf []byte
	err error // the last
}

func (r *interruptible) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if len(r.buf) < len(b) {
		r.buf = make([]byte, len(b))
	}
	var n int
	n, r.err = await(r.ctx, func() (int, error) { return r.src.Read(r.buf[:len(b)]) })
	return copy(b, r.buf[:n]), r.err
}

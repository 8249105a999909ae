package repo

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// harmless is what every git is told, so that nothing of the repository's or the user's configuration runs a program, asks
// the network or takes whatever memory it likes. What a repository sets cannot undo what stands on the command line.
func harmless() []string {
	return []string{
		"--no-pager", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull,
		"-c", "protocol.allow=never", "-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false",
		"-c", "core.bigFileThreshold=16m", "-c", "core.deltaBaseCacheLimit=64m",
	}
}

// command returns a git that has not been started. It sees nothing of the variables that direct git elsewhere.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append(append(harmless(), name), args...)...)
	cmd.Dir = dir
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); !strings.HasPrefix(strings.ToUpper(name), "GIT_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	// The protocol is one that nobody has: protocol.ext.allow of a repository outranks protocol.allow, and nothing this.
	cmd.Env = append(cmd.Env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_OPTIONAL_LOCKS=0",
		"GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE="+os.DevNull, "GIT_ALLOW_PROTOCOL=none",
		"GIT_NO_LAZY_FETCH=1", "GIT_REF_PARANOIA=0", "LC_ALL=C")
	cmd.WaitDelay = 5 * time.Second // for what git may have started
	return cmd
}

// git runs git and returns what it printed. Its error does not hold what git printed, which repeats names of files.
func git(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	var out []byte
	err := stream(ctx, dir, nil, func(r *bufio.Reader) (err error) {
		out, err = io.ReadAll(io.LimitReader(r, maxOutput+1))
		if len(out) > maxOutput {
			return fmt.Errorf("git %s prints more than %d MiB", name, maxOutput>>20)
		}
		return err
	}, name, args...)
	return out, err
}

// maxOutput is how much of git's output is kept at a time.
const maxOutput = 64 << 20

// stream runs git and gives what it prints to read. Git is ended when read returns, whose error comes before git's own.
func stream(ctx context.Context, dir string, stdin io.Reader, read func(*bufio.Reader) error, name string, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := command(ctx, dir, name, args...)
	cmd.Stdin = stdin
	out, err := cmd.StdoutPipe()
	if err != nil {
		return errors.New("git could not be run")
	}
	if err := cmd.Start(); err != nil {
		return errors.New("git could not be run")
	}
	bound(cmd.Process.Pid)
	size := 64 << 10
	if name == "cat-file" { // which prints everything
		size = window
	}
	failed := read(bufio.NewReaderSize(out, size))
	if failed != nil {
		cancel()
	}
	_, _ = io.Copy(io.Discard, out) // nothing is left unless read stopped early
	err = cmd.Wait()
	if failed != nil {
		return failed
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return &gitError{name, exit.ExitCode()}
	}
	if failed, ok := errors.AsType[*gitError](err); ok { // of the git that fed this one
		return failed
	}
	if err != nil {
		return errors.New("git could not be run")
	}
	return nil
}

// maxMemoryOfGit is how much memory a git may take, without the files that it maps. A commit of a few trees that hold each
// other many times over is more paths than any memory holds, and git makes a list of them.
const maxMemoryOfGit = 1 << 30

type gitError struct {
	command string
	status  int
}

func (e *gitError) Error() string {
	return fmt.Sprintf("git %s ended with status %d", e.command, e.status)
}

// store is a repository of git: where its objects are, and where its files.
type store struct {
	dir     string // where git runs
	top     string // of the work tree; empty if there is none
	common  string // the directory of git that worktrees share
	hash    int    // the length of an object's name in bytes
	shallow bool   // most of the history is elsewhere
}

// locate returns the repository that dir is in, nil if it is in none.
func locate(ctx context.Context, dir string) (*store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, errors.New("the working directory is not known")
	}
	if !Exists(dir) {
		return nil, nil
	}
	if _, err := exec.LookPath("git"); err != nil {
		return nil, errors.New("git is not installed: install it, or run this where it is")
	}
	// What is asked last fails where there are no files, after the rest was told.
	out, err := git(ctx, dir, "rev-parse", "--path-format=absolute", "--git-common-dir", "--is-shallow-repository",
		"--show-object-format", "--is-inside-work-tree", "--show-toplevel")
	said := strings.TrimSuffix(string(out), "\n")
	answers := regexp.MustCompile(`(?s)^(.+)\n(true|false)\n(sha1|sha256)\n(true|false)(?:\n(.+))?$`).FindStringSubmatch(said)
	if answers == nil || err != nil && answers[4] == "true" {
		return nil, cmp.Or(err, errors.New("git rev-parse does not say where the repository is"))
	}
	s := &store{dir: dir, common: answers[1], shallow: answers[2] == "true", hash: 20, top: answers[5]}
	if answers[3] == "sha256" {
		s.hash = 32
	}
	if answers[4] == "false" {
		if s.top = ""; bare(dir) {
			return s, nil
		}
	}
	// A repository may say that it has no files, or name any directory as theirs, such as that of somebody's letters.
	if !same(s.top, above(dir)) {
		return nil, errors.New("the repository says that its files are not beside its .git: look at core.worktree and core.bare")
	}
	return s, nil
}

// partial reports whether some objects are elsewhere.
func (s *store) partial(ctx context.Context) bool {
	promisor, err := git(ctx, s.dir, "config", "--local", "--get-regexp", `^(extensions\.partialclone|remote\..*\.promisor)$`)
	return err == nil && len(promisor) > 0
}

// same reports whether two names are of one directory.
func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}

// bare reports whether dir looks like a repository without a work tree.
func bare(dir string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// fields splits what git printed at NUL bytes and gives each part to each.
func fields(r *bufio.Reader, each func(field []byte) error) error {
	var long []byte
	for {
		part, err := r.ReadSlice(0)
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, part...); len(long) > maxOutput {
				return errors.New("git prints a name that has no end")
			}
			continue
		}
		if errors.Is(err, io.EOF) && len(part)+len(long) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.New("git could not be read")
		}
		if len(long) > 0 {
			part, long = append(long, part...), nil
		}
		if err := each(bytes.TrimSuffix(part, []byte{0})); err != nil {
			return err
		}
	}
}

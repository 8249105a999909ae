package scan

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// git runs git without any configuration, in dir, and returns what it printed.
func git(t *testing.T, dir string, stdin io.Reader, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "core.autocrlf=false", "-c", "protocol.file.allow=always", "-c", "gc.auto=0"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, stdin
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "GIT_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, errs.String())
	}
	return out.String()
}

// goSource returns where Go's own sources are.
func goSource(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src")
}

// sources returns files of real code below dir, by path, of up to 256 KiB each.
func sources(t *testing.T, dir string, want func(path string) bool) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, p)
		if err != nil || !want(filepath.ToSlash(name)) {
			return err
		}
		text, err := os.ReadFile(p)
		if len(text) <= 256<<10 {
			files[filepath.ToSlash(name)] = text
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	return files
}

// history writes a repository whose first commits are the given trees, one above the other, and whose further ones edit
// some files each, as people do: here a line more, there one less. It is packed as a server packs it.
func history(t *testing.T, dir string, trees []map[string][]byte, commits, edits int) {
	t.Helper()
	git(t, "", nil, "init", "-q", "-b", "main", dir)
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(w, 1<<20)
		stamp, r := 1_600_000_000, rand.New(rand.NewPCG(5, 7))
		now := map[string][]byte{}
		commit := func(changed map[string][]byte) {
			stamp += 3600
			fmt.Fprintf(out, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 4\nedit\n", stamp)
			for name, text := range changed {
				fmt.Fprintf(out, "M 100644 inline %s\ndata %d\n", name, len(text))
				out.Write(text)
				out.WriteByte('\n')
				now[name] = text
			}
		}
		for _, tree := range trees {
			commit(tree)
		}
		var names []string
		for _, tree := range trees {
			for name := range tree {
				names = append(names, name)
			}
		}
		for range commits {
			changed := map[string][]byte{}
			for range edits {
				name := names[r.IntN(len(names))]
				changed[name] = edited(r, now[name])
			}
			commit(changed)
		}
		w.CloseWithError(out.Flush())
	}()
	git(t, dir, r, "fast-import", "--quiet")
	git(t, dir, nil, "repack", "-adfq", "--depth=50", "--window=10")
	git(t, dir, nil, "reset", "-q", "--hard")
}

// edited returns a text with a line more or less.
func edited(r *rand.Rand, text []byte) []byte {
	lines := bytes.SplitAfter(bytes.Clone(text), []byte("\n"))
	at := r.IntN(len(lines))
	if r.IntN(3) == 0 && len(lines) > 1 {
		lines = append(lines[:at:at], lines[at+1:]...)
		return bytes.Join(lines, nil)
	}
	words := strings.Fields("the a of one value reader cache fails returns before after when because request session is read written")
	var b strings.Builder
	b.WriteString("# ")
	for range 6 + r.IntN(8) {
		b.WriteString(words[r.IntN(len(words))] + " ")
	}
	b.WriteString("\n")
	return bytes.Join([][]byte{bytes.Join(lines[:at], nil), []byte(b.String()), bytes.Join(lines[at:], nil)}, nil)
}

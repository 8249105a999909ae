package repo_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo"
)

// planted is what the repositories of attackers hold: a scan that survives finds it, or says that it could not look.
const planted = "AKIA" + "QYLPMN5HFIQR7XYA"

// hostile is a repository under construction, whose one commit holds what was planted in "notes" and an empty "later".
type hostile struct {
	*testing.T
	dir  string
	trap string // a program that leaves a trace
}

func (h *hostile) git(args ...string) string {
	h.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = h.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

func (h *hostile) file(name, text string) {
	h.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		h.Fatal(err)
	}
}

func (h *hostile) configure(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		h.git("config", pairs[i], pairs[i+1])
	}
}

// object writes an object as it is, whatever git would say to it. claimed is the size that its header names.
func (h *hostile) object(kind string, data []byte, claimed int) string {
	h.Helper()
	whole := append(fmt.Appendf(nil, "%s %d\x00", kind, claimed), data...)
	sum := sha1.Sum(whole)
	id := hex.EncodeToString(sum[:])
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(whole)
	_ = w.Close()
	h.file(".git/objects/"+id[:2]+"/"+id[2:], packed.String())
	return id
}

func (h *hostile) blob(text string) string { return h.object("blob", []byte(text), len(text)) }

// tree writes a tree of entries that are written as "100644 name id".
func (h *hostile) tree(entries ...string) string {
	var b bytes.Buffer
	for _, e := range entries {
		mode, rest, _ := strings.Cut(e, " ")
		id, err := hex.DecodeString(rest[len(rest)-40:])
		if err != nil {
			h.Fatal(err)
		}
		b.WriteString(mode + " " + rest[:len(rest)-41] + "\x00" + string(id))
	}
	return h.object("tree", b.Bytes(), b.Len())
}

// commit makes a commit of a tree and a branch that leads to it.
func (h *hostile) commit(tree string) {
	text := "tree " + tree + "\nauthor A <a@example.com> 1700000000 +0000\ncommitter A <a@example.com> 1700000000 +0000\n\nmade by hand\n"
	h.git("update-ref", "refs/heads/made-by-hand", h.object("commit", []byte(text), len(text)))
}

const notRun = "not run"

// TestBadInput57 scans repositories that want more than to be scanned.
func TestBadInput57(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the traps are shell scripts")
	}
	needGit(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("AKIA"+"2345MN5HFIQR7XYB"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		build func(h *hostile)
		want  []string // the checks that find something, or could not run
	}{
		{"57: settings of .git/config that name programs", func(h *hostile) {
			for _, s := range []string{"core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy", "core.alternateRefsCommand",
				"diff.external", "diff.x.textconv", "diff.x.command", "filter.x.clean", "filter.x.smudge", "filter.x.process", "gpg.program",
				"credential.helper", "uploadpack.packObjectsHook", "alias.cat-file", "alias.ls-files", "pager.cat-file", "interactive.diffFilter"} {
				h.configure(s, h.trap)
			}
			h.configure("core.hooksPath", h.dir, "log.showSignature", "true", "filter.x.required", "true")
			h.file(".gitattributes", "* filter=x diff=x\n")
			h.file("notes", "changed\n")
		}, []string{"repo.E004"}},
		{"57: an include that names programs", func(h *hostile) {
			h.file("more", "[core]\nfsmonitor = "+h.trap+"\nhooksPath = "+h.dir+"\n")
			h.configure("include.path", "../more", "includeIf.gitdir:/.path", "../more")
		}, []string{"repo.E004"}},
		{"57: missing objects that a program would fetch", func(h *hostile) {
			h.configure("extensions.partialClone", "origin", "remote.origin.promisor", "true", "remote.origin.url", "ext::"+h.trap,
				"protocol.ext.allow", "always", "protocol.allow", "always", "core.repositoryFormatVersion", "1")
			id := h.git("rev-parse", "HEAD:later")
			if err := os.Remove(filepath.Join(h.dir, ".git/objects", id[:2], id[2:])); err != nil {
				h.Fatal(err)
			}
		}, []string{"repo.E004", "repo.W003"}},
		{"57: missing objects that a program would fetch from here", func(h *hostile) {
			h.configure("extensions.partialClone", "origin", "remote.origin.promisor", "true", "remote.origin.url", h.dir,
				"remote.origin.uploadpack", h.trap, "protocol.file.allow", "always", "core.repositoryFormatVersion", "1")
			id := h.git("rev-parse", "HEAD^{tree}")
			if err := os.Remove(filepath.Join(h.dir, ".git/objects", id[:2], id[2:])); err != nil {
				h.Fatal(err)
			}
		}, []string{notRun, "repo.E004", "repo.W003"}},
		{"57: core.worktree that names a directory outside", func(h *hostile) { h.configure("core.worktree", filepath.Dir(outside)) }, []string{notRun}},
		{"57: core.worktree that names the root", func(h *hostile) { h.configure("core.worktree", "/") }, []string{notRun}},
		{"57: a repository that says that it has no files", func(h *hostile) { h.configure("core.bare", "true") }, []string{notRun}},
		{"57: a common directory that is not there", func(h *hostile) { h.file(".git/commondir", "/nowhere/at/all\n") }, []string{notRun}},
		{"57: a .git file that leads nowhere", func(h *hostile) {
			if err := os.RemoveAll(filepath.Join(h.dir, ".git")); err != nil {
				h.Fatal(err)
			}
			h.file(".git", "gitdir: ../../nowhere\n")
		}, []string{notRun}},
		{"57: alternates that are not there", func(h *hostile) { h.file(".git/objects/info/alternates", "/nowhere/objects\n../../../..\n") }, []string{"repo.E004"}},
		{"57: a pipe where git reads a file", func(h *hostile) {
			if err := exec.Command("mkfifo", filepath.Join(h.dir, ".git/objects/info/alternates")).Run(); err != nil {
				h.Fatal(err)
			}
		}, []string{notRun, "repo.E004"}},
		{"57: pipes, devices and links among the files", func(h *hostile) {
			if err := exec.Command("mkfifo", filepath.Join(h.dir, "pipe")).Run(); err != nil {
				h.Fatal(err)
			}
			for name, to := range map[string]string{"link": outside, "root": "/", "zero": "/dev/zero", "self": ".", ".env": outside} {
				if err := os.Symlink(to, filepath.Join(h.dir, name)); err != nil {
					h.Fatal(err)
				}
			}
			h.git("add", "--force", "link", "root", "zero", "self", ".env")
			h.git("commit", "-q", "-m", "links")
		}, []string{"repo.E004"}},
		{"57: a replacement that hides the secret", func(h *hostile) {
			h.git("replace", h.git("rev-parse", "HEAD:notes"), h.blob("nothing here"))
			h.file("notes", "")
		}, []string{"repo.E004"}},
		{"57: a graft that cuts the history", func(h *hostile) {
			h.file("notes", "")
			h.git("commit", "-q", "-a", "-m", "taken out")
			h.file(".git/info/grafts", h.git("rev-parse", "HEAD")+"\n")
		}, []string{"repo.E005"}},
		{"57: a branch whose name would be a path outside", func(h *hostile) {
			h.file(".git/packed-refs", h.git("rev-parse", "HEAD")+" refs/heads/../../../evil\n")
		}, []string{notRun, "repo.E004"}},
		{"57: a branch that leads to nothing, and names that are none", func(h *hostile) {
			h.file(".git/refs/heads/broken", strings.Repeat("1", 40)+"\n")
			h.file(".git/refs/heads/-x", h.git("rev-parse", "HEAD")+"\n")
			h.file(".git/packed-refs", h.git("rev-parse", "HEAD")+" refs/heads/a\x1b[31m\n")
		}, []string{"repo.E004"}},
		{"57: paths with .., newlines and options", func(h *hostile) {
			id := h.blob("key = " + planted)
			h.commit(h.tree("100644 ../../evil "+id, "100644 --output=x "+id, "100644 -x "+id, "100644 .git/config "+id,
				"100644 new\nline\x1b[31m "+id, "100644 \xff\xfe "+id, "100644 "+strings.Repeat("n", 300_000)+" "+id))
		}, []string{"repo.E004", "repo.E005"}},
		{"57: a submodule whose update is a program", func(h *hostile) {
			h.commit(h.tree("100644 .gitmodules "+h.blob("[submodule \"x\"]\npath = x\nurl = ext::"+h.trap+"\nupdate = !"+h.trap+"\n"),
				"160000 x "+strings.Repeat("1", 40)))
			h.configure("submodule.x.url", "ext::"+h.trap, "submodule.x.update", "!"+h.trap, "submodule.recurse", "true", "protocol.ext.allow", "always")
			h.file("x/.git", "gitdir: ../.git\n")
			h.git("update-index", "--add", "--cacheinfo", "160000,"+h.git("rev-parse", "HEAD")+",x")
		}, []string{"repo.E004"}},
		{"57: ten gigabytes in a file of holes", func(h *hostile) {
			h.file("holes", "")
			if err := os.Truncate(filepath.Join(h.dir, "holes"), 10<<30); err != nil {
				h.Fatal(err)
			}
		}, []string{notRun, "repo.E004", "repo.W002"}},
		{"57: a blob that says that it has ten gigabytes", func(h *hostile) {
			h.commit(h.tree("100644 large " + h.object("blob", []byte("small"), 10<<30)))
		}, []string{"repo.E004", "repo.W002"}},
		{"57: sixty million zeros in sixty thousand bytes, and a secret behind them", func(h *hostile) {
			h.commit(h.tree("100644 zeros " + h.blob(strings.Repeat("\x00", 60_000_000)+planted)))
		}, []string{"repo.E004", "repo.E005"}},
		{"57: an object that is broken", func(h *hostile) {
			id := h.blob("soon broken")
			h.commit(h.tree("100644 broken " + id))
			h.file(".git/objects/"+id[:2]+"/"+id[2:], "x\x9cbroken")
		}, []string{notRun, "repo.E004"}},
		{"57: a blob whose content is shorter than it says", func(h *hostile) {
			h.commit(h.tree("100644 short " + h.object("blob", []byte("short"), 500)))
		}, []string{notRun, "repo.E004"}},
		{"57: a tree that is cut, and one that is none", func(h *hostile) {
			h.commit(h.object("tree", []byte("100644 x\x00abc"), 12))
			h.object("tree", []byte(strings.Repeat("x", 3_000_000)), 3_000_000)
		}, []string{notRun, "repo.E004"}},
		{"57: a tree of three hundred thousand names", func(h *hostile) {
			entries := make([]string, 300_000)
			id := h.blob("many")
			for i := range entries {
				entries[i] = fmt.Sprintf("100644 n%07d %s", i, id)
			}
			h.commit(h.tree(entries...))
		}, []string{"repo.E004"}},
		{"57: a thousand folders in each other", func(h *hostile) {
			id := h.tree("100644 .env " + h.blob("DB_PASSWORD=x\nkey = "+planted))
			for range 1000 {
				id = h.tree("40000 d " + id)
			}
			h.commit(id)
		}, []string{"repo.E004", "repo.E005", "repo.E006"}},
		{"57: a few trees that are ten thousand million paths", func(h *hostile) {
			id := h.tree("100644 leaf " + h.blob("leaf = "+planted))
			for range 10 {
				var entries []string
				for i := range 10 {
					entries = append(entries, fmt.Sprintf("40000 d%d %s", i, id))
				}
				id = h.tree(entries...)
			}
			h.commit(id)
		}, []string{notRun, "repo.E004", "repo.E005"}},
		{"57: an index that is none", func(h *hostile) { h.file(".git/index", "DIRCgarbage") }, []string{notRun, "repo.E004"}},
		{"57: limits of memory that the repository sets", func(h *hostile) {
			h.configure("core.deltaBaseCacheLimit", "1000g", "core.bigFileThreshold", "1000g", "core.packedGitLimit", "1000g", "pack.windowMemory", "1000g")
		}, []string{"repo.E004"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := &hostile{T: t, dir: t.TempDir()}
			h.trap = filepath.Join(t.TempDir(), "trap")
			sprung := h.trap + ".sprung"
			if err := os.WriteFile(h.trap, []byte("#!/bin/sh\ntouch '"+sprung+"'\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			h.git("init", "-q", "-b", "main")
			h.file("notes", "key = "+planted+"\n")
			h.file("later", "an object of its own\n")
			h.file(".gitignore", ".env\n")
			h.git("add", "notes", "later", ".gitignore")
			h.git("commit", "-q", "-m", "first")
			row.build(h)
			config := repo.Config{Dir: h.dir, Secrets: held("SECRET_KEY", canary), Timeout: 3 * time.Second}
			got := verdicts(t, config, sprung)
			for _, id := range row.want {
				if !slices.Contains(got, id) {
					t.Errorf("got %v, want %s too", got, id)
				}
			}
			if !slices.Contains(row.want, notRun) && slices.Contains(got, notRun) {
				t.Errorf("got %v, want everything to be looked at", got)
			}
			if _, err := os.Stat(sprung); err == nil {
				t.Error("git ran a program of the repository")
			}
		})
	}
}

// verdicts returns the IDs of what was found, and notRun if something could not look. It holds every report to say nothing of
// a secret and nothing that a terminal obeys, and every run to its time.
func verdicts(t *testing.T, c repo.Config, sprung string) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	report := check.Run(ctx, append(c.Checks(), c.ScanChecks()...), check.Options{Deploy: true})
	if took := time.Since(begun); took > 45*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, n := range report.NotRun {
		t.Logf("%s could not run: %s", n.ID, n.Reason)
		ids = append(ids, notRun)
	}
	for _, f := range report.Findings {
		ids = append(ids, f.ID)
		text := f.Evidence + f.Source + f.Hint
		if strings.Contains(text, planted[8:]) || strings.Contains(text, "2345MN5") {
			t.Errorf("%s: the report holds a secret", f.ID)
		}
		if strings.ContainsAny(text, "\x1b\n\x00") {
			t.Errorf("%s: a name reaches the report as it is: %q", f.ID, text)
		}
		if strings.Contains(f.File, "outside") || f.File == "link" || strings.HasPrefix(f.File, "root/") {
			t.Errorf("%s: something outside was looked at: %s", f.ID, f.File)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

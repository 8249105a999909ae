package scan

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tool returns a program that run.sh has made and named in a variable.
func tool(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: run run.sh", variable)
	}
	return path
}

// run is one run of a program.
type run struct {
	wall   time.Duration
	cpu    time.Duration
	most   int64 // the most memory that it and its children had for themselves at a time, in bytes
	status int
	out    string
}

// measure runs a program and samples the memory of it and of its children: private pages, and of the mapped ones, which
// they share, those of the one that has most.
func measure(t *testing.T, dir, name string, args ...string) run {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	most := make(chan int64)
	go func() {
		var high int64
		for {
			high = max(high, memory(cmd.Process.Pid))
			select {
			case <-done:
				most <- high
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	_ = cmd.Wait()
	r := run{wall: time.Since(begun), status: cmd.ProcessState.ExitCode()}
	close(done)
	r.most = <-most
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	r.cpu = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	r.out = string(text)
	return r
}

// memory returns that of a process and its children.
func memory(pid int) int64 {
	var private, shared int64
	pids := []string{strconv.Itoa(pid)}
	for len(pids) > 0 {
		p := pids[0]
		pids = pids[1:]
		text, err := os.ReadFile("/proc/" + p + "/status")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			switch name {
			case "RssAnon":
				private += kib << 10
			case "RssFile":
				shared = max(shared, kib<<10)
			}
		}
		tasks, _ := filepath.Glob("/proc/" + p + "/task/*/children")
		for _, task := range tasks {
			text, _ := os.ReadFile(task)
			pids = append(pids, strings.Fields(string(text))...)
		}
	}
	return private + shared
}

// median runs something three times and returns the run in the middle.
func median(runs int, one func() run) run {
	var all []run
	for range runs {
		all = append(all, one())
	}
	slices.SortFunc(all, func(a, b run) int { return int(a.wall - b.wall) })
	return all[len(all)/2]
}

// TestLarge scans a history of more than 50,000 objects, and compares with git, which only reads it, and with gitleaks.
func TestLarge(t *testing.T) {
	airworthy, gitleaks := tool(t, "AIRWORTHY"), os.Getenv("GITLEAKS")
	dir := os.Getenv("AIRWORTHY_LARGE") // a history that was made before
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "large")
		source := sources(t, goSource(t), func(p string) bool { return !strings.Contains(p, "testdata") })
		history(t, dir, []map[string][]byte{source}, 1500, 12)
	}
	counted := git(t, dir, nil, "count-objects", "-v")
	t.Logf("%s", strings.ReplaceAll(counted, "\n", "; "))
	objects := strings.Count(git(t, dir, nil, "cat-file", "--batch-all-objects", "--batch-check", "--unordered"), "\n")
	if objects < 50_000 {
		t.Fatalf("%d objects, want 50,000", objects)
	}
	read := median(3, func() run {
		return measure(t, dir, "sh", "-c", "git cat-file --batch-all-objects --batch > /dev/null")
	})
	cache := t.TempDir()
	whole := median(3, func() run { return measure(t, dir, airworthy, "scan", "--no-cache", ".") })
	first := measure(t, dir, airworthy, "scan", "--cache", cache, ".")
	again := median(3, func() run { return measure(t, dir, airworthy, "scan", "--cache", cache, ".") })
	t.Logf("\n%s", whole.out[max(0, len(whole.out)-600):])
	report := func(name string, r run) {
		fmt.Printf("%-28s %8.2f s  %5.2f of git  %8.2f s of processors  %4d MiB\n", name, r.wall.Seconds(), r.wall.Seconds()/read.wall.Seconds(), r.cpu.Seconds(), r.most>>20)
	}
	fmt.Printf("%d objects\n", objects)
	report("git cat-file", read)
	report("airworthy scan", whole)
	report("airworthy scan, first", first)
	report("airworthy scan, again", again)
	if gitleaks != "" {
		report("gitleaks git", measure(t, dir, gitleaks, "git", "--no-banner", "--log-level=error", "."))
	}
	if whole.wall > 4*read.wall {
		t.Errorf("the scan took %s, git %s", whole.wall, read.wall)
	}
	for _, r := range []run{whole, first, again} {
		if r.most > 300<<20 {
			t.Errorf("the scan took %d MiB", r.most>>20)
		}
	}
}

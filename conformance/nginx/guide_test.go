package nginx_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guide returns the blocks of docs/deploy.md that are written in the language.
func guide(language string) (blocks []string, err error) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "deploy.md"))
	if err != nil {
		return nil, err
	}
	for _, part := range strings.Split(string(page), "\n```"+language+"\n")[1:] {
		block, _, ok := strings.Cut(part, "\n```\n")
		if !ok {
			return nil, fmt.Errorf("docs/deploy.md: a block of %s does not end", language)
		}
		blocks = append(blocks, block+"\n")
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("docs/deploy.md has no block of %s", language)
	}
	return blocks, nil
}

// step is a command of the guide and what it prints.
type step struct{ command, output string }

// steps reads blocks of commands, each after a dollar sign, and what they print.
func steps(blocks []string) (all []step) {
	for line := range strings.Lines(strings.Join(blocks, "")) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, step{command: command})
		} else if len(all) > 0 {
			all[len(all)-1].output += line
		}
	}
	return all
}

// background serves at a free port, and prints the line that says so with the port that the guide has.
const background = `SERVE_ADDR=127.0.0.1:0 ./bulletin serve 2>log & pid=$!
trap 'kill $pid; wait $pid' EXIT
for _ in $(seq 200); do grep -q ^serving log && break; sleep 0.05; done
addr=$(grep ^serving log | grep -o -m1 '127\.0\.0\.1:[0-9]*')
grep ^serving log | sed "s/$addr/127.0.0.1:8000/"
`

// TestFirstStart does what the guide says, and gets what it says that one gets.
func TestFirstStart(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl, which the guide uses: install the Debian package curl, or use run.sh")
	}
	blocks, err := guide("console")
	if err != nil {
		t.Fatal(err)
	}
	all := steps(blocks)
	if len(all) < 10 {
		t.Fatalf("the guide has %d steps, want the whole first start", len(all))
	}
	const next = "-- next --\n"
	script := "exec 2>&1\n"
	for _, s := range all {
		command := strings.ReplaceAll(s.command, "127.0.0.1:8000", "$addr")
		if strings.HasPrefix(s.output, "serving ") {
			command = background
		}
		script += command + "printf -- '" + strings.TrimSpace(next) + "\\n'\n"
	}
	dir := t.TempDir()
	if err := os.Symlink(w.bulletin, filepath.Join(dir, "bulletin")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("the commands end with %v", err)
	}
	printed := strings.Split(string(out), next)
	if len(printed) != len(all)+1 {
		t.Fatalf("got the output of %d commands, want %d:\n%s", len(printed)-1, len(all), out)
	}
	for i, s := range all {
		if got, want := comparable(printed[i]), comparable(s.output); got != want {
			t.Errorf("$ %sprints\n%s\nthe guide says\n%s", s.command, got, want)
		}
	}
}

// comparable leaves out how many checks there are, which is no news to the guide's readers, and what is logged.
func comparable(output string) string {
	output = regexp.MustCompile(`\d+ checks ran`).ReplaceAllString(output, "N checks ran")
	return regexp.MustCompile(`(?m)^\{.*\n`).ReplaceAllString(output, "")
}

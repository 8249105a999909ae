package csp_test

import (
	"bufio"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// modules returns the folder of the npm packages, or skips the test.
func modules(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("AIRWORTHY_NODE_MODULES")
	if dir == "" {
		t.Skip("AIRWORTHY_NODE_MODULES is not set: run conformance/csp/run.sh, which needs node and npm")
	}
	return dir
}

// oracle is a running evaluator.js.
type oracle struct {
	t     *testing.T
	in    io.WriteCloser
	out   *bufio.Reader
	hosts []string // of its lists
}

func newOracle(t *testing.T) *oracle {
	t.Helper()
	dir := modules(t)
	cmd := exec.CommandContext(t.Context(), "node", "evaluator.js")
	cmd.Env, cmd.Stderr = append(os.Environ(), "AIRWORTHY_NODE_MODULES="+dir), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // the test's context has ended it, or the end of its input
	})
	var manifest struct{ Version string }
	b, err := os.ReadFile(filepath.Join(dir, "csp_evaluator", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	t.Logf("csp_evaluator %s", manifest.Version)
	o := &oracle{t: t, in: in, out: bufio.NewReader(out)}
	l := o.lists()
	for _, url := range slices.Concat(l.Angular, l.JSONP) {
		host, _, _ := strings.Cut(strings.TrimPrefix(url, "//"), "/")
		o.hosts = append(o.hosts, host)
	}
	return o
}

// ask puts the answer to the question into answer.
func (o *oracle) ask(question map[string]any, answer any) {
	o.t.Helper()
	line, err := json.Marshal(question)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		o.t.Fatal(err)
	}
	line, err = o.out.ReadBytes('\n')
	if err != nil {
		o.t.Fatalf("evaluator.js gave no answer: %v", err)
	}
	if err := json.Unmarshal(line, answer); err != nil {
		o.t.Fatalf("%v: %s", err, line)
	}
}

// verdict is what the evaluator says of one policy.
type verdict struct {
	Directives [][]string // each its name and its values
	Findings   []finding
	Error      string // it threw

	hosts []string // of the evaluator's lists
}

// values returns those of the directive, nil without it.
func (v verdict) values(name string) []string {
	for _, d := range v.Directives {
		if d[0] == name {
			return d[1:]
		}
	}
	return nil
}

func (v verdict) has(name string) bool { return v.values(name) != nil }

// lists reports whether the source is one of the evaluator's hosts, or a wildcard over one, whatever its port and path.
func (v verdict) lists(source string) bool {
	if _, rest, ok := strings.Cut(source, "://"); ok {
		source = rest
	}
	source, _, _ = strings.Cut(strings.ToLower(source), "/")
	source, _, _ = strings.Cut(source, ":")
	suffix, wildcard := strings.CutPrefix(source, "*")
	return slices.ContainsFunc(v.hosts, func(h string) bool { return h == source || wildcard && strings.HasSuffix(h, suffix) })
}

func (o *oracle) judge(policy string) (v verdict) {
	o.t.Helper()
	o.ask(map[string]any{"policy": policy}, &v)
	v.hosts = o.hosts
	return v
}

// examples returns the policies in the evaluator's own tests.
func (o *oracle) examples() []string {
	o.t.Helper()
	var answer struct{ Policies []string }
	o.ask(map[string]any{"examples": true}, &answer)
	if len(answer.Policies) < 60 {
		o.t.Fatalf("only %d policies in the evaluator's tests, want at least 60", len(answer.Policies))
	}
	return answer.Policies
}

// lists are the evaluator's addresses of scripts, each beginning with //.
type lists struct{ Angular, JSONP, NeedsEval []string }

func (o *oracle) lists() (l lists) {
	o.t.Helper()
	o.ask(map[string]any{"lists": true}, &l)
	if len(l.Angular) < 20 || len(l.JSONP) < 50 || len(l.NeedsEval) == 0 {
		o.t.Fatalf("the lists have %d, %d and %d entries, want more", len(l.Angular), len(l.JSONP), len(l.NeedsEval))
	}
	return l
}

// seeded returns a source for generated policies and logs its seed, which AIRWORTHY_SEED sets.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("AIRWORTHY_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("AIRWORTHY_SEED: not a number: %v", err)
		}
		seed = n
	}
	t.Logf("AIRWORTHY_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

package policy_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/password/policy"
)

// django is a running judge.py.
type django struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

func start(t *testing.T) *django {
	t.Helper()
	python := os.Getenv("AIRWORTHY_DJANGO_PYTHON")
	if python == "" {
		t.Skip("AIRWORTHY_DJANGO_PYTHON is not set: run conformance/policy/run.sh")
	}
	cmd := exec.Command(python, "judge.py")
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUTF8=1")
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
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	d := &django{t, in, bufio.NewReader(out)}
	var version struct{ Django, Python string }
	d.read(&version)
	t.Logf("Django %s, Python %s", version.Django, version.Python)
	return d
}

// ask sends a question and reads the answer.
func (d *django) ask(question, answer any) {
	d.t.Helper()
	line, err := json.Marshal(question)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		d.t.Fatal(err)
	}
	d.read(answer)
}

func (d *django) read(answer any) {
	d.t.Helper()
	line, err := d.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, answer)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// options are those of both sides.
type options struct {
	MinLength     int     `json:"min_length"`
	MaxSimilarity float64 `json:"max_similarity"`
	List          string  `json:"list,omitempty"` // empty for Django's own
}

// case is a password and the user's four attributes.
type testCase struct {
	password   string
	attributes [4]string
}

func (c testCase) MarshalJSON() ([]byte, error) { return json.Marshal([]any{c.password, c.attributes}) }

// judge returns Django's verdicts.
func (d *django) judge(o options, cases []testCase) (verdicts [][]string) {
	d.t.Helper()
	d.ask(map[string]any{"options": o, "cases": cases}, &verdicts)
	if len(verdicts) != len(cases) {
		d.t.Fatalf("%d verdicts on %d cases", len(verdicts), len(cases))
	}
	return verdicts
}

// labels are Django's names of the attributes.
var labels = [4]string{"username", "first name", "last name", "email address"}

// ours returns our verdict, in the form of judge.py.
func ours(t *testing.T, p *policy.Policy, c testCase) []string {
	t.Helper()
	var attributes []policy.Attribute
	for i, value := range c.attributes {
		attributes = append(attributes, policy.Attribute{Label: labels[i], Value: value})
	}
	err := p.Validate(t.Context(), c.password, attributes...)
	if err == nil {
		return []string{}
	}
	refusal, ok := errors.AsType[*policy.Refusal](err)
	if !ok {
		t.Fatalf("could not judge %+q: %v", c.password, err)
	}
	verdict := []string{}
	for _, problem := range refusal.Problems {
		code := problem.Code
		if code == policy.CodeTooSimilar {
			i := slices.IndexFunc(labels[:], func(label string) bool {
				return problem.Message == "This password is too similar to the "+label+"."
			})
			if i < 0 {
				t.Fatalf("the message %q names no attribute", problem.Message)
			}
			code += ": " + labels[i]
		}
		verdict = append(verdict, code)
	}
	return verdict
}

// list is the passwords in Django's list, and where it is.
type list struct {
	Path      string
	Passwords []string
}

func (d *django) common() (l list) {
	d.t.Helper()
	d.ask(map[string]any{"list": true}, &l)
	if len(l.Passwords) < 10_000 {
		d.t.Fatalf("%d passwords in Django's list", len(l.Passwords))
	}
	return l
}

// beside returns the policy of a site that is to agree with Django to the letter.
func beside(t *testing.T, o options, path string) *policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Config{MinLength: o.MinLength, MaxSimilarity: o.MaxSimilarity, AsTyped: true,
		CommonFile: path, InsecureCommonFileOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// source returns the source of what is generated.
func source(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("AIRWORTHY_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("AIRWORTHY_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

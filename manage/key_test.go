package manage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// safe is a manager of secrets in memory. It notes every state that a reader could see, and can fail or die at any
// step of a writing.
type safe struct {
	mu       sync.Mutex
	values   map[string]string
	versions map[string]int
	atomic   bool // it changes several values at once
	noEmpty  bool // it cannot hold the empty text
	states   []keys
	steps    int
	lookups  int
	before   func(step int) error // is asked before each step
	looked   func(n int)          // is told after each Lookup, counted from 1
}

var errDead = errors.New("the machine died")

func newSafe(values map[string]string) *safe {
	s := &safe{values: map[string]string{}, versions: map[string]int{},
		before: func(int) error { return nil }, looked: func(int) {}}
	for name, text := range values {
		s.values[name], s.versions[name] = text, 1
	}
	s.note()
	return s
}

func (s *safe) Name() string { return "safe" }

func (s *safe) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]settings.Value{}
	for _, name := range names {
		if text, ok := s.values[name]; ok {
			found[name] = settings.Value{Text: text, Origin: "safe " + name, Version: strconv.Itoa(s.versions[name])}
		}
	}
	s.lookups++
	s.looked(s.lookups)
	return found, nil
}

func (s *safe) Write(ctx context.Context, changes []settings.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		if c.Version != "" && c.Version != strconv.Itoa(s.versions[c.Name]) {
			return fmt.Errorf("safe: %s: %w", c.Name, settings.ErrConflict)
		}
		if s.noEmpty && c.Text.IsZero() {
			return errors.New("safe: the value is empty")
		}
	}
	for i, c := range changes {
		if i == 0 || !s.atomic {
			if err := s.before(s.steps); err != nil {
				return err
			}
			s.steps++
		}
		s.values[c.Name] = c.Text.Reveal()
		s.versions[c.Name]++
		if !s.atomic || i == len(changes)-1 {
			s.note()
		}
	}
	return ctx.Err()
}

// keys are the keys of one state.
type keys struct {
	current   string
	fallbacks []string
}

func (k keys) has(key string) bool { return k.current == key || slices.Contains(k.fallbacks, key) }

func (s *safe) now() keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()
}

func (s *safe) read() keys {
	k := keys{current: s.values["SECRET_KEY"]}
	for f := range strings.SplitSeq(s.values["SECRET_KEY_FALLBACKS"], ",") {
		if f = strings.TrimSpace(f); f != "" {
			k.fallbacks = append(k.fallbacks, f)
		}
	}
	return k
}

// put is a writing of somebody else, and takes no lock: looked may call it.
func (s *safe) put(name string, values ...secret.Text) {
	var texts []string
	for _, v := range values {
		texts = append(texts, v.Reveal())
	}
	s.values[name] = strings.Join(texts, ",")
	s.versions[name]++
	s.note()
}

func (s *safe) note() { s.states = append(s.states, s.read()) }

func TestTheSafeKeepsItsContract(t *testing.T) {
	settingstest.TestWriter(t, func(_ *testing.T, values map[string]string) settings.Writer { return newSafe(values) })
}

// site is an application whose keys are in a safe.
type site struct {
	t           *testing.T
	safe        *safe
	ledger      keyring.Ledger
	environment string
	age         time.Duration // of sessions
	in          string        // what somebody answers
	built       func(*airworthy.Settings)
	ctx         context.Context
}

func newSite(t *testing.T, key secret.Text, fallbacks ...secret.Text) *site {
	t.Helper()
	values := map[string]string{"SECRET_KEY": key.Reveal()}
	var list []string
	for _, f := range fallbacks {
		list = append(list, f.Reveal())
	}
	if len(list) > 0 {
		values["SECRET_KEY_FALLBACKS"] = strings.Join(list, ",")
	}
	return &site{t: t, safe: newSafe(values), environment: "production", age: 10 * day, ctx: t.Context()}
}

const day = 24 * time.Hour

func (s *site) build(ctx context.Context) (*airworthy.App, error) {
	env := settings.Map("test", map[string]string{
		"AIRWORTHY_ENV": s.environment, "ALLOWED_HOSTS": "example.com", "SESSION_COOKIE_AGE": s.age.String(),
	})
	cfg, err := environments.Load(ctx, env, s.safe)
	if err != nil {
		return nil, err
	}
	cfg.KeyLedger = s.ledger
	if s.built != nil {
		s.built(&cfg)
	}
	return airworthy.New(cfg, http.NotFoundHandler())
}

// run runs a command and looks for keys in what it prints.
func (s *site) run(args ...string) (status int, out, errs string) {
	s.t.Helper()
	var o, e bytes.Buffer
	streams := manage.Streams{Out: &o, Err: &e}
	if s.in != "" {
		streams.In = strings.NewReader(s.in)
	}
	status = manage.Run(s.ctx, s.build, append([]string{"app"}, args...), streams)
	for _, state := range s.safe.states {
		for _, k := range append(state.fallbacks, state.current) {
			if strings.Contains(o.String()+e.String(), k[max(0, len(k)-20):]) && !slices.Contains(args, "--print") {
				s.t.Errorf("%q prints a key", args)
			}
		}
	}
	return status, o.String(), e.String()
}

// expect runs a command that is to end so.
func (s *site) expect(status int, want string, args ...string) {
	s.t.Helper()
	got, out, errs := s.run(args...)
	if got != status || !strings.Contains(out+errs, want) {
		s.t.Errorf("%q: status %d, want %d and %q\nstdout: %s\nstderr: %s", args, got, status, want, out, errs)
	}
}

// keyAt returns a key for production that was made so long ago; without a label if the age is negative.
func keyAt(t *testing.T, age time.Duration) secret.Text {
	t.Helper()
	if age < 0 {
		return keyring.Generate()
	}
	k, err := keyring.GenerateFor("production", time.Now().Add(-age))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyGenerate(t *testing.T) {
	broken := func(context.Context) (*airworthy.App, error) { return nil, errors.New("no database") }
	for _, tt := range []struct {
		name, variable string
		args           []string
		status         int
		want           string // the environment, or part of the error
	}{
		{"without an environment", "", nil, 0, ""},
		{"the environment of the variable", "staging", nil, 0, "staging"},
		{"the flag wins", "staging", []string{"--environment", "eu-1"}, 0, "eu-1"},
		{"the empty flag too", "staging", []string{"--environment="}, 0, ""},
		{"a name that a label cannot hold", "prod_eu", nil, 1, "--environment="},
		{"a flag that a label cannot hold", "", []string{"--environment", "Prod"}, 1, `"Prod"`},
		{"an argument too many", "", []string{"staging"}, 2, "staging"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AIRWORTHY_ENV", tt.variable)
			if tt.variable == "" {
				if err := os.Unsetenv("AIRWORTHY_ENV"); err != nil {
					t.Fatal(err)
				}
			}
			status, out, errs := run(t, broken, append([]string{"key", "generate"}, tt.args...)...)
			if status != tt.status {
				t.Fatalf("status %d, want %d: %s", status, tt.status, errs)
			}
			if status != 0 {
				if out != "" || !strings.Contains(errs, tt.want) {
					t.Errorf("stdout has %d bytes, stderr %q, want nothing and %q", len(out), errs, tt.want)
				}
				return
			}
			label, ok := keyring.LabelOf(secret.New(strings.TrimSuffix(out, "\n")))
			if !ok || label.Environment != tt.want || time.Since(label.Made) > time.Minute || errs != "" {
				t.Errorf("the label is %v, %t, want %q and now; stderr %q", label, ok, tt.want, errs)
			}
		})
	}
}

package passwords

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/password"
)

const variable = "AIRWORTHY_PASSWORDS_PYTHON"

// django is a running oracle.py.
type django struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

// newDjango starts one that ends with the test.
func newDjango(t *testing.T) *django {
	t.Helper()
	python := os.Getenv(variable)
	if python == "" {
		t.Skipf("%s is not set: run conformance/passwords/run.sh", variable)
	}
	cmd := exec.Command(python, "oracle.py")
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")
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
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	d := &django{t, in, bufio.NewReaderSize(out, 1<<20)}
	var version struct{ Django, Python, Argon2, Bcrypt string }
	d.must("version", nil, &version)
	t.Logf("Django %s, argon2-cffi %s, bcrypt %s, Python %s", version.Django, version.Argon2, version.Bcrypt, version.Python)
	return d
}

// call asks op. raised is the type of the exception that it ended with, if it did.
func (d *django) call(op string, args map[string]any, result any) (raised string) {
	d.t.Helper()
	question, err := json.Marshal(map[string]any{"op": op, "args": args})
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.in.Write(append(question, '\n')); err != nil {
		d.t.Fatal(err)
	}
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		d.t.Fatalf("%s: no answer: %v", op, err)
	}
	var answer struct {
		Result json.RawMessage
		Error  string
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		d.t.Fatal(err)
	}
	if answer.Error == "" {
		if err := json.Unmarshal(answer.Result, result); err != nil {
			d.t.Fatal(err)
		}
	}
	return answer.Error
}

func (d *django) must(op string, args map[string]any, result any) {
	d.t.Helper()
	if raised := d.call(op, args, result); raised != "" {
		d.t.Fatalf("%s: %s", op, raised)
	}
}

// verdict is what Django's verify_password returns. An exception is a verdict too: the login fails with a 500.
type verdict struct {
	Correct, Update bool
	raised          string
}

func (d *django) verify(s site, text, encoded string) (v verdict) {
	d.t.Helper()
	v.raised = d.call("verify", map[string]any{"hashers_": s.django(), "password": text, "encoded": encoded}, &v)
	return v
}

func (d *django) make(s site, text string) (encoded string) {
	d.t.Helper()
	d.must("make", map[string]any{"hashers_": s.django(), "password": text}, &encoded)
	return encoded
}

var algorithms = []string{"argon2", "pbkdf2_sha256", "pbkdf2_sha1", "scrypt", "bcrypt_sha256", "bcrypt"}

// site is how one site, in Go or in Django, is configured.
type site struct {
	preferred string
	argon2    password.Argon2
	pbkdf2    password.PBKDF2
	scrypt    password.Scrypt
	bcrypt    password.Bcrypt
}

// quick has parameters of a millisecond each.
func quick(preferred string) site {
	return site{preferred, password.Argon2{Memory: 64, Time: 1, Parallel: 1}, password.PBKDF2{Iterations: 100},
		password.Scrypt{N: 16, R: 8, P: 1}, password.Bcrypt{Cost: 4}}
}

// real has Django 5.2's own.
func real(preferred string) site {
	return site{preferred: preferred}
}

// order lists all algorithms, the preferred one first.
func (s site) order() []string {
	rest := slices.DeleteFunc(slices.Clone(algorithms), func(name string) bool { return name == s.preferred })
	return append([]string{s.preferred}, rest...)
}

// django describes the site's hashers to the oracle. What is zero is Django's own.
func (s site) django() []map[string]any {
	attributes := map[string]map[string]any{
		"argon2":        {"memory_cost": s.argon2.Memory, "time_cost": s.argon2.Time, "parallelism": s.argon2.Parallel},
		"pbkdf2_sha256": {"iterations": s.pbkdf2.Iterations},
		"pbkdf2_sha1":   {"iterations": s.pbkdf2.Iterations},
		"scrypt":        {"work_factor": s.scrypt.N, "block_size": s.scrypt.R, "parallelism": s.scrypt.P},
		"bcrypt_sha256": {"rounds": s.bcrypt.Cost},
		"bcrypt":        {"rounds": s.bcrypt.Cost},
	}
	var out []map[string]any
	for _, name := range s.order() {
		set := map[string]any{}
		for key, value := range attributes[name] {
			if value != 0 {
				set[key] = value
			}
		}
		out = append(out, map[string]any{"algorithm": name, "attributes": set})
	}
	return out
}

// config is the same for Go.
func (s site) config(preset password.Preset) password.Config {
	return password.Config{Preset: preset, Hashers: s.order(), Argon2: s.argon2, PBKDF2: s.pbkdf2, Scrypt: s.scrypt,
		Bcrypt: s.bcrypt, InsecureCheap: true, Wait: 30 * time.Second, Logger: slog.New(slog.DiscardHandler)}
}

func (s site) hasher(t *testing.T) *password.Hasher {
	t.Helper()
	return newHasher(t, s.config(password.Django52))
}

func newHasher(t *testing.T, cfg password.Config) *password.Hasher {
	t.Helper()
	h, err := password.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func hash(t *testing.T, h *password.Hasher, text string) string {
	t.Helper()
	encoded, err := h.Hash(t.Context(), text)
	if err != nil {
		t.Fatalf("%+q: %v", text, err)
	}
	return encoded
}

func verify(t *testing.T, h *password.Hasher, text, encoded string) password.Verdict {
	t.Helper()
	v, err := h.Verify(t.Context(), text, encoded)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// newRand returns a generator whose seed is logged, and may be given.
func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("AIRWORTHY_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("AIRWORTHY_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// alphabets are what generated passwords are made of.
var alphabets = []string{
	"abcdefghijklmnopqrstuvwxyz", "ABCabc0123456789!$%&/()=?{}[]\\\"'`~#+*,;.:-_<>|@^", "0123456789", " \t\n a",
	"äöüßéñçÅ", "e\u0301a\u0308\u0323o", "ﬁＡｂ①²™", "пароль", "密码パスワード", "كلمةسر", "🔑🐴👩\u200d👩\u200d👧", "a\x01\x7f\u0085", "a\x00b",
}

// text returns a password. One for bcrypt alone is of at most 72 bytes without zeros, as that takes no others.
func text(r *rand.Rand, bcrypt bool) string {
	letters := []rune(alphabets[r.IntN(len(alphabets)-1)])
	if r.IntN(12) == 0 && !bcrypt {
		letters = []rune(alphabets[len(alphabets)-1])
	}
	n := 1 + r.IntN(20)
	switch r.IntN(10) {
	case 0:
		n = 1 + r.IntN(200)
	case 1:
		n = 60 + r.IntN(20)
	case 2:
		n = 1 + r.IntN(1000)
	}
	var b strings.Builder
	if r.IntN(6) == 0 {
		b.WriteByte(' ')
	}
	for range n {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	if r.IntN(6) == 0 {
		b.WriteByte(' ')
	}
	out := b.String()
	for bcrypt && len(out) > 72 {
		runes := []rune(out)
		out = string(runes[:len(runes)-1])
	}
	return out
}

// mistyped returns passwords that are close to one and are not it.
func mistyped(r *rand.Rand, text string) []string {
	runes := []rune(text)
	i := r.IntN(len(runes))
	changed := slices.Clone(runes)
	changed[i] ^= 1
	out := []string{string(changed), " " + text, strings.ToUpper(text), strings.TrimSpace(text), string(runes[:len(runes)-1]) + "x"}
	return slices.DeleteFunc(out, func(other string) bool { return other == text || other == "" })
}

func describe(s site, text, encoded string) string {
	return fmt.Sprintf("%+v, %.100s, password %+.60q", s, encoded, text)
}

package secret_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
)

// some are values of each kind, some of which begin or end alike.
func some() (values []string, m secret.Mask) {
	values = []string{"postgres", "postgresql-password", "correct horse battery staple", looksRandom["base32"] + "postgres"}
	for _, v := range looksRandom {
		values = append(values, v)
	}
	var all []secret.Text
	for _, v := range values {
		all = append(all, secret.New(v))
	}
	return values, secret.NewMask(all...)
}

// cut writes text in the pieces that the cuts say, and returns what came out.
func cut(t testing.TB, m secret.Mask, text string, cuts []byte) string {
	var out bytes.Buffer
	w := m.Writer(&out)
	for rest := text; rest != ""; {
		n := len(rest)
		if len(cuts) > 0 {
			n, cuts = min(n, int(cuts[0])), cuts[1:]
		}
		if got, err := io.WriteString(w, rest[:n]); got != n || err != nil {
			t.Fatalf("Write returned %d, %v for %d bytes", got, err, n)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// text makes a text of parts of the values, in all forms, and of what may stand around them.
func text(values []string, choices []byte) string {
	forms := []string{"plain", "lower", "upper", "quoted", "ASCII", "query", "path", "hex", "HEX", "base64", "base64 behind one byte", "base64 behind two bytes"}
	var b strings.Builder
	for len(choices) >= 4 {
		v := values[int(choices[0])%len(values)]
		from := int(choices[1]) % len(v)
		to := from + 1 + int(choices[2])%(len(v)-from)
		if choices[3] >= 192 {
			from, to = 0, len(v)
		}
		b.WriteString(printed[forms[int(choices[3])%len(forms)]](v[from:to]))
		b.WriteString([]string{"", " ", "-", "x", "postgre", "\n"}[int(choices[3])/16%6])
		choices = choices[4:]
	}
	return b.String()
}

// FuzzWriter: however a text is cut, the same comes out; and String leaves no part of a random value.
func FuzzWriter(f *testing.F) {
	values, m := some()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		choices, cuts := make([]byte, r.IntN(40)), make([]byte, r.IntN(60))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		for i := range cuts {
			cuts[i] = byte(r.IntN(12))
		}
		f.Add(choices, cuts)
	}
	f.Fuzz(func(t *testing.T, choices, cuts []byte) {
		if len(choices) > 200 || len(cuts) > 1000 {
			return
		}
		text := text(values, choices)
		whole := m.String(text)
		if got := cut(t, m, text, cuts); got != whole {
			t.Errorf("in pieces %q of %q, want %q", got, text, whole)
		}
		for _, v := range []string{"base32", "hexadecimal", "base64", "base64url", "Django's"} {
			if shows(whole, looksRandom[v]) {
				t.Errorf("part of %q is left in %q, made of %q", looksRandom[v], whole, text)
			}
		}
	})
}

// FuzzMaskLeavesTheRest: a text without values is not changed, and around one nothing is lost.
func FuzzMaskLeavesTheRest(f *testing.F) {
	value := looksRandom["base32"]
	m := secret.NewMask(secret.New(value), secret.New("postgres"))
	f.Add("a line", "of a log", uint8(0), uint8(26))
	f.Add("", "", uint8(3), uint8(8))
	f.Add(value[:7], value[19:], uint8(1), uint8(20))
	f.Fuzz(func(t *testing.T, before, after string, from, size uint8) {
		for _, s := range []string{before, after} {
			clean := m.String(s)
			if clean != s && !strings.Contains(clean, secret.Redacted) {
				t.Errorf("%q became %q", s, clean)
			}
			if strings.Contains(s, secret.Redacted) || clean != s {
				return
			}
		}
		at := int(from) % (len(value) - 8)
		part := value[at:min(len(value), at+8+int(size)%24)]
		got := m.String(before + part + after)
		head, tail, ok := strings.Cut(got, secret.Redacted)
		if !ok || !strings.HasPrefix(before, head) || !strings.HasSuffix(after, tail) && !strings.Contains(tail, secret.Redacted) {
			t.Errorf("%q + %q + %q became %q", before, part, after, got)
		}
		if len(head)+len(tail)+len(part)+3*8*3 < len(before)+len(part)+len(after) && !strings.Contains(tail, secret.Redacted) {
			t.Errorf("%q + %q + %q lost too much: %q", before, part, after, got)
		}
	})
}

// counter counts what was written and forgets it.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

func TestWriterKeepsBackLittle(t *testing.T) {
	values, m := some()
	longest := 0
	for _, v := range values {
		longest = max(longest, 10*len(v)) // the longest form, of a value of which every byte is escaped
	}
	var c counter
	w := m.Writer(&c)
	written := 0
	say := func(s string, held int) {
		t.Helper()
		for i := range len(s) {
			_, _ = io.WriteString(w, s[i:i+1])
			written++
			if written-c.n > held {
				t.Fatalf("%d bytes are kept back after %q, want at most %d", written-c.n, s[:i+1], held)
			}
		}
	}
	say(strings.Repeat("an ordinary line of a log\n", 1000), 7)
	say(strings.Repeat("correct horse battery stapl", 100), longest)
	_ = w.Flush()
	if c.n != written {
		t.Errorf("%d bytes came out of %d", c.n, written)
	}
	before := memory()
	for range 2000 { // 16 MiB, of which a part never ends
		_, _ = io.WriteString(w, strings.Repeat(looksRandom["hexadecimal"], 256))
		_, _ = io.WriteString(w, strings.Repeat("aaaaaaaa", 32))
	}
	if grew := memory() - before; grew > 64<<10 {
		t.Errorf("the writer grew by %d KiB", grew>>10)
	}
}

func TestFlushEndsAText(t *testing.T) {
	v := looksRandom["base32"]
	m := secret.NewMask(secret.New(v))
	var out bytes.Buffer
	w := m.Writer(&out)
	_, _ = io.WriteString(w, "a "+v[:6])
	if err := w.Flush(); err != nil || out.String() != "a "+v[:6] {
		t.Errorf("after Flush %q, %v", &out, err)
	}
	_, _ = io.WriteString(w, v[6:]+" b")
	_ = w.Close()
	if got := out.String(); got != "a "+v[:6]+"[redacted] b" {
		t.Errorf("got %q", got)
	}
	out.Reset()
	none := secret.Mask{}.Writer(&out)
	_, _ = io.WriteString(none, v)
	if out.String() != v {
		t.Errorf("the zero Mask's Writer made %q of %q", &out, v)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWriterReturnsErrors(t *testing.T) {
	w := secret.NewMask(secret.New(looksRandom["base32"])).Writer(broken{})
	if n, err := io.WriteString(w, "an ordinary line"); n != 0 || err == nil {
		t.Errorf("Write returned %d, %v", n, err)
	}
	if err := w.Close(); err == nil {
		t.Error("Close forgot the error")
	}
}

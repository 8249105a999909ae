package policy

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// ratio is Python's quick_ratio, the plain way.
func ratio(a, b []rune) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	left := slices.Clone(b)
	both := 0
	for _, r := range a {
		if i := slices.Index(left, r); i >= 0 {
			left = slices.Delete(left, i, i+1)
			both++
		}
	}
	return 2 * float64(both) / float64(len(a)+len(b))
}

// plainSimilar is Django's rule as it is written there.
func plainSimilar(password, value string, limit float64) bool {
	if value == "" {
		return false
	}
	password, value = lower(password), lower(value)
	candidates := []string{""}
	for _, r := range value { // re.split(r"\W+", value)
		if isWord(r) {
			candidates[len(candidates)-1] += string(r)
		} else {
			candidates = append(candidates, "")
		}
	}
	inner := candidates[:0]
	for i, c := range candidates {
		if c != "" || i == 0 || i == len(candidates)-1 {
			inner = append(inner, c)
		}
	}
	p := []rune(password)
	for _, candidate := range append(inner, value) {
		c := []rune(candidate)
		if len(p) >= 10*len(c) && float64(len(c)) < limit/2*float64(len(p)) {
			continue
		}
		if ratio(p, c) >= limit {
			return true
		}
	}
	return false
}

// Laws: similar is Django's rule; its order does not matter; an attribute is similar to itself.
func FuzzSimilar(f *testing.F) {
	for _, seed := range [][2]string{{"password", "passw0rd"}, {"alice123", "alice"}, {"johndoe99", "john.doe@example.com"}, {"secret", "terces"},
		{"aaaa", "a"}, {"", "@"}, {"ΣΑΣ", "σας"}, {"İ", "i"}, {"\xff", "\xfe"}, {"a", "@@a@"}} {
		f.Add(seed[0], seed[1], uint16(700))
	}
	f.Fuzz(func(t *testing.T, password, value string, thousandths uint16) {
		if len(password) > 300 || len(value) > 300 || !utf8.ValidString(password+value) {
			return
		}
		limit := float64(100+thousandths%901) / 1000
		_, got := similar(password, []Attribute{{"name", value}}, limit)
		if want := plainSimilar(password, value, limit); got != want {
			t.Errorf("similar(%q, %q, %v) = %t, want %t", password, value, limit, got, want)
		}
		runes := []rune(lower(password))
		slices.Reverse(runes)
		if _, reversed := similar(string(runes), []Attribute{{"name", value}}, limit); reversed != got && lower(string(runes)) == string(runes) {
			t.Errorf("%q and its reverse differ", password)
		}
		if _, self := similar(value, []Attribute{{"name", value}}, limit); !self && value != "" {
			t.Errorf("%q is not similar to itself", value)
		}
	})
}

// Laws: a verdict is nil or a Refusal, the same twice, and in Django's order; it does not repeat the password; what is
// judged as typed and refused is refused anyway; a longer minimum refuses no less.
func FuzzValidate(f *testing.F) {
	for _, seed := range []string{"", "password", "12345678", "ｐａｓｓｗｏｒｄ", "②③", " Password\x1c", "three small grey boats", "\xff\x00", "ﷺﷺﷺ"} {
		f.Add(seed, "alice@example.com")
	}
	policies := make([]*Policy, 3)
	for i, cfg := range []Config{{MinLength: 1}, {MinLength: 1, AsTyped: true}, {MinLength: 12}} {
		var err error
		if policies[i], err = New(cfg); err != nil {
			f.Fatal(err)
		}
	}
	order := []string{CodeTooLong, CodeTooSimilar, CodeTooShort, CodeTooCommon, CodeNumeric}
	f.Fuzz(func(t *testing.T, password, value string) {
		got := make([][]string, len(policies))
		for i, p := range policies {
			err := p.Validate(context.Background(), password, Attribute{"name", value})
			if again := p.Validate(context.Background(), password, Attribute{"name", value}); fmt.Sprint(err) != fmt.Sprint(again) {
				t.Errorf("got %v, and then %v", err, again)
			}
			if err == nil {
				continue
			}
			refusal, ok := errors.AsType[*Refusal](err)
			if !ok || len(refusal.Problems) == 0 {
				t.Fatalf("got %v, want a refusal", err)
			}
			for _, problem := range refusal.Problems {
				got[i] = append(got[i], problem.Code)
				if utf8.RuneCountInString(password) > 100 && strings.Contains(problem.Message, password) {
					t.Error("a message has the password")
				}
			}
			if !slices.IsSortedFunc(got[i], func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }) {
				t.Errorf("%v is not in order", got[i])
			}
		}
		for _, code := range got[1] {
			if !slices.Contains(got[0], code) {
				t.Errorf("as typed %v, and else %v", got[1], got[0])
			}
		}
		for _, code := range got[0] {
			if !slices.Contains(got[2], code) {
				t.Errorf("with one character %v, with twelve %v", got[0], got[2])
			}
		}
	})
}

// Laws: lower is a projection but for capital letters without a small one, strip is one, and neither touches the other's.
func FuzzPython(f *testing.F) {
	for _, seed := range []string{"", "ΑΣ'Α", "İ", "\x1c a\u3000", "²½", "\xff", "Ǆǅ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		low := lower(s)
		if again := lower(low); again != low {
			t.Errorf("lower(%+q) = %+q, and again %+q", s, low, again)
		}
		if strip(strip(s)) != strip(s) || !strings.Contains(s, strip(s)) || strip(low) != lower(strip(s)) && !strings.Contains(s, "Σ") {
			t.Errorf("strip(%+q) = %+q", s, strip(s))
		}
		if allDigits(s) && (allDigits(s+"x") || !allDigits(s+s) || low != s) {
			t.Errorf("allDigits(%+q)", s)
		}
	})
}

// Laws: no file makes a question fail otherwise than by an error, and what is accepted as a filter is exactly as long as
// it says.
func FuzzFilter(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "seed")
	if _, err := BuildFilter(context.Background(), path, strings.NewReader("one\ntwo\nthree\n"), FilterOptions{Plain: true}, nil); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:70])
	f.Add([]byte(filterMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = slices.Clone(b)
		if len(b) >= filterHead { // past the checksum
			binary.BigEndian.PutUint32(b[filterHead-4:], headSum(b))
		}
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		filter, err := OpenFilter(path)
		if err != nil {
			return
		}
		defer filter.Close()
		if filter.shape.dataAt()+int64(filter.shape.length) != int64(len(b)) {
			t.Errorf("%d bytes are taken for %+v", len(b), filter.shape)
		}
		for _, password := range []string{"", "one", "four"} {
			_, _ = filter.Contains(password)
		}
		if verify := filter.Verify(t.Context()); verify == nil {
			if _, err := filter.Contains("one"); err != nil {
				t.Errorf("Verify finds nothing, Contains %v", err)
			}
		}
	})
}

// Laws: what is coded is read back, in order, and nothing else; no data make the reader loop or read beyond them.
func FuzzRice(f *testing.F) {
	f.Add([]byte{}, uint8(6), uint64(1))
	f.Add([]byte{0, 1, 2, 255}, uint8(10), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, width uint8, seed uint64) {
		bits := minFilterBits + int(width)%(maxFilterBits-minFilterBits+1)
		r := riceReader{data: data}
		for last, n := uint64(0), 0; ; n++ {
			v, ok := r.value(bits)
			if !ok {
				break
			}
			if n > 8*len(data) || n > 0 && v <= last || r.at > 8*len(data) {
				t.Fatalf("value %d is %d after %d", n, v, last)
			}
			last = v
		}
		random := rand.New(rand.NewPCG(seed, 1))
		var values []uint64
		for range random.IntN(400) {
			values = append(values, random.Uint64N(1<<(bits+bucketBits)))
		}
		slices.Sort(values)
		values = slices.Compact(values)
		var w riceWriter
		for _, v := range values {
			w.add(v, bits)
		}
		r = riceReader{data: w.data}
		for i, want := range values {
			if v, ok := r.value(bits); !ok || v != want || !search(w.data, bits, want) {
				t.Fatalf("value %d is %d, %t, want %d", i, v, ok, want)
			}
			if search(w.data, bits, want+1) != slices.Contains(values, want+1) {
				t.Fatalf("search says something else of %d", want+1)
			}
		}
		if v, ok := r.value(bits); ok {
			t.Errorf("there is %d behind the last value", v)
		}
	})
}

// Laws: an answer is taken only if each of its lines is one, and a suffix is found exactly if it has a line that is no padding.
func FuzzAnswer(f *testing.F) {
	suffix := strings.Repeat("0123456789ABCDE", 3)[:suffixDigits]
	f.Add(suffix+":1\r\n", suffix)
	f.Add(suffix+":0\n", suffix)
	f.Add("<html>", suffix)
	f.Add(strings.ToLower(suffix)+":1\n\n"+suffix+":", suffix)
	f.Fuzz(func(t *testing.T, text, suffix string) {
		if len(suffix) != suffixDigits || !isHex(suffix) {
			return
		}
		found, err := suffixIn(strings.NewReader(text), suffix)
		if err != nil {
			if found || errors.Is(err, errAnswer) && strings.Contains(err.Error(), text) && text != "" && len(text) > 30 {
				t.Errorf("found = %t, error = %v", found, err)
			}
			return
		}
		want, n := false, 0
		for line := range bytes.Lines([]byte(text)) {
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			if len(line) == 0 {
				continue
			}
			n++
			if len(line) < suffixDigits+2 || line[suffixDigits] != ':' || !isHex(string(line[:suffixDigits])) {
				t.Fatalf("took %q", line)
			}
			want = want || strings.EqualFold(string(line[:suffixDigits]), suffix) && strings.Trim(string(line[suffixDigits+1:]), "0") != ""
		}
		if n == 0 || found != want {
			t.Errorf("found = %t in %d lines, want %t", found, n, want)
		}
	})
}

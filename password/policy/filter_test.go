package policy_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/password/policy"
)

// build makes a filter of a list in a directory of the test.
func build(t testing.TB, list string, opts policy.FilterOptions) (string, policy.FilterInfo) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter")
	info, err := policy.BuildFilter(t.Context(), path, strings.NewReader(list), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return path, info
}

func open(t testing.TB, path string) *policy.Filter {
	t.Helper()
	f, err := policy.OpenFilter(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func contains(t testing.TB, f *policy.Filter, password string) bool {
	t.Helper()
	in, err := f.Contains(password)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestFilterLists(t *testing.T) {
	hash := func(p string) string { return fmt.Sprintf("%X", sha1.Sum([]byte(p))) }
	long := strings.Repeat("x", 100_000)
	for _, test := range []struct {
		name, list string
		opts       policy.FilterOptions
		in, out    []string
		info       policy.FilterInfo // Lines, Skipped, Entries
		fault      string            // or part of the error
	}{
		{name: "passwords", list: "one\ntwo words\r\n\nпароль\none", opts: policy.FilterOptions{Plain: true},
			in: []string{"one", "two words", "пароль"}, out: []string{"two", "One", ""}, info: policy.FilterInfo{Lines: 5, Skipped: 1, Entries: 3}},
		{name: "a mark at the beginning", list: "\ufeffone\n", opts: policy.FilterOptions{Plain: true}, in: []string{"one"},
			info: policy.FilterInfo{Lines: 1, Entries: 1}},
		{name: "a line that is no password", list: "one\n" + long + "\n" + long[:5000] + "\ntwo\n" + long, opts: policy.FilterOptions{Plain: true},
			in: []string{"one", "two"}, out: []string{long}, info: policy.FilterInfo{Lines: 5, Skipped: 3, Entries: 2}},
		{name: "a password that looks like a hash", list: hash("one") + "\n", opts: policy.FilterOptions{Plain: true},
			in: []string{hash("one")}, out: []string{"one"}, info: policy.FilterInfo{Lines: 1, Entries: 1}},
		{name: "hashes", list: hash("one") + ":17\r\n" + strings.ToLower(hash("two")) + ":1\n" + hash("three"),
			in: []string{"one", "two", "three"}, out: []string{"four"}, info: policy.FilterInfo{Lines: 3, Entries: 3}},
		{name: "the rare left out", list: hash("one") + ":2\n" + hash("two") + ":1\n" + hash("three") + "\n", opts: policy.FilterOptions{MinCount: 2},
			in: []string{"one", "three"}, out: []string{"two"}, info: policy.FilterInfo{Lines: 3, Skipped: 1, Entries: 2}},
		{name: "passwords for hashes", list: hash("one") + "\nsecret-of-somebody\n", fault: "line 2 of the list: is not a SHA-1"},
		{name: "NTLM", list: hash("one")[:32] + ":5\n", fault: "line 1 of the list: is not a SHA-1"},
		{name: "SHA-256", list: hash("one") + "0123456789abcdef01234567\n", fault: "line 1 of the list: is not a SHA-1"},
		{name: "a digit that is none", list: "G" + hash("one")[1:] + ":5\n", fault: "line 1"},
		{name: "no count", list: hash("one") + ":\n", fault: "line 1"},
		{name: "a count below nothing", list: hash("one") + ":-1\n", fault: "line 1"},
		{name: "another separator", list: hash("one") + " 5\n", fault: "line 1"},
		{name: "an endless line", list: hash("one") + "\n" + long, fault: "line 2"},
		{name: "nothing", list: "\n\n", fault: "no entries"},
		{name: "too exact", list: hash("one"), opts: policy.FilterOptions{Bits: 25}, fault: "choose from 6 to 24"},
		{name: "too vague", list: hash("one"), opts: policy.FilterOptions{Bits: 5}, fault: "choose from 6 to 24"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "filter")
			info, err := policy.BuildFilter(t.Context(), path, strings.NewReader(test.list), test.opts, nil)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) || strings.Contains(err.Error(), "secret-of-somebody") {
					t.Errorf("error = %v, want %q, and not the line", err, test.fault)
				}
				if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
					t.Errorf("%v is left", left)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if info.Lines != test.info.Lines || info.Skipped != test.info.Skipped || info.Entries != test.info.Entries {
				t.Errorf("info = %+v, want %+v", info, test.info)
			}
			f := open(t, path)
			for _, password := range test.in {
				if !contains(t, f, password) {
					t.Errorf("%.40q is not in the filter", password)
				}
			}
			for _, password := range test.out {
				if contains(t, f, password) {
					t.Errorf("%.40q is in the filter", password)
				}
			}
		})
	}
}

// A million of hashes: every one is found, others as rarely as promised, and the memory stays bounded.
func TestFilterOfAMillion(t *testing.T) {
	const n = 1_000_000
	path := filepath.Join(t.TempDir(), "filter")
	var steps []policy.FilterProgress
	in, out := io.Pipe()
	go func() {
		w := bufio.NewWriter(out)
		for i := range n + 100_000 { // some twice
			fmt.Fprintf(w, "password %d\n", i%n)
		}
		w.Flush()
		out.Close()
	}()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	info, err := policy.BuildFilter(t.Context(), path, in, policy.FilterOptions{Plain: true}, func(p policy.FilterProgress) { steps = append(steps, p) })
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Entries != n || info.Lines != n+100_000 || info.Bytes != stat.Size() {
		t.Errorf("info = %+v, file of %d bytes, want %d entries", info, stat.Size(), n)
	}
	if each := float64(stat.Size()) / n; each > 1.65 {
		t.Errorf("%.3f bytes for an entry, want 1.65 at most", each)
	}
	if stat.Mode().Perm() != 0o644 && runtime.GOOS != "windows" {
		t.Errorf("mode %v, want 0644: whoever serves the site reads it", stat.Mode())
	}
	if heap := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && heap > 150<<20 {
		t.Errorf("the heap grew by %d MiB", heap>>20)
	}
	if len(steps) < 257 || steps[0].Lines != 1<<20 || steps[len(steps)-1].Written != 1 {
		t.Errorf("%d steps of progress, want one for each 2^20 lines and for each part", len(steps))
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v, want nothing beside the filter", left, err)
	}
	f := open(t, path)
	for i := range n {
		if i%20 == 0 && !contains(t, f, fmt.Sprintf("password %d", i)) {
			t.Fatalf("entry %d is not found", i)
		}
	}
	const tries = 100_000
	wrong := 0
	for i := range tries {
		if contains(t, f, fmt.Sprintf("another %d", i)) {
			wrong++
		}
	}
	rate := float64(wrong) / tries
	t.Logf("%.3f bytes for an entry, false positives %.6f, promised %.6f", float64(stat.Size())/n, rate, f.FalsePositives())
	if want := f.FalsePositives(); math.Abs(rate-want) > 6*math.Sqrt(want/tries) || want > 1.0/1024 || want != info.FalsePositives {
		t.Errorf("false positives %.6f, want %.6f or nearly", rate, want)
	}
	if err := f.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// Every width keeps its promise, and lists of every small length work.
func TestFilterSizes(t *testing.T) {
	for _, bits := range []int{6, 9, 16, 24} {
		for _, n := range []int{1, 2, 255, 256, 257, 3000} {
			var list strings.Builder
			for i := range n {
				fmt.Fprintf(&list, "%x\n", sha1.Sum(fmt.Append(nil, i)))
			}
			path, info := build(t, list.String(), policy.FilterOptions{Bits: bits})
			f := open(t, path)
			for i := range n {
				if !contains(t, f, fmt.Sprint(i)) {
					t.Fatalf("%d bits, %d entries: entry %d is not found", bits, n, i)
				}
			}
			wrong := 0
			for i := range 2000 {
				if contains(t, f, fmt.Sprint("another ", i)) {
					wrong++
				}
			}
			most := 2000 * f.FalsePositives()
			if float64(wrong) > most+6*math.Sqrt(most)+1 || f.Entries() != uint64(n) || info.Entries != uint64(n) {
				t.Errorf("%d bits, %d entries: %d false positives of 2000, %d entries", bits, n, wrong, f.Entries())
			}
		}
	}
}

// Hashes that begin alike, as the range service gives them, make a filter like any others; made-up ones do not.
func TestFilterOfOneRange(t *testing.T) {
	var list, crowd strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		fmt.Fprintf(&list, "00000%03x%016X%016x:3\n", r.Uint32()&0xfff, r.Uint64(), r.Uint64())
		fmt.Fprintf(&crowd, "%016x00%014x00000000:3\n", r.Uint64(), r.Uint64()>>8)
	}
	build(t, list.String(), policy.FilterOptions{})
	_, err := policy.BuildFilter(t.Context(), filepath.Join(t.TempDir(), "f"), strings.NewReader(crowd.String()), policy.FilterOptions{}, nil)
	if err == nil || !strings.Contains(err.Error(), "not spread") {
		t.Errorf("error = %v, want one that says that these are no hashes", err)
	}
}

func TestFilterIsReplacedWhole(t *testing.T) {
	path, _ := build(t, "one\n", policy.FilterOptions{Plain: true})
	old := open(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := policy.BuildFilter(ctx, path, strings.NewReader("two\n"), policy.FilterOptions{Plain: true}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that of the context", err)
	}
	broken := io.MultiReader(strings.NewReader("two\nthree"), &failing{})
	if _, err := policy.BuildFilter(t.Context(), path, broken, policy.FilterOptions{Plain: true}, nil); !errors.Is(err, errBroken) {
		t.Errorf("error = %v, want that of the source", err)
	}
	if f := open(t, path); !contains(t, f, "one") || contains(t, f, "two") {
		t.Error("a list that failed has replaced the filter")
	}
	if _, err := policy.BuildFilter(t.Context(), path, strings.NewReader("two\n"), policy.FilterOptions{Plain: true}, nil); err != nil {
		t.Fatal(err)
	}
	if f := open(t, path); contains(t, f, "one") || !contains(t, f, "two") {
		t.Error("the filter is not the new one")
	}
	if runtime.GOOS != "windows" && !contains(t, old, "one") {
		t.Error("the filter that was open has changed")
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%v, want nothing beside the filter", left)
	}
	if _, err := policy.BuildFilter(t.Context(), filepath.Join(path, "x"), strings.NewReader("two\n"), policy.FilterOptions{Plain: true}, nil); err == nil {
		t.Error("a filter was made where no directory is")
	}
}

var errBroken = errors.New("broken")

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errBroken }

func TestFilterConcurrently(t *testing.T) {
	var list strings.Builder
	for i := range 5000 {
		fmt.Fprintln(&list, i)
	}
	path, _ := build(t, list.String(), policy.FilterOptions{Plain: true})
	p := mustNew(t, policy.Config{BreachedFile: path, Logger: slog.New(slog.DiscardHandler)})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				if got := codes(t, p, fmt.Sprint(g*500+i)); !slices.Contains(got, "password_breached") {
					t.Errorf("%d: got %v", g*500+i, got)
				}
			}
		})
	}
	wg.Wait()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	err := p.Validate(t.Context(), "three small grey boats")
	if !errors.Is(err, os.ErrClosed) || !strings.HasPrefix(err.Error(), "policy: PASSWORD_BREACHED_FILE: the password cannot be judged") {
		t.Errorf("after Close: error = %v, want one that names the setting", err)
	}
}

// reseal makes the checksum of the head right again.
func reseal(b []byte) {
	binary.BigEndian.PutUint32(b[60:], crc32.Checksum(b[:60], crc32.MakeTable(crc32.Castagnoli)))
}

func TestHostileFilters(t *testing.T) {
	var list strings.Builder
	for i := range 600 {
		fmt.Fprintln(&list, i)
	}
	path, _ := build(t, list.String(), policy.FilterOptions{Plain: true})
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	number := func(at int, n uint64) func([]byte) []byte {
		return func(b []byte) []byte { binary.BigEndian.PutUint64(b[at:], n); reseal(b); return b }
	}
	for name, edit := range map[string]func([]byte) []byte{
		"nothing":                   func(b []byte) []byte { return nil },
		"the magic alone":           func(b []byte) []byte { return b[:8] },
		"half a head":               func(b []byte) []byte { return b[:63] },
		"the head alone":            func(b []byte) []byte { return b[:64] },
		"one byte too short":        func(b []byte) []byte { return b[:len(b)-1] },
		"one byte too long":         func(b []byte) []byte { return append(b, 0) },
		"another magic":             func(b []byte) []byte { b[0] = 'X'; reseal(b); return b },
		"another version":           func(b []byte) []byte { b[11] = 2; reseal(b); return b },
		"another checksum":          func(b []byte) []byte { b[63] ^= 1; return b },
		"a reserved byte":           func(b []byte) []byte { b[50] ^= 1; return b },
		"no width":                  func(b []byte) []byte { b[15] = 0; reseal(b); return b },
		"a width of 2^24+10":        func(b []byte) []byte { b[12] = 1; reseal(b); return b },
		"no scale":                  number(16, 0),
		"an endless scale":          number(16, math.MaxUint64),
		"a scale below entries":     number(16, 599),
		"no entries":                number(24, 0),
		"too many entries":          number(24, 601),
		"another bucket":            number(32, 4),
		"no buckets":                number(32, 0),
		"endless buckets":           number(32, math.MaxUint64),
		"an endless length":         number(40, math.MaxUint64),
		"a negative length":         number(40, 1<<63),
		"another length":            number(40, 7),
		"the sum of 2^64":           number(40, uint64(math.MaxUint64)-64),
		"an index that begins late": func(b []byte) []byte { b[71]++; return b },
		"an index that ends early":  func(b []byte) []byte { b[64+3*12+7]--; return b },
		"a page of HTML":            func(b []byte) []byte { return []byte("<!doctype html>" + strings.Repeat(" ", 200)) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "bad")
			if err := os.WriteFile(bad, edit(slices.Clone(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			if f, err := policy.OpenFilter(bad); err == nil {
				f.Close()
				t.Error("it is taken for a filter")
			}
			if p, err := policy.New(policy.Config{BreachedFile: bad}); err == nil || !strings.Contains(err.Error(), "PASSWORD_BREACHED_FILE") {
				t.Errorf("New = %v, %v, want an error that names the setting", p, err)
			}
		})
	}
	for name, path := range map[string]string{"a directory": t.TempDir(), "no file": filepath.Join(t.TempDir(), "x"), "a device": os.DevNull} {
		if _, err := policy.OpenFilter(path); err == nil {
			t.Errorf("%s is taken for a filter", name)
		}
	}
}

// Whatever byte behind the head is damaged: nothing that is in the list is ever said not to be, and it is noticed.
func TestDamagedFilter(t *testing.T) {
	var list strings.Builder
	for i := range 300 {
		fmt.Fprintln(&list, i)
	}
	path, _ := build(t, list.String(), policy.FilterOptions{Plain: true, Bits: 8})
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	for at := 64; at < len(good); at++ {
		b := slices.Clone(good)
		b[at] ^= 0x55
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := policy.OpenFilter(bad)
		if err != nil {
			continue
		}
		errs := 0
		for i := range 300 {
			in, err := f.Contains(fmt.Sprint(i))
			if err != nil {
				errs++
			} else if !in {
				t.Fatalf("byte %d is damaged: entry %d is lost without an error", at, i)
			}
		}
		verify := f.Verify(t.Context())
		if sumOfTheEnd := at >= 64+2*12+8 && at < 64+3*12; (verify == nil || errs == 0) && !sumOfTheEnd {
			t.Errorf("byte %d is damaged: %d errors, Verify = %v", at, errs, verify)
		}
		f.Close()
	}
}

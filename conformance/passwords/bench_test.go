package passwords

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"github.com/airworthy-go/airworthy/password"
)

const rounds = 7

// cost is what one hash took, in seconds: on the clock, and of all processors.
type cost struct{ wall, cpu float64 }

func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func measure(work func()) cost {
	runtime.GC() // what others left is theirs
	begin, used := time.Now(), processor()
	work()
	return cost{time.Since(begin).Seconds(), processor() - used}
}

func values(costs []cost, of func(cost) float64) (out []float64) {
	for _, c := range costs {
		out = append(out, of(c))
	}
	return out
}

func median(costs []cost, of func(cost) float64) float64 {
	all := values(costs, of)
	slices.Sort(all)
	return all[len(all)/2]
}

// TestBesidePython prints what a hash costs at the parameters of Django 5.2: a login with package password, the same with the
// library alone, and the same in Python, in turns. Only ratios of processor time are worth reading on a busy machine.
func TestBesidePython(t *testing.T) {
	d := newDjango(t)
	typed, salt := []byte("correct horse"), []byte("saltsaltsaltsaltsaltsa")
	direct := map[string]func(){
		"pbkdf2_sha256": func() { _, _ = pbkdf2.Key(sha256.New, string(typed), salt, 1_000_000, 32) },
		"pbkdf2_sha1":   func() { _, _ = pbkdf2.Key(sha1.New, string(typed), salt, 1_000_000, 20) },
		"argon2":        func() { argon2.IDKey(typed, salt, 2, 102400, 8, 32) },
		"owasp":         func() { argon2.IDKey(typed, salt, 2, 19456, 1, 32) },
		"scrypt":        func() { _, _ = scrypt.Key(typed, salt, 16384, 8, 5, 64) },
		"bcrypt":        func() { _, _ = bcrypt.GenerateFromPassword(typed, 12) },
	}
	wall, cpu := func(c cost) float64 { return c.wall }, func(c cost) float64 { return c.cpu }
	t.Logf("%-14s %28s %28s %28s", "", "airworthy", "library alone", "Python")
	t.Logf("%-14s %14s %13s %14s %13s %14s %13s %9s %9s", "", "ms", "cpu ms", "ms", "cpu ms", "ms", "cpu ms", "/library", "/Python")
	for _, name := range []string{"pbkdf2_sha256", "pbkdf2_sha1", "argon2", "owasp", "scrypt", "bcrypt"} {
		cfg := password.Config{Preset: password.Django52, Hashers: []string{name}, InsecureCheap: true}
		if name == "owasp" {
			cfg = password.Config{}
		}
		h := newHasher(t, cfg)
		encoded := hash(t, h, string(typed))
		var ours, library, python []cost
		for i := range rounds {
			if i%2 == 0 { // who comes second gets the pages that the other has touched
				library = append(library, measure(direct[name]))
			}
			ours = append(ours, measure(func() { verify(t, h, string(typed), encoded) }))
			if i%2 == 1 {
				library = append(library, measure(direct[name]))
			}
			var theirs []float64
			d.must("measure", map[string]any{"algorithm": name}, &theirs)
			python = append(python, cost{theirs[0], theirs[1]})
		}
		one, two, three := median(ours, cpu), median(library, cpu), median(python, cpu)
		t.Logf("%-14s %14.0f %13.0f %14.0f %13.0f %14.0f %13.0f %9.2f %9.2f", name, 1000*median(ours, wall), 1000*one,
			1000*median(library, wall), 1000*two, 1000*median(python, wall), 1000*three, one/two, one/three)
		if least, bare := slices.Min(values(ours, cpu)), slices.Min(values(library, cpu)); least > 1.5*bare {
			t.Errorf("%s: %.0f ms of the processor, %.0f with the library alone: more than half as much again", name, 1000*least, 1000*bare)
		}
	}
}

// TestLoginsAtTheBound prints how many logins a second there are when many more come than can be served, and what memory
// they take.
func TestLoginsAtTheBound(t *testing.T) {
	const clients, long = 200, 3 * time.Second
	t.Logf("%d clients on %d processors", clients, runtime.GOMAXPROCS(0))
	for name, cfg := range map[string]password.Config{
		"owasp, one at a time":          {Parallel: 1},
		"owasp, on all processors":      {Parallel: runtime.GOMAXPROCS(0)},
		"django-5.2, on all processors": {Preset: password.Django52, Parallel: runtime.GOMAXPROCS(0)},
		"django-5.2 with argon2 first":  {Preset: password.Django52, Hashers: []string{"argon2"}, Parallel: runtime.GOMAXPROCS(0)},
	} {
		cfg.Logger = slog.New(slog.DiscardHandler)
		h := newHasher(t, cfg)
		encoded := hash(t, h, "correct horse")
		runtime.GC()
		before := heap()
		var served, busy, lost atomic.Int64
		var peak atomic.Uint64
		var wg sync.WaitGroup
		end := time.Now().Add(long)
		done := make(chan struct{})
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
					peak.Store(max(peak.Load(), heap()))
				}
			}
		}()
		for range clients {
			wg.Go(func() {
				for time.Now().Before(end) {
					v, err := h.Verify(t.Context(), "correct horse", encoded)
					_, turnedAway := errors.AsType[*password.BusyError](err)
					switch {
					case err == nil && v.OK:
						served.Add(1)
					case turnedAway:
						busy.Add(1)
						time.Sleep(50 * time.Millisecond)
					default:
						lost.Add(1)
					}
				}
			})
		}
		begin := time.Now()
		wg.Wait()
		took := time.Since(begin).Seconds()
		close(done)
		t.Logf("%-32s %5.1f logins a second, %d MiB, %d turned away", name, float64(served.Load())/took, (peak.Load()-before)>>20, busy.Load())
		if lost.Load() > 0 || served.Load() == 0 {
			t.Errorf("%s: %d served, %d lost", name, served.Load(), lost.Load())
		}
		if limit := uint64(password.DefaultMemory) + 16<<20; peak.Load() > before+limit {
			t.Errorf("%s: %d MiB, %d before", name, peak.Load()>>20, before>>20)
		}
	}
}

func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

package logins

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/password"
)

func cheap(c *airworthy.Settings) {
	c.Passwords = password.Config{InsecureCheap: true, Argon2: password.Argon2{Memory: 64, Time: 1, Parallel: 1}}
}

// each runs f for 0 to n-1, some at a time.
func each(n, workers int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// TestTenThousandAddresses guess one account's password, each once. A few are verified, then none: the right password,
// tried at the end by all, lets nobody in but the owner on the browser that the owner has used before.
func TestTenThousandAddresses(t *testing.T) {
	s := newSite(t, cheap)
	s.user("alice", nil)
	owner := s.login("alice", word, "192.0.2.1", "")
	if owner.status != 303 {
		t.Fatalf("the owner's login answers %d", owner.status)
	}
	statuses := make([]int, 10000)
	each(len(statuses), 20, func(i int) { statuses[i] = s.login("alice", "guess"+strconv.Itoa(i), address(i), "").status })
	for i, status := range statuses {
		if status != 422 {
			t.Fatalf("guess %d is answered with %d, want 422", i, status)
		}
	}
	in := 0
	for i := range 50 {
		if s.login("alice", word, address(20000+i), "").status == 303 {
			in++
		}
	}
	if in != 0 {
		t.Errorf("the right password, guessed by strangers after ten thousand wrong ones, lets %d of 50 in", in)
	}
	if got := s.login("alice", word, "192.0.2.1", owner.cookies()); got.status != 303 {
		t.Errorf("the owner's browser is answered with %d", got.status)
	}
	if got := s.login("alice", word, "198.51.100.77", owner.cookies()); got.status != 303 {
		t.Errorf("the owner's browser elsewhere is answered with %d", got.status)
	}
}

// TestOneAddress guesses one account's password, and then many accounts'. It is stopped soon, and the owner gets in.
func TestOneAddress(t *testing.T) {
	s := newSite(t, cheap)
	s.user("alice", nil)
	var tooMany, slow atomic.Int64
	each(300, 30, func(i int) {
		a := s.login("alice", "guess"+strconv.Itoa(i), address(7), "")
		if a.status == 429 {
			tooMany.Add(1)
		}
		if a.took > 10*time.Second {
			slow.Add(1)
		}
	})
	if got := s.login("alice", word, address(7), ""); got.status == 303 {
		t.Error("the address that guessed gets in with the right password")
	}
	if got := s.login("alice", word, "192.0.2.1", ""); got.status != 303 {
		t.Errorf("the owner, from elsewhere, is answered with %d: %s", got.status, got.body)
	}
	each(300, 30, func(i int) {
		if s.login(fmt.Sprintf("user%d", i), "guess", address(8), "").status == 429 {
			tooMany.Add(1)
		}
	})
	a := s.login("bob", "guess", address(8), "")
	after, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 429 || err != nil || after < 1 {
		t.Errorf("an address that has tried 300 accounts is answered with %d, Retry-After %q; want 429 and seconds", a.status, a.header.Get("Retry-After"))
	}
	if tooMany.Load() < 200 || slow.Load() > 0 {
		t.Errorf("%d of 600 guesses are turned away unhashed, %d took longer than ten seconds", tooMany.Load(), slow.Load())
	}
}

// TestAThousandLogins at a time, each of 19 MiB: bad input 33. All are answered, some with 503 and when to come back, and
// the memory of the process stays within the bound.
func TestAThousandLogins(t *testing.T) {
	s := newSite(t, nil)
	like := s.user("user", nil)
	for i := range 1000 {
		like.Username = fmt.Sprintf("user%d", i)
		if _, err := s.store.Create(t.Context(), like); err != nil {
			t.Fatal(err)
		}
	}
	before := peak(t)
	var mu sync.Mutex
	counts := map[int]int{}
	start := time.Now()
	each(1000, 1000, func(i int) {
		a := s.login(fmt.Sprintf("user%d", i), word, address(30000+i), "")
		if a.status == 503 {
			if after, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || after < 1 {
				t.Errorf("503 with Retry-After %q", a.header.Get("Retry-After"))
			}
			if !bytes.Contains(a.body, []byte("<html")) {
				t.Error("503 without a page")
			}
		}
		mu.Lock()
		defer mu.Unlock()
		counts[a.status]++
	})
	grown := peak(t) - before
	t.Logf("answers %v in %v, memory grown by %d MiB", counts, time.Since(start).Round(time.Millisecond), grown>>20)
	if counts[303] == 0 || counts[303]+counts[503] != 1000 {
		t.Errorf("answers %v, want 303 and 503 alone", counts)
	}
	if grown > 400<<20 {
		t.Errorf("the process grew by %d MiB, want no more than the hasher's 256 MiB and what a thousand requests take", grown>>20)
	}
	if a := s.login("user1", word, "192.0.2.99", ""); a.status != 303 {
		t.Errorf("afterwards a login is answered with %d: who was turned away must not have been counted", a.status)
	}
}

// peak returns the most memory that the process ever had resident, in bytes.
func peak(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

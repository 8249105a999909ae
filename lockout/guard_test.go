package lockout_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/lockout"
)

var (
	home   = netip.MustParseAddr("198.51.100.4")
	office = netip.MustParseAddr("198.51.100.80")
	evil   = netip.MustParseAddr("203.0.113.9")
)

// bot returns the address of the nth of many machines, each in a network of its own.
func bot(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}) }

// quiet is a logger for tests that do not look at it.
var quiet = slog.New(slog.DiscardHandler)

func newGuard(t *testing.T, cfg lockout.Config) *lockout.Guard {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	g, err := lockout.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func begin(t *testing.T, g *lockout.Guard, a lockout.Attempt) *lockout.Try {
	t.Helper()
	try, err := g.Begin(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return try
}

// fail makes n attempts that are wrong and returns how many of them were verified.
func fail(t *testing.T, g *lockout.Guard, n int, a lockout.Attempt) (verified int) {
	t.Helper()
	for range n {
		if try := begin(t, g, a); !try.Locked && !try.Refused {
			verified++
		}
	}
	return verified
}

// login makes an attempt that is right and reports whether it gets in.
func login(t *testing.T, g *lockout.Guard, a lockout.Attempt) bool {
	t.Helper()
	try := begin(t, g, a)
	if try.Locked || try.Refused {
		return false
	}
	if err := try.Succeed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return true
}

func TestBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		if n := fail(t, g, 10, lockout.Attempt{Account: "alice", Client: evil}); n != 5 {
			t.Errorf("%d guesses at one account from one network are verified, want 5", n)
		}
		if !login(t, g, lockout.Attempt{Account: "alice", Client: home}) {
			t.Error("what one network guesses locks another one out")
		}
		if !login(t, g, lockout.Attempt{Account: "bob", Client: evil}) {
			t.Error("what is guessed at one account locks another one")
		}
		n := 0
		for i := range 30 {
			n += fail(t, g, 1, lockout.Attempt{Account: "carol", Client: bot(i)})
		}
		if n != 20 {
			t.Errorf("%d guesses at one account from many networks are verified, want 20", n)
		}
		n = 0
		for i := range 60 {
			n += fail(t, g, 1, lockout.Attempt{Account: fmt.Sprint("user", i), Client: office})
		}
		if n != 50 {
			t.Errorf("%d guesses at many accounts from one network are verified, want 50", n)
		}
	})
}

// badinput 36: 1,000 at once get no more than 1,000 one after the other.
func TestGuessesAtOnce(t *testing.T) {
	for _, row := range []struct {
		name string
		from func(n int) netip.Addr
		want int
	}{
		{"from as many addresses", bot, 20},
		{"from one address", func(int) netip.Addr { return evil }, 5},
		{"from one IPv6 network", func(n int) netip.Addr {
			a := netip.MustParseAddr("2001:db8::").As16()
			a[14], a[15] = byte(n>>8), byte(n)
			return netip.AddrFrom16(a)
		}, 5},
	} {
		g := newGuard(t, lockout.Config{})
		var wg sync.WaitGroup
		verified := make(chan bool, 1000)
		for n := range 1000 {
			wg.Go(func() {
				try, err := g.Begin(t.Context(), lockout.Attempt{Account: "alice", Client: row.from(n)})
				if err != nil {
					t.Error(err)
				} else if !try.Locked && !try.Refused {
					verified <- true
				}
			})
		}
		wg.Wait()
		if n := len(verified); n != row.want {
			t.Errorf("%s: %d of 1000 guesses at once are verified, want %d", row.name, n, row.want)
		}
	}
}

func TestKnownDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		owner := lockout.Attempt{Account: "alice", Client: evil, Device: "laptop"}
		for i := range 30 {
			fail(t, g, 1, lockout.Attempt{Account: "alice", Client: bot(i)})
		}
		fail(t, g, 60, lockout.Attempt{Account: "zoe", Client: evil})
		if try := begin(t, g, lockout.Attempt{Account: "zoe", Client: evil}); !try.Refused {
			t.Fatal("the network is not over its budget")
		}
		if !login(t, g, owner) {
			t.Error("the owner does not get in on a known device while account and network are locked")
		}
		if n := fail(t, g, 20, owner); n != 10 {
			t.Errorf("%d guesses on a known device are verified, want 10", n)
		}
		if login(t, g, owner) {
			t.Error("a locked device lets in")
		}
		phone := owner
		phone.Device = "phone"
		if !login(t, g, phone) {
			t.Error("one device locks another")
		}
		if !login(t, g, lockout.Attempt{Account: "bob", Client: evil, Device: "laptop"}) {
			t.Error("a device of one account locks one of another")
		}
		// A failure on it counts nowhere else: with it an owner who mistypes does not lock the office.
		if entries, err := g.Locked(t.Context(), 10); err != nil || len(entries) != 4 {
			t.Errorf("%d locks, want those of alice, of zoe from there, of the network and of the device: %v, %v", len(entries), entries, err)
		}
	})
}

// A success takes back what it counted and forgets the pair's failures; another account's it leaves.
func TestSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := lockout.NewMemory(lockout.MemoryOptions{})
		g := newGuard(t, lockout.Config{Store: store})
		failures := func(kind lockout.Kind, subject string) int {
			s, err := store.Load(t.Context(), lockout.Key{Kind: kind, Subject: subject}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return s.Failures
		}
		alice := lockout.Attempt{Account: "alice", Client: home}
		fail(t, g, 4, alice)
		fail(t, g, 3, lockout.Attempt{Account: "bob", Client: home})
		try := begin(t, g, alice)
		for range 3 { // once is enough, and more is no more
			if err := try.Succeed(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, row := range []struct {
			kind    lockout.Kind
			subject string
			want    int
		}{
			{lockout.Pair, "198.51.100.4/32 alice", 0},
			{lockout.Account, "alice", 4},
			{lockout.Network, "198.51.100.4/32", 7},
			{lockout.Pair, "198.51.100.4/32 bob", 3},
			{lockout.Account, "bob", 3},
		} {
			if got := failures(row.kind, row.subject); got != row.want {
				t.Errorf("%s %q has %d failures, want %d", row.kind, row.subject, got, row.want)
			}
		}
		try = begin(t, g, alice)
		if err := try.Cancel(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := failures(lockout.Account, "alice"); got != 4 {
			t.Errorf("%d failures after one that was cancelled, want 4", got)
		}
		if err := try.Succeed(t.Context()); err != nil || failures(lockout.Account, "alice") != 4 {
			t.Errorf("a success after that: %v, %d failures, want 4", err, failures(lockout.Account, "alice"))
		}
		on := lockout.Attempt{Account: "alice", Client: home, Device: "laptop"}
		fail(t, g, 9, on)
		if !login(t, g, on) || fail(t, g, 20, on) != 10 {
			t.Error("a success on a device does not forget its failures")
		}
	})
}

// The caller that forgets to look lets nobody in.
func TestNothingSucceedsWhileLocked(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	a := lockout.Attempt{Account: "alice", Client: evil}
	fail(t, g, 5, a)
	if err := begin(t, g, a).Succeed(t.Context()); err == nil {
		t.Error("a locked attempt succeeds")
	}
	fail(t, g, 60, a)
	try := begin(t, g, a)
	if err := try.Succeed(t.Context()); err == nil || !try.Refused {
		t.Error("a refused attempt succeeds")
	}
}

func TestDelayAndRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		for _, name := range []string{"alice", "nobody"} { // whether there is one makes no difference
			var got []string
			for range 7 {
				try := begin(t, g, lockout.Attempt{Account: name, Client: evil})
				got = append(got, fmt.Sprint(try.Delay, " ", try.RetryAfter))
				time.Sleep(100 * time.Millisecond)
			}
			if got, want := strings.Join(got, ", "), "0s 0s, 0s 0s, 0s 0s, 500ms 0s, 1s 0s, 2s 15m0s, 2s 15m0s"; got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		var got []time.Duration
		for range 11 {
			got = append(got, begin(t, g, lockout.Attempt{Account: "alice", Client: home, Device: "laptop"}).Delay)
		}
		if got, want := fmt.Sprint(got), "[0s 0s 0s 0s 0s 500ms 1s 2s 3s 3s 3s]"; got != want {
			t.Errorf("on a device: %s, want %s", got, want)
		}
		// Once others have the account locked, each client waits as it did before.
		fail(t, g, 4, lockout.Attempt{Account: "carol", Client: evil})
		for i := range 20 {
			fail(t, g, 1, lockout.Attempt{Account: "carol", Client: bot(i)})
		}
		if try := begin(t, g, lockout.Attempt{Account: "carol", Client: evil}); !try.Locked || try.Delay != time.Second {
			t.Errorf("after four failures and others' lock: locked %v, delay %v, want a second", try.Locked, try.Delay)
		}
		// Whom others locked out waits no longer than anybody.
		for i := range 30 {
			if try := begin(t, g, lockout.Attempt{Account: "bob", Client: bot(i)}); try.Delay != 0 || i >= 20 && !try.Locked {
				t.Errorf("attempt %d waits %v, locked %v", i, try.Delay, try.Locked)
			}
		}
	})
}

// badinput 34: the name that nobody typed and the address that nobody knows lock nobody.
func TestEmptyAndUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		for i := range 1000 {
			if try := begin(t, g, lockout.Attempt{Client: bot(i)}); try.Locked || try.Refused {
				t.Fatalf("attempt %d without a name is stopped", i)
			}
		}
		if n := fail(t, g, 60, lockout.Attempt{Client: evil}); n != 50 {
			t.Errorf("%d attempts without a name from one network are let through, want 50", n)
		}
		if n := fail(t, g, 60, lockout.Attempt{Client: evil, Device: "laptop"}); n != 0 {
			t.Errorf("%d come through with a device of nobody", n)
		}
		// Each name for itself, as no address is known; all of them together are not locked.
		for i := range 100 {
			if n := fail(t, g, 1, lockout.Attempt{Account: fmt.Sprint("user", i)}); n != 1 {
				t.Fatalf("name %d from an unknown address is locked by others", i)
			}
		}
		if n := fail(t, g, 30, lockout.Attempt{Account: "alice"}); n != 20 {
			t.Errorf("%d guesses from an unknown address are verified, want 20", n)
		}
		if n := fail(t, g, 1000, lockout.Attempt{}); n != 1000 {
			t.Errorf("%d attempts of nobody from nowhere are let through: one would lock out all the others", n)
		}
		for range 100 {
			try, err := g.Take(t.Context(), lockout.NetworkKey("reset", netip.Addr{}), lockout.Budget{Failures: 1}, netip.Addr{})
			if err != nil || try.Refused {
				t.Fatalf("an unknown network is over its budget: %+v, %v", try, err)
			}
		}
	})
}

// What an address is written as makes no new network of it.
func TestSpellingsOfAnAddress(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	n := 0
	for _, a := range []string{"192.0.2.7", "::ffff:192.0.2.7", "64:ff9b::192.0.2.7", "64:ff9b:1::192.0.2.7", "2002:c000:207::1", "2002:c000:207:ffff::9"} {
		n += fail(t, g, 2, lockout.Attempt{Account: "alice", Client: netip.MustParseAddr(a)})
	}
	if n != 5 {
		t.Errorf("%d guesses are verified, want 5", n)
	}
}

// Whoever has an account has a known device, and must not have the site hash for it without end.
func TestLockedDeviceCountsForTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		mallory := lockout.Attempt{Account: "mallory", Client: evil, Device: "laptop"}
		locked := 0
		for range 100 {
			if try := begin(t, g, mallory); try.Locked && !try.Refused {
				locked++
			}
		}
		if locked != 50 {
			t.Errorf("%d attempts on a locked device are hashed for, want 50", locked)
		}
		if !login(t, g, lockout.Attempt{Account: "alice", Client: evil, Device: "phone"}) {
			t.Error("that locks out another known device in the same network")
		}
	})
}

// What is verified counts everywhere, what is not for the network alone: a pair that is locked uses nothing up.
func TestLockedAttemptsCountForTheNetworkAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := lockout.NewMemory(lockout.MemoryOptions{})
		g := newGuard(t, lockout.Config{Store: store})
		fail(t, g, 40, lockout.Attempt{Account: "alice", Client: evil})
		if s, _ := store.Load(t.Context(), lockout.AccountKey("alice"), time.Now()); s.Failures != 5 {
			t.Errorf("the account has %d failures of 40 attempts from one network, want 5", s.Failures)
		}
		if s, _ := store.Load(t.Context(), lockout.NetworkKey(lockout.Network, evil), time.Now()); s.Failures != 40 {
			t.Errorf("the network has %d failures, want 40", s.Failures)
		}
		for i := range 20 {
			fail(t, g, 1, lockout.Attempt{Account: "bob", Client: bot(i)})
		}
		fail(t, g, 10, lockout.Attempt{Account: "bob", Client: home})
		if s, _ := store.Load(t.Context(), lockout.Key{Kind: lockout.Pair, Subject: "198.51.100.4/32 bob"}, time.Now()); s != (lockout.State{}) {
			t.Errorf("attempts at an account that others locked count for the pair: %+v", s)
		}
	})
}

func TestTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		mails := lockout.Budget{Failures: 3, Window: time.Hour, CoolOff: time.Hour, MaxCoolOff: 24 * time.Hour}
		take := func(subject string) *lockout.Try {
			try, err := g.Take(t.Context(), lockout.Key{Kind: "mail", Subject: subject}, mails, home)
			if err != nil {
				t.Fatal(err)
			}
			return try
		}
		for n := range 3 {
			if try := take("a@example.com"); try.Refused || try.Locked || try.Delay != 0 {
				t.Errorf("mail %d: %+v", n, try)
			}
		}
		if try := take("a@example.com"); !try.Refused || try.RetryAfter != time.Hour {
			t.Errorf("the fourth mail: refused %v, again after %v", try.Refused, try.RetryAfter)
		}
		if try := take("b@example.com"); try.Refused {
			t.Error("another address is refused")
		} else if err := try.Succeed(t.Context()); err != nil {
			t.Error(err)
		}
		for n := range 3 {
			if take("b@example.com").Refused {
				t.Errorf("mail %d to an address whose first was taken back is refused", n)
			}
		}
		long := strings.Repeat("x", 10_000)
		for n := range 3 {
			if take(long+"1").Refused || take(long+"2").Refused {
				t.Errorf("mail %d to a long address is refused", n)
			}
		}
		if !take(long + "1").Refused {
			t.Error("a long address has no budget")
		}
		entries, err := g.Locked(t.Context(), 10)
		if err != nil || len(entries) != 2 || max(len(entries[0].Subject), len(entries[1].Subject)) > 512 {
			t.Errorf("%v, %v, want two, the long address cut", entries, err)
		}
		if _, err := g.Take(t.Context(), lockout.Key{Kind: "mail", Subject: "x"}, lockout.Budget{Failures: -1}, home); err == nil {
			t.Error("a budget of less than nothing is taken from")
		}
	})
}

func TestUnlockAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("ä", 300)
		for _, name := range []string{"alice", "alice smith", long} {
			var out bytes.Buffer
			g := newGuard(t, lockout.Config{Logger: slog.New(slog.NewJSONHandler(&out, nil))})
			fail(t, g, 6, lockout.Attempt{Account: name, Client: evil})
			fail(t, g, 11, lockout.Attempt{Account: name, Client: evil, Device: "a b"})
			for i := range 30 {
				fail(t, g, 1, lockout.Attempt{Account: name, Client: bot(i)})
				fail(t, g, 1, lockout.Attempt{Account: "smith", Client: bot(1000 + i)})
			}
			if entries, err := g.Locked(t.Context(), 100); err != nil || len(entries) != 4 {
				t.Fatalf("%v, %v", entries, err)
			}
			out.Reset()
			if err := g.UnlockAccount(t.Context(), name, "root"); err != nil {
				t.Fatal(err)
			}
			if all := logged(t, &out); len(all) != 3 || all[2].Event != "airworthy.security.Unlocked" || all[2].By != "root" {
				t.Errorf("three locks are ended, logged: %+v", all)
			}
			entries, err := g.Locked(t.Context(), 100)
			if err != nil || len(entries) != 1 || entries[0].Key != lockout.AccountKey("smith") {
				t.Errorf("%q: what is locked then: %v, %v, want smith alone", name, entries, err)
			}
			if !login(t, g, lockout.Attempt{Account: name, Client: evil}) {
				t.Errorf("%q is locked out", name)
			}
		}
	})
}

// Names that differ late do not share a key, and no key is longer than a store has to take.
func TestLongNames(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	long := strings.Repeat("\xff", 100_000)
	fail(t, g, 10, lockout.Attempt{Account: long + "1", Client: evil})
	if n := fail(t, g, 10, lockout.Attempt{Account: long + "2", Client: evil}); n != 5 {
		t.Errorf("%d guesses, want 5 of its own", n)
	}
	fail(t, g, 20, lockout.Attempt{Account: long, Client: evil, Device: "laptop-7" + long})
	entries, err := g.Locked(t.Context(), 10)
	if err != nil || len(entries) != 3 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		if len(e.Subject) > 512 {
			t.Errorf("a subject of %d bytes", len(e.Subject))
		}
		if strings.Contains(e.Subject, "laptop-7") {
			t.Error("the id of a device stands in the key")
		}
	}
}

package lockout

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// five leaks one failure in an hour.
var five = Budget{Failures: 5, Window: 5 * time.Hour, CoolOff: 10 * time.Minute, MaxCoolOff: time.Hour}

// play makes attempts at minutes after the start and returns what became of them: c counted, l locked, b begins a lock.
func play(b Budget, minutes ...float64) (s State, results string) {
	for _, m := range minutes {
		var o outcome
		s, o = b.count(s, start.Add(time.Duration(m*float64(time.Minute))), "192.0.2.1/32", "why")
		results += string("clb"[o])
	}
	return s, results
}

func TestCount(t *testing.T) {
	for _, row := range []struct {
		name    string
		minutes []float64
		want    string
	}{
		{"the budget is let through, the next begins a lock", []float64{0, 0, 0, 0, 0, 0, 0}, "cccccbl"},
		{"the lock lasts as long as it says, to the end", []float64{0, 0, 0, 0, 0, 5, 14.99, 15}, "cccccblc"},
		{"attempts during a lock do not extend it", []float64{0, 0, 0, 0, 0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, "cccccblllllllllc"},
		{"a lock frees the whole budget", []float64{0, 0, 0, 0, 0, 0, 10, 10, 10, 10, 10, 10}, "cccccbcccccb"},
		{"the second lock is twice as long", []float64{0, 0, 0, 0, 0, 0, 10, 10, 10, 10, 10, 10, 29.99, 30}, "cccccbcccccblc"},
		{"one failure has leaked away after an hour", []float64{0, 0, 0, 0, 0, 60, 60}, "ccccccb"},
		{"none a moment before", []float64{0, 0, 0, 0, 0, 59.99}, "cccccb"},
		{"five in five hours", []float64{0, 0, 0, 0, 0, 300, 300, 300, 300, 300, 300}, "ccccccccccb"},
		// Counts that only move forward with the last failure never forget whoever fails steadily.
		{"one every hour and more for ever", []float64{0, 61, 122, 183, 244, 305, 366, 427, 488, 549, 610}, "ccccccccccc"},
		{"one every forty minutes is too many in the end", []float64{0, 40, 80, 120, 160, 200, 240, 280, 320, 360, 400, 440, 480, 520, 560}, "cccccccccccccbc"},
		{"what is left of an hour is not lost by another failure", []float64{0, 0, 0, 50, 60, 60, 60}, "ccccccb"},
	} {
		if _, got := play(five, row.minutes...); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestCoolOffRises(t *testing.T) {
	var s State
	now := start
	var got []time.Duration
	for range 6 {
		for range 5 {
			s, _ = five.count(s, now, "", "")
		}
		var o outcome
		if s, o = five.count(s, now, "", ""); o != begins {
			t.Fatalf("no lock begins at %v: %+v", now, s)
		}
		got = append(got, s.Until.Sub(s.Locked))
		now = s.Until
	}
	if want := "[10m0s 20m0s 40m0s 1h0m0s 1h0m0s 1h0m0s]"; fmt.Sprint(got) != want {
		t.Errorf("locks of %v, want %s", got, want)
	}
	// They are forgotten a day after the last one ended, and not sooner, whatever was counted meanwhile.
	for _, row := range []struct {
		after time.Duration
		want  int
	}{{24*time.Hour - time.Millisecond, 6}, {24 * time.Hour, 0}} {
		if at := five.at(s, now.Add(row.after)); at.Locks != row.want {
			t.Errorf("%s after the last lock %d are known, want %d", row.after, at.Locks, row.want)
		}
	}
	s, _ = five.count(s, now.Add(23*time.Hour), "", "")
	if s, _ = five.count(s, now.Add(24*time.Hour), "", ""); s.Locks != 0 || !s.Locked.IsZero() || s.Reason != "" {
		t.Errorf("a failure in between keeps locks from being forgotten: %+v", s)
	}
	long := Budget{Failures: 1, Window: time.Hour, CoolOff: 48 * time.Hour, MaxCoolOff: 48 * time.Hour}
	s = State{Locks: 1, Locked: start, Until: start.Add(48 * time.Hour)}
	if at := long.at(s, s.Until.Add(48*time.Hour-1)); at.Locks != 1 {
		t.Error("a lock of two days is forgotten sooner than it lasted: whoever waits gets the first one again")
	}
	short := Budget{MaxCoolOff: time.Minute}.or(defaultPair)
	if got := short.coolOff(1); got != time.Minute {
		t.Errorf("a first lock of %s, want a minute, which is the longest", got)
	}
	if got := (Budget{CoolOff: time.Hour, MaxCoolOff: maxTime}).coolOff(math.MaxInt); got != maxTime {
		t.Errorf("the longest lock lasts %s, want %s", got, maxTime)
	}
}

func TestTakeBack(t *testing.T) {
	minute := func(m int) time.Time { return start.Add(time.Duration(m) * time.Minute) }
	t.Run("one failure less", func(t *testing.T) {
		s, _ := play(five, 0, 0, 1)
		if s, lifted := five.takeBack(s, minute(1), minute(1)); s.Failures != 2 || lifted {
			t.Errorf("%+v, %v", s, lifted)
		}
	})
	t.Run("the last one leaves nothing", func(t *testing.T) {
		s, _ := play(five, 0)
		if s, _ := five.takeBack(s, minute(0), minute(1)); s != (State{}) {
			t.Errorf("%+v", s)
		}
	})
	t.Run("a lock that stands on it ends", func(t *testing.T) {
		s, _ := play(five, 0, 0, 0, 0, 0, 1)
		s, lifted := five.takeBack(s, minute(0), minute(2))
		if !lifted || s.Failures != 4 || s.Locks != 0 || !s.Until.IsZero() || s.Reason != "" {
			t.Errorf("%+v, %v", s, lifted)
		}
		if s, o := five.count(s, minute(2), "", ""); o != counted || s.Failures != 5 {
			t.Errorf("then: %+v, %v", s, o)
		}
	})
	t.Run("the second lock ends and the first is remembered", func(t *testing.T) {
		s, _ := play(five, 0, 0, 0, 0, 0, 0, 10, 10, 10, 10, 10, 11)
		s, lifted := five.takeBack(s, minute(10), minute(12))
		if !lifted || s.Failures != 4 || s.Locks != 1 || minute(12).Before(s.Until) {
			t.Errorf("%+v, %v", s, lifted)
		}
		s, _ = five.count(s, minute(12), "", "")
		if s, o := five.count(s, minute(12), "", ""); o != begins || s.Until.Sub(s.Locked) != 20*time.Minute {
			t.Errorf("then: %+v, %v", s, o)
		}
	})
	t.Run("what a lock was waited for is not there any more", func(t *testing.T) {
		s, _ := play(five, 0, 0, 0, 0, 0, 0, 10, 10)
		if s, _ := five.takeBack(s, minute(0), minute(11)); s.Failures != 2 {
			t.Errorf("%d failures, want the two since the lock", s.Failures)
		}
	})
	t.Run("what leaked away is not there any more", func(t *testing.T) {
		s, _ := play(five, 0)
		if s, _ := five.takeBack(s, minute(0), minute(61)); s != (State{}) {
			t.Errorf("%+v", s)
		}
	})
}

// A clock that was ahead when the lock began and is put right does not lock for years, nor stop the leak.
func TestClockPutRight(t *testing.T) {
	ahead := start.AddDate(10, 0, 0)
	var s State
	for range 6 {
		s, _ = five.count(s, ahead, "", "")
	}
	s, o := five.count(s, start, "", "")
	if o != locked || s.Until.Sub(start) != five.CoolOff {
		t.Errorf("locked (%v) for %s, want %s", o, s.Until.Sub(start), five.CoolOff)
	}
	if _, o := five.count(s, s.Until, "", ""); o != counted {
		t.Errorf("when the lock has ended: %v", o)
	}
	s = State{}
	for range 5 {
		s, _ = five.count(s, ahead, "", "")
	}
	s = five.at(s, start)
	if _, o := five.count(s, start.Add(time.Hour), "", ""); o != counted {
		t.Errorf("nothing leaks after the clock was put right: %v", o)
	}
}

func TestMost(t *testing.T) {
	// By hand, for the defaults: locks of 15, 30, 60 and 120 minutes and then of 4 hours, of which a day has room for
	// four and five more, with the whole budget before, between and after.
	for _, row := range []struct {
		b    Budget
		want int
	}{
		{defaultAccount, 20 * 10},
		{defaultPair, 5 * 10},
		{defaultDevice, 10 * 10},
		{defaultNetwork, 50*27 + 37}, // 5, 10, 20, 40 and 22 of an hour, and 45 minutes of one in 72 seconds
		{Budget{1, time.Hour, 24 * time.Hour, 24 * time.Hour}, 25},
		{Budget{1, 24 * time.Hour, time.Hour, time.Hour}, 25},
	} {
		if got := row.b.most(24 * time.Hour); got != row.want {
			t.Errorf("%v: %d in a day, want %d", row.b, got, row.want)
		}
	}
}

// Nobody gets more through than most says, however the attempts are spread.
func TestNobodyGetsMoreThrough(t *testing.T) {
	const day = 24 * time.Hour
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	worst := map[Budget]int{}
	for range 300 {
		for _, b := range []Budget{defaultAccount, defaultNetwork, five} {
			var s State
			let := 0
			patience := time.Duration(r.Int64N(int64(b.Window))) // how long it waits at most
			for now := start; now.Before(start.Add(day)); {
				var o outcome
				if s, o = b.count(s, now, "", ""); o == counted {
					let++
				}
				switch {
				case o != counted && r.IntN(2) == 0:
					now = s.Until
				case r.IntN(3) == 0:
					now = now.Add(time.Duration(r.Int64N(int64(patience) + 1)))
				}
			}
			if limit := b.most(day); let > limit {
				t.Fatalf("seed %d: %v let %d through in a day, want at most %d", seed, b, let, limit)
			}
			worst[b] = max(worst[b], let)
		}
	}
	for b, n := range worst {
		if limit := b.most(day); n < limit*7/10 { // or the bound says nothing
			t.Errorf("%v: at most %d came through of %d", b, n, limit)
		}
	}
}

// model is the leak, as plainly as possible: each failure leaks away an interval after it or after the one before it
// has.
type model struct{ leaks []time.Time }

func (m *model) at(now time.Time) (n int) {
	for _, leak := range m.leaks {
		if leak.After(now) {
			n++
		}
	}
	return n
}

func (m *model) add(now time.Time, interval time.Duration) {
	from := now
	if n := len(m.leaks); n > 0 && m.leaks[n-1].After(now) {
		from = m.leaks[n-1]
	}
	m.leaks = append(m.leaks, from.Add(interval))
}

func TestLeakIsThatOfTheModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		b := Budget{1 + r.IntN(50), time.Duration(1+r.IntN(10_000_000)) * time.Millisecond, time.Hour, time.Hour}
		var s State
		var m model
		now := start
		for step := range 200 {
			now = now.Add(time.Duration(r.Int64N(2*int64(b.interval()))) * time.Duration(r.IntN(3)))
			want := m.at(now)
			if got := b.at(s, now).Failures; got != want {
				t.Fatalf("seed %d, %v, step %d: %d failures, want %d", seed, b, step, got, want)
			}
			if want < b.Failures { // no locks here
				s, _ = b.count(s, now, "", "")
				m.add(now, b.interval())
			}
		}
	}
}

// FuzzBudget holds the arithmetic to its laws for any budget that New takes, any state that a store may give back and a
// clock that goes both ways.
func FuzzBudget(f *testing.F) {
	f.Add(5, int64(18e12), int64(6e11), int64(36e11), 3, int64(0), int64(0), int64(0), 0, int64(1), int64(-1))
	f.Add(1, int64(1e9), int64(1e9), int64(1e9), math.MaxInt, int64(math.MaxInt64), int64(math.MinInt64), int64(math.MaxInt64), math.MaxInt, int64(math.MinInt64), int64(math.MaxInt64))
	f.Add(maxFailures, int64(maxTime), int64(maxTime), int64(maxTime), -7, int64(-1), int64(1), int64(math.MinInt64), -1, int64(math.MaxInt64), int64(5))
	f.Fuzz(func(t *testing.T, failures int, window, coolOff, maxCoolOff int64, had int, leaked, lock, until int64, locks int, a, b int64) {
		budget := Budget{failures, time.Duration(window), time.Duration(coolOff), time.Duration(maxCoolOff)}.or(defaultAccount)
		if budget.problem() != nil {
			return
		}
		near := func(n int64) time.Time { return start.Add(time.Duration(n)).Truncate(time.Millisecond) }
		s := State{Failures: had, Leaked: near(leaked), Locked: near(lock), Until: near(until), Locks: locks}
		for _, now := range []time.Time{near(a), near(b), near(a)} {
			at := budget.at(s, now)
			if again := budget.at(at, now); again != at {
				t.Fatalf("twice is not once:\n%+v\n%+v", at, again)
			}
			next, o := budget.count(s, now, "from", "why")
			if (o != counted) != now.Before(next.Until) {
				t.Fatalf("outcome %d, until %v, at %v", o, next.Until, now)
			}
			if o == begins && (next.Until.Sub(now) > budget.MaxCoolOff || next.Until.Sub(now) < min(budget.CoolOff, budget.MaxCoolOff)) {
				t.Fatalf("a lock of %s with %v", next.Until.Sub(now), budget)
			}
			if o == locked && next != at {
				t.Fatalf("an attempt during a lock changed it:\n%+v\n%+v", at, next)
			}
			if o != locked && (next.Failures < 0 || next.Failures > budget.Failures) {
				t.Fatalf("%d failures of %v", next.Failures, budget)
			}
			if next.Leaked.After(now) || next.Locked.After(now) {
				t.Fatalf("what was is to come: %+v", next)
			}
			if o == counted {
				back, _ := budget.takeBack(next, now, now)
				if want := at.Failures; back.Failures != want || back.Locks != at.Locks && back != (State{}) {
					t.Fatalf("taking back %+v made %+v of %+v", next, back, at)
				}
				if fresh := budget.at(next, next.Expires); fresh.Failures != 0 || fresh.Locks != 0 || next.Expires.Before(now) {
					t.Fatalf("it expires before it is worth nothing: %+v", next)
				}
			}
			s = next
		}
	})
}

func FuzzBudgetText(f *testing.F) {
	for _, s := range []string{"20/6h", "20/6h/15m/4h", "", "0/1h", "-1/1h", "5/0s", "1/1h/1m", "9223372036854775808/1h", " 5 / 1h ", "5/1ns/1ns/1ns", "1/1h30m0.5s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b Budget
		if b.UnmarshalText([]byte(text)) != nil {
			if b != (Budget{}) {
				t.Errorf("%q is refused and sets %v", text, b)
			}
			return
		}
		if b.Failures < 1 || b.Window <= 0 {
			t.Errorf("%q is %+v", text, b)
		}
		written, _ := b.MarshalText()
		var again Budget
		if err := again.UnmarshalText(written); err != nil || again != b {
			t.Errorf("%q is %+v, written %q, which is %+v, %v", text, b, written, again, err)
		}
	})
}

package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// text returns the value as the keeper has it.
func text(k *secrets.Keeper, name string) string { return k.Secret(name).Text().Reveal() }

func TestRefreshComesWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Time
		m := &manager{}
		m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
			times = append(times, time.Now())
			return map[string]settings.Value{"A": {Text: "a"}}, nil
		})
		k := keep(t, secrets.Config{}, m)
		lookup(t, k, "A")
		k.Start(new(logged).logger())
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		waits := map[time.Duration]bool{}
		for i, at := range times[1:] {
			wait := at.Sub(times[i])
			waits[wait.Round(time.Second)] = true
			if wait < 4*time.Minute || wait > 6*time.Minute {
				t.Errorf("waited %v, want 5 minutes, give or take one", wait)
			}
		}
		if len(times) < 240 || len(times) > 360 || len(waits) < 50 {
			t.Errorf("%d readings in a day, %d different waits", len(times), len(waits))
		}
	})
}

func TestTheIntervalIsASetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &manager{values: map[string]string{"A": "a"}}
		k := secrets.New(secrets.Config{Schemes: []settings.Scheme{scheme(map[string]settings.Source{"m": m})}})
		if err := k.Configure(given(secrets.Variable, "test://m", secrets.RefreshVariable, "10s")); err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		lookup(t, k, "A")
		k.Start(new(logged).logger())
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := m.asked(); n < 5 || n > 9 {
			t.Errorf("asked %d times in a minute, want about 7", n)
		}
	})
}

// An outage: the last good values stay, tries come further and further apart, the log is not flooded, and the end of it
// is noticed.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		m := &manager{values: map[string]string{"A": "first"}}
		k := keep(t, secrets.Config{}, m)
		lookup(t, k, "A")
		k.Start(out.logger())
		m.fails(errors.New("connection refused"))
		began := time.Now()
		time.Sleep(6*time.Minute + 45*time.Second)
		synctest.Wait()
		if n := m.asked(); n < 4 {
			t.Errorf("asked %d times, want some retries soon after the first failure", n)
		}
		if err := k.Health(); err != nil {
			t.Errorf("after a short outage Health is %v", err)
		}
		time.Sleep(24*time.Hour - time.Since(began))
		synctest.Wait()
		if got := text(k, "A"); got != "first" {
			t.Errorf("the value is %q after a day without its source", got)
		}
		if err := k.Health(); err == nil || !strings.Contains(err.Error(), "A") {
			t.Errorf("after a day Health is %v, want an error that names A", err)
		}
		status := k.Status()
		if len(status) != 1 || status[0].Failures < 200 || status[0].Failures > 400 || status[0].Since.After(began.Add(time.Minute)) ||
			!strings.Contains(status[0].Error, "connection refused") || !strings.Contains(status[0].Source, "AIRWORTHY_SECRETS[0] test://m0") {
			t.Errorf("status is %+v", status)
		}
		stale := out.take("event=airworthy.secrets.Stale")
		if len(stale) < 6 || len(stale) > 10 {
			t.Errorf("%d lines about one outage, want one for each doubling", len(stale))
		}
		for _, want := range []string{"level=WARN", "failures=128", "stale_for=", "connection refused"} {
			if !slices.ContainsFunc(stale, func(line string) bool { return strings.Contains(line, want) }) {
				t.Errorf("no line about the outage has %s", want)
			}
		}
		m.fails(nil)
		m.put("A", "second")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if lines := out.take("event=airworthy.secrets.Recovered"); len(lines) != 1 || !strings.Contains(lines[0], "stale_for=24h") {
			t.Errorf("got %d lines about the recovery", len(lines))
		}
		if got, err := text(k, "A"), k.Health(); got != "second" || err != nil {
			t.Errorf("after the outage: %q, %v", got, err)
		}
		if s := k.Status()[0]; s.Failures != 0 || s.Error != "" || !s.Since.IsZero() || s.Success.IsZero() {
			t.Errorf("status is %+v", s)
		}
	})
}

func TestFormerValuesMatchForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &manager{values: map[string]string{"A": "first"}}
		k := keep(t, secrets.Config{Overlap: 10 * time.Minute}, m)
		lookup(t, k, "A")
		s := k.Secret("A")
		matches := func(want string) {
			t.Helper()
			var got []string
			for _, candidate := range []string{"first", "second", "third", "", "firs"} {
				if s.Matches(candidate) {
					got = append(got, candidate)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("matches %q, want %q", got, want)
			}
		}
		change := func(text string) {
			t.Helper()
			m.put("A", text)
			if err := k.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		matches("first")
		change("second")
		time.Sleep(9 * time.Minute)
		matches("first second")
		change("third")
		matches("first second third")
		time.Sleep(61 * time.Second)
		matches("second third")
		time.Sleep(9 * time.Minute)
		matches("third")
		change("first") // what comes back is no former value
		matches("first third")
		time.Sleep(time.Hour)
		matches("first")
		for i := range 100 { // former values are bounded
			change(fmt.Sprint("value ", i))
		}
		n := 0
		for i := range 100 {
			if s.Matches(fmt.Sprint("value ", i)) {
				n++
			}
		}
		if n > 5 || n < 2 {
			t.Errorf("%d former values match", n)
		}
		if n := len(k.Secrets()["A"]); n > 8 {
			t.Errorf("%d values are kept for masks", n)
		}
	})
}

func TestNoOverlap(t *testing.T) {
	m := &manager{values: map[string]string{"A": "first"}}
	k := keep(t, secrets.Config{Overlap: -1}, m)
	lookup(t, k, "A")
	m.put("A", "second")
	if err := k.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := k.Secret("A"); s.Matches("first") || !s.Matches("second") {
		t.Error("the former value still matches, or the new one does not")
	}
}

// A rotation of two values is read when one of them is written: neither is taken over before both are.
func TestTornRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &manager{values: map[string]string{"USER": "u1", "PASSWORD": "p1", "OTHER": "o1"}}
		k := keep(t, secrets.Config{}, m)
		lookup(t, k, "USER", "PASSWORD", "OTHER")
		var seen []string
		k.OnChanges([]string{"USER", "PASSWORD"}, func(_ context.Context, values map[string]secret.Text) error {
			seen = append(seen, values["USER"].Reveal()+" "+values["PASSWORD"].Reveal())
			if len(values) != 2 {
				t.Errorf("got %d values", len(values))
			}
			return nil
		})
		readings := 0
		m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
			readings++
			values := map[string]settings.Value{"USER": {Text: "u2"}, "PASSWORD": {Text: "p1"}, "OTHER": {Text: "o2"}}
			if readings > 1 {
				values["PASSWORD"] = settings.Value{Text: "p2"}
			}
			return values, nil
		})
		if err := k.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(seen, []string{"u2 p2"}) || readings != 3 {
			t.Errorf("the callback saw %q in %d readings, want both new in 3", seen, readings)
		}
		if got := text(k, "USER") + text(k, "PASSWORD") + text(k, "OTHER"); got != "u2p2o2" {
			t.Errorf("got %s", got)
		}
	})
}

// A source that says something else each time changes nothing, and does not stand in the way of what is well.
func TestUnstable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		m := &manager{values: map[string]string{"A": "a", "B": "b"}}
		k := keep(t, secrets.Config{Logger: out.logger()}, m)
		lookup(t, k, "A", "B")
		n := 0
		m.behave(func(_ context.Context, names []string) (map[string]settings.Value, error) {
			n++
			return map[string]settings.Value{"A": {Text: fmt.Sprint("canary-value-", n)}, "B": {Text: "b2"}}, nil
		})
		err := k.Refresh(t.Context())
		if err == nil || !strings.Contains(err.Error(), "A: the new value was not taken over") || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want an error that names A", err)
		}
		if text(k, "A") != "a" || text(k, "B") != "b2" {
			t.Error("the unstable value was taken over, or the stable one was not")
		}
		if lines := out.take("airworthy.secrets.Refused"); len(lines) != 1 || !strings.Contains(lines[0], "name=A") {
			t.Errorf("%d lines", len(lines))
		}
		if n > 5 {
			t.Errorf("read %d times", n)
		}
	})
}

func TestANameThatVanishesKeepsItsValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		m := &manager{values: map[string]string{"A": "a", "B": "b"}}
		k := keep(t, secrets.Config{Logger: out.logger()}, m)
		lookup(t, k, "A", "B", "NEW")
		m.set(map[string]string{"B": "b"})
		for range 20 {
			if err := k.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Minute)
		}
		if lines := out.take("airworthy.secrets.Stale"); text(k, "A") != "a" || len(lines) != 5 || !strings.Contains(lines[0], "name=A") {
			t.Errorf("value %q, %d lines, want one at the 1st, 2nd, 4th, 8th, 16th", text(k, "A"), len(lines))
		}
		if err := k.Health(); err == nil || strings.Contains(err.Error(), "B") {
			t.Errorf("Health is %v, want an error that names A only", err)
		}
		called := 0
		secrets.OnChange(k, "NEW", func(context.Context, string) error { called++; return nil })
		m.set(map[string]string{"A": "a", "B": "b", "NEW": "n"}) // one that appears is a change
		if err := errors.Join(k.Refresh(t.Context()), k.Health()); err != nil || text(k, "NEW") != "n" || called != 1 {
			t.Errorf("%v, %q, called %d times", err, text(k, "NEW"), called)
		}
	})
}

func TestRefusedValues(t *testing.T) {
	for name, test := range map[string]struct {
		value  string
		refuse func(value time.Duration) error
		why    string
	}{
		"that cannot be read":   {"canary-value", func(time.Duration) error { return nil }, "LIMIT"},
		"by the callback":       {"90s", func(time.Duration) error { return errors.New("the pool cannot take it") }, "the pool cannot take it"},
		"by a panic":            {"90s", func(time.Duration) error { panic("bug in the callback") }, "bug in the callback"},
		"with the value inside": {"canary-value", nil, "secret [redacted] is no good"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out logged
				m := &manager{values: map[string]string{"LIMIT": "30s", "TOGETHER": "t1", "ALONE": "a1"}}
				k := keep(t, secrets.Config{Logger: out.logger()}, m)
				lookup(t, k, "LIMIT", "TOGETHER", "ALONE")
				accept, groups := false, 0
				if test.refuse != nil {
					secrets.OnChange(k, "LIMIT", func(_ context.Context, d time.Duration) error {
						if accept {
							return nil
						}
						return test.refuse(d)
					})
				} else {
					secrets.OnChange(k, "LIMIT", func(_ context.Context, s string) error {
						if accept {
							return nil
						}
						return fmt.Errorf("secret %s is no good", s)
					})
				}
				k.OnChanges([]string{"LIMIT", "TOGETHER"}, func(context.Context, map[string]secret.Text) error { groups++; return nil })
				m.set(map[string]string{"LIMIT": test.value, "TOGETHER": "t2", "ALONE": "a2"})
				err := k.Refresh(t.Context())
				if err == nil || !strings.Contains(err.Error(), test.why) || !strings.Contains(err.Error(), "LIMIT, TOGETHER") {
					t.Errorf("got %v, want both names and %q", err, test.why)
				}
				lines := out.take("airworthy.secrets.Refused")
				if len(lines) != 1 {
					t.Errorf("%d lines", len(lines))
				}
				if all := strings.Join(lines, "") + fmt.Sprint(err); strings.Contains(all, "canary") {
					t.Error("the value is shown")
				}
				if got := text(k, "LIMIT") + text(k, "TOGETHER") + text(k, "ALONE"); got != "30st1a2" || groups != 0 {
					t.Errorf("got %s, and %d calls for the group", got, groups)
				}
				accept = true
				m.put("LIMIT", "60s")
				if err := k.Refresh(t.Context()); err != nil || text(k, "LIMIT")+text(k, "TOGETHER") != "60st2" || groups != 1 {
					t.Errorf("a good value afterwards: %v, %d calls for the group", err, groups)
				}
			})
		})
	}
}

// If the second of two callbacks refuses, the first goes back to what it had.
func TestRefusalGoesBack(t *testing.T) {
	m := &manager{values: map[string]string{"A": "old"}}
	k := keep(t, secrets.Config{}, m)
	lookup(t, k, "A")
	var calls []string
	secrets.OnChange(k, "A", func(_ context.Context, s string) error { calls = append(calls, "1 "+s); return nil })
	secrets.OnChange(k, "A", func(_ context.Context, s string) error { calls = append(calls, "2 "+s); return errors.New("no") })
	m.put("A", "new")
	if err := k.Refresh(t.Context()); err == nil || text(k, "A") != "old" {
		t.Errorf("%v, value %q", err, text(k, "A"))
	}
	if want := []string{"1 new", "2 new", "1 old"}; !slices.Equal(calls, want) {
		t.Errorf("calls are %q, want %q", calls, want)
	}
}

func TestCallbacksRunOneAtATime(t *testing.T) {
	m := &manager{values: map[string]string{"A": "0", "B": "0"}}
	k := keep(t, secrets.Config{}, m)
	lookup(t, k, "A", "B")
	var running, most, calls atomic.Int32
	for _, name := range []string{"A", "B", "A"} {
		secrets.OnChange(k, name, func(context.Context, string) error {
			most.Store(max(most.Load(), running.Add(1)))
			calls.Add(1)
			time.Sleep(5 * time.Millisecond)
			running.Add(-1)
			return nil
		})
	}
	m.set(map[string]string{"A": "1", "B": "1"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := k.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 || calls.Load() != 3 {
		t.Errorf("%d callbacks ran at once, %d calls; want 1 and 3", most.Load(), calls.Load())
	}
}

func TestACallbackMayNotRefresh(t *testing.T) {
	m := &manager{values: map[string]string{"A": "0"}}
	k := keep(t, secrets.Config{}, m)
	lookup(t, k, "A")
	var inner []error
	secrets.OnChange(k, "A", func(ctx context.Context, _ string) error {
		inner = append(inner, k.Refresh(ctx), k.Write(ctx, []settings.Change{{Name: "A"}}))
		return nil
	})
	m.put("A", "1")
	if err := k.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, err := range inner {
		if err == nil || !strings.Contains(err.Error(), "a callback must not") {
			t.Errorf("got %v", err)
		}
	}
	if len(inner) != 2 {
		t.Error("the callback was not called")
	}
}

// Where the first source fails, a later one says nothing about what the first has.
func TestASourceThatFailsIsNotReplacedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := &manager{values: map[string]string{"A": "from one"}}
		two := &manager{values: map[string]string{"A": "from two", "B": "b"}}
		k := keep(t, secrets.Config{}, one, two)
		got := lookup(t, k, "A", "B", "C")
		if got["A"].Text != "from one" || got["B"].Text != "b" || len(got) != 2 {
			t.Fatalf("got %d values", len(got))
		}
		one.fails(errors.New("down"))
		two.set(map[string]string{"A": "from two", "B": "b2", "C": "c2"})
		if err := k.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "AIRWORTHY_SECRETS[0] test://m0: down") {
			t.Errorf("got %v", err)
		}
		if text(k, "A") != "from one" || text(k, "B") != "b2" || text(k, "C") != "" {
			t.Error("A was taken from the second, B was not followed, or C was taken though the first might have it")
		}
		one.fails(nil)
		if err := k.Refresh(t.Context()); err != nil || text(k, "C") != "c2" {
			t.Errorf("afterwards: %v, C %q", err, text(k, "C"))
		}
	})
}

func TestCloseWhileRefreshing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		m := &manager{values: map[string]string{"A": "a"}}
		k := keep(t, secrets.Config{}, m)
		lookup(t, k, "A")
		k.Start(out.logger())
		m.behave(func(ctx context.Context, _ []string) (map[string]settings.Value, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		time.Sleep(6 * time.Minute)
		m.behave(nil)
		began := time.Now()
		if err := k.Close(); err != nil || time.Since(began) > time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(began))
		}
		if err := k.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
		if text(k, "A") != "a" {
			t.Error("what is held cannot be read after Close")
		}
	})
}

func TestSecretsArePublishedBeforeTheyAreAccepted(t *testing.T) {
	m := &manager{values: map[string]string{"A": "first-value"}}
	k := keep(t, secrets.Config{}, m)
	lookup(t, k, "A")
	before := k.Generation()
	secrets.OnChange(k, "A", func(context.Context, string) error {
		var texts []string
		for _, s := range k.Secrets()["A"] {
			texts = append(texts, s.Reveal())
		}
		if !slices.Contains(texts, "second-value") || !slices.Contains(texts, "first-value") || k.Generation() == before {
			t.Error("a mask would not know the new value while the callback runs")
		}
		return nil
	})
	m.put("A", "second-value")
	if err := k.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := k.Secrets()
	clear(all)
	if len(k.Secrets()) != 1 || !maps.EqualFunc(k.Secrets(), k.Secrets(), func(a, b []secret.Text) bool { return len(a) == len(b) }) {
		t.Error("the map is not the caller's")
	}
}

// Of a group, what stands in a source before the keeper is not read from the manager.
func TestAGroupWithANameOfTheEnvironment(t *testing.T) {
	m := &manager{values: map[string]string{"A": "a", "ELSEWHERE": "planted"}}
	k := keep(t, secrets.Config{}, m)
	lookup(t, k, "A")
	calls := 0
	k.OnChanges([]string{"A", "ELSEWHERE"}, func(_ context.Context, values map[string]secret.Text) error {
		calls++
		if len(values) != 1 || values["A"].Reveal() != "a2" {
			t.Errorf("got %d values", len(values))
		}
		return nil
	})
	m.put("A", "a2")
	if err := k.Refresh(t.Context()); err != nil || calls != 1 || k.Holds("ELSEWHERE") || len(k.Secrets()["ELSEWHERE"]) != 0 {
		t.Errorf("%v, %d calls; held: %v", err, calls, k.Holds("ELSEWHERE"))
	}
}

// Whoever asks and goes away says nothing about the source.
func TestACancelledRefreshIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		m := &manager{values: map[string]string{"A": "a"}}
		k := keep(t, secrets.Config{Logger: out.logger()}, m)
		lookup(t, k, "A")
		m.behave(func(ctx context.Context, _ []string) (map[string]settings.Value, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := k.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if lines := out.take("Stale"); k.Status()[0].Failures != 0 || len(lines) != 0 {
			t.Errorf("%d failures, %d lines", k.Status()[0].Failures, len(lines))
		}
	})
}

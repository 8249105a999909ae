package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

// A source that never returns costs the time that it has, a few goroutines, and nothing else.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inside, most atomic.Int32
		m := &manager{values: map[string]string{"A": "a"}}
		k := keep(t, secrets.Config{Refresh: time.Minute}, m)
		lookup(t, k, "A")
		release := make(chan struct{})
		m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
			most.Store(max(most.Load(), inside.Add(1)))
			<-release
			inside.Add(-1)
			return nil, nil
		})
		began := time.Now()
		_, err := k.Lookup(t.Context(), []string{"A"})
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took < 15*time.Second || took > 16*time.Second {
			t.Errorf("Lookup took %v: %v", took, err)
		}
		if want := "secrets: AIRWORTHY_SECRETS[0] test://m0: did not answer within 15s"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		k.Start(new(logged).logger())
		time.Sleep(24 * time.Hour)
		if text(k, "A") != "a" || most.Load() > 4 {
			t.Errorf("value %q, %d calls hang at once", text(k, "A"), most.Load())
		}
		if err := k.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		close(release)
	})
}

// A first source that hangs leaves the next its own time at a refresh.
func TestAHangDoesNotStarveTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := &manager{values: map[string]string{"A": "a"}}, &manager{values: map[string]string{"B": "b"}}
		k := keep(t, secrets.Config{}, one, two)
		lookup(t, k, "A", "B")
		one.behave(func(ctx context.Context, _ []string) (map[string]settings.Value, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		two.put("B", "b2")
		if err := k.Refresh(t.Context()); err == nil || text(k, "B") != "b2" {
			t.Errorf("%v, B is %q", err, text(k, "B"))
		}
	})
}

func TestWhatSourcesMayNotSay(t *testing.T) {
	const canary = "canary-7f3a-value"
	values := func(v settings.Value) func(context.Context, []string) (map[string]settings.Value, error) {
		return func(context.Context, []string) (map[string]settings.Value, error) {
			return map[string]settings.Value{"A": v}, nil
		}
	}
	fails := func(err error) func(context.Context, []string) (map[string]settings.Value, error) {
		return func(context.Context, []string) (map[string]settings.Value, error) { return nil, err }
	}
	for name, test := range map[string]struct {
		hook  func(context.Context, []string) (map[string]settings.Value, error)
		want  string
		fault string // the variable of the fault
	}{
		"too large":           {values(settings.Value{Text: strings.Repeat(canary, 1<<16)}), "larger than 1 MiB", "A"},
		"NUL":                 {values(settings.Value{Text: canary + "\x00"}), "NUL", "A"},
		"a panic":             {func(context.Context, []string) (map[string]settings.Value, error) { panic("lost " + canary) }, "panicked", ""},
		"an error with it":    {fails(errors.New("dial vault: token " + canary + " refused")), "token [redacted] refused", ""},
		"a URL with it":       {fails(errors.New("get https://user:other-" + canary + "@vault/: refused")), "refused", ""},
		"a fault with it":     {fails(&settings.Fault{Variable: "A", Origin: canary, Rule: "is " + canary, Remedy: "not " + canary}), "A", "A"},
		"wrapped":             {fails(fmt.Errorf("outer: %w", errors.New(canary))), "outer", ""},
		"lines":               {fails(errors.New("one\ntwo\x1b[31m" + strings.Repeat("x", 10000))), "one two", ""},
		"a whole fault":       {fails(&settings.Fault{Rule: "says " + canary}), "says [redacted]", ""},
		"a nil map, no error": {fails(nil), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out logged
			m := &manager{values: map[string]string{"A": canary}}
			k := keep(t, secrets.Config{Logger: out.logger()}, m)
			lookup(t, k, "A")
			m.behave(test.hook)
			_, err := k.Lookup(t.Context(), []string{"A"})
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 2000 || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if f, ok := errors.AsType[*settings.Fault](err); ok != (test.fault != "") || ok && f.Variable != test.fault {
				t.Errorf("as a fault: %v", ok)
			}
			if again := k.Refresh(t.Context()); again == nil {
				t.Error("Refresh returned no error")
			} else {
				err = errors.Join(err, again)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), "canary") {
					t.Error("an error in the chain holds the value")
				}
			}
			if strings.Contains(out.String(), "canary") {
				t.Errorf("the log holds the value:\n%s", out.String())
			}
			if text(k, "A") != canary {
				t.Error("the last good value is gone")
			}
		})
	}
}

func TestWhatWasNotAskedForIsLeftOut(t *testing.T) {
	m := &manager{}
	m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
		return map[string]settings.Value{"A": {Text: "a", Version: "v-canary-value", Origin: "canary-value"}, "SECRET_KEY": {Text: "planted"}, "B": {Text: "canary-value"}}, nil
	})
	k := keep(t, secrets.Config{}, m)
	if got := lookup(t, k, "B", "A"); len(got) != 2 || k.Holds("SECRET_KEY") {
		t.Errorf("got %d values", len(got))
	}
	got := lookup(t, k, "A")
	if len(got) != 1 || strings.Contains(got["A"].Origin+got["A"].Version, "canary") {
		t.Error("the origin or the version holds a value")
	}
}

// The keeper's own variables, and those that open its sources, are nobody's to give.
func TestNoSourceIsAskedForWhatConfiguresIt(t *testing.T) {
	m := &manager{values: map[string]string{"AIRWORTHY_SECRETS": "file:///etc", "TOKEN": "t", "A": "a"}}
	s := scheme(map[string]settings.Source{"m": m})
	s.Needs = []settings.Need{{Name: "TOKEN", Secret: true}}
	k := secrets.New(secrets.Config{Schemes: []settings.Scheme{s}})
	if err := k.Configure(given(secrets.Variable, "test://m")); err != nil {
		t.Fatal(err)
	}
	if got := lookup(t, k, "AIRWORTHY_SECRETS", "AIRWORTHY_SECRETS_REFRESH", "TOKEN", "A"); len(got) != 1 || got["A"].Text != "a" {
		t.Errorf("got %d values", len(got))
	}
}

// What opens a source is a secret too, and it is masked.
func TestCredentialsAreMasked(t *testing.T) {
	const canary = "canary-token-value"
	s := settings.Scheme{Name: "test", Needs: []settings.Need{{Name: "TOKEN", Secret: true}},
		Open: func(_ context.Context, _ *url.URL, given map[string]settings.Value) (settings.Source, error) {
			return nil, errors.New("bad token " + given["TOKEN"].Text)
		}}
	k := secrets.New(secrets.Config{Schemes: []settings.Scheme{s}})
	err := k.Configure(given(secrets.Variable, "test://m", "TOKEN", canary))
	if err == nil || !strings.Contains(err.Error(), "bad token") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %s", k, k, k), fmt.Sprint(struct{ K *secrets.Keeper }{k})} {
		if strings.Contains(text, "canary") {
			t.Error("the keeper prints what it was given")
		}
	}
}

func TestOpenMayHangOrPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, late := make(chan struct{}), &closer{}
		hangs := settings.Scheme{Name: "hangs", Open: func(context.Context, *url.URL, map[string]settings.Value) (settings.Source, error) {
			<-release
			return late, nil
		}}
		panics := settings.Scheme{Name: "panics", Open: func(context.Context, *url.URL, map[string]settings.Value) (settings.Source, error) { panic("bug") }}
		nothing := settings.Scheme{Name: "nothing", Open: func(context.Context, *url.URL, map[string]settings.Value) (settings.Source, error) { return nil, nil }}
		k := secrets.New(secrets.Config{Schemes: []settings.Scheme{hangs, panics, nothing}})
		err := k.Configure(given(secrets.Variable, "hangs://h,panics://h,nothing://h"))
		for _, want := range []string{"[0] cannot be opened: did not return within 15s", "[1] cannot be opened: panicked: bug", "[2] cannot be opened"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		close(release)
		synctest.Wait()
		if late.closed.Load() != 1 {
			t.Error("a source that was opened too late stays open")
		}
	})
}

func TestWrite(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	fill(t, one, map[string]string{"A": "a", "A2": "a2"})
	fill(t, two, map[string]string{"B": "b"})
	k := secrets.New(secrets.Config{})
	if err := k.Configure(given(secrets.Variable, fileURL(one)+","+fileURL(two))); err != nil {
		t.Fatal(err)
	}
	lookup(t, k, "A", "A2", "B", "NEW")
	var seen []string
	secrets.OnChange(k, "A", func(_ context.Context, s string) error { seen = append(seen, s); return nil })
	write := func(names ...string) error {
		var changes []settings.Change
		for _, name := range names {
			changes = append(changes, settings.Change{Name: name, Text: secret.New("written-canary")})
		}
		return k.Write(t.Context(), changes)
	}
	for _, test := range []struct {
		names []string
		want  string
	}{{[]string{"A", "B"}, "they stand in AIRWORTHY_SECRETS[0]"}, {[]string{"NEW"}, "none has them"}, {[]string{"../x"}, "nothing was written"}} {
		if err := write(test.names...); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("writing %v: %v, want %q", test.names, err, test.want)
		}
	}
	if text(k, "A") != "a" || len(seen) != 0 {
		t.Error("something was written")
	}
	if err := write("A", "NEW"); err != nil { // a new one goes where the others are
		t.Fatal(err)
	}
	if text(k, "A") != "written-canary" || text(k, "NEW") != "written-canary" || len(seen) != 1 {
		t.Errorf("what was written is not held, or the callback was called %d times", len(seen))
	}
	if got, err := files(t, one).Lookup(t.Context(), []string{"NEW"}); err != nil || len(got) != 1 {
		t.Errorf("the new name is not where the others are: %v", err)
	}
	reading := keep(t, secrets.Config{}, &manager{values: map[string]string{"A": "a"}})
	if err := reading.Write(t.Context(), []settings.Change{{Name: "A", Text: secret.New("x")}}); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("writing a source that cannot be: %v", err)
	}
	if err := secrets.New(secrets.Config{}).Write(t.Context(), []settings.Change{{Name: "A"}}); err == nil || !strings.Contains(err.Error(), "AIRWORTHY_SECRETS") {
		t.Errorf("writing without a source: %v", err)
	}
}

// A manager with large values that change at each reading takes neither much memory nor much time: of one name no more
// is remembered than the value in use, the newest one, and small ones before them.
func TestLargeValuesThatChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		m := &manager{}
		m.behave(func(context.Context, []string) (map[string]settings.Value, error) {
			values := map[string]settings.Value{}
			n++
			for i := range 8 {
				name := fmt.Sprintf("N%d", i)
				values[name] = settings.Value{Text: strings.Repeat(fmt.Sprintf("%s-%d-", name, n), 24<<10), Version: "v", Origin: "here"}
			}
			return values, nil
		})
		k := keep(t, secrets.Config{}, m)
		names := []string{"N0", "N1", "N2", "N3", "N4", "N5", "N6", "N7"}
		lookup(t, k, names...)
		for range 5 {
			_ = k.Refresh(t.Context())
		}
		for name, texts := range k.Secrets() {
			size, newest, held := 0, false, false
			for _, text := range texts {
				size += len(text.Reveal())
				newest = newest || strings.HasPrefix(text.Reveal(), fmt.Sprintf("%s-%d-", name, n))
				held = held || text.Equal(k.Secret(name).Text())
			}
			if size > 512<<10 || !newest || !held {
				t.Errorf("%s: %d bytes are remembered of %d values; the newest: %v, the one in use: %v", name, size, len(texts), newest, held)
			}
		}
	})
}

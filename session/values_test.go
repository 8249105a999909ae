package session_test

import (
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/session"
)

type handler = func(http.ResponseWriter, *http.Request, *session.Session)

func TestGettersReadOnlyWhatTheyAreFor(t *testing.T) {
	type pair struct{ A, B int }
	for _, row := range []struct {
		name   string
		value  any
		text   string
		number int
		truth  bool
		any    any
	}{
		{"text", "plain", "plain", 0, false, "plain"},
		{"text that JSON escapes", "a\"\\\n<\u2028\U0001f426é", "a\"\\\n<\u2028\U0001f426é", 0, false, "a\"\\\n<\u2028\U0001f426é"},
		{"text that looks like a number", "7", "7", 0, false, "7"},
		{"text that looks like true", "true", "true", 0, false, "true"},
		{"empty text", "", "", 0, false, ""},
		{"a number", -7, "", -7, false, -7.0},
		{"the largest number", math.MaxInt, "", math.MaxInt, false, float64(math.MaxInt)},
		{"a number that no int holds", uint64(math.MaxUint64), "", 0, false, float64(math.MaxUint64)},
		{"a fraction", 1.5, "", 0, false, 1.5},
		{"true", true, "", 0, true, true},
		{"false", false, "", 0, false, false},
		{"null", nil, "", 0, false, nil},
		{"a list", []int{1}, "", 0, false, []any{1.0}},
		{"a struct", pair{1, 2}, "", 0, false, map[string]any{"A": 1.0, "B": 2.0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: newMemory(t)})
			s.set("other", "before")
			s.set("k", row.value)
			s.set("more", 1)
			s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if got := s.String("k"); got != row.text {
					t.Errorf("String = %q, want %q", got, row.text)
				}
				if got := s.Int("k"); got != row.number {
					t.Errorf("Int = %d, want %d", got, row.number)
				}
				if got := s.Bool("k"); got != row.truth {
					t.Errorf("Bool = %t, want %t", got, row.truth)
				}
				if got := s.Get("k"); !reflect.DeepEqual(got, row.any) {
					t.Errorf("Get = %#v, want %#v", got, row.any)
				}
				if !s.Has("k") || s.Has("absent") || s.String("absent") != "" || s.Get("absent") != nil {
					t.Error("a value is missing, or an absent one is there")
				}
			})
		})
	}
}

func TestDecode(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t)})
	s.set("cart", map[string]int{"apple": 3})
	s.set("card", "canary-4111")
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		var cart map[string]int
		if ok, err := s.Decode("cart", &cart); !ok || err != nil || cart["apple"] != 3 {
			t.Errorf("Decode = %t, %v, %v, want the cart", ok, err, cart)
		}
		if ok, err := s.Decode("absent", &cart); ok || err != nil {
			t.Errorf("Decode of an absent value = %t, %v, want false", ok, err)
		}
		var n int
		if ok, err := s.Decode("card", &n); !ok || err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("Decode into the wrong type = %t, %v, want an error without the value", ok, err)
		}
	})
}

func TestKeysDeleteAndClear(t *testing.T) {
	keys := func(s *session.Session) []string { return slices.Sorted(slices.Values(s.Keys())) }
	s := newSite(t, session.Config{Store: newMemory(t)})
	for _, k := range []string{"a", "b", "c"} {
		s.set(k, k)
	}
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if err := s.Delete("b"); err != nil {
			t.Error(err)
		}
	})
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if got, want := keys(s), []string{"a", "c"}; !slices.Equal(got, want) {
			t.Errorf("Keys = %q, want %q", got, want)
		}
		if err := s.Clear(); err != nil {
			t.Error(err)
		}
	})
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		if got := s.Keys(); len(got) != 0 || s.IsNew() {
			t.Errorf("after Clear: %q, new: %t, want an empty session that goes on", got, s.IsNew())
		}
	})
}

func TestSetRefuses(t *testing.T) {
	for _, row := range []struct {
		name, key string
		value     any
		want      string
	}{
		{"an empty key", "", 1, "empty"},
		{"a long key", strings.Repeat("k", 256), 1, "at most 255"},
		{"a key that is not UTF-8", "\xff", 1, "UTF-8"},
		{"a key with a zero byte", "a\x00", 1, "zero byte"},
		{"a value that JSON has not", "k", func() {}, "cannot be encoded"},
		{"not a number", "k", math.NaN(), "cannot be encoded"},
		{"more than a session holds", "k", strings.Repeat("x", session.MaxSize), "64 KiB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, session.Config{Store: newMemory(t)})
			s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if err := s.Set(row.key, row.value); err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("Set = %v, want an error with %q", err, row.want)
				}
			})
			if len(s.jar) != 0 {
				t.Error("a refused value made a session")
			}
		})
	}
	longest := strings.Repeat("k", 255)
	s := newSite(t, session.Config{Store: newMemory(t)})
	s.set(longest, "v")
	if got := s.value(longest); got != "v" {
		t.Errorf("the longest key's value is %q, want %q", got, "v")
	}
}

func TestSettingWhatIsThereCostsNoWrite(t *testing.T) {
	store := &counting{Store: newMemory(t)}
	s := newSite(t, session.Config{Store: store, Idle: session.DefaultAge})
	s.set("k", []string{"a"})
	res := s.set("k", []string{"a"})
	if store.saves != 1 || len(res.Header["Set-Cookie"]) != 0 {
		t.Errorf("%d saves and %q, want 1 and no cookie", store.saves, res.Header["Set-Cookie"])
	}
}

// TestASessionMayBeUsedByManyGoroutines is for the race detector.
func TestASessionMayBeUsedByManyGoroutines(t *testing.T) {
	s := newSite(t, session.Config{Store: newMemory(t)})
	s.do(func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		done := make(chan struct{})
		for i := range 8 {
			go func() {
				defer func() { done <- struct{}{} }()
				key := string(rune('a' + i))
				if err := s.Set(key, i); err != nil || s.Int(key) != i {
					t.Errorf("Set(%q): %v, Int = %d, want %d", key, err, s.Int(key), i)
				}
				s.Keys()
				s.User()
			}()
		}
		for range 8 {
			<-done
		}
		if got := len(s.Keys()); got != 8 {
			t.Errorf("%d keys, want 8", got)
		}
	})
}

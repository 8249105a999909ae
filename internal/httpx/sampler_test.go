package httpx_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

func TestSampler(t *testing.T) {
	type event struct {
		after    time.Duration // since the one before
		kind     []string
		unlogged int // -1 for one that is not logged
	}
	a, b, c := []string{"a"}, []string{"b"}, []string{"c"}
	for _, row := range []struct {
		name        string
		each, kinds int
		events      []event
	}{
		{"one of a kind in a window", 1, 8, []event{{0, a, 0}, {0, a, -1}, {59 * time.Second, a, -1}, {time.Second, a, 2}}},
		{"three of a kind in a window", 3, 8, []event{{0, a, 0}, {0, a, 0}, {0, a, 0}, {0, a, -1}, {time.Minute, a, 1}}},
		{"another kind passes, and tells of the first", 1, 8, []event{{0, a, 0}, {0, a, -1}, {0, b, 1}, {0, b, -1}, {0, c, 1}}},
		{"kinds beyond the limit are counted", 2, 2, []event{{0, a, 0}, {0, b, 0}, {0, c, -1}, {0, a, 1}, {time.Minute, c, 0}}},
		{"no kind is a kind", 1, 1, []event{{0, nil, 0}, {0, nil, -1}, {time.Minute, nil, 1}}},
		{"where a part ends matters", 1, 8, []event{{0, []string{"a", "bc"}, 0}, {0, []string{"ab", "c"}, 0}, {0, []string{"abc"}, 0}}},
		{"an empty part is a part", 1, 8, []event{{0, []string{""}, 0}, {0, []string{"", ""}, 0}, {0, nil, 0}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := httpx.NewSampler(time.Minute, row.each, row.kinds)
				for i, e := range row.events {
					time.Sleep(e.after)
					unlogged, ok := s.Take(e.kind...)
					got := int(unlogged)
					if !ok {
						got = -1
					}
					if got != e.unlogged {
						t.Errorf("event %d: got %d, want %d", i+1, got, e.unlogged)
					}
				}
			})
		})
	}
}

func TestSamplerCountsAllOfManyGoroutines(t *testing.T) {
	s := httpx.NewSampler(time.Hour, 5, 3)
	var logged atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				if _, ok := s.Take("kind", strconv.Itoa(i%3)); ok {
					logged.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := logged.Load(); got != 15 {
		t.Errorf("got %d logged, want 5 of each of 3 kinds", got)
	}
}

// There are more kinds than places for those that are spent: each still has its own share of each window.
func TestSamplerTellsManyKindsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpx.NewSampler(time.Minute, 2, 500)
		for window := range 2 {
			logged := 0
			for range 5 {
				for i := range 500 {
					if _, ok := s.Take("kind", strconv.Itoa(i)); ok {
						logged++
					}
				}
			}
			if logged != 1000 {
				t.Errorf("window %d: got %d logged, want 2 of each of 500 kinds", window+1, logged)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestSamplerAllocatesNothing(t *testing.T) {
	s := httpx.NewSampler(time.Hour, 1, 8)
	if got := testing.AllocsPerRun(100, func() { s.Take("reason", "https://evil.example") }); got != 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}

package logins

import (
	"math"
	"slices"
	"testing"
	"time"
)

// overlap returns how probable it is that one time of a is longer than one of b, half of the ties counted: 0.5 for one
// distribution, 0 or 1 for two that can be told apart by a single look (the statistic of Mann and Whitney, scaled).
func overlap(a, b []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(b))
	sum := 0.0
	for _, t := range a {
		below, equal := slices.BinarySearch(sorted, t)
		sum += float64(below)
		if equal {
			sum += 0.5
		}
	}
	return sum / float64(len(a)*len(b))
}

// spread is how far from 0.5 overlap may be by chance: four standard deviations of it for two equal distributions.
func spread(n, m int) float64 {
	return 4 * math.Sqrt(float64(n+m+1)/float64(12*n*m))
}

func TestOverlap(t *testing.T) {
	ms := func(values ...int) (all []time.Duration) {
		for _, v := range values {
			all = append(all, time.Duration(v)*time.Millisecond)
		}
		return all
	}
	for _, c := range []struct {
		a, b []time.Duration
		want float64
	}{
		{ms(1, 2, 3), ms(1, 2, 3), 0.5},
		{ms(4, 5), ms(1, 2, 3), 1},
		{ms(1), ms(2, 3), 0},
		{ms(2), ms(1, 3), 0.5},
	} {
		if got := overlap(c.a, c.b); got != c.want {
			t.Errorf("overlap(%v, %v) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

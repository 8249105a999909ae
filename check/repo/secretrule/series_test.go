package secretrule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSeries compares a series with a scanner that remembers nothing, on contents that are edited at random places: literals
// come, go, move and are cut in two.
func TestSeries(t *testing.T) {
	s, err := New([]*Rule{marks("a", "token", "kento", "tok"), marks("b", "secret-token", "n n")})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	words := []string{"tok", "en", "TOKEN", "secret-", "n", " ", "\n", "kento", "x"}
	text := func(n int) (b []byte) {
		for range n {
			b = append(b, words[r.IntN(len(words))]...)
		}
		return b
	}
	shown := func(found []Match) (all []string) {
		for _, m := range found {
			all = append(all, fmt.Sprint(m.Rule.ID, m.Line, m.Start, m.End, string(m.Secret)))
		}
		return all
	}
	series := s.Series()
	data := text(200)
	found := 0
	for i := range 5000 {
		switch from := r.IntN(len(data) + 1); r.IntN(5) {
		case 0:
			data = slices.Delete(slices.Clone(data), from, from+r.IntN(len(data)-from+1))
		case 1:
			data = text(r.IntN(400))
		case 2: // the same again
		default:
			data = slices.Insert(slices.Clone(data), from, text(r.IntN(4))...)
		}
		got, want := shown(series.Scan(&File{Data: data})), shown(s.Scan(&File{Data: data}))
		if !slices.Equal(got, want) {
			t.Fatalf("content %d, %q: got %q, want %q", i, data, got, want)
		}
		found += len(want)
	}
	if found < 10_000 {
		t.Errorf("%d matches: the contents hold too little", found)
	}
}

func TestSeriesForgets(t *testing.T) {
	s, err := New([]*Rule{marks("a", "tok")})
	if err != nil {
		t.Fatal(err)
	}
	series := s.Series()
	many := []byte{}
	for range maxHits + 1 {
		many = append(many, "tok"...)
	}
	for range 2 {
		if got := len(series.Scan(&File{Data: many})); got != maxHits+1 {
			t.Errorf("%d matches, want %d", got, maxHits+1)
		}
		if len(series.hits) > maxHits {
			t.Errorf("%d literals are remembered", len(series.hits))
		}
	}
}

package oracle

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Rand returns a source for generated input and logs its seed, which AIRWORTHY_SEED sets.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("AIRWORTHY_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("AIRWORTHY_SEED: not a number: %v", err)
		}
		seed = n
	}
	t.Logf("AIRWORTHY_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// Pick returns one of the values.
func Pick[T any](r *rand.Rand, values []T) T { return values[r.IntN(len(values))] }

package bench

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var ratios = flag.Bool("ratios", false, "measure everybody in turns and print the ratios of the medians")

// How the contestants of one contest take turns: each works for a moment, then the next, so that whatever else the
// machine does meets all of them.
const (
	rounds = 41
	moment = 10 * time.Millisecond
)

// TestRatios prints the table. It judges nothing: a time that passes on one machine fails on another.
func TestRatios(t *testing.T) {
	if !*ratios {
		t.Skip("measures only with -ratios")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that nobody's garbage is collected in somebody else's turn
	for _, c := range contests(t) {
		medians := inTurns(c.of)
		base := medians[0]
		fmt.Printf("%-40s", c.name)
		for i, who := range c.of {
			if i == 0 {
				fmt.Printf("  %s 1 (%d ns)", who.name, base.Nanoseconds())
				continue
			}
			if limit := slices.IndexFunc(c.of, isLimit); limit > 0 {
				base = medians[limit]
			}
			fmt.Printf("  %s %s", who.name, ratio(medians[i], base))
		}
		fmt.Println(verdict(c, medians))
	}
}

func isLimit(who contestant) bool { return who.name == limitName }

// verdict compares airworthy with the budget, where there is one.
func verdict(c contest, medians []time.Duration) string {
	i := slices.IndexFunc(c.of, isLimit)
	if i < 0 || c.budget == 0 {
		return ""
	}
	own := slices.IndexFunc(c.of, func(who contestant) bool { return who.name == ours })
	if r := float64(medians[own]) / float64(medians[i]); r > c.budget {
		return fmt.Sprintf("  over the budget of %.1f", c.budget)
	}
	return fmt.Sprintf("  within %.1f", c.budget)
}

func ratio(a, b time.Duration) string {
	text := fmt.Sprintf("%.2f", float64(a)/float64(b))
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// inTurns returns how long each contestant needs, the median of all rounds.
func inTurns(of []contestant) []time.Duration {
	times := make([][]time.Duration, len(of))
	count := make([]int, len(of))
	for i, who := range of {
		count[i] = calibrate(who.work)
	}
	for range rounds {
		for i, who := range of {
			start := spent()
			for range count[i] {
				who.work()
			}
			times[i] = append(times[i], (spent()-start)/time.Duration(count[i]))
		}
	}
	medians := make([]time.Duration, len(of))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][rounds/2]
	}
	return medians
}

// spent is how much processor time this process has used, collecting garbage included: what other processes use in the
// meantime is not in it.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// calibrate returns how often work can be done in a moment.
func calibrate(work func()) int {
	n := 1
	for {
		start := spent()
		for range n {
			work()
		}
		if took := spent() - start; took >= moment/2 {
			return max(1, int(float64(n)*float64(moment)/float64(took)))
		}
		n *= 2
	}
}

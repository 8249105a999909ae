// Package bench measures airworthy beside its peers and beside a hand-written limit, in one run.
//
// It is a module of its own, so that the peers are nobody's dependency. Run it with run.sh, which prints ratios; times
// alone say more about the machine than about the code.
package bench

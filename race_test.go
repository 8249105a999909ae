//go:build race

package airworthy_test

// raceDetector has the compiler keep on the heap what is on the stack otherwise: a nonce costs one allocation more.
const raceDetector = 1

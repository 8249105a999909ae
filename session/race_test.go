//go:build race

package session_test

// Under the race detector sync.Pool forgets at random what it is given, so that allocations cannot be counted.
const raceDetector = true

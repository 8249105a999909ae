//go:build !race

package airworthy_test

const raceDetector = 0

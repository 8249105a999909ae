//go:build !race

package csp_test

const raceDetector = 0

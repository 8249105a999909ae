package admin_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// luminance is the relative luminance of a colour as WCAG 2.2 has it.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 4 {
		hex = "#" + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2) + strings.Repeat(hex[3:4], 2)
	}
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil || len(hex) != 7 {
		t.Fatalf("colour %q: %v", hex, err)
	}
	part := func(shift int) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// TestContrast: text has a contrast of 4.5 to 1 with what it stands on, lines of fields and focus 3 to 1 (WCAG 2.2, AA), in
// both themes and in print.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("console.css")
	if err != nil {
		t.Fatal(err)
	}
	roots := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), -1)
	if len(roots) != 3 {
		t.Fatalf("%d themes, want light, dark and print", len(roots))
	}
	colours := map[string]string{}
	for i, root := range roots {
		theme := []string{"light", "dark", "print"}[i]
		if theme == "print" { // on the light one
			for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]+)`).FindAllStringSubmatch(roots[0][1], -1) {
				colours[m[1]] = m[2]
			}
		}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]+)`).FindAllStringSubmatch(root[1], -1) {
			colours[m[1]] = m[2]
		}
		contrast := func(a, b string, least float64) {
			x, y := luminance(t, colours[a]), luminance(t, colours[b])
			if got := (max(x, y) + 0.05) / (min(x, y) + 0.05); got < least {
				t.Errorf("%s: %s on %s has %.2f to 1, want %v", theme, a, b, got, least)
			}
		}
		for _, ground := range []string{"ground", "surface", "hover"} {
			for _, text := range []string{"text", "accent"} {
				contrast(text, ground, 4.5)
			}
		}
		contrast("soft", "ground", 4.5)
		contrast("soft", "surface", 4.5)
		contrast("strong", "surface", 3)
		contrast("bad", "surface", 4.5)
		for _, tone := range []string{"good", "warn", "bad", "quiet"} {
			contrast(tone, tone+"-ground", 4.5)
		}
	}
}

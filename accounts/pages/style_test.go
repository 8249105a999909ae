package pages

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var colour = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3}|[0-9a-f]{6});`)

func colours(css string, into map[string]string) map[string]string {
	for _, m := range colour.FindAllStringSubmatch(css, -1) {
		if into[m[1]] = m[2]; len(m[2]) == 3 {
			into[m[1]] = strings.Join([]string{m[2][:1], m[2][:1], m[2][1:2], m[2][1:2], m[2][2:], m[2][2:]}, "")
		}
	}
	return into
}

// luminance is WCAG 2.2's relative luminance.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// TestContrast holds both themes to level AA of WCAG 2.2: 4.5 for text, 3 for the edges of fields.
func TestContrast(t *testing.T) {
	light, rest, ok := strings.Cut(string(newStyle().text), "@media (prefers-color-scheme: dark)")
	dark, _, ok2 := strings.Cut(rest, "*, ::before")
	if !ok || !ok2 {
		t.Fatal("the stylesheet has no dark theme, or is built another way")
	}
	themes := map[string]map[string]string{"light": colours(light, map[string]string{})}
	themes["dark"] = colours(dark, colours(light, map[string]string{}))
	for theme, c := range themes {
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"text", "back", 4.5}, {"text", "card", 4.5}, {"text", "line", 4.5}, {"text", "bad-back", 4.5},
			{"soft", "back", 4.5}, {"soft", "card", 4.5},
			{"accent", "back", 4.5}, {"accent", "card", 4.5}, {"accent-deep", "card", 4.5},
			{"on-accent", "accent", 4.5}, {"on-accent", "accent-deep", 4.5},
			{"bad", "card", 4.5}, {"bad", "bad-back", 4.5}, {"on-bad", "bad", 4.5}, {"good", "good-back", 4.5},
			{"field", "card", 3}, {"field", "back", 3},
		} {
			if c[pair.front] == "" || c[pair.back] == "" {
				t.Fatalf("%s: no colour %s or %s", theme, pair.front, pair.back)
			}
			a, b := luminance(t, c[pair.front]), luminance(t, c[pair.back])
			if ratio := (max(a, b) + .05) / (min(a, b) + .05); ratio < pair.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", theme, pair.front, pair.back, ratio, pair.least)
			}
		}
	}
}

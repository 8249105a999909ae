package django

import (
	"strings"
	"testing"
)

// TestWording holds that rules are worded for somebody who has a Django project and not our source.
func TestWording(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range (Project{}).Checks() {
		listed[c.ID] = true
		for _, ours := range []string{"Insecure", "Config", "drivers/", "_PATH", "TRUSTED_PROXIES", "AIRWORTHY", "csp.", "'nonce'", "=true", "=false"} {
			if strings.Contains(c.Title+c.Hint+c.Why, ours) {
				t.Errorf("%s speaks of %q: %s %s", c.ID, ours, c.Title, c.Hint+" "+c.Why)
			}
		}
	}
	for id := range wording {
		if !listed[id] {
			t.Errorf("%s is worded, and no rule has the ID", id)
		}
	}
}

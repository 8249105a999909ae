package proxy

import (
	"net/http"
	"strings"
	"testing"
)

// TestFindLooksNothingOver holds the quick look to the lists: whatever has or twin would find, find finds, whichever way
// the name is written.
func TestFindLooksNothingOver(t *testing.T) {
	d := newDropList(Config{Identity: []string{"Y*", "Z", "*-Id"}, SSLHeader: SSLHeader{Name: "X-Scheme"}})
	var names []string
	for _, slots := range d {
		for _, g := range slots {
			names = append(names, g.name, g.name+"x", g.name+"-X", g.name[:len(g.name)-1])
		}
	}
	names = append(names, "", "A", "-", "_", "Accept", "Cookie", "Zz", "Yy", "y_")
	found := 0
	for _, name := range names {
		for _, name := range []string{name, strings.ReplaceAll(name, "-", "_"), strings.Replace(name, "-", "_", 1),
			strings.ToLower(strings.ReplaceAll(name, "-", "_"))} {
			listed, twins := d.find(http.Header{name: {"x"}})
			if wantListed, wantTwins := everywhere(d, name); listed != wantListed || twins != wantTwins {
				t.Errorf("%q: listed %t, a twin %t, want %t and %t", name, listed, twins, wantListed, wantTwins)
			}
			if listed || twins {
				found++
			}
		}
	}
	if found < 100 {
		t.Errorf("%d names were found, want some hundreds", found)
	}
}

// everywhere is find for one name, by a look at every slot.
func everywhere(d *dropList, name string) (listed, twin bool) {
	is := func(name string) bool {
		for _, slots := range d {
			for _, g := range slots {
				if name == g.name || g.prefix && strings.HasPrefix(name, g.name) {
					return true
				}
			}
		}
		return false
	}
	return is(name), strings.Contains(name, "_") && is(canonical(strings.ReplaceAll(name, "_", "-")))
}

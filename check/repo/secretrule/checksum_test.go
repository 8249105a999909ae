package secretrule

import (
	"strings"
	"testing"
)

// The vectors of BIP 173.
func TestBech32(t *testing.T) {
	for text, want := range map[string]bool{
		"A12UEL5L": true, "a12uel5l": true, "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw": true,
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w": true,
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3q": false, "A12UEL5M": false, "pzry9x0s0muk": false, "1pzry9x0s0muk": false, "x1b4n0q5v": false, "": false,
	} {
		if got := isBech32([]byte(text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// The tokens that GitHub and Grafana have published, in parts so that scans do not stop at them.
func TestPublishedTokens(t *testing.T) {
	if token := "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17"; !hasCRC62([]byte(token)) {
		t.Error("a right checksum of GitHub is refused")
	}
	if token := "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq18"; hasCRC62([]byte(token)) {
		t.Error("a wrong checksum of GitHub is accepted")
	}
	grafana := "glsa_" + "yscW25imSKJIuav8zF37RZmnbiDvB05G" + "_fcaaf58a"
	if !hasGrafanaSum([]byte(grafana)) || hasGrafanaSum([]byte(strings.Replace(grafana, "fcaa", "fcab", 1))) {
		t.Error("Grafana's checksum is not told from a wrong one")
	}
	if !Published([]byte(grafana)) || Published([]byte("glsa_")) {
		t.Error("a published key is not known as such")
	}
	scanner, err := New(All())
	if err != nil {
		t.Fatal(err)
	}
	if found := scanner.Scan(&File{Data: []byte("token: " + grafana)}); len(found) != 0 {
		t.Error("a published key counts as a leak")
	}
}

func TestLevels(t *testing.T) {
	s, err := New(All())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, level, inTests string }{
		{"a checksum leaves no doubt", "t = '<<github:ghp_>>'", "ERROR", "ERROR"},
		{"without one, tests may have made it up", "t = 'hvs.<<url:95>>'", "ERROR", "INFO"},
		{"a key for tests only", "t = 'sk_test_<<62:32>>'", "INFO", "INFO"},
		{"a container's database", "postgres://club:<<62:24>>@db/club", "WARNING", "INFO"},
		{"a server's database", "postgres://club:<<62:24>>@db.club.se/club", "ERROR", "INFO"},
		{"what startproject wrote", "SECRET_KEY = 'django-insecure-<<django:50>>'", "WARNING", "INFO"},
		{"a guess", "api_key = '<<62:32>>'", "WARNING", "INFO"},
	} {
		found := s.Scan(&File{Data: expand(c.name, []byte(c.text)), Kinds: Python})
		if len(found) != 1 {
			t.Errorf("%s: %d found", c.name, len(found))
			continue
		}
		if got := found[0].LevelAt(false).String() + found[0].LevelAt(true).String(); got != c.level+c.inTests {
			t.Errorf("%s: %s, want %s and %s in tests", c.name, got, c.level, c.inTests)
		}
	}
}

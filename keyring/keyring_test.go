package keyring_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// The keys of Django's known answers, and one more.
const (
	djangoKey      = "airworthy-test-secret-key-0123456789-abcdefghijklmnop-XYZ"
	djangoFallback = "old-airworthy-secret-key-9876543210-zyxwvutsrqponmlk"
	thirdKey       = "third-airworthy-key-5555544444-qwertyuiopasdfghjklzxcv"
)

func config(key string, fallbacks ...string) keyring.Config {
	cfg := keyring.Config{Key: secret.New(key)}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	return cfg
}

func ring(t testing.TB, key string, fallbacks ...string) *keyring.Ring {
	t.Helper()
	r, err := keyring.New(config(key, fallbacks...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWeakness(t *testing.T) {
	const (
		unset, short, few  = "it is not set", "it has fewer than 50 characters", "it has fewer than 5 different characters"
		prefix             = "it starts with django-insecure-, which Django gives to keys that are for development"
		copied, fromSample = "it is a published key, which many sites have copied", "it is a placeholder from an example"
	)
	random := strings.Repeat("0123456789", 5)
	for _, row := range []struct{ name, key, want string }{
		{"50 characters will do", random, ""},
		{"49 characters will not", random[1:], short},
		{"characters are code points: 50 of two bytes will do", strings.Repeat("äöüßé", 10), ""},
		{"characters are code points: 49 of two bytes will not", strings.Repeat("äöüßé", 10)[2:], short},
		{"5 different characters will do", strings.Repeat("abcde", 10), ""},
		{"4 different characters will not", strings.Repeat("abcd", 13), few},
		{"no key", "", unset},
		{"what startproject wrote", "django-insecure-" + random, prefix},
		{"the prefix further in is a placeholder still", random + "django-insecure-", fromSample},
		{"another case of the prefix is a placeholder still", "Django-Insecure-" + random, fromSample},
		{"the key of a tutorial", "cg#p$g+j9tax!#a3cup@1$8obt2_+&k3q+pmu)5%asj6yjpkag", copied},
		{"the default key of an application", "e11fl1oa-*ytql8p)(06fbj4ukrlo+n7k&q5+$1md7i+mge=ee", copied},
		{"a key of a documentation", "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7", copied},
		{"and its neighbour", "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e8", ""},
		{"a short one is called published, not short", "keyboard cat", copied},
		{"a token that somebody took for a key", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyAgCiAgICAicm9sZSI6ICJhbm9uIiwKICAgICJpc3MiOiAi" +
			"c3VwYWJhc2UtZGVtbyIsCiAgICAiaWF0IjogMTY0MTc2OTIwMCwKICAgICJleHAiOiAxNzk5NTM1NjAwCn0.dc_X5iR_VP_qT0zsiyj_I_OZ2T9FtRU2BBNWN8Bu4GE", copied},
		{"bytes that no variable can hold", "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h", copied},
		{"the same as it stands in a file", `\2\1thisismyscretkey\1\2\e\y\y\h`, copied},
		{"a placeholder, however long", "CHANGE_ME-" + random, fromSample},
		{"a placeholder with words between", "please replace this with a long and random string of characters", fromSample},
		{"a Django key", djangoKey, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := keyring.Weakness(secret.New(row.key)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		k := keyring.Generate()
		if why := keyring.Weakness(k); why != "" {
			t.Fatalf("a generated key is weak: %s", why)
		}
		if strings.Trim(k.Reveal(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			t.Fatal("a generated key holds more than letters and digits")
		}
		seen[k.Reveal()] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d different keys, want 100", len(seen))
	}
}

func TestNewRefuses(t *testing.T) {
	weak := "weak-key-canary"
	for _, row := range []struct {
		name string
		cfg  keyring.Config
		want []string
	}{
		{"the zero Config", keyring.Config{}, []string{"keyring: SECRET_KEY: it is not set: set it to"}},
		{"no key although weak ones are accepted", keyring.Config{InsecureWeak: true},
			[]string{"keyring: SECRET_KEY: it is not set"}},
		{"an empty fallback although weak ones are accepted",
			keyring.Config{Key: secret.New("weak"), Fallbacks: []secret.Text{{}}, InsecureWeak: true},
			[]string{"keyring: SECRET_KEY_FALLBACKS[0]: it is not set"}},
		{"a weak key", config(weak), []string{"keyring: SECRET_KEY: it has fewer than 50 characters: set it to"}},
		{"every mistake at once", config(weak, djangoKey, weak), []string{
			"keyring: SECRET_KEY: it has fewer than 50 characters",
			"keyring: SECRET_KEY_FALLBACKS[1]: it has fewer than 50 characters"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := keyring.New(row.cfg)
			if r != nil || err == nil {
				t.Fatalf("New = %v, %v, want an error and no ring", r, err)
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if got := strings.Count(err.Error(), "keyring:"); got != len(row.want) {
				t.Errorf("%d mistakes, want %d: %v", got, len(row.want), err)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Error("the error holds the key")
			}
		})
	}
}

func TestInsecureWeakAcceptsWeakKeys(t *testing.T) {
	cfg := config("weak", "weaker")
	cfg.InsecureWeak = true
	if _, err := keyring.New(cfg); err != nil {
		t.Error(err)
	}
}

// TestNeverPrinted looks for the key in every printed form of what holds it.
func TestNeverPrinted(t *testing.T) {
	r := ring(t, djangoKey, djangoFallback)
	m, a := r.MAC("c"), r.AEAD("c")
	for range 2 { // before and after a state stands in the pool
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			for _, v := range []any{r, m, a, config(djangoKey, djangoFallback), r.Uses()} {
				got := fmt.Sprintf(verb, v)
				if strings.Contains(got, "airworthy-secret") || strings.Contains(got, "airworthy-test") ||
					strings.Contains(got, fmt.Sprintf("%x", "airworthy-")) {
					t.Errorf("%s of %T holds a key", verb, v)
				}
				if len(got) > 1000 {
					t.Errorf("%s of %T has %d bytes: is a derived key in it?", verb, v, len(got))
				}
			}
		}
		m.Verify([]byte("m"), m.Sign(nil, []byte("m")))
		a.Seal(nil, []byte("m"), nil)
	}
}

func TestChecks(t *testing.T) {
	weakKey, weakFallback := config("short"), config(djangoKey, djangoFallback, "short")
	insecure := config(djangoKey)
	insecure.InsecureWeak = true
	published := "change-me-" + djangoKey
	good := config(djangoKey, djangoFallback)
	checks := func(c keyring.Config) []check.Check { // those of ages have a test of their own
		ages := ageChecks(c)
		return slices.DeleteFunc(c.Checks(), func(k check.Check) bool {
			return slices.ContainsFunc(ages, func(a check.Check) bool { return a.ID == k.ID })
		})
	}
	checktest.Run(t, checks, []checktest.Case[keyring.Config]{
		{ID: "security.W009", Raises: keyring.Config{}, Clean: good},
		{ID: "security.W009", Raises: weakKey, Clean: weakFallback},
		{ID: "security.W025", Raises: weakFallback, Clean: weakKey},
		{ID: "keyring.E001", Raises: config(published), Clean: good},
		{ID: "keyring.E001", Raises: config(djangoKey, published), Clean: weakKey},
		{ID: "keyring.W002", Raises: insecure, Clean: good},
		{ID: "keyring.W003", Raises: config(djangoKey, djangoKey), Clean: good},
		{ID: "keyring.W003", Raises: config(djangoKey, thirdKey, thirdKey), Clean: config(djangoKey)},
	})
}

func TestCheckNamesTheFallback(t *testing.T) {
	cfg := config(djangoKey, "short-canary", djangoFallback, strings.Repeat("canary-abcd", 6)+"change-me")
	for _, c := range cfg.Checks() {
		found, err := c.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"security.W025": "SECRET_KEY_FALLBACKS[0]: it has fewer than 50 characters",
			"keyring.E001":  "SECRET_KEY_FALLBACKS[2]: it is a placeholder from an example",
		}[c.ID]
		got := ""
		for _, f := range found {
			got += f.Evidence
			if want != "" && f.Setting != "SECRET_KEY_FALLBACKS" {
				t.Errorf("%s names the setting %q, want SECRET_KEY_FALLBACKS", c.ID, f.Setting)
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", c.ID, got, want)
		}
	}
}

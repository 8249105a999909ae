package keyring_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// made returns a key with a label.
func made(t testing.TB, environment string, at time.Time) secret.Text {
	t.Helper()
	k, err := keyring.GenerateFor(environment, at)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestLabelOf(t *testing.T) {
	random := strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 2)
	const stamp = "_20261122T193000Z_"
	at := time.Date(2026, 11, 22, 19, 30, 0, 0, time.UTC)
	for _, row := range []struct {
		name, key string
		ok        bool
		want      keyring.Label
	}{
		{"a label", "aw1_production" + stamp + random, true, keyring.Label{Environment: "production", Made: at}},
		{"without environment", "aw1_" + stamp + random, true, keyring.Label{Made: at}},
		{"digits and hyphens", "aw1_eu-1" + stamp + random, true, keyring.Label{Environment: "eu-1", Made: at}},
		{"lower-case letters in the random part", "aw1_x" + stamp + strings.ToLower(random), true, keyring.Label{Environment: "x", Made: at}},
		{"63 characters", "aw1_" + strings.Repeat("e", 63) + stamp + random, true,
			keyring.Label{Environment: strings.Repeat("e", 63), Made: at}},
		{"64 characters", "aw1_" + strings.Repeat("e", 64) + stamp + random, false, keyring.Label{}},
		{"an underscore in the environment", "aw1_a_b" + stamp + random, false, keyring.Label{}},
		{"a capital in the environment", "aw1_Production" + stamp + random, false, keyring.Label{}},
		{"a second time as the environment", "aw1_x_20261122T193000Z" + stamp + random, false, keyring.Label{}},
		{"another version", "aw2_x" + stamp + random, false, keyring.Label{}},
		{"another letter case", "AW1_x" + stamp + random, false, keyring.Label{}},
		{"something before", " aw1_x" + stamp + random, false, keyring.Label{}},
		{"a newline behind", "aw1_x" + stamp + random + "\n", false, keyring.Label{}},
		{"a random part that is too short", "aw1_x" + stamp + random[1:], false, keyring.Label{}},
		{"a random part that is too long", "aw1_x" + stamp + random + "A", false, keyring.Label{}},
		{"punctuation in the random part", "aw1_x" + stamp + random[:51] + "-", false, keyring.Label{}},
		{"no such day", "aw1_x_20260231T193000Z_" + random, false, keyring.Label{}},
		{"no such hour", "aw1_x_20261122T243000Z_" + random, false, keyring.Label{}},
		{"another form of time", "aw1_x_2026-11-22T193000_" + random, false, keyring.Label{}},
		{"no time", "aw1_x_" + random, false, keyring.Label{}},
		{"the prefix and the random part alone", "aw1_" + random, false, keyring.Label{}},
		{"the prefix alone", "aw1_", false, keyring.Label{}},
		{"no key", "", false, keyring.Label{}},
		{"a key without a label", djangoKey, false, keyring.Label{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, ok := keyring.LabelOf(secret.New(row.key)); ok != row.ok || got != row.want {
				t.Errorf("got %v, %t, want %v, %t", got, ok, row.want, row.ok)
			}
		})
	}
}

func TestGenerateFor(t *testing.T) {
	seen := map[string]bool{}
	at := time.Date(2026, 11, 22, 20, 30, 0, 999, time.FixedZone("east", 3600))
	for _, environment := range []string{"", "production", "eu-1", "insecure", "changeme-devonly", strings.Repeat("e", 63)} {
		k := made(t, environment, at)
		want := keyring.Label{Environment: environment, Made: time.Date(2026, 11, 22, 19, 30, 0, 0, time.UTC)}
		if l, ok := keyring.LabelOf(k); !ok || l != want {
			t.Errorf("the label is %v, %t, want %v", l, ok, want)
		}
		if why := keyring.Weakness(k); why != "" {
			t.Errorf("%q: a generated key is weak: %s", environment, why)
		}
		if s := k.Reveal(); strings.ContainsAny(s, " ,;:\"'`$\\#%&=+/?!*(){}[]<>|~^@\n") || url.QueryEscape(s) != s {
			t.Errorf("%q: the key holds what a shell, a list or a URL takes for something else", environment)
		}
		seen[k.Reveal()] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d different keys, want 6", len(seen))
	}
	for _, environment := range []string{"Production", "prod_eu", "prod eu", "prod,eu", "prüf", strings.Repeat("e", 64), "a\n"} {
		if k, err := keyring.GenerateFor(environment, noon); err == nil || !k.IsZero() || !strings.Contains(err.Error(), "a to z") {
			t.Errorf("%q: %v, want a refusal that says which characters may stand there", environment, err)
		}
	}
	if _, err := keyring.GenerateFor("", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("a year of five digits is accepted")
	}
}

// The part that anybody can guess does not make a key strong, nor does the name of an environment make it a placeholder.
func TestWeaknessLooksAtTheRandomPart(t *testing.T) {
	const label = "aw1_insecure_20261122T193000Z_"
	for _, row := range []struct{ name, random, want string }{
		{"random", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ", ""},
		{"four characters", strings.Repeat("ABCD", 13), "it has fewer than 5 different characters"},
		{"five characters", strings.Repeat("ABCDE", 10) + "AB", ""},
		{"a placeholder", "changeme" + strings.Repeat("ABCDEFGHIJK", 4), "it is a placeholder from an example"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := keyring.Weakness(secret.New(label + row.random)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestForeignKeysAreRefused(t *testing.T) {
	prod, stage, none := made(t, "production", noon), made(t, "staging", noon), made(t, "", noon)
	plain := secret.New(djangoKey)
	for _, row := range []struct {
		name        string
		environment string
		keys        []secret.Text
		want        string
	}{
		{"one's own", "production", []secret.Text{prod}, ""},
		{"another's", "production", []secret.Text{stage}, `keyring: SECRET_KEY: it was made for the environment "staging", and this is "production": set it to`},
		{"another's as a fallback", "production", []secret.Text{prod, none, stage}, "keyring: SECRET_KEY_FALLBACKS[1]: it was made for"},
		{"one for any", "production", []secret.Text{none}, ""},
		{"one without a label", "production", []secret.Text{plain}, ""},
		{"without environment none is judged", "", []secret.Text{stage, prod}, ""},
		{"another's is refused where weak ones are accepted", "production", []secret.Text{stage}, "staging"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := keyring.Config{Key: row.keys[0], Fallbacks: row.keys[1:], Environment: row.environment}
			cfg.InsecureWeak = strings.Contains(row.name, "weak ones")
			_, err := keyring.New(cfg)
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "key generate --environment production") {
				t.Errorf("got %v, want %q and the command", err, row.want)
			}
			if err != nil && strings.Contains(err.Error(), row.keys[0].Reveal()[30:]) {
				t.Error("the error holds the key")
			}
		})
	}
}

// A ring keeps its environment through a Swap that does not name one, and may get one later.
func TestTheEnvironmentStays(t *testing.T) {
	prod, stage := made(t, "production", noon), made(t, "staging", noon)
	r, err := keyring.New(keyring.Config{Key: prod, Environment: "production"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Swap(keyring.Config{Key: stage}); err == nil {
		t.Error("a swap takes a foreign key")
	}
	late, err := keyring.New(keyring.Config{Key: prod, Fallbacks: []secret.Text{secret.New(djangoFallback)}})
	if err != nil {
		t.Fatal(err)
	}
	m := late.MAC("c")
	m.Verify([]byte("m"), m.Sign(nil, []byte("m")))
	if err := late.Restrict("staging"); err == nil {
		t.Error("a ring with a foreign key is restricted")
	}
	for _, environment := range []string{"", "production"} {
		if err := late.Restrict(environment); err != nil {
			t.Error(err)
		}
	}
	if got := late.Uses(); len(got) != 2 || got[0].Verified != 1 {
		t.Errorf("after Restrict: %+v, want both keys and the count", got)
	}
	if err := late.Swap(keyring.Config{Key: stage}); err == nil {
		t.Error("a swap after Restrict takes a foreign key")
	}
}

func TestChanged(t *testing.T) {
	r := ring(t, djangoKey)
	before := r.Changed()
	if err := r.Swap(config("short")); err == nil {
		t.Fatal("Swap accepts a weak key")
	}
	select {
	case <-before:
		t.Fatal("a refused swap is announced")
	default:
	}
	if err := r.Swap(config(thirdKey)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-before:
	default:
		t.Error("a swap is not announced")
	}
	select {
	case <-r.Changed():
		t.Error("a swap is announced to those who asked after it")
	default:
	}
}

func TestUsesKnowLabelsAndStages(t *testing.T) {
	now := time.Now()
	old, next := made(t, "production", now.Add(-time.Hour)), made(t, "production", now)
	ahead, near := made(t, "production", now.Add(25*time.Hour)), made(t, "production", now.Add(23*time.Hour))
	plain := secret.New(djangoKey)
	for _, row := range []struct {
		name   string
		keys   []secret.Text
		staged bool
		dated  bool // the first one has a date
	}{
		{"a newer fallback is staged", []secret.Text{old, next}, true, true},
		{"an older one is not", []secret.Text{next, old}, false, true},
		{"nor is one without a label", []secret.Text{old, plain}, false, true},
		{"beside a key without a label a dated one is staged", []secret.Text{plain, old}, true, false},
		{"only the first fallback is", []secret.Text{old, plain, next}, false, true},
		{"the same key is not", []secret.Text{next, next, old}, false, true},
		{"a date more than a day ahead is none", []secret.Text{ahead, next}, true, false},
		{"a date more than a day ahead stages nothing", []secret.Text{old, ahead}, false, true},
		{"a date less ahead is one", []secret.Text{near, next}, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := keyring.Config{Key: row.keys[0], Fallbacks: row.keys[1:]}
			r, err := keyring.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			uses := r.Uses()
			staged := len(uses) > 1 && uses[1].Staged
			for i, u := range uses {
				if u.Staged && i != 1 {
					t.Errorf("key %d is staged", i)
				}
			}
			if staged != row.staged || cfg.Staged() != row.staged {
				t.Errorf("staged: Uses says %t, Config %t, want %t", staged, cfg.Staged(), row.staged)
			}
			if uses[0].Made.IsZero() == row.dated || uses[0].Staged {
				t.Errorf("the current key: made %v, staged %t, want a date: %t", uses[0].Made, uses[0].Staged, row.dated)
			}
			if l, _ := keyring.LabelOf(row.keys[0]); uses[0].Environment != l.Environment {
				t.Errorf("the environment is %q, want %q", uses[0].Environment, l.Environment)
			}
		})
	}
}

func FuzzLabelOf(f *testing.F) {
	f.Add("production", int64(1795375800), "aw1_x_20261122T193000Z_")
	f.Add("", int64(0), "aw1__20260231T193000Z_"+strings.Repeat("A", 52))
	f.Fuzz(func(t *testing.T, environment string, unix int64, text string) {
		at := time.Unix(unix%(1<<36), 0).UTC()
		k, err := keyring.GenerateFor(environment, at)
		if l, ok := keyring.LabelOf(k); ok != (err == nil) || ok && (l.Environment != environment || !l.Made.Equal(at)) {
			t.Fatalf("%q, %v: made with %v, read as %v, %t", environment, at, err, l, ok)
		}
		if l, ok := keyring.LabelOf(secret.New(text)); ok {
			want := fmt.Sprintf("aw1_%s_%s_", l.Environment, l.Made.Format("20060102T150405Z"))
			if got := text[:len(text)-52]; got != want {
				t.Fatalf("%q is read as %q", got, want)
			}
		}
	})
}

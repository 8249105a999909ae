package manage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// said is what an instance says of the keys: in the order of the site's, which of them signs, and when each was needed
// last.
type said struct {
	ago    time.Duration
	gone   bool
	signs  int
	needed map[int]time.Duration
	lacks  []int
}

func (s *site) say(t *testing.T, keys []secret.Text, instances ...said) {
	t.Helper()
	s.ledger = keyring.NewMemoryLedger()
	for n, in := range instances {
		r := keyring.Report{Instance: fmt.Sprintf("web-%d", n), At: time.Now().Add(-in.ago), Gone: in.gone}
		for i, k := range keys {
			if slices.Contains(in.lacks, i) {
				continue
			}
			u := keyring.Use{Fingerprint: k.Fingerprint(), Fallback: i != in.signs, Verified: 3, Since: time.Now().Add(-in.ago - time.Hour)}
			if ago, ok := in.needed[i]; ok {
				u.Last = time.Now().Add(-ago)
			}
			r.Keys = append(r.Keys, u)
		}
		if err := s.ledger.Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRetire has rows about the first fallback. Sessions last ten days, and a day of grace comes before them.
func TestRetire(t *testing.T) {
	const hour = time.Hour
	old := 100 * day
	for _, tt := range []struct {
		name      string
		ages      []time.Duration // of the keys
		instances []said          // nil without a ledger
		next      string          // what key status says
		may       bool
	}{
		{"all sessions have ended", []time.Duration{11*day + hour, old}, nil, "may be retired now", true},
		{"some may last", []time.Duration{11*day - hour, old}, nil, "may go on ", false},
		{"its successor has no date", []time.Duration{-1, -1}, nil, "unknown age", false},
		{"it has no date, and its successor has", []time.Duration{20 * day, -1}, nil, "may be retired now", true},
		{"nobody has needed it", []time.Duration{20 * day, old}, []said{{}, {}}, "may be retired now", true},
		{"it was needed", []time.Duration{20 * day, old}, []said{{}, {needed: map[int]time.Duration{1: 10*day - hour}}}, "it was needed on ", false},
		{"it was needed long ago", []time.Duration{20 * day, old}, []said{{needed: map[int]time.Duration{1: 10*day + hour}}}, "may be retired now", true},
		{"an instance that is gone needed it", []time.Duration{20 * day, old},
			[]said{{}, {ago: 2 * day, gone: true, needed: map[int]time.Duration{1: 3 * day}}}, "it was needed on ", false},
		{"an instance signs with it", []time.Duration{20 * day, old}, []said{{}, {signs: 1}}, "1 live instance still signing with it", false},
		{"one that is gone signed with it", []time.Duration{20 * day, old}, []said{{}, {signs: 1, gone: true}}, "may be retired now", true},
		{"one that was killed signed with it", []time.Duration{20 * day, old}, []said{{}, {signs: 1, ago: hour}}, "may be retired now", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var keys []secret.Text
			for _, age := range tt.ages {
				keys = append(keys, keyAt(t, age))
			}
			fallback := keys[1].Fingerprint()
			fresh := func() *site {
				s := newSite(t, keys[0], keys[1:]...)
				if tt.instances != nil {
					s.say(t, keys, tt.instances...)
				}
				return s
			}
			s := fresh()
			s.expect(0, tt.next, "key", "status")
			retired := func(s *site) bool { return len(s.safe.now().fallbacks) == 0 }
			if tt.may {
				s.expect(0, "retired: "+fallback, "key", "retire", fallback)
			} else {
				s.expect(1, tt.next, "key", "retire", fallback)
			}
			if retired(s) != tt.may {
				t.Errorf("it is gone: %t, want %t", retired(s), tt.may)
			}
			if s = fresh(); tt.may {
				s.expect(0, "retired: "+fallback, "key", "retire", "--expired")
			} else {
				s.expect(0, "nothing to retire", "key", "retire", "--expired")
			}
			if retired(s) != tt.may {
				t.Errorf("--expired: it is gone: %t, want %t", retired(s), tt.may)
			}
			s = fresh()
			s.expect(0, "retired: "+fallback, "key", "retire", "--force", fallback)
			if !retired(s) {
				t.Error("--force: it is there still")
			}
		})
	}
}

func TestRetireChooses(t *testing.T) {
	ages := []time.Duration{2 * day, 20 * day, 50 * day, 70 * day}
	for _, tt := range []struct {
		name   string
		args   func(prints []string) []string
		status int
		want   string
		left   []int // which keys
	}{
		{"all that may go", func([]string) []string { return []string{"--expired"} }, 0, "retired: ", []int{1}},
		{"one of them", func(p []string) []string { return []string{p[2]} }, 0, "retired: ", []int{1, 3}},
		{"two of them", func(p []string) []string { return []string{p[3], p[2]} }, 0, "retired: ", []int{1}},
		{"nothing if one may not", func(p []string) []string { return []string{p[2], p[1]} }, 1, "--force removes it all the same", []int{1, 2, 3}},
		{"the current key never", func(p []string) []string { return []string{"--force", p[0]} }, 1, `"key rotate" replaces it`, []int{1, 2, 3}},
		{"what is not there", func([]string) []string { return []string{"0123456789ab"} }, 1, "no key of the settings", []int{1, 2, 3}},
		{"part of a fingerprint", func(p []string) []string { return []string{p[2][:6]} }, 1, "no key of the settings", []int{1, 2, 3}},
		{"nothing named", func([]string) []string { return nil }, 2, "--expired", []int{1, 2, 3}},
		{"both", func(p []string) []string { return []string{"--expired", p[2]} }, 2, "either", []int{1, 2, 3}},
		{"force without a name", func([]string) []string { return []string{"--expired", "--force"} }, 2, "--force needs", []int{1, 2, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var keys []secret.Text
			var prints []string
			for _, age := range ages {
				keys = append(keys, keyAt(t, age))
				prints = append(prints, keys[len(keys)-1].Fingerprint())
			}
			s := newSite(t, keys[0], keys[1:]...)
			s.expect(tt.status, tt.want, append([]string{"key", "retire"}, tt.args(prints)...)...)
			var want []string
			for _, i := range tt.left {
				want = append(want, keys[i].Reveal())
			}
			if got := s.safe.now(); !slices.Equal(got.fallbacks, want) || got.current != keys[0].Reveal() {
				t.Errorf("left are %s, want the fallbacks %v", fingerprints(got), tt.left)
			}
		})
	}
}

func TestRetireOfAStagedKey(t *testing.T) {
	old, staged := keyAt(t, 100*day), keyAt(t, time.Hour)
	s := newSite(t, old, staged)
	s.expect(0, `"key rotate" goes on with it`, "key", "status")
	s.expect(0, "nothing to retire", "key", "retire", "--expired")
	s.expect(0, "retired", "key", "retire", staged.Fingerprint())
	s = newSite(t, old, staged)
	s.say(t, []secret.Text{old, staged}, said{signs: 1})
	s.expect(1, "goes on with it", "key", "retire", staged.Fingerprint())
}

func TestRetireCannotWrite(t *testing.T) {
	current, former := keyAt(t, 20*day), keyAt(t, 100*day)
	t.Run("somebody else is quicker", func(t *testing.T) {
		s := newSite(t, current, former)
		s.safe.looked = func(n int) {
			if n == 2 {
				s.safe.put("SECRET_KEY_FALLBACKS", former, keyAt(t, 200*day))
			}
		}
		s.expect(1, "somebody else is changing the keys", "key", "retire", former.Fingerprint())
		if got := s.safe.now(); len(got.fallbacks) != 2 {
			t.Error("what somebody else wrote is gone")
		}
	})
	t.Run("the place fails", func(t *testing.T) {
		s := newSite(t, current, former)
		s.safe.before = func(int) error { return errors.New("sealed") }
		s.expect(1, "sealed", "key", "retire", former.Fingerprint())
	})
	t.Run("a place without the empty text", func(t *testing.T) {
		s := newSite(t, current, former)
		s.safe.noEmpty = true
		s.expect(0, "retired", "key", "retire", former.Fingerprint())
		s.expect(0, "current", "key", "status")
	})
	t.Run("the environment", func(t *testing.T) {
		status, _, errs := run(t, build(byHand(current, []secret.Text{keyAt(t, 19*day), former})), "key", "retire", "--force", former.Fingerprint())
		if status != 1 || !strings.Contains(errs, "at position 2 (") {
			t.Errorf("status %d, %s, want 1 and the position", status, errs)
		}
	})
	t.Run("the ledger fails", func(t *testing.T) {
		s := newSite(t, current, former)
		s.ledger = brokenLedger{}
		s.expect(1, "no ledger", "key", "retire", "--expired")
		s.expect(1, "no ledger", "key", "status")
		s.expect(0, "retired", "key", "retire", "--force", former.Fingerprint())
	})
}

func TestKeyStatus(t *testing.T) {
	keys := []secret.Text{keyAt(t, 400*day), keyAt(t, time.Hour), keyAt(t, 500*day), keyAt(t, -1)}
	s := newSite(t, keys[0], keys[1:3]...)
	s.say(t, keys, said{lacks: []int{1}}, said{needed: map[int]time.Duration{2: time.Hour}}, said{gone: true, ago: time.Hour})
	status, out, errs := s.run("key", "status", "--format", "json")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	var got struct {
		Environment string
		Ledger      bool
		Places      []struct {
			Variable, Origin, Version string
			Writable                  bool
		}
		Keys []struct {
			Fingerprint, Role, Environment, Next string
			Made, Since, Last                    time.Time
			Verified, Signing, Holding           int
			Retirable                            bool
		}
		Instances []struct{ Instance, Current string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, k := range got.Keys {
		lines = append(lines, fmt.Sprint(k.Fingerprint, k.Role, "/", k.Environment, k.Made.IsZero(), k.Last.IsZero(), k.Verified, k.Signing, k.Holding, k.Retirable))
	}
	want := []string{
		fmt.Sprint(keys[0].Fingerprint(), "current", "/", "production", false, true, 9, 2, 0, false),
		fmt.Sprint(keys[1].Fingerprint(), "staged", "/", "production", false, true, 6, 0, 1, false),
		fmt.Sprint(keys[2].Fingerprint(), "fallback 1", "/", "production", false, false, 9, 0, 2, false),
		fmt.Sprint(keys[3].Fingerprint(), "", "/", "", true, true, 9, 0, 2, false),
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the keys are\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got.Environment != "production" || !got.Ledger || len(got.Places) != 2 || got.Places[1].Origin != "safe SECRET_KEY_FALLBACKS" ||
		got.Places[0].Version != "1" || !got.Places[0].Writable || len(got.Instances) != 2 || got.Instances[1].Current != keys[0].Fingerprint() {
		t.Errorf("got %+v", got)
	}
	for _, want := range []string{"SECRET_KEY: safe SECRET_KEY, version 1", "older than 365 days", "400 days", "1 verify", "2 sign",
		"not in the settings any more", "2 instances reported", "unknown", "verified 9 times, last needed ", "held since "} {
		s.expect(0, want, "key", "status")
	}
	_, out, _ = s.run("key", "status")
	for line := range strings.Lines(out) {
		if len(line) > 81 {
			t.Errorf("the line is too long for 80 columns: %s", line)
		}
	}
	s.ledger = nil
	s.expect(0, "No ledger", "key", "status")
	s.expect(2, "json", "key", "status", "--format", "yaml")
	s.built = func(cfg *airworthy.Settings) { cfg.Session.InsecureOff = true }
	s.expect(0, "nothing says how long", "key", "status")
}

func TestKeyStatusOfAKeyInCode(t *testing.T) {
	status, out, _ := run(t, build(nil), "key", "status")
	if status != 0 || !strings.Contains(out, "SECRET_KEY: code") {
		t.Errorf("status %d:\n%s", status, out)
	}
	if status, _, errs := run(t, build(nil), "key", "rotate"); status != 1 || !strings.Contains(errs, "only in code") {
		t.Errorf("key rotate: status %d: %s", status, errs)
	}
}

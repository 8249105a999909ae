package policy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/airworthy-go/airworthy/password/policy"
)

// difference is one thing in which we differ from Django on purpose.
type difference struct {
	id   string
	step int // which of the steps between Django and us it belongs to

	// explains reports whether it is why a case gets one verdict before the step and another after it.
	explains func(c testCase, before, after []string) bool

	// example is a case on which the verdicts differ for this reason alone, and these are they.
	example      testCase
	ours, django []string
}

// The steps lead from Django to a policy of ours that is told to agree with it to the letter, from there to one with the
// built-in list, and from there to one that has only its length set.
const (
	toTheLetter = iota
	toOurList
	toOurs
	steps
)

// beyond returns what is in a and not in b.
func beyond(a, b []string) (only []string) {
	for _, code := range a {
		if !slices.Contains(b, code) {
			only = append(only, code)
		}
	}
	return only
}

const word = "kxwqpzvbnmhjk"

var differences = []difference{{
	id: "a password has at most 4096 bytes", step: toTheLetter,
	explains: func(c testCase, _, after []string) bool {
		return len(c.password) > 4096 && slices.Equal(after, []string{"password_too_long"})
	},
	example: testCase{password: strings.Repeat(word, 400)},
	ours:    []string{"password_too_long"}, django: []string{},
}, {
	id: "64 KiB of an attribute are looked at", step: toTheLetter,
	explains: func(c testCase, before, after []string) bool {
		return slices.ContainsFunc(c.attributes[:], func(a string) bool { return len(a) > 64<<10 }) &&
			len(beyond(after, before)) == 0 && strings.HasPrefix(strings.Join(beyond(before, after), " "), "password_too_similar")
	},
	example: testCase{word, [4]string{strings.Repeat("~", 64<<10) + " " + word}},
	ours:    []string{}, django: []string{"password_too_similar: username"},
}, {
	id: "the built-in list is another", step: toOurList,
	explains: func(_ testCase, before, after []string) bool {
		return slices.Equal(append(beyond(after, before), beyond(before, after)...), []string{"password_too_common"})
	},
	example: testCase{password: "aliceadsl"},
	ours:    []string{}, django: []string{"password_too_common"},
}, {
	id: "the NFKC form is judged too", step: toOurs,
	explains: func(c testCase, before, after []string) bool {
		same := norm.NFKC.IsNormalString(c.password)
		for _, a := range c.attributes {
			same = same && norm.NFKC.IsNormalString(a)
		}
		return !same && len(beyond(before, after)) == 0
	},
	example: testCase{password: "ｐａｓｓｗｏｒｄ"},
	ours:    []string{"password_too_common"}, django: []string{},
}}

// Nothing else differs, each difference has an example that it alone explains, and the last two come up by themselves.
func TestDifferences(t *testing.T) {
	d, r := start(t), source(t)
	l := d.common()
	g := &generator{r, l.Passwords, d.characters().unassigned()}
	o := options{8, 0.7, ""}
	policies := []*policy.Policy{beside(t, o, l.Path)}
	for _, cfg := range []policy.Config{{MinLength: o.MinLength, AsTyped: true}, {MinLength: o.MinLength}} {
		p, err := policy.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		policies = append(policies, p)
	}
	// explain returns what differs, and whether that is all.
	explain := func(c testCase, verdict []string) (ids []string, all bool) {
		all = true
		for step := range steps {
			after := ours(t, policies[step], c)
			if slices.Equal(verdict, after) {
				continue
			}
			i := slices.IndexFunc(differences, func(diff difference) bool {
				return diff.step == step && diff.explains(c, verdict, after)
			})
			if i < 0 {
				return ids, false
			}
			ids, verdict = append(ids, differences[i].id), after
		}
		return ids, all
	}
	var cases []testCase
	for _, diff := range differences {
		cases = append(cases, diff.example)
	}
	for i, want := range d.judge(o, cases) {
		diff, got := differences[i], ours(t, policies[toOurs], cases[i])
		if !slices.Equal(got, diff.ours) || !slices.Equal(want, diff.django) {
			t.Errorf("%s: we say %q, Django %q, want %q and %q", diff.id, got, want, diff.ours, diff.django)
		}
		if ids, all := explain(cases[i], want); !all || !slices.Equal(ids, []string{diff.id}) {
			t.Errorf("%s: its example is explained by %q", diff.id, ids)
		}
	}
	cases = cases[:0]
	for range 10_000 {
		cases = append(cases, g.generate(o))
	}
	seen, same := map[string]int{}, 0
	for i, want := range d.judge(o, cases) {
		ids, all := explain(cases[i], want)
		if !all {
			t.Errorf("%s: we say %q, Django %q, and no difference explains it", describe(cases[i]), ours(t, policies[toOurs], cases[i]), want)
		}
		for _, id := range ids {
			seen[id]++
		}
		if all && len(ids) == 0 {
			same++
		}
	}
	t.Logf("%d cases, %d of them the same, others: %v", len(cases), same, seen)
	for _, diff := range differences {
		if diff.step != toTheLetter && seen[diff.id] < 10 {
			t.Errorf("%s: %d cases, want some", diff.id, seen[diff.id])
		}
	}
	if same < 5000 {
		t.Errorf("only %d verdicts are the same", same)
	}
}

// Settings that Django takes and we do not.
func TestRefusedSettings(t *testing.T) {
	d := start(t)
	file := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte("Password-In-Capitals\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	capitals := options{8, 0.7, file}
	if got := d.judge(capitals, []testCase{{password: "Password-In-Capitals"}}); len(got[0]) != 0 {
		t.Errorf("Django says %q, want it to have a list with capitals and never to find them", got)
	}
	if _, err := policy.New(policy.Config{CommonFile: file}); err == nil || !strings.Contains(err.Error(), "line 1 has capital letters") {
		t.Errorf("error = %v, want one that tells of the capitals", err)
	}
	off := options{8, 1.5, ""}
	if got := d.judge(off, []testCase{{"margaret-hamilton", [4]string{"margaret-hamilton"}}}); len(got[0]) != 0 {
		t.Errorf("Django says %q, want a ratio above 1 to switch the rule off", got)
	}
	if _, err := policy.New(policy.Config{MaxSimilarity: 1.5}); err == nil {
		t.Error("a ratio above 1 was taken")
	}
}

// Lists in forms that both take.
func TestLists(t *testing.T) {
	d := start(t)
	o := options{1, 1, ""}
	for name, text := range map[string]string{
		"ends of lines": "one\r\ntwo\rthree\n\x1cfour\x1c\n\u3000five\u3000",
		"empty lines":   "\n\none\n \n",
		"repeated":      "one\none\n",
		"other scripts": "пароль\nσας\n",
	} {
		file := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o.List = file
		p := beside(t, o, file)
		var cases []testCase
		for _, password := range []string{"one", "two", "three", "four", "five", " ONE ", "", " ", "Пароль", "ΣΑΣ", "σασ", "one\r", "two\rthree"} {
			cases = append(cases, testCase{password: password})
		}
		common := 0
		for i, want := range d.judge(o, cases) {
			if got := ours(t, p, cases[i]); !slices.Equal(got, want) {
				t.Errorf("%s: %s: we say %q, Django %q", name, describe(cases[i]), got, want)
			}
			if slices.Contains(want, "password_too_common") {
				common++
			}
		}
		if common == 0 {
			t.Errorf("%s: nothing was found in the list", name)
		}
	}
}

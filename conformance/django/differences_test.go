package django_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// difference is one row of "Where we differ on purpose" in docs/django.md.
type difference[C any] struct {
	id   string
	kind kind

	// is reports whether the row explains why a case gets these verdicts.
	is func(c C, ours, django string) bool

	// example is a case on which the verdicts differ for this reason alone, and these are they.
	example      C
	ours, django string
}

// kind says which of the two may accept what the other refuses.
type kind string

const (
	stricter kind = "stricter" // Django alone
	wider    kind = "wider"    // we alone
	differs  kind = "differs"  // either
	reason   kind = "reason"   // neither
)

// allows reports whether the verdicts are those of a difference of this kind.
func (k kind) allows(ours, django string) bool {
	switch we, they := accepts(ours), accepts(django); {
	case we == they:
		return true
	case we:
		return k == wider || k == differs
	}
	return k == stricter || k == differs
}

// accepts reports whether a verdict lets something through.
func accepts(verdict string) bool {
	return verdict == "allowed" || bare(verdict) == "pass" || strings.HasPrefix(verdict, "ok: ")
}

// ledger compares verdicts. Where they differ a difference has to explain it: the first in the list that does.
type ledger[C any] struct {
	t           *testing.T
	differences []difference[C]
	verdicts    func(C) (ours, django string)
	describe    func(C) string

	compared int
	counts   map[string]int // of what was agreed on, up to a colon
	seen     map[string]int // of differences
	faults   int
}

// newLedger returns a ledger that has judged the examples, each of which only its own difference may explain.
func newLedger[C any](t *testing.T, list []difference[C], verdicts func(C) (ours, django string), describe func(C) string) *ledger[C] {
	t.Helper()
	l := &ledger[C]{t: t, differences: list, verdicts: verdicts, describe: describe,
		counts: map[string]int{}, seen: map[string]int{}}
	for _, d := range list {
		ours, django := verdicts(d.example)
		if ours != d.ours || django != d.django || ours == django {
			t.Errorf("%s: we say %q and Django %q, want %q and %q\n%s", d.id, ours, django, d.ours, d.django, describe(d.example))
			continue
		}
		if got := l.explain(d.example, ours, django); !slices.Equal(got, []string{d.id}) {
			t.Errorf("%s: its example is explained by %q\n%s", d.id, got, describe(d.example))
		}
	}
	return l
}

// explain returns the differences that explain the verdicts.
func (l *ledger[C]) explain(c C, ours, django string) (ids []string) {
	for _, d := range l.differences {
		if d.kind.allows(ours, django) && d.is(c, ours, django) {
			ids = append(ids, d.id)
		}
	}
	return ids
}

// compare judges one case.
func (l *ledger[C]) compare(c C) {
	l.t.Helper()
	l.compared++
	ours, django := l.verdicts(c)
	if ours == django {
		verdict, _, _ := strings.Cut(ours, ": ")
		l.counts[verdict]++
		return
	}
	ids := l.explain(c, ours, django)
	if len(ids) == 0 {
		if l.faults++; l.faults <= 20 {
			l.t.Errorf("we say %q and Django %q, and no difference is listed\n%s", ours, django, l.describe(c))
		}
		return
	}
	l.seen[ids[0]]++
}

// finish wants that many cases without a difference, that every difference came up among them, and that verdicts were shared that often.
func (l *ledger[C]) finish(cases, each int, verdicts ...string) {
	l.t.Helper()
	l.t.Logf("%d compared; agreed on: %v; differences: %v", l.compared, l.counts, l.seen)
	agreed := 0
	for _, n := range l.counts {
		agreed += n
	}
	if agreed < cases {
		l.t.Errorf("only %d verdicts were the same, want %d", agreed, cases)
	}
	for _, d := range l.differences {
		if l.seen[d.id] == 0 {
			l.t.Errorf("%s did not come up among the generated cases: is it still a difference?", d.id)
		}
	}
	for _, v := range verdicts {
		if l.counts[v] < each {
			l.t.Errorf("both said %q only %d times, want a comparison that means something", v, l.counts[v])
		}
	}
}

// listed returns the differences that each test holds to, each with its kind.
func listed() map[string][]string {
	return map[string][]string{
		"TestHostsAgree":          ids(hostDifferences()),
		"TestCSRFAgrees":          ids(csrfDifferences()),
		"TestSignedValuesAgree":   ids(signingDifferences()),
		"TestSQLiteSessionsAgree": ids(sessionDifferences(sessionSite{engine: "db"})),
		"TestCookieSessionsAgree": ids(sessionDifferences(sessionSite{engine: "signed_cookies"})),
	}
}

func ids[C any](list []difference[C]) (ids []string) {
	for _, d := range list {
		ids = append(ids, d.id+" "+string(d.kind))
	}
	return ids
}

// The page lists what the tests hold to, under the test that does.
func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/django.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (D[0-9]+) \\| ([a-z]+) \\|.*\\| `(Test[A-Za-z]+)` \\|$").FindAllSubmatch(page, -1) {
		test := string(row[3])
		documented[test] = append(documented[test], string(row[1])+" "+string(row[2]))
	}
	tested := listed()
	for test, ids := range tested {
		slices.Sort(ids)
		slices.Sort(documented[test])
		if len(ids) == 0 || !slices.Equal(ids, documented[test]) {
			t.Errorf("%s holds to %q, docs/django.md lists %q", test, ids, documented[test])
		}
	}
	if len(documented) != len(tested) {
		t.Errorf("docs/django.md names %d tests, want %d", len(documented), len(tested))
	}
	rows := regexp.MustCompile(`(?m)^\| D[0-9]+ `).FindAll(page, -1)
	n := 0
	for _, ids := range documented {
		n += len(ids)
	}
	if len(rows) != n {
		t.Errorf("docs/django.md has %d rows, of which %d name their test", len(rows), n)
	}
}

// wire returns bytes as JSON carries them to an op: each as the character of that number, which is Latin-1.
func wire(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

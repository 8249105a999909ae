package csp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/csp"
)

// generated is how many policies each comparison has.
const generated = 4000

// tally counts what a comparison has seen.
type tally struct {
	*testing.T
	agreed map[string]int // by ID
	seen   map[string]int // by difference
	refuse int            // claims of theirs about what Parse refuses
	clean  int            // policies on which neither has anything to say but what C1 and C2 list
	faults int
}

func newTally(t *testing.T) *tally {
	return &tally{T: t, agreed: map[string]int{}, seen: map[string]int{}}
}

func (y *tally) fault(policy, format string, args ...any) {
	y.Helper()
	if y.faults++; y.faults <= 20 {
		y.Errorf("%s\n\tof %q", fmt.Sprintf(format, args...), policy)
	}
}

// compare holds each claim of either to the other's, a refusal, or a difference.
func (y *tally) compare(policy string, v verdict) {
	y.Helper()
	parsed, err := csp.Parse(policy)
	if unreadable(policy, v) {
		if err == nil {
			y.fault(policy, "Parse refuses nothing; the evaluator: %q", v.Error)
		}
		return
	}
	we, they := ours(parsed), theirs(v)
	for _, c := range we {
		if slices.Contains(they, c) {
			y.agreed[c.ID]++
		} else if id := explain(c, v, true); id != "" {
			y.seen[id]++
		} else {
			y.fault(policy, "only we say %s (Parse: %v)", c, err)
		}
	}
	for _, c := range they {
		if slices.Contains(we, c) {
			continue
		}
		if refusal(parsed, err, c) {
			y.refuse++
		} else if id := explain(c, v, false); id != "" {
			y.seen[id]++
		} else {
			y.fault(policy, "only the evaluator says %s (Parse: %v)", c, err)
		}
	}
	others := func(c claim) bool { return !slices.Contains([]string{"C1", "C2"}, explain(c, v, true)) }
	if err == nil && len(they) == 0 && !slices.ContainsFunc(we, others) {
		y.clean++
	}
}

// unreadable reports whether there is no use in comparing, since Parse has to refuse the policy as a whole: a comma
// separates policies, a line break separates headers, and what the evaluator throws at is no policy.
func unreadable(policy string, v verdict) bool {
	return v.Error != "" || strings.ContainsAny(policy, ",\n")
}

func TestGradesAgree(t *testing.T) {
	o := newOracle(t)
	g, y := newGenerator(seeded(t), o.lists()), newTally(t)
	for range generated {
		policy := g.policy()
		y.compare(policy, o.judge(policy))
	}
	t.Logf("agreed: %v; refused by Parse: %d; clean: %d; differences: %v", y.agreed, y.refuse, y.clean, y.seen)
	for _, number := range []int{3, 4, 5, 6, 7, 8, 9, 12, 13} {
		id := fmt.Sprintf("csp.W%03d", number)
		if y.agreed[id] < 20 {
			t.Errorf("both said %s only %d times, want a comparison that means something", id, y.agreed[id])
		}
	}
	if y.refuse < 100 || y.clean < 20 {
		t.Errorf("only %d claims about what Parse refuses and %d clean policies, want more", y.refuse, y.clean)
	}
	for _, d := range differences {
		if y.seen[d.id] == 0 {
			t.Errorf("%s did not come up among the generated policies: is it still a difference?", d.id)
		}
	}
}

func TestGradesAgreeOnTheEvaluatorsExamples(t *testing.T) {
	o := newOracle(t)
	y := newTally(t)
	for _, policy := range o.examples() {
		y.compare(policy, o.judge(policy))
	}
	t.Logf("agreed: %v; refused by Parse: %d; differences: %v", y.agreed, y.refuse, y.seen)
}

// Each difference shows on its example.
func TestDifferencesShow(t *testing.T) {
	o := newOracle(t)
	for _, d := range differences {
		y := newTally(t)
		y.compare(d.example, o.judge(d.example))
		if y.seen[d.id] == 0 {
			t.Errorf("%s does not show on %q, which has %v", d.id, d.example, y.seen)
		}
	}
}

// The page lists what the tests hold to.
func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/csp.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([CO][0-9]+) \|`).FindAllSubmatch(page, -1) {
		got = append(got, string(row[1]))
	}
	for _, d := range differences {
		want = append(want, d.id)
	}
	for _, d := range deductions {
		want = append(want, d.id)
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/csp.md lists %q, want %q", got, want)
	}
}

// What we send by default has nothing that the evaluator would warn of, and no syntax that it does not know.
func TestStrictIsClean(t *testing.T) {
	o := newOracle(t)
	part, err := csp.New(csp.Config{ReportPath: "/csp-reports"})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	part.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { csp.Nonce(r.Context()) })).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://example.com/", nil))
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "'nonce-") {
		t.Fatalf("the policy is %q, want one with a nonce", policy)
	}
	if got := theirs(o.judge(policy)); len(got) > 0 {
		t.Errorf("the evaluator says %v of %q, want nothing", got, policy)
	}
}

// TestParsersAgree: each directive that the evaluator reads, we read with the same values, or the error names it.
func TestParsersAgree(t *testing.T) {
	o := newOracle(t)
	g := newGenerator(seeded(t), o.lists())
	policies := o.examples()
	for range generated {
		policies = append(policies, g.policy())
	}
	same, named := 0, 0
	for _, policy := range policies {
		v := o.judge(policy)
		if unreadable(policy, v) {
			if _, err := csp.Parse(policy); err == nil {
				t.Errorf("Parse(%q) refuses nothing; the evaluator: %q", policy, v.Error)
			}
			continue
		}
		s, n := compareReadings(t, policy, v.Directives)
		same, named = same+s, named+n
	}
	t.Logf("%d policies: %d directives read likewise, %d refused by name", len(policies), same, named)
	if same < generated || named < generated/10 {
		t.Errorf("only %d directives read likewise and %d refused, want a comparison that means something", same, named)
	}
}

// compareReadings returns how many directives were read likewise, and how many were not and are named in our error.
func compareReadings(t *testing.T, policy string, directives [][]string) (same, named int) {
	t.Helper()
	parsed, err := csp.Parse(policy)
	mine := readings(parsed)
	for _, d := range directives {
		got, ok := mine[d[0]]
		delete(mine, d[0])
		if want := normal(d); ok && slices.Equal(got, want) {
			same++
		} else if mentions(err, d[0]) {
			named++
		} else {
			t.Errorf("%q: we read %s %q, the evaluator %q, and the error does not name it: %v", policy, d[0], got, want, err)
		}
	}
	for name, values := range mine {
		t.Errorf("%q: only we read %s %q", policy, name, values)
	}
	for name, n := range counts(policy) {
		if n > 1 && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q is given twice", name))) {
			t.Errorf("%q: the error does not say that %q is given twice: %v", policy, name, err)
		}
	}
	return same, named
}

func mentions(err error, directive string) bool {
	return err != nil && slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool {
		return names(line, directive)
	})
}

// readings returns p's directives.
func readings(p csp.Policy) map[string][]string {
	m := map[string][]string{}
	for part := range strings.SplitSeq(p.String(), "; ") {
		if fields := strings.Fields(part); len(fields) > 0 {
			m[fields[0]] = normal(fields)
		}
	}
	return m
}

// normal returns a directive's values with schemes in lower case, and 'none' for an empty list of sources.
func normal(directive []string) []string {
	out := []string{}
	for _, v := range directive[1:] {
		out = append(out, scheme(v))
	}
	if len(out) == 0 && (slices.Contains(codeDirectives, directive[0]) || slices.Contains(fetchOnly, directive[0])) {
		return []string{"'none'"}
	}
	return out
}

// counts returns how often each directive is given.
func counts(policy string) map[string]int {
	m := map[string]int{}
	for part := range strings.SplitSeq(policy, ";") {
		if fields := strings.FieldsFunc(part, func(r rune) bool { return r == ' ' || r == '\t' }); len(fields) > 0 {
			m[strings.ToLower(fields[0])]++
		}
	}
	return m
}

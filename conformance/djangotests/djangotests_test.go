package djangotests

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// labels are the tests of Django that run. Some are there for the real requests that they make.
var labels = strings.Fields(`csrf_tests requests_tests signing signed_cookies_tests sessions_tests middleware
	check_framework.test_security check_framework.test_4_0_compatibility utils_tests.test_crypto utils_tests.test_http
	settings_tests decorators view_tests httpwrappers context_processors flatpages_tests messages_tests test_client
	test_client_regress auth_tests.test_views auth_tests.test_middleware auth_tests.test_remote_user`)

// leastTests is how many of them have to pass.
const leastTests = 2200

// least says how often the two have to have said the same, for each area.
var least = map[string]int{
	"checks": 77, "crypto": 950, "csrf": 950, "csrf cookie": 230, "csrf tokens": 640, "headers": 34, "hosts": 1750, "redirects": 55,
	"scheme": 5, "session cookie": 245, "sessions": 1600, "signed cookies": 37, "signing": 109,
}

// verdicts are what the two have to have said together at least once, for each area.
var verdicts = map[string][]string{
	"csrf": strings.Fields(`pass BAD_ORIGIN NO_REFERER MALFORMED_REFERER INSECURE_REFERER BAD_REFERER NO_CSRF_COOKIE
		CSRF_COOKIE_INCORRECT_LENGTH CSRF_COOKIE_INVALID_CHARACTERS CSRF_TOKEN_MISSING CSRF_TOKEN_INCORRECT_LENGTH
		CSRF_TOKEN_INVALID_CHARACTERS CSRF_TOKEN_INCORRECT`),
	"hosts":          {"400", "allowed: example.com", "false", "true"},
	"signing":        {"bad signature", "expired", "ok: hello", "false"},
	"signed cookies": {"bad signature", "expired", "ok: hello"},
	"redirects":      {"pass", "301 https://testserver/some/url?query=string"},
	"checks": {
		"[]", "['security.W001']", "['security.W002']", "['security.W003']", "['security.W004']", "['security.W005']",
		"['security.W006']", "['security.W008']", "['security.W009']", "['security.W010']", "['security.W011']",
		"['security.W012']", "['security.W013']", "['security.W014']", "['security.W015']", "['security.W016']",
		"['security.W018']", "['security.W019']", "['security.W020']", "['security.W021']", "['security.W022']",
		"['security.E023']", "['security.E024']", "['security.W025']", "['security.E101']", "['security.E102']", "['4_0.E001']",
	},
}

// call is one call of a function of Django's, and what the two said.
type call struct {
	Test, Area, Call string
	Ours, Django     string
	Facts            facts
}

// facts are what a difference is known by. An area has those that matter to it.
type facts struct {
	Host       string
	Allowed    any // the list, or whether Django allows the host
	Debug      bool
	Referer    string // empty if there is none
	Origin     string
	Domain     string
	Port       string // where the server listens
	Unreadable bool   // the body broke off
	Secure     bool
	Sent       string // the header that says the scheme
	Preload    bool
	Seconds    int
	Subdomains bool
}

// run runs Django's tests and returns what came of it and the journal.
func run(t *testing.T) (output string, journal []call) {
	t.Helper()
	python, tests := os.Getenv("AIRWORTHY_DJANGO_PYTHON"), os.Getenv("AIRWORTHY_DJANGO_TESTS")
	if python == "" || tests == "" {
		t.Skip("AIRWORTHY_DJANGO_PYTHON and AIRWORTHY_DJANGO_TESTS are not both set: run conformance/djangotests/run.sh")
	}
	dir := t.TempDir()
	shadow, written := filepath.Join(dir, "shadow"), filepath.Join(dir, "journal")
	if out, err := exec.Command("go", "build", "-o", shadow, "./shadow").CombinedOutput(); err != nil {
		t.Fatalf("building shadow: %v\n%s", err, out)
	}
	runner, err := filepath.Abs("runner.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, append([]string{runner, filepath.Join(tests, "runtests.py"), "--parallel=1"}, labels...)...)
	cmd.Dir = tests
	cmd.Env = append(os.Environ(), "AIRWORTHY_SHADOW="+shadow, "AIRWORTHY_JOURNAL="+written, "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("Django's own tests: %v\n%s", err, tail(out))
	}
	return string(out), read(t, written)
}

func tail(out []byte) []byte { return out[max(0, len(out)-8000):] }

func read(t *testing.T, name string) (journal []call) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%v\n%s", err, lines.Bytes())
		}
		journal = append(journal, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return journal
}

// verdict sorts the calls of a run.
type verdict struct {
	agreed, seen, skipped map[string]int    // by area, difference, and feature
	said                  map[[2]string]int // of what was agreed on: area and verdict
	faults                int
}

func judge(t *testing.T, journal []call) verdict {
	t.Helper()
	v := verdict{map[string]int{}, map[string]int{}, map[string]int{}, map[[2]string]int{}, 0}
	for _, c := range journal {
		switch {
		case c.Area == "broken":
			v.fault(t, "%s: the comparison failed\n%s", c.Test, c.Call)
		case c.Area == "skipped":
			v.skipped[c.Call]++
		case c.Ours == c.Django:
			v.agreed[c.Area]++
			v.said[[2]string{c.Area, c.Ours}]++
		default:
			v.differ(t, c)
		}
	}
	return v
}

func (v *verdict) fault(t *testing.T, format string, args ...any) {
	t.Helper()
	if v.faults++; v.faults <= 20 {
		t.Errorf(format, args...)
	}
}

// differ wants one difference that explains the call.
func (v *verdict) differ(t *testing.T, c call) {
	t.Helper()
	var ids []string
	for _, d := range differences() {
		if d.area == c.Area && d.is(c) {
			ids = append(ids, d.id)
			v.seen[d.id]++
		}
	}
	if len(ids) != 1 {
		v.fault(t, "%s: %s, %s: we say %q and Django %q, which %d differences explain: %q\n%+v",
			c.Test, c.Area, c.Call, c.Ours, c.Django, len(ids), ids, c.Facts)
	}
}

func TestDjangosOwnTests(t *testing.T) {
	output, journal := run(t)
	ran := regexp.MustCompile(`(?m)^Ran ([0-9]+) tests`).FindStringSubmatch(output)
	if ran == nil || !regexp.MustCompile(`(?m)^OK\b`).MatchString(output) {
		t.Fatalf("Django's own tests did not pass\n%s", tail([]byte(output)))
	}
	if n, err := strconv.Atoi(ran[1]); err != nil || n < leastTests {
		t.Errorf("%s of Django's own tests ran, want %d", ran[1], leastTests)
	}
	v := judge(t, journal)
	t.Logf("%s tests of Django passed; agreed on: %v; differences: %v; skipped: %v", ran[1], v.agreed, v.seen, v.skipped)
	v.means(t)
	v.complete(t)
}

// means wants that enough was compared, and that it came to everything that Django can say.
func (v verdict) means(t *testing.T) {
	t.Helper()
	for area, n := range least {
		if v.agreed[area] < n {
			t.Errorf("%s: the two agreed %d times, want %d", area, v.agreed[area], n)
		}
	}
	for area := range v.agreed {
		if least[area] == 0 {
			t.Errorf("%s: nothing says how often the two have to agree", area)
		}
	}
	for area, wanted := range verdicts {
		for _, verdict := range wanted {
			if v.said[[2]string{area, verdict}] == 0 {
				t.Errorf("%s: the two never said %q together", area, verdict)
			}
		}
	}
}

// complete wants that the lists of differences and of what is skipped are what came up.
func (v verdict) complete(t *testing.T) {
	t.Helper()
	for _, d := range differences() {
		if v.seen[d.id] == 0 {
			t.Errorf("%s, in %s, did not come up: is it still a difference?", d.id, d.area)
		}
	}
	for feature := range v.skipped {
		if skipped[feature] == "" {
			t.Errorf("%q was skipped, and nothing says why it may be", feature)
		}
	}
	for feature := range skipped {
		if v.skipped[feature] == 0 {
			t.Errorf("%q is listed as skipped and did not come up", feature)
		}
	}
}

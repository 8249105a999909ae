package djangotests

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/hosts"
)

// difference is a row of docs/django.md: those with a D are explained under "Where we differ on purpose", those with an S
// under "Judged by Django's own tests".
type difference struct {
	id, area string

	// is reports whether the row explains that the two differ on the call.
	is func(c call) bool
}

const refusesToStart = "refuses to start"

func differences() []difference {
	pair := func(ours, django string) func(call) bool {
		return func(c call) bool { return c.Ours == ours && c.Django == django }
	}
	return []difference{
		{"D1", "hosts", func(c call) bool { return c.Ours == refusesToStart && !startable(c.Facts) }},
		{"D15", "csrf", func(c call) bool {
			return pair("BAD_REFERER", "pass")(c) && c.Facts.Domain != "" && !strings.HasSuffix(c.Facts.Host, ":"+c.Facts.Port)
		}},
		{"D23", "csrf", func(c call) bool {
			return pair("BAD_REFERER", "MALFORMED_REFERER")(c) && strings.ContainsAny(c.Facts.Referer, "[]")
		}},
		{"S1", "csrf", func(c call) bool { return c.Ours == "400" && c.Django != "400" && c.Facts.Allowed == false }},
		{"S2", "csrf", func(c call) bool { return pair("CSRF_TOKEN_MISSING", "raises OSError")(c) && c.Facts.Unreadable }},
		{"S3", "csrf cookie", func(c call) bool {
			return !c.Facts.Secure && strings.Replace(c.Django, "; secure=", "", 1) == c.Ours
		}},
		{"S4", "session cookie", func(c call) bool {
			return c.Facts.Secure && strings.Replace(c.Ours, "; secure=", "", 1) == c.Django
		}},
		{"S5", "sessions", func(c call) bool {
			return c.Ours == "{}" && regexp.MustCompile(`"_session_expiry": -[0-9]`).MatchString(c.Django)
		}},
		{"S6", "scheme", func(c call) bool {
			first, last, list := strings.Cut(c.Facts.Sent, ",")
			return list && c.Django == strings.TrimSpace(first) && c.Ours == strings.TrimSpace(last)
		}},
		{"S7", "headers", func(c call) bool {
			return c.Ours == refusesToStart && c.Facts.Preload && (!c.Facts.Subdomains || c.Facts.Seconds < 31536000)
		}},
	}
}

// startable reports whether hosts takes the list.
func startable(f facts) bool {
	list, ok := f.Allowed.([]any)
	if !ok {
		return true
	}
	cfg := hosts.Config{Debug: f.Debug}
	for _, entry := range list {
		cfg.Allowed = append(cfg.Allowed, entry.(string))
	}
	_, err := hosts.New(cfg)
	return err == nil
}

// skipped are the features of Django's that its tests use and that have no counterpart to compare with, and why not.
var skipped = map[string]string{
	"a request that is judged a second time":                        "a decorator and the middleware around one view; the first verdict stands, and is compared",
	"requests that the test client excuses from the check":          "a switch that only tests have",
	"decorators that refuse nothing":                                "ensure_csrf_cookie and requires_csrf_token; EnsureCookie and Token judge nothing",
	"the secret that is put into the session, which sets no cookie": "conformance/django takes such sessions from one to the other",
	"requests without a method":                                     "a Python object that no client can send",
	"targets that begin with two slashes":                           "the server has turned them into paths before Django sees them",
	"an empty name among the allowed hosts":                         "is_same_domain as a function; hosts refuses the list",
	"signatures with another algorithm than SHA-256":                "Django's own default, and the only one here",
	"MACs with another algorithm than SHA-256":                      "Django asks for SHA-256 wherever it stores what it made",
	"an empty separator, which with us is the usual one":            "Options.Sep empty means a colon",
	"objects that are signed without a time":                        "Signer.sign_object; Dumps always has the time, as signing.dumps",
	"serializers other than JSON":                                   "Python classes; what messages store, for one",
	"passwords":                                                     "hashers are no part of airworthy",
	"answers that set no session cookie":                            "there is nothing to compare",
	"session cookies that are deleted":                              "Manager deletes by the same attributes; conformance/browser looks",
	"an X-Frame-Options that a subclass chooses":                    "a handler sets the header itself",
}

// Each difference is a row of the page. The rows with an S name the test; those with a D are another's too.
func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/django.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, d := range differences() {
		if !regexp.MustCompile(`(?m)^\| ` + d.id + ` \|`).Match(page) {
			t.Errorf("docs/django.md has no row %s", d.id)
		}
		if strings.HasPrefix(d.id, "S") {
			want = append(want, d.id)
		}
	}
	var got []string
	for _, row := range regexp.MustCompile(`(?m)^\| (S[0-9]+) \|`).FindAllSubmatch(page, -1) {
		got = append(got, string(row[1]))
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/django.md lists %q, want %q", got, want)
	}
}

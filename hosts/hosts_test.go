package hosts_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/hosts"
)

func newGuard(t testing.TB, allowed ...string) *hosts.Guard {
	t.Helper()
	g, err := hosts.New(hosts.Config{Allowed: allowed})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Rows that Django decides otherwise say so; the rest is Django's, section by section.
func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name, allowed, host string
		want                bool
	}{
		// Syntax and normal form (bad input 3).
		{"exact name", "example.com", "example.com", true},
		{"case of the host does not matter", "example.com", "EXAMPLE.com:8000", true},
		{"case of the entry does not matter", "Example.COM", "example.com", true},
		{"one trailing dot does not matter", "example.com", "example.com.", true},
		{"a trailing dot before the port does not matter", "example.com", "example.com.:80", true},
		{"two trailing dots matter", "example.com", "example.com..", false},
		{"the port does not matter", "example.com", "example.com:443", true},
		{"the highest port", "example.com", "example.com:65535", true},
		{"a port beyond the highest (Django takes it)", "example.com", "example.com:65536", false},
		{"a port far beyond the highest (Django takes it)", "1.2.3.4", "1.2.3.4:99999999", false},
		{"a port that wraps around to 80", "example.com", "example.com:18446744073709551696", false},
		{"a colon without port", "example.com", "example.com:", false},
		{"a port that is a word", "example.com", "example.com:x", false},
		{"two ports", "*", "a:80:80", false},
		{"empty labels are syntax", "*", "a..b", true},
		{"hyphens at the ends are syntax", "*", "-foo-", true},
		{"a dot alone", "*", ".", false},
		{"no host", "*", "", false},
		{"underscore", "*", "example_com", false},
		{"space", "*", "a b", false},
		{"user information (bad input 1)", "*", "good.com:@evil.com", false},
		{"user name", "*", "u@h", false},
		{"path (bad input 1)", "*", "good.com/../x", false},
		{"list (bad input 1)", "*", "a, b", false},
		{"newline at the end", "*", "example.com\n", false},
		{"NUL", "*", "example.com\x00", false},
		{"other scripts come as xn--", "*", "münchen.de", false},
		{"the longest name", "*", strings.Repeat("a", 255), true},
		{"a longer name (Django takes it)", "*", strings.Repeat("a", 256), false},

		// Addresses.
		{"IPv6 in brackets", "[::1]", "[::1]", true},
		{"IPv6 with port", "[::1]", "[::1]:80", true},
		{"IPv6 in another spelling (Django refuses)", "[::1]", "[0:0:0:0:0:0:0:1]", true},
		{"IPv6 in capitals", "[2001:db8::a]", "[2001:DB8::A]", true},
		{"IPv6 without brackets", "*", "::1", false},
		{"a colon in brackets", "*", "[:]", false},
		{"digits in brackets", "*", "[12]", false},
		{"IPv4 in brackets", "*", "[1.2.3.4]", false},
		{"what only looks like IPv6 (Django takes it)", "*", "[1:2]", false},
		{"zone", "*", "[::1%25eth0]", false},
		{"no end bracket", "*", "[::1", false},
		{"something behind the bracket", "*", "[::1]x", false},
		{"a mapped address is another host than the IPv4 address", "1.2.3.4", "[::ffff:1.2.3.4]", false},
		{"IPv4", "1.2.3.4", "1.2.3.4:80", true},
		{"IPv4 with trailing dot", "1.2.3.4", "1.2.3.4.", true},
		{"hexadecimal IPv4 (Django takes it)", "*", "0x7f.1", false},
		{"hexadecimal IPv4 in capitals (Django takes it)", "*", "0X7F.0.0.1", false},
		{"bare 0x is a number to browsers (Django takes it)", "*", "1.0x", false},
		{"short IPv4 (Django takes it)", "*", "127.1", false},
		{"IPv4 as one number (Django takes it)", "*", "2130706433", false},
		{"octal IPv4 (Django takes it)", "*", "0177.0.0.1", false},
		{"IPv4 beyond 255 (Django takes it)", "*", "1.2.3.256", false},
		{"digits in a label that is not the last", "*", "127.example", true},
		{"a last label that only starts with digits", "*", "a.1b", true},

		// Matching (bad input 4).
		{"a leading dot matches below", ".good.com", "www.good.com", true},
		{"a leading dot matches far below", ".good.com", "a.b.good.com", true},
		{"a leading dot matches the name itself", ".good.com", "good.com", true},
		{"a leading dot does not match a longer label", ".good.com", "evilgood.com", false},
		{"a leading dot does not match in the middle", ".good.com", "good.com.evil.net", false},
		{"an empty label before the name is below it", ".good.com", ".good.com", true},
		{"an exact name does not match below", "good.com", "www.good.com", false},
		{"everything", "*", "anything.example", true},
		{"one of several", "a.com .b.com c.com", "x.b.com", true},
		{"none of several", "a.com .b.com c.com", "x.a.com", false},
		{"junk behind xn-- is a name like any other, and not ours", "example.com", "xn--zz--zz.com", false},
		{"an entry in its own script matches xn--", "münchen.de", "xn--mnchen-3ya.de", true},
		{"an entry in xn-- matches itself", "xn--mnchen-3ya.de", "XN--MNCHEN-3YA.de", true},
		{"an entry in its own script and capitals", "MÜNCHEN.de", "xn--mnchen-3ya.de", true},

		// Networks, which Django does not have.
		{"address in a network", "10.0.0.0/8", "10.200.3.4:8000", true},
		{"address outside a network", "10.0.0.0/8", "11.0.0.1", false},
		{"IPv6 address in a network", "2001:db8::/32", "[2001:db8::5]:80", true},
		{"a mapped address is not in an IPv4 network", "10.0.0.0/8", "[::ffff:10.0.0.1]", false},
		{"a network is for addresses, not for names", "0.0.0.0/0", "example.com", false},
		{"a name of digits and letters is no address", "10.0.0.0/8", "10.0.0.5.example.com", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := newGuard(t, strings.Fields(row.allowed)...).Check(row.host)
			if got := err == nil; got != row.want {
				t.Errorf("Check(%q) with %q = %v, want allowed = %t", row.host, row.allowed, err, row.want)
			}
		})
	}
}

// Bad input 4: what cannot match, or matches more than meant, is refused at start with the fix.
func TestEntriesThatAreRefused(t *testing.T) {
	for _, row := range []struct{ name, entry, want string }{
		{"scheme", "http://example.com", "has a scheme: write the host alone"},
		{"path", "example.com/admin", "has a path: write the host alone"},
		{"port", "example.com:443", `has a port, which is not looked at: write "example.com"`},
		{"star for a label", "*.example.com", `write ".example.com"`},
		{"star in the middle", "www.*.com", "patterns are not supported"},
		{"regular expression", `^(.+\.)?example\.com$`, "patterns are not supported"},
		{"empty", "", "empty entry: remove it"},
		{"blank", "  ", "empty entry: remove it"},
		{"spaces around", " example.com", `spaces around it: write "example.com"`},
		{"two entries in one", "a.com,b.com", "not a host name"},
		{"trailing dot", "example.com.", `write "example.com"`},
		{"user information", "me@example.com", "has user information"},
		{"IPv6 without brackets", "2001:db8::1", "write [2001:db8::1]"},
		{"IPv6 with port", "[::1]:80", "write it as [2001:db8::1]"},
		{"IPv6 with zone", "[fe80::1%eth0]", "write it as [2001:db8::1]"},
		{"short IPv4", "127.1", "not an IPv4 address: write all four numbers"},
		{"hexadecimal IPv4", "0x7f.1", "not an IPv4 address: write all four numbers"},
		{"everything below an address", ".1.2.3.4", "not an IPv4 address"},
		{"address inside a network", "10.0.0.5/8", "write the network, 10.0.0.0/8, or the address, 10.0.0.5"},
		{"network with a bad length", "10.0.0.0/33", "not a network: write it as 10.0.0.0/8"},
		{"network given for a name", "example.com/24", "has a path"},
		{"empty label", "a..b", "not a host name"},
		{"dot alone", ".", "not a host name"},
		{"underscore", "my_host", "not a host name"},
		{"junk behind xn--", "xn--zz--zz.com", "not a host name"},
		{"label too long", strings.Repeat("a", 64) + ".com", "not a host name"},
		{"control character", "exa\x00mple.com", "not a host name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := hosts.New(hosts.Config{Allowed: []string{"example.org", row.entry}})
			if err == nil {
				t.Fatalf("%q is taken, want an error with %q", row.entry, row.want)
			}
			if got := err.Error(); !strings.Contains(got, row.want) || !strings.HasPrefix(got, "hosts: ALLOWED_HOSTS: ") {
				t.Errorf("error is %q, want it to name ALLOWED_HOSTS and say %q", got, row.want)
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := hosts.New(hosts.Config{Allowed: []string{"a b", "ok.com", "http://x"}, HealthPath: "healthz"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"a b"`, `"http://x"`, "HEALTH_PATH"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error is %q, want it to hold %s too", err, want)
		}
	}
}

func TestEmptyListIsRefused(t *testing.T) {
	_, err := hosts.New(hosts.Config{})
	if err == nil || !strings.Contains(err.Error(), "hosts: ALLOWED_HOSTS: not set") {
		t.Errorf("error is %v, want it to ask for ALLOWED_HOSTS", err)
	}
}

func TestDebugList(t *testing.T) {
	g, err := hosts.New(hosts.Config{Debug: true})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8000": true, "app.localhost": true, "127.0.0.1:8000": true, "[::1]": true,
		"127.0.0.2": false, "0.0.0.0": false, "example.com": false,
	} {
		if got := g.Check(host) == nil; got != want {
			t.Errorf("in debug %q is allowed = %t, want %t", host, got, want)
		}
	}
	g, err = hosts.New(hosts.Config{Debug: true, Allowed: []string{"example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if g.Check("localhost") == nil {
		t.Error("the debug list is used although there is a list")
	}
}

func TestNewCopiesWhatItKeeps(t *testing.T) {
	allowed := []string{"example.com"}
	g := newGuard(t, allowed...)
	allowed[0] = "evil.com"
	if g.Check("evil.com") == nil || g.Check("example.com") != nil {
		t.Error("a change of the caller's list reached the guard")
	}
}

// The answer to a refusal holds nothing that the client sent.
func TestRefusalIsShort(t *testing.T) {
	site := newGuard(t, "example.com").Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the application was reached")
	}))
	r := httptest.NewRequest("GET", "http://example.com/", nil)
	r.Host = "evil.com"
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("status %d, want 400", w.Code)
	}
	if body := w.Body.String(); strings.Contains(body, "evil") {
		t.Errorf("the answer %q repeats the host", body)
	}
}

func TestErrorTextIsSafeToLog(t *testing.T) {
	g := newGuard(t, "example.com")
	for _, host := range []string{"evil.com\nlevel=INFO", "\x1b[31mred", "\u202egnp.exe", strings.Repeat("x", 10000)} {
		got := g.Check(host).Error()
		if len(got) > 800 {
			t.Errorf("the error has %d bytes, want it cut short", len(got))
		}
		if i := strings.IndexFunc(strings.TrimSuffix(got, "…"), func(c rune) bool { return c < ' ' || c == 0x7f || c == '\u202e' }); i >= 0 {
			t.Errorf("the error %q holds a control character", got)
		}
	}
}

func TestChecks(t *testing.T) {
	ok := hosts.Config{Allowed: []string{"example.com"}}
	with := func(allowed ...string) hosts.Config { return hosts.Config{Allowed: allowed} }
	checktest.Run(t, hosts.Config.Checks, []checktest.Case[hosts.Config]{
		{ID: "security.W020", Raises: hosts.Config{}, Clean: ok},
		{ID: "security.W020", Raises: hosts.Config{Debug: true}, Clean: with("*")},
		{ID: "hosts.W001", Raises: with("example.com", "*"), Clean: ok},
		{ID: "hosts.W002", Raises: with(".com"), Clean: with(".example.com")},
		{ID: "hosts.W002", Raises: with(".co.uk"), Clean: with("co.uk")},
		{ID: "hosts.W002", Raises: with(".github.io"), Clean: with("me.github.io")},
		{ID: "hosts.W002", Raises: with("0.0.0.0/0"), Clean: with("10.0.0.0/8")},
		{ID: "hosts.W002", Raises: with("::/0"), Clean: with("2001:db8::/32", "fd00::/8")},
		{ID: "hosts.W002", Raises: with("0.0.0.0/1", "128.0.0.0/1"), Clean: with(".internal", ".localhost")},
		{ID: "hosts.E001", Raises: with("example.com", "*.example.com"), Clean: with(".example.com")},
		{ID: "hosts.E001", Raises: with("https://example.com"), Clean: with("*", "10.0.0.0/8", "münchen.de")},
	})
}

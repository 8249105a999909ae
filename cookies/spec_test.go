package cookies_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
)

func TestNewRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		spec cookies.Spec
		want string // "" if the spec is good
	}{
		{"no name", cookies.Spec{}, "the name is empty"},
		{"a name with a space", cookies.Spec{Name: "s id"}, "the name may hold letters"},
		{"a name with a line break", cookies.Spec{Name: "sid\r\nX: y"}, "the name may hold letters"},
		{"a name with =", cookies.Spec{Name: "a=b"}, "the name may hold letters"},
		{"a name beyond ASCII", cookies.Spec{Name: "séance"}, "the name may hold letters"},
		{"a name of all sorts", cookies.Spec{Name: "!#$%&'*+-.^_`|~09azAZ"}, ""},
		{"a name of 128 bytes", cookies.Spec{Name: strings.Repeat("n", 128)}, ""},
		{"a name of 129 bytes", cookies.Spec{Name: strings.Repeat("n", 129)}, "longer than 128 bytes"},
		{"the host prefix in the name", cookies.Spec{Name: "__Host-sid"}, "leave __Host- out of the name"},
		{"the host prefix in another case, as browsers compare", cookies.Spec{Name: "__hOST-sid"}, "leave __hOST- out"},
		{"the secure prefix in the name", cookies.Spec{Name: "__Secure-sid"}, "leave __Secure- out of the name"},
		{"the http prefix in the name", cookies.Spec{Name: "__Http-sid"}, "leave __Http- out of the name"},
		{"no prefix but its beginning", cookies.Spec{Name: "__Host"}, ""},
		{"a relative path", cookies.Spec{Name: "sid", Path: "app"}, `the path "app" does not begin with /`},
		{"a path with a semicolon", cookies.Spec{Name: "sid", Path: "/a;b"}, "holds bytes that a cookie cannot"},
		{"a path with a line break", cookies.Spec{Name: "sid", Path: "/a\nb"}, "holds bytes that a cookie cannot"},
		{"a path of 1025 bytes", cookies.Spec{Name: "sid", Path: "/" + strings.Repeat("p", 1024)}, "longer than the 1024"},
		{"a path of 1024 bytes", cookies.Spec{Name: "sid", Path: "/" + strings.Repeat("p", 1023)}, ""},
		{"a domain", cookies.Spec{Name: "sid", Domain: "shop.example.co.uk"}, ""},
		{"a domain in capitals with Django's dot", cookies.Spec{Name: "sid", Domain: ".Example.COM"}, ""},
		{"a public suffix", cookies.Spec{Name: "sid", Domain: "co.uk"}, `the domain "co.uk" is a public suffix`},
		{"a public suffix with a dot", cookies.Spec{Name: "sid", Domain: ".co.uk"}, `the domain "co.uk" is a public suffix`},
		{"a suffix that a company lets", cookies.Spec{Name: "sid", Domain: "github.io"}, "is a public suffix"},
		{"a site of such a suffix", cookies.Spec{Name: "sid", Domain: "example.github.io"}, ""},
		{"one label", cookies.Spec{Name: "sid", Domain: "localhost"}, "is a single label: leave it out"},
		{"an address", cookies.Spec{Name: "sid", Domain: "192.0.2.1"}, "is an address: leave it out"},
		{"an address as browsers read it", cookies.Spec{Name: "sid", Domain: "127.0x1"}, "is an address: leave it out"},
		{"an IPv6 address", cookies.Spec{Name: "sid", Domain: "[::1]"}, "is not a host name"},
		{"a port", cookies.Spec{Name: "sid", Domain: "example.com:443"}, "is not a host name"},
		{"an origin", cookies.Spec{Name: "sid", Domain: "https://example.com"}, "is not a host name"},
		{"a wildcard", cookies.Spec{Name: "sid", Domain: "*.example.com"}, "is not a host name"},
		{"a final dot", cookies.Spec{Name: "sid", Domain: "example.com."}, "is not a host name"},
		{"two dots", cookies.Spec{Name: "sid", Domain: "..example.com"}, "is not a host name"},
		{"attributes in the domain", cookies.Spec{Name: "sid", Domain: "example.com; Path=/x"}, "is not a host name"},
		{"an international name", cookies.Spec{Name: "sid", Domain: "bücher.example"}, "written in their xn-- form"},
		{"an international name in its ASCII form", cookies.Spec{Name: "sid", Domain: "xn--bcher-kva.example"}, ""},
		{"a negative age", cookies.Spec{Name: "sid", MaxAge: -time.Second}, "the maximum age is negative"},
		{"a part of a second", cookies.Spec{Name: "sid", MaxAge: time.Millisecond}, "not in whole seconds"},
		{"no such SameSite", cookies.Spec{Name: "sid", SameSite: 9}, "SameSite is 9: use http.SameSiteLaxMode"},
		{"net/http's default SameSite", cookies.Spec{Name: "sid", SameSite: http.SameSiteDefaultMode}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := cookies.New(cookies.Config{}, row.spec)
			if (c == nil) != (err != nil) || (err != nil) != (row.want != "") {
				t.Fatalf("got %v, %v, want an error: %t", c, err, row.want != "")
			}
			if err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %q lacks %q", err, row.want)
			}
		})
	}
}

func TestNewReportsAllMistakes(t *testing.T) {
	_, err := cookies.New(cookies.Config{}, cookies.Spec{
		Name: "a b", Path: "x", Domain: "com", MaxAge: -1, SameSite: -1,
	})
	if err == nil || strings.Count(err.Error(), `cookies: "a b": `) != 5 {
		t.Errorf("got %v, want five mistakes", err)
	}
}

func TestMistakesNameTheVariable(t *testing.T) {
	spec := cookies.Spec{
		Name: "a b", Path: "x", Domain: "com", MaxAge: -1, SameSite: http.SameSite(9), Setting: "SESSION_COOKIE",
	}
	_, err := cookies.New(cookies.Config{}, spec)
	want := []string{
		`cookies: SESSION_COOKIE_NAME: "a b": the name may hold`, `cookies: SESSION_COOKIE_PATH: "a b": the path "x"`,
		`cookies: SESSION_COOKIE_DOMAIN: "a b": the domain "com"`, `cookies: SESSION_COOKIE_AGE: "a b": the maximum age`,
		`cookies: SESSION_COOKIE_SAMESITE: "a b": SameSite is 9`,
	}
	lines := strings.Split(fmt.Sprint(err), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d:\n%v", len(lines), len(want), err)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("got %q, want one that begins with %q", line, want[i])
		}
	}
}

package pages

import (
	"net/url"
	"strings"
	"testing"
)

// nexts are addresses and what becomes of them (badinput 6).
var nexts = []struct{ next, want string }{
	{"/", "/"},
	{"/board/?page=2&x=a+b", "/board/?page=2&x=a+b"},
	{"/caf\u00e9/?q=\u00e9", "/caf%C3%A9/?q=%C3%A9"},
	{"/a%20b", "/a%20b"},
	{"/wiki/http://example.com", "/wiki/http://example.com"},
	{"/a#fragment", "/a"}, // it never reaches a server, so nobody means it
	{"/?next=//evil.example", "/?next=//evil.example"},
	{"/?q=\u202e", ""},
	{"/a b", ""},
	{"", ""},
	{"board/", ""},
	{"?x", ""},
	{"https://evil.example/", ""},
	{"https:/evil.example/", ""},
	{"http:evil.example", ""},
	{"//evil.example/", ""},
	{"///evil.example/", ""},
	{"/\\evil.example", ""},
	{"\\\\evil.example", ""},
	{"/\t/evil.example", ""},
	{"\t//evil.example", ""},
	{"/\r\n/evil.example", ""},
	{" /board/", ""},
	{"/%2F%2Fevil.example", ""},
	{"/%2Fevil.example", ""},
	{"/%5Cevil.example", ""},
	{"/a/..//evil.example", ""},
	{"/.//evil.example", ""},
	{"/%2e%2e//evil.example", ""},
	{"/%0d%0aSet-Cookie:x=y", ""},
	{"/%00", ""},
	{"/\x00", ""},
	{"/\u202eevil", ""},
	{"/\xff", ""},
	{"/%ff", "/%ff"},
	{"/%zz", ""},
	{"javascript:alert(1)", ""},
	{"data:text/html,x", ""},
	{"/" + strings.Repeat("a", maxNext), ""},
	{"/" + strings.Repeat("a", maxNext-1), "/" + strings.Repeat("a", maxNext-1)},
}

func TestSafeNext(t *testing.T) {
	for _, c := range nexts {
		if got := safeNext(c.next); got != c.want {
			t.Errorf("safeNext(%.60q) = %.60q, want %.60q", c.next, got, c.want)
		}
	}
}

// browser resolves an address as WHATWG's URL standard does where it matters for the host: tabs and line ends are
// dropped, spaces and controls around trimmed, and \ is /.
func browser(base, ref string) (*url.URL, error) {
	ref = strings.NewReplacer("\t", "", "\r", "", "\n", "", "\\", "/").Replace(ref)
	ref = strings.TrimFunc(ref, func(r rune) bool { return r <= ' ' })
	b, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	return b.Parse(ref)
}

// FuzzSafeNext: whatever is asked for, a browser stays on the site, also if what it asks for there is decoded or cleaned
// and redirected to once more; what was found safe once stays as it is.
func FuzzSafeNext(f *testing.F) {
	for _, c := range nexts {
		f.Add(c.next)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := safeNext(next)
		if got == "" {
			return
		}
		for i := range len(got) {
			if got[i] <= ' ' || got[i] > '~' {
				t.Fatalf("safeNext(%q) = %q, which no header can hold", next, got)
			}
		}
		if again := safeNext(got); again != got && len(got) <= maxNext {
			t.Errorf("safeNext(%q) = %q, but of that %q", next, got, again)
		}
		const base = "https://site.example/account/login/"
		u, err := browser(base, got)
		if err != nil || u.Scheme != "https" || u.Host != "site.example" || u.User != nil {
			t.Fatalf("safeNext(%q) = %q, by which a browser goes to %v (%v)", next, got, u, err)
		}
		if u, err := browser(base, strings.ReplaceAll(u.Path, "%", "%25")); err != nil || u.Host != "site.example" {
			t.Fatalf("safeNext(%q) = %q, which decoded leads to %v (%v)", next, got, u, err)
		}
	})
}

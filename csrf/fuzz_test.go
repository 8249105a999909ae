package csrf

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

var originSeeds = []string{
	"https://victim.com", "https://VICTIM.com:443", "http://victim.com:8080", "https://[2001:DB8::1]:8443", "null", "",
	"https://evil@victim.com", "https://victim.com/", "https://victim.com:0443", "https://[::1%25eth0]", "https://a..b",
	"https://victim.com.", "capacitor://localhost", "https://[::ffff:1.2.3.4]", "https://a_b.com", "https://victim.com:",
	"https://victim.com\\@evil.com", "https://victim.com#", "https://victim.com?x", "//victim.com", "https://*.victim.com",
}

// What is accepted means the same to net/url, has nothing but scheme, host and port, is equal to itself in any case,
// and survives being written and read.
func FuzzOrigin(f *testing.F) {
	for _, s := range originSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, ok := parseOrigin(s)
		if !ok {
			if o != (origin{}) {
				t.Fatalf("%q is refused and yet %v", s, o)
			}
			return
		}
		u, err := url.Parse(s)
		if err != nil {
			t.Fatalf("%q is accepted, net/url refuses it: %v", s, err)
		}
		if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" {
			t.Fatalf("%q holds more than an origin", s)
		}
		host, port := strings.ToLower(u.Hostname()), u.Port()
		if port == "" {
			port = defaultPort(o.scheme)
		}
		if u.Scheme != o.scheme || host != strings.Trim(o.host, "[]") || port != o.port {
			t.Fatalf("%q: got %q, net/url says %s, %s, %s", s, o, u.Scheme, host, port)
		}
		for _, variant := range []string{o.String(), strings.ToUpper(s), strings.ToLower(s)} {
			if again, ok := parseOrigin(variant); !ok || again != o {
				t.Fatalf("%q: got %q, want %q", variant, again, o)
			}
		}
	})
}

// An entry that is accepted trusts what it says and nothing beside it.
func FuzzTrustedOrigin(f *testing.F) {
	for _, s := range append(originSeeds, "https://*.wild.com", "https://*.com:8443", "*", "https://*", "http://*.x.y") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		set, err := newTrusted([]string{entry}, false)
		if err != nil {
			const silent = "csrf: CSRF_TRUSTED_ORIGINS: entry 1: it holds a user name or a password: leave out everything up to the @"
			if strings.Contains(entry, "@") && err.Error() != silent {
				t.Fatalf("the error may repeat a password: %v", err)
			}
			return
		}
		p, _ := parsePattern(entry, false)
		for _, row := range []struct {
			sub  string
			want bool
		}{{"", !p.wildcard}, {"a.", p.wildcard}, {"b.a.", false}, {".", false}, {"evil", false}} {
			o := p.origin
			o.host = row.sub + o.host
			if got := set.has(o); got != row.want {
				t.Fatalf("%q trusts %q: got %t, want %t", entry, o, got, row.want)
			}
		}
		if o := (origin{"http", p.host, "80"}); p.scheme != "http" && set.has(o) {
			t.Fatalf("%q trusts http", entry)
		}
	})
}

// The origin of a Referer is its beginning, and where net/url reads the URL too, the same to it.
func FuzzReferer(f *testing.F) {
	for _, s := range originSeeds {
		f.Add(s + "/page?x=https://evil.com")
	}
	f.Fuzz(func(t *testing.T, s string) {
		from := refererOrigin(s)
		if !strings.HasPrefix(s, from) {
			t.Fatalf("%q is no beginning of %q", from, s)
		}
		o, ok := parseOrigin(from)
		if u, err := url.Parse(s); ok && err == nil {
			if u.User != nil || u.Scheme != o.scheme || !strings.EqualFold(u.Scheme+"://"+u.Host, from) {
				t.Fatalf("%q: got %q, net/url says %q", s, from, u.Host)
			}
		}
	})
}

// toSecret makes any bytes a secret.
func toSecret(s string) string {
	b := []byte(s + strings.Repeat("a", secretLength))[:secretLength]
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// A token is well formed, gives back its secret, and is equal to tokens of the same secret and to no others.
func FuzzToken(f *testing.F) {
	f.Add("abcdefghijklmnopqrstuvwxyzABCDEF", "0123456789ABCDEFGHIJKLMNOPQRSTUV", "x")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, a, m, b string) {
		first, second := toSecret(a), toSecret(b)
		token := maskWith(first, [secretLength]byte([]byte(toSecret(m))))
		if formatOf(token) != wellFormed || len(token) != tokenLength {
			t.Fatalf("%q is not well formed", token)
		}
		if got := unmask(token); string(got[:]) != first {
			t.Fatalf("got %q, want %q", got, first)
		}
		if !equal(token, first) || !equal(mask(first), token) || equal(token, second) != (first == second) {
			t.Fatalf("equal is wrong for %q, %q and %q", token, first, second)
		}
		for _, s := range []string{a, m, b} { // what is well formed can be compared without a panic
			if formatOf(s) == wellFormed && (len(s) != secretLength && len(s) != tokenLength || !equal(s, s)) {
				t.Fatalf("%q is well formed", s)
			}
		}
	})
}

// Whatever the body, the application reads all of it; and where net/url understands a form, we read the same token.
func FuzzForm(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "a=b&csrfmiddlewaretoken=c&csrfmiddlewaretoken=%64", uint16(100))
	f.Add("application/x-www-form-urlencoded", "csrfmiddlewaretoken=c", uint16(5))
	f.Add("multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n\r\nx\r\n--B--\r\n", uint16(200))
	f.Fuzz(func(t *testing.T, media, body string, limit uint16) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header["Content-Type"] = []string{media}
		max := int64(limit) + 1
		token := formToken(r, max)
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != body {
			t.Fatalf("the application reads %q (%v), want %q", got, err, body)
		}
		values, err := url.ParseQuery(body)
		if media != "application/x-www-form-urlencoded" || err != nil || int64(len(body)) >= max {
			return
		}
		if all := values[FieldName]; len(all) > 0 && token != all[len(all)-1] || len(all) == 0 && token != "" {
			t.Fatalf("%q: got %q, net/url says %q", body, token, all)
		}
	})
}

// Django's own vector.
func TestMask(t *testing.T) {
	const secret, with = "abcdefghijklmnopqrstuvwxyzABCDEF", "0123456789ABCDEFGHIJKLMNOPQRSTUV"
	const want = "0123456789ABCDEFGHIJKLMNOPQRSTUV02468acegiKMOQSUWY02468acegikmoq"
	if got := maskWith(secret, [secretLength]byte([]byte(with))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every character of the alphabet comes up, none more often than chance allows: 62 000 draws, 1000 expected of each,
// and six standard deviations of 32.
func TestSecretsAreUniform(t *testing.T) {
	counts := map[byte]int{}
	for range 62000/secretLength + 1 {
		for _, c := range []byte(newSecret()) {
			counts[c]++
		}
	}
	if len(counts) != 62 {
		t.Errorf("got %d different characters, want 62", len(counts))
	}
	for c, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("%q came %d times, want about 1000", c, n)
		}
	}
	if a, b := newSecret(), newSecret(); a == b || !slices.Equal([]int{len(a), len(b)}, []int{32, 32}) {
		t.Errorf("got %q and %q, want two different ones of 32", a, b)
	}
}

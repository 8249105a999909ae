package cookies_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/cookies"
)

func request(lines ...string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": lines}}
}

func TestRead(t *testing.T) {
	const name = "__Host-sid"
	for _, row := range []struct {
		name  string
		lines []string
		want  string
		err   error
	}{
		{"alone", []string{"__Host-sid=v"}, "v", nil},
		{"among others", []string{"a=1; __Host-sid=v:1-_; b=2"}, "v:1-_", nil},
		{"on the second line", []string{"a=1", "b=2; __Host-sid=v"}, "v", nil},
		{"with = in the value", []string{"__Host-sid=djE="}, "djE=", nil},
		{"without a value", []string{"__Host-sid="}, "", nil},
		{"without spaces between", []string{"a=1;__Host-sid=v;b=2"}, "v", nil},
		{"with white space around", []string{" \t__Host-sid=v\t "}, "v", nil},
		{"others that are malformed", []string{`a; ="x; b="1, 2";;=; c=\0; __Host-sid=v`}, "v", nil},

		{"no line", nil, "", http.ErrNoCookie},
		{"an empty line", []string{""}, "", http.ErrNoCookie},
		{"others only", []string{"sid=v; __Secure-sid=v; x__Host-sid=v; __Host-sidx=v"}, "", http.ErrNoCookie},
		{"the name as a value", []string{"a=__Host-sid; =__Host-sid"}, "", http.ErrNoCookie},

		// badinput 19: somebody else set the second, and which is which cannot be told.
		{"twice", []string{"__Host-sid=v; __Host-sid=evil"}, "", cookies.ErrDuplicate},
		{"twice the same value", []string{"__Host-sid=v; __Host-sid=v"}, "", cookies.ErrDuplicate},
		{"twice on two lines", []string{"__Host-sid=v", "__Host-sid=evil"}, "", cookies.ErrDuplicate},
		{"once empty, as from a longer path", []string{"__Host-sid=; a=1; __Host-sid=v"}, "", cookies.ErrDuplicate},
		{"twice, one malformed", []string{`__Host-sid=v; __Host-sid="e`}, "", cookies.ErrDuplicate},
		{"twice, one with white space before =", []string{"__Host-sid=v; __Host-sid\t=evil"}, "", cookies.ErrDuplicate},
		{"twice, one without =", []string{"__Host-sid=v; __Host-sid"}, "", cookies.ErrDuplicate},
		{"three times", []string{"__Host-sid=v; __Host-sid=v; __Host-sid=v"}, "", cookies.ErrDuplicate},

		// badinput 19: names that some servers, or browsers, take for ours.
		{"in another case", []string{"__host-sid=evil; __HOST-SID=evil"}, "", http.ErrNoCookie},
		{"in another case beside ours", []string{"__host-sid=evil; __Host-sid=v"}, "v", nil},
		{"behind a NUL", []string{"\x00__Host-sid=evil"}, "", http.ErrNoCookie},
		{"behind white space that is not HTTP's", []string{"\v__Host-sid=evil; \u00a0__Host-sid=evil; \u2000__Host-sid=evil"},
			"", http.ErrNoCookie},
		{"with $Version, which servers of RFC 2965 read quotes after", []string{`$Version=1; a="b; __Host-sid=v; c="`},
			"v", nil},
		{"quoted, which we never write", []string{`__Host-sid="v"`}, "", cookies.ErrMalformed},
		{"quoted empty, as Django writes it", []string{`__Host-sid=""`}, "", cookies.ErrMalformed},
		{"without =, as a cookie without a name whose value is ours", []string{"__Host-sid"}, "", cookies.ErrMalformed},
		{"with an escape", []string{`__Host-sid=a\054b`}, "", cookies.ErrMalformed},
		{"with a comma", []string{"__Host-sid=v,__Host-sid=evil"}, "", cookies.ErrMalformed},
		{"with a space inside", []string{"__Host-sid=a b"}, "", cookies.ErrMalformed},
		{"with white space after =", []string{"__Host-sid= v"}, "", cookies.ErrMalformed},
		{"with a byte beyond ASCII", []string{"__Host-sid=\xc3\xa9"}, "", cookies.ErrMalformed},

		// badinput 20: a flood is not read.
		{"256 cookies", []string{strings.Repeat("a=1; ", 255) + "__Host-sid=v"}, "v", nil},
		{"257 cookies", []string{strings.Repeat("a=1; ", 256) + "__Host-sid=v"}, "", cookies.ErrTooMany},
		{"257 cookies, ours the first", []string{"__Host-sid=v" + strings.Repeat("; a=1", 256)}, "", cookies.ErrTooMany},
		{"257 cookies on as many lines", append(make([]string, 256), "__Host-sid=v"), "", cookies.ErrTooMany},
		{"100,000 cookies", []string{strings.Repeat("a=1; ", 100_000)}, "", cookies.ErrTooMany},
		{"semicolons only", []string{strings.Repeat(";", 1000)}, "", cookies.ErrTooMany},
		{"32 KiB", []string{"__Host-sid=v; a=" + strings.Repeat("x", 32<<10-16)}, "v", nil},
		{"32 KiB and a byte", []string{"__Host-sid=v; a=" + strings.Repeat("x", 32<<10-15)}, "", cookies.ErrTooMany},
		{"32 KiB and a byte on two lines", []string{"__Host-sid=v", strings.Repeat("x", 32<<10-11)}, "", cookies.ErrTooMany},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := cookies.Read(request(row.lines...), name)
			if got != row.want || err != row.err {
				t.Errorf("got %q, %v, want %q, %v", got, err, row.want, row.err)
			}
		})
	}
}

// On https only the prefixed name counts: whoever can answer over http can set the plain one.
func TestCookieReadsOneName(t *testing.T) {
	both := request("sid=plain; __Host-sid=host; __Secure-sid=secure")
	for _, row := range []struct {
		name   string
		cfg    cookies.Config
		spec   cookies.Spec
		secure bool
		want   string
	}{
		{"on https", cookies.Config{}, cookies.Spec{Name: "sid"}, true, "host"},
		{"on http", cookies.Config{}, cookies.Spec{Name: "sid"}, false, "plain"},
		{"on https with a domain", cookies.Config{}, cookies.Spec{Name: "sid", Domain: "example.com"}, true, "secure"},
		{"on https with plain names", cookies.Config{InsecurePlainNames: true}, cookies.Spec{Name: "sid"}, true, "plain"},
	} {
		if got, err := cookie(t, row.cfg, row.spec).Read(both, row.secure); got != row.want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, err, row.want)
		}
	}
	c := cookie(t, cookies.Config{}, cookies.Spec{Name: "sid"})
	if got, err := c.Read(request("sid=plain"), true); got != "" || err != http.ErrNoCookie {
		t.Errorf("the plain name on https: got %q, %v, want none", got, err)
	}
}

// octets reports whether value is made of RFC 6265's cookie-octets.
func octets(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`",;\`, r)
	})
}

// TestEveryByteEverywhere puts each byte in each place of values short and long.
func TestEveryByteEverywhere(t *testing.T) {
	c := cookie(t, cookies.Config{}, cookies.Spec{Name: "sid"})
	for _, length := range []int{1, 7, 8, 9, 16, 17, 31} {
		for place := range length {
			for b := range 256 {
				value := []byte(strings.Repeat("a", length))
				value[place] = byte(b)
				err := c.Set(httptest.NewRecorder(), false, string(value))
				if want := octets(string(value)); (err == nil) != want {
					t.Fatalf("%q: got %v, want it set: %t", value, err, want)
				}
			}
		}
	}
}

// wellFormed returns the value of the one cookie called name in a line that net/http finds no fault with.
func wellFormed(line, name string) (value string, ok bool) {
	all, err := http.ParseCookie(line)
	if err != nil || len(all) > cookies.MaxCookies || len(line) > cookies.MaxBytes {
		return "", false
	}
	n := 0
	for _, c := range all {
		if c.Name == name {
			n++
			value, ok = c.Value, !c.Quoted && octets(c.Value)
		}
	}
	return value, ok && n == 1
}

// FuzzRead holds Read to net/http's two parsers: it never returns a value that they would not, nor one of several,
// and it returns every value of a well-formed line.
func FuzzRead(f *testing.F) {
	for _, line := range []string{
		"sid=v", "a=1; sid=v; b=2", "sid=v; sid=w", `sid="v"`, "sid = v", "SID=v; sid=w", "\x00sid=v", "sid", "=sid",
		`$Version=1; sid="v; sid=w"`, "sid=a b", ";;;sid=v;", "\tsid=v ", "sid=v,sid=w",
	} {
		f.Add(line, "a=1")
		f.Add("sid=x", line)
	}
	f.Fuzz(func(t *testing.T, line, second string) {
		if strings.ContainsAny(line+second, "\r\n") {
			return // no server lets them into a header; net/http would trim them
		}
		r := request(line, second)
		got, err := cookies.Read(r, "sid")
		if err != nil && got != "" {
			t.Fatalf("%q beside the error %v", got, err)
		}
		named := r.CookiesNamed("sid")
		if err == nil && (len(named) != 1 || named[0].Value != got || named[0].Quoted || !octets(got)) {
			t.Fatalf("got %q, net/http %v", got, named)
		}
		got, err = cookies.Read(request(line), "sid")
		if want, ok := wellFormed(line, "sid"); ok && (got != want || err != nil) {
			t.Fatalf("got %q, %v, net/http %q", got, err, want)
		}
	})
}

var usual = request("_ga=GA1.1.1234567890.1700000000; theme=dark; __Host-csrftoken=abcdefghijklmnopqrstuvwxyzABCDEF; " +
	"__Host-sessionid=eyJrIjoidiJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE")

func TestReadAllocations(t *testing.T) {
	skipUnderRace(t)
	for _, name := range []string{"__Host-sessionid", "missing"} {
		if got := testing.AllocsPerRun(200, func() { _, _ = cookies.Read(usual, name) }); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cookies.Read(usual, "__Host-sessionid"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadNetHTTP is what net/http needs for the same.
func BenchmarkReadNetHTTP(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := usual.Cookie("__Host-sessionid"); err != nil {
			b.Fatal(err)
		}
	}
}

package cookies_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/cookies"
)

func cookie(t testing.TB, cfg cookies.Config, spec cookies.Spec) *cookies.Cookie {
	t.Helper()
	c, err := cookies.New(cfg, spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSet(t *testing.T) {
	plain := cookies.Config{InsecurePlainNames: true}
	for _, row := range []struct {
		name   string
		cfg    cookies.Config
		spec   cookies.Spec
		secure bool
		want   string
	}{
		{"on https the host prefix", cookies.Config{}, cookies.Spec{Name: "sid"}, true,
			"__Host-sid=v; HttpOnly; Path=/; SameSite=Lax; Secure"},
		{"on http the plain name", cookies.Config{}, cookies.Spec{Name: "sid"}, false,
			"sid=v; HttpOnly; Path=/; SameSite=Lax"},
		{"a domain rules out the host prefix", cookies.Config{}, cookies.Spec{Name: "sid", Domain: "example.com"}, true,
			"__Secure-sid=v; Domain=example.com; HttpOnly; Path=/; SameSite=Lax; Secure"},
		{"a path rules out the host prefix", cookies.Config{}, cookies.Spec{Name: "sid", Path: "/admin"}, true,
			"__Secure-sid=v; HttpOnly; Path=/admin; SameSite=Lax; Secure"},
		{"the path / written out does not", cookies.Config{}, cookies.Spec{Name: "sid", Path: "/"}, true,
			"__Host-sid=v; HttpOnly; Path=/; SameSite=Lax; Secure"},
		{"plain names on https are secure still", plain, cookies.Spec{Name: "sid"}, true,
			"sid=v; HttpOnly; Path=/; SameSite=Lax; Secure"},
		{"all of Django's attributes in Django's order", plain, cookies.Spec{
			Name: "sid", Domain: ".Example.com", Path: "/app", MaxAge: 14 * 24 * time.Hour, SameSite: http.SameSiteStrictMode,
		}, true, "sid=v; Max-Age=1209600; Domain=example.com; HttpOnly; Path=/app; SameSite=Strict; Secure"},
		{"for scripts", cookies.Config{}, cookies.Spec{Name: "csrftoken", ScriptReadable: true}, true,
			"__Host-csrftoken=v; Path=/; SameSite=Lax; Secure"},
		{"SameSite=None on https", cookies.Config{}, cookies.Spec{Name: "sid", SameSite: http.SameSiteNoneMode}, true,
			"__Host-sid=v; HttpOnly; Path=/; SameSite=None; Secure"},
		{"SameSite=None needs Secure, which http cannot have", cookies.Config{},
			cookies.Spec{Name: "sid", SameSite: http.SameSiteNoneMode}, false, "sid=v; HttpOnly; Path=/; SameSite=Lax"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := cookie(t, row.cfg, row.spec)
			w := httptest.NewRecorder()
			if err := c.Set(w, row.secure, "v"); err != nil {
				t.Fatal(err)
			}
			got := w.Header()["Set-Cookie"]
			if len(got) != 1 || got[0] != row.want {
				t.Fatalf("got %q, want %q", got, row.want)
			}
			parsed, err := http.ParseSetCookie(got[0])
			if err != nil || parsed.Name != c.Name(row.secure) || len(parsed.Unparsed) > 0 {
				t.Errorf("net/http reads %+v, %v, want the name %q", parsed, err, c.Name(row.secure))
			}
		})
	}
}

func TestSetForAndDelete(t *testing.T) {
	c := cookie(t, cookies.Config{}, cookies.Spec{Name: "sid", MaxAge: time.Hour})
	const rest = "; HttpOnly; Path=/; SameSite=Lax; Secure"
	const gone = "__Host-sid=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT" + rest
	for _, row := range []struct {
		name     string
		lifetime time.Duration
		want     string
	}{
		{"a lifetime", 90 * time.Second, "__Host-sid=v; Max-Age=90" + rest},
		{"until the browser closes", 0, "__Host-sid=v" + rest},
		{"a part of a second is dropped", 1999 * time.Millisecond, "__Host-sid=v; Max-Age=1" + rest},
		{"less than a second deletes, for it does not mean until the browser closes", 999 * time.Millisecond, gone},
		{"what has expired is deleted", -time.Hour, gone},
	} {
		w := httptest.NewRecorder()
		if err := c.SetFor(w, true, "v", row.lifetime); err != nil {
			t.Fatal(err)
		}
		if got := w.Header()["Set-Cookie"]; len(got) != 1 || got[0] != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	w := httptest.NewRecorder()
	c.Delete(w, true)
	if got := w.Header()["Set-Cookie"]; len(got) != 1 || got[0] != gone {
		t.Errorf("Delete: got %q, want %q", got, gone)
	}
}

func TestSetReplacesItsOwn(t *testing.T) {
	sid, cfg := cookie(t, cookies.Config{}, cookies.Spec{Name: "sid"}), cookies.Config{}
	other := cookie(t, cfg, cookies.Spec{Name: "si"})
	w := httptest.NewRecorder()
	earlier := []string{"__Host-sid=a; Path=/", "theirs=1; Path=/; __Host-sid=no", "__Host-sid=b", "__Host-sidx=2"}
	w.Header()["Set-Cookie"] = earlier
	if err := errors.Join(sid.Set(w, true, "first"), other.Set(w, true, "o"), sid.Set(w, true, "last")); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"__Host-sid=last; HttpOnly; Path=/; SameSite=Lax; Secure",
		"theirs=1; Path=/; __Host-sid=no",
		"__Host-sidx=2",
		"__Host-si=o; HttpOnly; Path=/; SameSite=Lax; Secure",
	}
	if got := w.Header()["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if earlier[0] != "__Host-sid=a; Path=/" || earlier[2] != "__Host-sid=b" {
		t.Errorf("the slice that stood in the header was changed: %q", earlier)
	}
	sid.Delete(w, true)
	if got := w.Header()["Set-Cookie"]; len(got) != 4 || !strings.HasPrefix(got[0], "__Host-sid=; Max-Age=0;") {
		t.Errorf("after Delete: %q", got)
	}
}

func TestSetRefusesValues(t *testing.T) {
	c := cookie(t, cookies.Config{}, cookies.Spec{Name: "sid"})
	const nameLength = len("__Host-sid")
	for _, row := range []struct {
		name, value string
		want        error
	}{
		{"Django's signed values", "eyJrIjoidiJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE", nil},
		{"no value", "", nil},
		{"every byte that may stand in a value", "!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~", nil},
		{"a line break", "a\r\nSet-Cookie: b=c", cookies.ErrValue},
		{"a line feed", "a\nb", cookies.ErrValue},
		{"a NUL", "a\x00b", cookies.ErrValue},
		{"a semicolon", "a; Domain=evil.example", cookies.ErrValue},
		{"a comma", "a,b", cookies.ErrValue},
		{"a space", "a b", cookies.ErrValue},
		{"a quote", `"a"`, cookies.ErrValue},
		{"a backslash", `a\054`, cookies.ErrValue},
		{"DEL", "a\x7f", cookies.ErrValue},
		{"beyond ASCII", "é", cookies.ErrValue},
		{"4096 bytes with the name", strings.Repeat("v", 4096-nameLength), nil},
		{"4097 bytes with the name", strings.Repeat("v", 4097-nameLength), cookies.ErrTooLong},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if got := c.Set(w, true, row.value); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
			if got := len(w.Header()); got != 0 && row.want != nil {
				t.Errorf("the header was written although the value was refused: %q", w.Header())
			}
			if got := w.Header().Get("Set-Cookie"); row.want == nil && !strings.HasPrefix(got, "__Host-sid="+row.value+";") {
				t.Errorf("got %q, want the value %q", got, row.value)
			}
		})
	}
}

func TestChecks(t *testing.T) {
	checktest.Run(t, cookies.Config.Checks, []checktest.Case[cookies.Config]{
		{ID: "cookies.W001", Raises: cookies.Config{InsecurePlainNames: true}, Clean: cookies.Config{}},
	})
}

// skipUnderRace skips a test that counts allocations.
func skipUnderRace(t *testing.T) {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("no build information")
	}
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector changes what is allocated")
	}
}

// A cookie costs its line and a place for it in the header, the maximum age of SetFor nothing more than its digits.
func TestSetAllocations(t *testing.T) {
	skipUnderRace(t)
	c := cookie(t, cookies.Config{}, cookies.Spec{Name: "sid", MaxAge: time.Hour})
	w := httptest.NewRecorder()
	for _, row := range []struct {
		name string
		want float64
		set  func() error
	}{
		{"Set", 2, func() error { return c.Set(w, true, "value") }},
		{"SetFor", 4, func() error { return c.SetFor(w, true, "value", 2*time.Hour) }},
		{"refused", 0, func() error { _ = c.Set(w, true, "val;ue"); return nil }},
	} {
		if got := testing.AllocsPerRun(200, func() {
			delete(w.Header(), "Set-Cookie")
			if err := row.set(); err != nil {
				t.Error(err)
			}
		}); got > row.want {
			t.Errorf("%s: %v allocations, want at most %v", row.name, got, row.want)
		}
	}
}

func BenchmarkSet(b *testing.B) {
	c := cookie(b, cookies.Config{}, cookies.Spec{Name: "sid", MaxAge: time.Hour})
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		delete(w.Header(), "Set-Cookie")
		if err := c.Set(w, true, "eyJrIjoidiJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE"); err != nil {
			b.Fatal(err)
		}
	}
}

package settings_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// level is a choice.
type level string

func (level) Choices() []string { return []string{"low", "high"} }

type limits struct {
	Max  int    `json:"max"`
	Name string `json:"name"`
}

// one loads a single value as a T.
func one[T any](t *testing.T, text string) (T, error) {
	t.Helper()
	cfg, err := settings.Load(t.Context(), struct {
		V T `env:"VALUE"`
	}{}, settings.Map("test", map[string]string{"VALUE": text}))
	return cfg.V, err
}

// want is a row: what a text is read as.
type want[T any] struct {
	text string
	want T
}

// accept checks that texts are read as wanted, and reject that they are refused without being shown.
func accept[T any](t *testing.T, rows ...want[T]) {
	t.Helper()
	for _, row := range rows {
		got, err := one[T](t, row.text)
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%T %q = %v, %v, want %v", got, row.text, got, err, row.want)
		}
	}
}

func reject[T any](t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		got, err := one[T](t, text)
		if err == nil {
			t.Errorf("%T %q was read as %v, want a refusal", got, text, got)
			continue
		}
		if len(strings.TrimSpace(text)) > len("https://") && strings.Contains(err.Error(), text) {
			t.Errorf("%T: the error holds the value: %v", got, err)
		}
	}
}

// Badinput 54: DEBUG="False", "0" and " true " mean what they say; whatever else is refused and never true.
func TestBool(t *testing.T) {
	accept(t, want[bool]{"False", false}, want[bool]{"0", false}, want[bool]{" true ", true}, want[bool]{"TRUE", true},
		want[bool]{"yes", true}, want[bool]{"No", false}, want[bool]{"on", true}, want[bool]{"OFF", false}, want[bool]{"1", true})
	reject[bool](t, "", " ", "2", "t", "f", "y", "ok", "enabled", "None", "falsch", "true false", "\x00")
}

func TestNumbers(t *testing.T) {
	accept(t, want[int]{"0", 0}, want[int]{" -17 ", -17}, want[int]{"9223372036854775807", 9223372036854775807})
	reject[int](t, "", "1.0", "0x10", "1_000", "1e3", "9223372036854775808", "seventeen")
	accept(t, want[int8]{"127", 127})
	reject[int8](t, "128")
	accept(t, want[uint16]{"65535", 65535})
	reject[uint16](t, "65536", "-1")
	accept(t, want[float64]{"1.5", 1.5}, want[float64]{"-2", -2}, want[float64]{"1e3", 1000})
	reject[float64](t, "", "NaN", "Inf", "1,5", "1e999")
}

// Django's *_SECONDS and *_AGE are numbers of seconds.
func TestDuration(t *testing.T) {
	accept(t, want[time.Duration]{"31536000", 365 * 24 * time.Hour}, want[time.Duration]{"0", 0},
		want[time.Duration]{"1h30m", 90 * time.Minute}, want[time.Duration]{"250ms", 250 * time.Millisecond})
	reject[time.Duration](t, "", "1.5", "1 hour", "1d", "9223372036854775807", "-9223372036854775808")
}

func TestSize(t *testing.T) {
	accept(t, want[settings.Size]{"2621440", 2621440}, want[settings.Size]{"10MB", 10_000_000},
		want[settings.Size]{"2.5MiB", 2621440}, want[settings.Size]{"1 kb", 1000}, want[settings.Size]{"0", 0},
		want[settings.Size]{"1KiB", 1024}, want[settings.Size]{"7B", 7})
	reject[settings.Size](t, "", "-1", "1.5", "0.0001KB", "MB", "10M", "1e6", "1/2", ".5MB", "9999999TB", "10 Mb/s")
	for size, text := range map[settings.Size]string{0: "0B", 1000: "1KB", 1024: "1KiB", 1025: "1025B", 3 << 20: "3MiB"} {
		if got := size.String(); got != text {
			t.Errorf("Size(%d).String() = %q, want %q", int64(size), got, text)
		}
	}
}

// Badinput 54: the empty text is an empty list, and spaces do not belong to the elements.
func TestLists(t *testing.T) {
	accept(t, want[[]string]{"", []string{}}, want[[]string]{"  ", []string{}}, want[[]string]{"a, b", []string{"a", "b"}},
		want[[]string]{"a", []string{"a"}})
	reject[[]string](t, "a,", ",a", "a,,b", ",")
	accept(t, want[[]int]{"1, 2", []int{1, 2}})
	reject[[]int](t, "1, two")
	accept(t, want[[]level]{"low,high", []level{"low", "high"}})
	accept(t, want[[]secret.Text]{"one, two", []secret.Text{secret.New("one"), secret.New("two")}})
	accept(t, want[map[string]string]{"", map[string]string{}}, want[map[string]string]{"a=1, b = x=y", map[string]string{"a": "1", "b": "x=y"}})
	reject[map[string]string](t, "a", "=1", "a=1,a=2", "a=1,")
	accept(t, want[map[string]int]{"a=1", map[string]int{"a": 1}})
	reject[map[string]int](t, "a=one")
}

func TestAddresses(t *testing.T) {
	accept(t, want[netip.Addr]{" 192.0.2.1 ", netip.MustParseAddr("192.0.2.1")}, want[netip.Addr]{"2001:db8::1", netip.MustParseAddr("2001:db8::1")})
	reject[netip.Addr](t, "", "localhost", "192.0.2.256", "fe80::1%eth0", "192.0.2.1:80")
	accept(t, want[netip.Prefix]{"192.0.2.0/24", netip.MustParsePrefix("192.0.2.0/24")},
		want[netip.Prefix]{"192.0.2.1", netip.MustParsePrefix("192.0.2.1/32")},
		want[netip.Prefix]{"2001:db8::1", netip.MustParsePrefix("2001:db8::1/128")},
		want[netip.Prefix]{"::ffff:192.0.2.1", netip.MustParsePrefix("192.0.2.1/32")})
	reject[netip.Prefix](t, "", "10.0.0.1/8", "::ffff:10.0.0.0/104", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "private")
}

// RFC 6454, section 6.2: an origin is serialised in lower case and without the scheme's default port.
func TestOrigin(t *testing.T) {
	accept(t, want[settings.Origin]{"https://www.example.com", "https://www.example.com"},
		want[settings.Origin]{"HTTPS://WWW.Example.COM:443", "https://www.example.com"},
		want[settings.Origin]{"http://localhost:8000", "http://localhost:8000"}, want[settings.Origin]{"http://192.0.2.1:80", "http://192.0.2.1"},
		want[settings.Origin]{"https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443"},
		want[settings.Origin]{"https://[2001:db8::1]", "https://[2001:db8::1]"})
	reject[settings.Origin](t, "", "example.org", "https://", "https://example.com/", "https://example.com/path", "https://user@example.com",
		"https://*.example.com", "ftp://example.com", "https://example.com:0", "https://example.com:65536", "https://exämple.com",
		"https://a..b", "https://-a.com", "https://1.2.3", "https://example.com:", "null", "https://a,b", "https://a.com?x", "https://a.com#x")
}

func TestURL(t *testing.T) {
	got, err := one[*url.URL](t, " https://user:p%23w@example.com/path?q=1 ")
	if err != nil {
		t.Fatal(err)
	}
	if password, _ := got.User.Password(); password != "p#w" || got.Host != "example.com" {
		t.Errorf("got host %q, want example.com with the password decoded", got.Host)
	}
	if _, err := one[url.URL](t, "https://example.com"); err != nil {
		t.Errorf("a url.URL that is no pointer: %v", err)
	}
	accept(t, want[string]{" kept as it is ", " kept as it is "})
	reject[*url.URL](t, "", "/path", "example.org", "mailto:a@example.com", "https://", "https:///path", "https://us er@host",
		"https://user:p#w@host/", "https://user:12#w@host/", "https://user:12/w@host/", "https://user:12?w@host/", "https://u:p@w@host/", "https://u:p%w@host/")
}

func TestChoiceJSONAndText(t *testing.T) {
	accept(t, want[level]{"low", "low"}, want[level]{" high ", "high"}, want[level]{"LOW", "low"}, want[level]{"High", "high"})
	reject[level](t, "", "lo", "lowest", "low,high")
	accept(t, want[slog.Level]{"warn", slog.LevelWarn})
	reject[slog.Level](t, "loudly")
	type holder struct {
		L limits         `env:"LIMITS,json"`
		M map[string]int `env:"MAP,json"`
	}
	load := func(text string) (holder, error) {
		return settings.Load(t.Context(), holder{}, settings.Map("test", map[string]string{"LIMITS": text}))
	}
	if got, err := load(`{"max": 3, "name": "n"}`); err != nil || got.L != (limits{3, "n"}) {
		t.Errorf("JSON = %v, %v", got, err)
	}
	for _, text := range []string{"", "{", `{"max": "three"}`, `{"maximum": 3}`, `{} {}`, `{"max": 3}x`} {
		if _, err := load(text); err == nil || !strings.Contains(err.Error(), "LIMITS (test)") {
			t.Errorf("JSON %q = %v, want a fault", text, err)
		}
	}
}

func TestRefusalsNameTheChoices(t *testing.T) {
	_, err := one[level](t, "sneaky")
	want := "settings: VALUE (test): is none of the possible values: use low, high"
	if fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What is read and written again is read alike, and an origin has nothing in it but scheme, host and port.
func FuzzTypes(f *testing.F) {
	for _, seed := range []string{"https://www.example.com:443", "http://[::1]:8000", "2.5MiB", "10MB", "10.0.0.0/8", "::ffff:192.0.2.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if o, err := settings.ParseOrigin(text); err == nil {
			again, err := settings.ParseOrigin(string(o))
			u, err2 := url.Parse(string(o))
			if err != nil || again != o || err2 != nil || u.Scheme+"://"+u.Host != string(o) {
				t.Errorf("origin %q: %q, then %q, %v, %v", text, o, again, err, err2)
			}
		}
		var s, again settings.Size
		if s.UnmarshalText([]byte(text)) == nil && (again.UnmarshalText([]byte(s.String())) != nil || again != s || s < 0) {
			t.Errorf("size %q: %d, then %d", text, int64(s), int64(again))
		}
		if p, err := one[netip.Prefix](t, text); err == nil && (p != p.Masked() || p.Addr().Is4In6()) {
			t.Errorf("prefix %q: %v", text, p)
		}
	})
}

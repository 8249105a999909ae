package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/airworthy-go/airworthy/secret"
)

func TestMask(t *testing.T) {
	m := secret.NewMask(secret.New("hunter2hunter2"), secret.New("hunter2hunter2-longer"), secret.New("short"))
	for in, want := range map[string]string{
		"a hunter2hunter2 b":     "a [redacted] b",
		"hunter2hunter2-longer":  "[redacted]",
		"a short word stays":     "a short word stays",
		"":                       "",
		"hunter2 alone may stay": "hunter2 alone may stay",
	} {
		if got := m.String(in); got != want {
			t.Errorf("String(%q) = %q, want %q", in, got, want)
		}
	}
	if got := (secret.Mask{}).String("x"); got != "x" {
		t.Errorf("the zero Mask changed %q to %q", "x", got)
	}
}

func TestMaskFindsAValueInOtherForms(t *testing.T) {
	value := "p\"w/ö <x>&+%\n;end"
	m := secret.NewMask(secret.New(value))
	j, err := json.Marshal(map[string]string{"k": value})
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{
		"Go":       fmt.Sprintf("%q", value),
		"Go ASCII": fmt.Sprintf("%+q", value),
		"JSON":     string(j),
		"query":    "https://x/?k=" + url.QueryEscape(value),
		"path":     "https://x/" + url.PathEscape(value),
		"userinfo": (&url.URL{Scheme: "postgres", User: url.UserPassword("u", value), Host: "h"}).String(),
		"base64":   base64.StdEncoding.EncodeToString([]byte(value)),
	} {
		if got := m.String(text); strings.Contains(got, "end") || !strings.Contains(got, secret.Redacted) {
			t.Errorf("%s: the value is left standing in a text of %d bytes", form, len(text))
		}
	}
}

func TestMaskOfACleanTextAllocatesNothing(t *testing.T) {
	m := secret.NewMask(secret.New("hunter2hunter2"), secret.New("another secret value"))
	if n := testing.AllocsPerRun(100, func() { _ = m.String("an ordinary line of a log") }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// Values that look random, of the kinds that there are.
var looksRandom = map[string]string{
	"base32":        "PJ5XKQ3VZ7WTRB2NYH6MLDGC4A",
	"hexadecimal":   "9f86d081884c7d659a2feaa0c55ad015",
	"base64":        "q7Zp+3Xk/9LwT0vBnR5sJd8HfYc2MgUe==",
	"base64url":     "kR3_vZ-8xQ0pLw7T_nYb2Jd5-HsGfVcX",
	"Django's":      "7v&x)q2(z$k9@w!p5#j0^b8*m_r-t4=h6n3%c1+f",
	"random words":  "XK7QP2ZV_9TRW4MJH8_BN3FDG6LYC5",
	"beyond ASCII":  "T8é<q7&Zp3Xk9LöT0vBnR5%sJd8/HfYc2",
	"short words":   "aB7_c9D-eF3_gH6-kR3vZ8xQ0pLw7TnYb2Jd5",
	"bytes":         "\xf1Zp3Xk\xe29LwT0vBnR5\xc3sJd8\xd4HfYc2",
	"a PEM's lines": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHk3x9QzV7bW\nR2tPq8nLdJ5fXyTgUo0sZr6wHvKcEaNm\n-----END PRIVATE KEY-----\n",
}

// printed are the ways in which a part of a value gets into a text. Half is some of the bytes.
var printed = map[string]func(half string) string{
	"plain":                   func(s string) string { return s },
	"quoted":                  func(s string) string { q := fmt.Sprintf("%q", s); return q[1 : len(q)-1] },
	"ASCII":                   func(s string) string { q := fmt.Sprintf("%+q", s); return q[1 : len(q)-1] },
	"query":                   url.QueryEscape,
	"path":                    url.PathEscape,
	"lower":                   strings.ToLower,
	"upper":                   strings.ToUpper,
	"hex":                     func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":                     func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64":                  func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 behind one byte":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte(":" + s)) },
	"base64 behind two bytes": func(s string) string { return base64.URLEncoding.EncodeToString([]byte("u:" + s + "!")) },
}

// shows reports whether eight bytes of value, in any of the forms, stand in text. It is written from the promise and
// shares nothing with the mask.
func shows(text, value string) bool {
	for at := 0; at+8 <= len(value); at++ {
		part := value[at : at+8]
		for name, print := range printed {
			form := print(part)
			switch name {
			case "base64":
				form = form[:10]
			case "base64 behind one byte":
				form = form[2:12]
			case "base64 behind two bytes":
				form = form[3:13]
			}
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

func TestPartsOfRandomValuesAreFound(t *testing.T) {
	for kind, value := range looksRandom {
		if strings.Contains(value, "\n") {
			continue // below
		}
		m := secret.NewMask(secret.New(value))
		for form, print := range printed {
			for from := range len(value) {
				for to := from + 8; to <= len(value); to++ {
					if utf8.ValidString(value) && !utf8.ValidString(value[from:to]) {
						continue
					}
					text := "of " + print(value[from:to]) + " it"
					got := m.String(text)
					if shows(got, value) || !strings.Contains(got, secret.Redacted) {
						t.Fatalf("%s, %s: bytes %d to %d are left in %q", kind, form, from, to, got)
					}
					if !strings.HasPrefix(got, "of ") || !strings.HasSuffix(got, " it") {
						t.Fatalf("%s, %s: the text around bytes %d to %d is lost: %q", kind, form, from, to, got)
					}
				}
			}
			if short := print(value[9:15]); m.String(short) != short && len(short) < 10 {
				t.Errorf("%s, %s: six bytes are blackened", kind, form)
			}
		}
	}
}

func TestLinesOfAFileAreFound(t *testing.T) {
	m := secret.NewMask(secret.New(looksRandom["a PEM's lines"]))
	for text, want := range map[string]string{
		"bad line MC4CAQAwBQYDK2VwBCIEIHk3x9QzV7bW": "bad line [redacted]",
		"… 8nLdJ5fXyTgU …":                          "… [redacted] …",
		"-----BEGIN PRIVATE KEY-----":               "-----BEGIN PRIVATE KEY-----",
	} {
		if got := m.String(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What is made of words is masked whole, in every form, and its words are left alone.
func TestWordsAreMaskedWholeOnly(t *testing.T) {
	for _, value := range []string{
		"postgres", "postgrespostgres1234", "correct horse battery staple", "CorrectHorseBatteryStaple9", "hunter2hunter2",
		"my-super-long-secret-passphrase-of-2024", "postgres://app:XK7QP2ZV9TRW4MJH8BN3@db.example.com/bulletin",
		"0123456789012345678901234567", "aaaaaaaaaaaaaaaabbbbbbbbbbbbb", "host=db.example.com user=bulletin sslmode=verify-full",
		"пароль-от-базы-db-данных", "ab1ab1ab1ab1ab1ab1ab1ab1ab1", "Donaudampfschifffahrtsgesellschaft", "django-insecure-development-only",
	} {
		m := secret.NewMask(secret.New(value))
		for from := range len(value) {
			for to := from + 1; to <= len(value); to++ {
				if part := value[from:to]; len(part) < len(value) && m.String(part) != part {
					t.Errorf("%q: the part %q is blackened", value, part)
				}
			}
		}
		for form, print := range printed {
			text := "of " + print(value) + " it"
			got := m.String(text)
			if !strings.Contains(got, secret.Redacted) || shows(got, value) && !strings.HasPrefix(form, "base64 ") {
				t.Errorf("%q, %s: left in %q", value, form, got)
			}
		}
	}
}

func TestLabelsAndWordsInRandomValuesAreLeftAlone(t *testing.T) {
	for _, value := range []string{
		"aw1_production_20261122T193000Z_PJ5XKQ3VZ7WTRB2NYH6MLDGC4APJ5XKQ3VZ7WTRB2NYH6MLDGC4A", "sk_live_9f86d081884c7d659a2feaa0c55ad015",
		"github_pat_9f86d081884c7d659a2feaa0c55ad015", "AccountKey=q7Zp+3Xk/9LwT0vBnR5sJd8HfYc2MgUe==",
		"PJ5XKQ3VZ7WTRB2production7NYH6MLDGC4A",
	} {
		m := secret.NewMask(secret.New(value))
		label := value[:strings.LastIndexAny(strings.TrimRight(value, "="), "_=")+1]
		for _, text := range []string{
			label, "key " + label + "… is old", "production", "in production", "aw1_production_20261122T193000Z_", "sk_live_", "AccountKey=", "20261122",
		} {
			if got := m.String(text); got != text {
				t.Errorf("%q: %q became %q", value, text, got)
			}
		}
		if got := m.String("<" + value + ">"); got != "<[redacted]>" {
			t.Errorf("%q: whole it became %q", value, got)
		}
		if got := m.String(value[len(value)-12:]); got != secret.Redacted {
			t.Errorf("%q: its end became %q", value, got)
		}
	}
}

func TestMaskOfSeveralValues(t *testing.T) {
	a, b := looksRandom["base32"], looksRandom["hexadecimal"]
	m := secret.NewMask(secret.New(a), secret.New(b), secret.New("postgres"), secret.New(a+"postgres"))
	for text, want := range map[string]string{
		a + b:                    "[redacted][redacted]",
		a + " " + b:              "[redacted] [redacted]",
		a + "postgres":           "[redacted]",
		a[5:] + "postgres":       "[redacted]",
		"postgres" + b[3:20]:     "[redacted][redacted]",
		"a postgresql of " + a:   "a [redacted]ql of [redacted]",
		a[:10] + "-" + a[10:]:    "[redacted]-[redacted]",
		a[:7] + " " + a[7:14]:    a[:7] + " " + a[7:14],
		b[:16] + a[3:9] + b[20:]: "[redacted]" + a[3:9] + "[redacted]",
	} {
		if got := m.String(text); got != want {
			t.Errorf("String(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLongValues(t *testing.T) {
	long := ""
	for len(long) < 100<<10 {
		long += looksRandom["base64url"][len(long)%7:] + "\n"
	}
	before := memory()
	m := secret.NewMask(secret.New(long))
	if grew := memory() - before; grew > 8<<20 {
		t.Errorf("a value of 100 KiB takes %d KiB", grew>>10)
	}
	if got := m.String("x" + long + "y"); got != "x[redacted]y" {
		t.Errorf("whole it is left standing in %d bytes", len(got))
	}
}

func memory() int {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.HeapAlloc)
}

// Rotations leave nothing behind.
func TestMemoryIsConstantOverRotations(t *testing.T) {
	var live atomic.Pointer[secret.Mask]
	var former, newest string
	rotate := func(n int) {
		for range n {
			values := randoms(2)
			former, newest = newest, values[0].Reveal()
			m := secret.NewMask(values...)
			live.Store(&m)
		}
	}
	rotate(10)
	before := memory()
	rotate(10_000)
	if grew := memory() - before; grew > 256<<10 {
		t.Errorf("10,000 rotations left %d KiB", grew>>10)
	}
	if got := live.Load().String(newest + " " + former); got != secret.Redacted+" "+former {
		t.Errorf("the newest value and the former one became %q", got)
	}
}

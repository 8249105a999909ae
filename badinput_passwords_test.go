package airworthy_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/password"
)

// patient counts failures and locks nobody, so that a test can try often from one place.
func patient(s *airworthy.Settings) {
	many := lockout.Budget{Failures: 10_000}
	s.Lockout = lockout.Config{Account: many, Network: many, Pair: many, Device: many}
}

func TestBadInputPasswordText(t *testing.T) {
	c := newClub(t, behindProxy, patient).listen()
	long := strings.Repeat("wild geese ", 7)[:72]
	members := map[string]string{} // by password
	for i, row := range []struct {
		name, chosen, typed string
		status              int
	}{
		{"30: 73 bytes", long + "a", long + "a", 303},
		{"30: the first 72 of 73 bytes", long + "a", long, 422},
		{"30: another 73rd byte", long + "a", long + "b", 422},
		{"30: a 73rd byte behind 72", long, long + "a", 422},
		{"30: a zero byte", "wild\x00geese at noon", "wild\x00geese at noon", 303},
		{"30: what stands before the zero byte", "wild\x00geese at noon", "wild", 422},
		{"30: something else behind the zero byte", "wild\x00geese at noon", "wild\x00ducks at noon", 422},
		{"30: a zero byte at the end", geese, geese + "\x00", 422},
		{"30: composed, typed composed", "caf\u00e9 au lait at noon", "caf\u00e9 au lait at noon", 303},
		{"30: composed, typed decomposed", "caf\u00e9 au lait at noon", "cafe\u0301 au lait at noon", 303},
		{"30: decomposed, typed composed", "the\u0301 au lait at noon", "th\u00e9 au lait at noon", 303},
		{"30: without the accent", "caf\u00e9 au lait at noon", "cafe au lait at noon", 422},
		{"30: typed in full width", geese, "\uff53even wild geese at noon", 303},
		{"30: chosen in full width", "\uff54wo wild geese at noon", "two wild geese at noon", 303},
		{"30: in other case", geese, "Seven wild geese at noon", 422},
		{"30: a space before", geese, " " + geese, 422},
		{"30: a space behind", geese, geese + " ", 422},
		{"30: a new line behind", geese, geese + "\n", 422},
		{"30: chosen with spaces around", "  six wild geese at noon ", "  six wild geese at noon ", 303},
		{"30: chosen with spaces, typed without", "  six wild geese at noon ", "six wild geese at noon", 422},
		{"30: no UTF-8 behind", geese, geese + "\xff", 422},
		{"30: what no UTF-8 is replaced with", geese + "\ufffd", geese + "\xff", 422},
		{"30: as long as may be", strings.Repeat("wild geese ", 373)[:password.MaxLength], strings.Repeat("wild geese ", 373)[:password.MaxLength], 303},
		{"30: one byte longer", strings.Repeat("wild geese ", 373)[:password.MaxLength], strings.Repeat("wild geese ", 373)[:password.MaxLength+1], 422},
		{"30: a megabyte", geese, strings.Repeat(geese, 1<<20/len(geese)), 413},
		{"30: none", geese, "", 422},
	} {
		t.Run(row.name, func(t *testing.T) {
			if members[row.chosen] == "" {
				members[row.chosen] = fmt.Sprintf("member%d", i)
				if _, err := c.app.Accounts().Create(t.Context(), accounts.User{Username: members[row.chosen], Active: true}, row.chosen); err != nil {
					t.Fatal(err)
				}
			}
			c.from("198.51.100.1").login(members[row.chosen], row.typed).want(t, row.status)
		})
	}
	for _, row := range []struct{ name, chosen string }{
		{"30: sign up with one byte too many", strings.Repeat("wild geese ", 373)[:password.MaxLength+1]},
		{"30: sign up with no UTF-8", geese + "\xff"},
		{"30: sign up with a megabyte", strings.Repeat(geese, 1<<20/len(geese))},
		{"30: sign up without one", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			within(t, time.Second, func() {
				a := c.from("198.51.100.2").signUp("eve", "eve@example.org", row.chosen)
				if len(row.chosen) > 1<<16 {
					a.want(t, 413)
				} else {
					a.refuses(t, "password")
				}
			})
			if twins, err := c.users.Twins(t.Context(), "eve"); err != nil || len(twins) != 0 {
				t.Errorf("the account is there (%v)", err)
			}
		})
	}
	t.Run("30: one byte too many without a form", func(t *testing.T) {
		for n, want := range map[int]error{password.MaxLength: nil, password.MaxLength + 1: password.ErrTooLong} {
			if _, err := c.app.Passwords().Hash(t.Context(), strings.Repeat("x", n)); !errors.Is(err, want) {
				t.Errorf("%d bytes: %v, want %v", n, err, want)
			}
		}
	})
	t.Run("30: a megabyte without a form", func(t *testing.T) {
		h, huge := c.app.Passwords(), strings.Repeat("\u0300", 1<<20)
		within(t, time.Second, func() {
			for range 100 {
				if _, err := h.Hash(t.Context(), huge); !errors.Is(err, password.ErrTooLong) {
					t.Fatalf("hashing it: %v", err)
				}
				if v, err := h.Verify(t.Context(), huge, ""); v.OK || err != nil {
					t.Fatalf("verifying it: %v, %v", v, err)
				}
			}
		})
	})
}

// TestBadInputBcrypt has users whose hashes another program made with bcrypt, which looks at 72 bytes.
func TestBadInputBcrypt(t *testing.T) {
	long := strings.Repeat("wild geese ", 7)[:72]
	made, err := bcrypt.GenerateFromPassword([]byte(long), bcrypt.MinCost) // as they make it of anything that begins so
	if err != nil {
		t.Fatal(err)
	}
	imported := func(u *accounts.User) { u.Password = "bcrypt$" + string(made) }
	c := newClub(t, behindProxy, patient, func(s *airworthy.Settings) { s.Passwords.Hashers = []string{"argon2", "bcrypt"} }).listen()
	u := c.member("ada", imported)
	for _, row := range []struct {
		name, typed string
		status      int
	}{
		{"30: bcrypt, 71 bytes", long[:71], 422},
		{"30: bcrypt, another byte in 72", long[:71] + "x", 422},
		{"30: bcrypt, what was chosen, of which it knew 72", long + "a", 303},
		{"30: bcrypt, 72 bytes after the login", long, 422},
		{"30: bcrypt, another 73rd byte after the login", long + "b", 422},
		{"30: bcrypt, what was chosen after the login", long + "a", 303},
	} {
		t.Run(row.name, func(t *testing.T) { c.from("198.51.100.1").login("ada", row.typed).want(t, row.status) })
	}
	if u, err := c.users.ByID(t.Context(), u.ID); err != nil || !strings.HasPrefix(u.Password, "argon2$") {
		t.Errorf("30: after a login the hash is not argon2's (%v)", err)
	}
	c = newClub(t, behindProxy, func(s *airworthy.Settings) {
		s.Passwords.Hashers, s.Passwords.Bcrypt.Cost = []string{"bcrypt"}, bcrypt.MinCost
	}).listen()
	for _, row := range []struct {
		name, chosen string
		good         bool
	}{
		{"30: a new bcrypt hash of 73 bytes", long + "a", false},
		{"30: a new bcrypt hash with a zero byte", "wild\x00geese at noon", false},
		{"30: a new bcrypt hash of 72 bytes", long, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := c.from("198.51.100.1").signUp("eve", "eve@example.org", row.chosen)
			if row.good {
				a.want(t, 303, "/")
			} else {
				a.refuses(t, "password")
			}
		})
	}
}

func TestBadInputHashes(t *testing.T) {
	c := newClub(t, behindProxy, patient).listen()
	c.member("known")
	b64 := base64.RawStdEncoding.EncodeToString
	salt, digest := b64([]byte("saltsaltsaltsalt")), b64([]byte(strings.Repeat("d", 32)))
	argon2 := func(params, salt, digest string) string {
		return "argon2$argon2id$v=19$" + params + "$" + salt + "$" + digest
	}
	wrong := normal(c.from("198.51.100.1").login("known", "wrong"), "known")
	for i, row := range []struct{ name, encoded string }{
		{"31: 4 GiB of memory", argon2("m=4194304,t=1,p=1", salt, digest)},
		{"31: a thousand million passes", argon2("m=64,t=1000000000,p=1", salt, digest)},
		{"31: a million lanes", argon2("m=64,t=1,p=1000000", salt, digest)},
		{"31: a thousand million iterations", "pbkdf2_sha256$1000000000$saltsaltsaltsalt$" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("d", 32)))},
		{"31: no digest", argon2("m=64,t=1,p=1", salt, "")},
		{"31: a short salt", argon2("m=64,t=1,p=1", b64([]byte("salt")), digest)},
		{"31: an unknown algorithm", "md7$saltsaltsaltsalt$" + digest},
		{"31: one $ more", argon2("m=64,t=1,p=1", salt, digest) + "$"},
		{"31: one $ more before it", "argon2$" + argon2("m=64,t=1,p=1", salt, digest)[len("argon2"):]},
		{"31: the password itself", geese},
	} {
		t.Run(row.name, func(t *testing.T) {
			name := "evil" + string(rune('a'+i))
			c.member(name, func(u *accounts.User) { u.Password = row.encoded })
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			within(t, time.Second, func() {
				if got := normal(c.from("198.51.100.1").login(name, geese), name); got != wrong {
					t.Errorf("the answer is not that of a wrong password:\n%s\nwant\n%s", got, wrong)
				}
			})
			if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 64<<20 {
				t.Errorf("it took %d MiB", (after.TotalAlloc-before.TotalAlloc)>>20)
			}
			if n := c.events(`"event":"airworthy.security.HashRefused"`); n != i+1 {
				t.Errorf("the log tells %d times of a refused hash, want %d", n, i+1)
			}
		})
	}
	for _, part := range []string{salt, digest, "saltsalt", geese} {
		if strings.Contains(c.log.String(), part) {
			t.Errorf("31: the log holds %q", part)
		}
	}
}

var unlike = regexp.MustCompile(`nonce="[^"]*"|'nonce-[^']*'|name="csrfmiddlewaretoken" value="[^"]*"|__Host-csrftoken=[^;]*`)

// normal returns an answer without what differs between any two: nonces, tokens, the time and the name that was typed.
func normal(a *answer, name string) string {
	var b strings.Builder
	fmt.Fprintln(&b, a.Status)
	for _, header := range slices.Sorted(maps.Keys(a.Header)) {
		if header != "Date" && header != "X-Request-Id" && header != "Expires" {
			fmt.Fprintln(&b, header, a.Header[header])
		}
	}
	return strings.ReplaceAll(unlike.ReplaceAllString(b.String()+a.body, "…"), name, "NAME")
}

func TestBadInputSimilar(t *testing.T) {
	c := newClub(t, behindProxy, patient).listen()
	words, name, most := strings.Repeat("a.", 7000), strings.Repeat("wild.geese", 15), strings.Repeat("a.b", password.MaxLength/3)
	const email = "eve@example.org"
	for _, row := range []struct {
		name                      string
		username, email, password string
		refused                   []string // fields; none for a form that is too large as a whole
	}{
		{"37: a name of 14 kB", words, email, geese, []string{"username"}},
		{"37: an address of 14 kB", "eve", words, geese, []string{"email"}},
		{"37: a name and an address of many words, and a password as long as may be", words[:3500], words[:3500], most, []string{"username", "email", "password"}},
		{"37: a password like a name of 6 kB", words[:6000], email, words[:4000], []string{"username", "password"}},
		{"37: a name of more than a form may have", words + words, email, geese, nil},
		{"37: a password like a name as long as may be", name, email, name + "1", []string{"password"}},
		{"37: a password like an address as long as may be", "eve", longest, longest[1:], []string{"password"}},
		{"37: a password like a word of an address as long as may be", "eve", longest, "tameducksatdawnx", []string{"password"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			within(t, time.Second, func() {
				a := c.from("198.51.100.1").signUp(row.username, row.email, row.password)
				if row.refused == nil {
					a.want(t, 413)
				} else {
					a.refuses(t, row.refused...)
				}
			})
		})
	}
	t.Run("37: a user with a maximal address changes the password", func(t *testing.T) {
		g := c.from("198.51.100.1")
		within(t, time.Second, func() { g.signUp("eve", longest, geese).want(t, 303, "/") })
		for _, word := range []string{longest, "TameDucksAtDawn", strings.ToUpper(longest)} {
			g.post("/account/password/", "old", geese, "password", word, "again", word).refuses(t, "password")
		}
		within(t, time.Second, func() {
			word := strings.Repeat("a.b@c-d ", password.MaxLength/8)
			g.post("/account/password/", "old", geese, "password", word, "again", word).want(t, 303)
		})
	})
}

// longest is an address of 254 characters.
var longest = strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 20)+".", 8) + "tameducksatdawnxxx.ex"

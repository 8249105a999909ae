package django_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/hosts"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// hostCase is one Host header and the list that judges it.
type hostCase struct {
	allowed []string
	debug   bool
	host    string
}

const refusesToStart = "refuses to start"

// oursOnHost is what a chain of a Guard and an application answers.
func oursOnHost(t *testing.T, c hostCase) string {
	t.Helper()
	g, err := hosts.New(hosts.Config{Allowed: c.allowed, Debug: c.debug, Logger: silent})
	if err != nil {
		return refusesToStart
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = c.host
	w := httptest.NewRecorder()
	g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	if (w.Code == http.StatusOK) != (g.Check(c.host) == nil) {
		t.Errorf("%+v: status %d, Check says %v", c, w.Code, g.Check(c.host))
	}
	if w.Code == http.StatusOK {
		return "allowed"
	}
	return fmt.Sprint(w.Code)
}

// Host headers, as Django's documentation has them.
var hostSyntax = regexp.MustCompile(`^(?i:([a-z0-9.-]+)|\[([a-f0-9:.]*)\])(?::([0-9]+))?$`)

// parts returns a Host header's name or the inside of its brackets, and its port.
func parts(host string) (name, inside, port string) {
	if m := hostSyntax.FindStringSubmatch(host); m != nil {
		return strings.ToLower(strings.TrimSuffix(m[1], ".")), m[2], m[3]
	}
	return "", "", ""
}

// numeric matches names that URL parsers take for IPv4 addresses.
var numeric = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)\.*$`)

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n <= 65535
}

func isAddr(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func startable(allowed []string) bool {
	_, err := hosts.New(hosts.Config{Allowed: allowed, Logger: silent})
	return err == nil
}

func hostDifferences() []difference[hostCase] {
	refused := func(f func(name, inside, port string) bool) func(hostCase, string, string) bool {
		return func(c hostCase, ours, django string) bool {
			return ours == "400" && django == "allowed" && f(parts(c.host))
		}
	}
	allowed := func(f func(c hostCase, name, inside string) bool) func(hostCase, string, string) bool {
		return func(c hostCase, ours, django string) bool {
			name, inside, _ := parts(c.host)
			return ours == "allowed" && django == "400" && f(c, name, inside)
		}
	}
	return []difference[hostCase]{{
		id: "D1", kind: stricter, example: hostCase{[]string{"*.example.com", "example.com"}, false, "example.com"},
		ours: refusesToStart, django: "allowed",
		is: func(c hostCase, ours, _ string) bool { return ours == refusesToStart && !startable(c.allowed) },
	}, {
		id: "D2", kind: stricter, example: hostCase{[]string{"example.com"}, false, "example.com:65536"}, ours: "400", django: "allowed",
		is: refused(func(_, _, port string) bool { return port != "" && !isPort(port) }),
	}, {
		id: "D3", kind: stricter, example: hostCase{[]string{"*"}, false, "[1:2]"}, ours: "400", django: "allowed",
		is: refused(func(_, inside, _ string) bool { return inside != "" && !isAddr(inside) }),
	}, {
		id: "D4", kind: stricter, example: hostCase{[]string{"*"}, false, "127.1"}, ours: "400", django: "allowed",
		is: refused(func(name, _, _ string) bool { return numeric.MatchString(name) && !isAddr(name) }),
	}, {
		id: "D5", kind: stricter, example: hostCase{[]string{"*"}, false, strings.Repeat("a", 256)}, ours: "400", django: "allowed",
		is: refused(func(name, _, _ string) bool { return len(name) > 255 }),
	}, {
		id: "D6", kind: wider, example: hostCase{[]string{"[::1]"}, false, "[0:0:0:0:0:0:0:1]"}, ours: "allowed", django: "400",
		is: allowed(func(c hostCase, _, inside string) bool {
			addr, err := netip.ParseAddr(inside)
			return err == nil && slices.ContainsFunc(append(c.allowed, "[::1]"), func(entry string) bool {
				a, err := netip.ParseAddr(strings.Trim(entry, "[]"))
				return err == nil && a == addr && !strings.EqualFold(entry, "["+inside+"]")
			})
		}),
	}, {
		id: "D7", kind: wider, example: hostCase{[]string{"10.0.0.0/8"}, false, "10.1.2.3"}, ours: "allowed", django: "400",
		is: allowed(func(c hostCase, name, inside string) bool {
			addr, err := netip.ParseAddr(name + inside)
			return err == nil && slices.ContainsFunc(c.allowed, func(entry string) bool {
				p, err := netip.ParsePrefix(entry)
				return err == nil && p.Contains(addr)
			})
		}),
	}, {
		id: "D8", kind: wider, example: hostCase{[]string{"bücher.example"}, false, "xn--bcher-kva.example"}, ours: "allowed", django: "400",
		is: allowed(func(c hostCase, name, _ string) bool {
			return slices.ContainsFunc(c.allowed, func(entry string) bool {
				return strings.HasSuffix(entry, "bücher.example") && strings.HasSuffix(name, "xn--bcher-kva.example")
			})
		}),
	}}
}

// Entries of every kind; the last lines are some that we refuse.
var hostEntries = strings.Fields(`example.com .example.com EXAMPLE.org .Example.ORG www.example.com localhost .localhost a-b.example
	-a-.example xn--bcher-kva.example bücher.example .bücher.example 192.0.2.1 127.0.0.1 10.0.0.0/8 192.0.2.0/24 2001:db8::/32
	[::1] [2001:DB8::1] [2001:db8:0:0::2] [::ffff:192.0.2.1] com .com a 0x.example
	*.example.com http://example.com example.com:80 example.com. ::1 [::1]:80 a_b.example example.com/ .. . 127.1 0x7f.1 [1:2]
	1.2.3.256 a..b ex*mple.com user@example.com .192.0.2.1`)

var oddHosts = []string{"", ".", "..", ":", ":80", "[", "]", "[]", "[:]", "[::]", "[::1", "::1", "[1:2]", "[12]", "[g::1]", "[::1%25eth0]",
	"[::1]x", "[::1]:", "[:::::]", "[::1.2.3]", "[::ffff:1.2.3.4]", "[1.2.3.4]", "[...:...]", "127.1", "0x7f.1", "0X7F.0.0.1", "2130706433", "0177.0.0.1",
	"1.2.3.256", "1.2.3.4.", "1.2.3.4..", "1.0x", "0x", "bücher.example", "xn--bcher-kva.example", "a_b.example", "*", "*.example.com",
	"example.com,evil.com", "example.com\n", "\u00a0example.com", "example\u212a.com", "EXAMPLE.COM", "10.1.2.3", "192.0.2.99",
	"[2001:db8::5]", "[2001:DB8:0:0:0:0:0:1]", "[2001:db8::2]", "[0:0::1]", "http://example.com", "example.com/", "user@example.com",
	"a..b", "a.b..", "-", "localhost.localdomain", "[::1]:99999", strings.Repeat("a.", 127) + "a", strings.Repeat("a.", 128) + "a.example.com"}

var ports = []string{"", "", "", ":80", ":8000", ":0", ":65535", ":65536", ":99999999999999999999", ":", ":x", ":80:80", ":-1", ": 80", ":00080", ":000000000065535"}

func randomHost(r *rand.Rand, allowed []string) string {
	host := oracle.Pick(r, oddHosts)
	if n := r.IntN(10); n < 7 && len(allowed) > 0 {
		host = strings.TrimPrefix(oracle.Pick(r, allowed), ".")
	} else if n < 9 {
		host = strings.TrimPrefix(oracle.Pick(r, hostEntries[:23]), ".")
	}
	if r.IntN(4) == 0 {
		host = oracle.Pick(r, []string{"www.", "a.b.", ".", "evil", "-", "0x1."}) + host
	}
	if r.IntN(6) == 0 {
		host += oracle.Pick(r, []string{".", "..", ".evil.com", "-", ".1", ".0x1f", "\x00", "\xff", " ", "\t"})
	}
	if r.IntN(4) == 0 {
		host = strings.ToUpper(host)
	}
	if r.IntN(12) == 0 && host != "" { // one byte is another
		at := r.IntN(len(host))
		host = host[:at] + string([]byte{byte(r.IntN(256))}) + host[at+1:]
	}
	return host + oracle.Pick(r, ports)
}

func TestHostsAgree(t *testing.T) {
	o := oracle.ForTest(t)
	r := oracle.Rand(t)
	verdicts := func(c hostCase) (ours, django string) {
		var allowed []bool
		args := map[string]any{"allowed": c.allowed, "debug": c.debug, "hosts": []string{wire(c.host)}}
		if err := o.Call("hosts", args, &allowed); err != nil {
			t.Fatalf("%v\n%+v", err, c)
		}
		if django = "400"; allowed[0] {
			django = "allowed"
		}
		return oursOnHost(t, c), django
	}
	l := newLedger(t, hostDifferences(), verdicts, func(c hostCase) string { return fmt.Sprintf("%+q, debug %t: %+q", c.allowed, c.debug, c.host) })
	for range 1000 {
		allowed, debug := randomAllowed(r), r.IntN(4) == 0
		for range 5 {
			l.compare(hostCase{allowed, debug, randomHost(r, allowed)})
		}
		l.compare(vary(r, oracle.Pick(r, hostDifferences()).example))
	}
	l.finish(2000, 500, "allowed", "400")
}

func randomAllowed(r *rand.Rand) []string {
	allowed := []string{}
	if r.IntN(10) == 0 {
		return allowed
	}
	for range 1 + r.IntN(4) {
		allowed = append(allowed, oracle.Pick(r, hostEntries[:23]))
	}
	switch r.IntN(20) {
	case 0, 1, 2:
		allowed = append(allowed, "*")
	case 3:
		allowed = append(allowed, oracle.Pick(r, hostEntries))
	}
	return allowed
}

// vary returns c with more hosts on the list and the header written otherwise.
func vary(r *rand.Rand, c hostCase) hostCase {
	c.allowed = append(slices.Clone(c.allowed), randomAllowed(r)...)
	if r.IntN(2) == 0 {
		c.host = strings.ToUpper(c.host)
	}
	if r.IntN(2) == 0 && !strings.Contains(strings.Trim(c.host, "[]"), ":") {
		c.host += oracle.Pick(r, ports)
	}
	return c
}

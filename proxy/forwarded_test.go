package proxy_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/proxy"
)

// RFC 7239 and bad input 5. The peer is 10.0.0.5, a trusted proxy.
func TestForwarded(t *testing.T) {
	cfg := proxy.Config{Trusted: nets("10.0.0.0/24"), Header: proxy.Forwarded, UseHost: true}
	const refused = "10.0.0.5 http app.internal:8000 false"
	for _, row := range []struct {
		name  string
		lines []string
		want  string // client, scheme, host, trusted
	}{
		{"nothing", nil, "10.0.0.5 http app.internal:8000 true"},
		{"section 4: for, proto and by", []string{"for=192.0.2.60;proto=http;by=203.0.113.43"}, "192.0.2.60 http app.internal:8000 true"},
		{"section 4: a list with IPv6", []string{`for=192.0.2.43, for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::17 http app.internal:8000 true"},
		{"section 4: names in any case", []string{`For="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17 http app.internal:8000 true"},
		{"section 7.1: lines are one list", []string{"for=192.0.2.43", "for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com"}, "198.51.100.17 http example.com true"},
		{"section 6.2: unknown", []string{"for=unknown"}, "10.0.0.5 http app.internal:8000 true"},
		{"section 6.3: a hidden name", []string{"for=_SEVKISEK"}, "10.0.0.5 http app.internal:8000 true"},
		{"section 6: a hidden port is no port of ours", []string{`for="192.0.2.43:_http"`}, "10.0.0.5 http app.internal:8000 true"},
		{"https", []string{"for=192.0.2.60;proto=https"}, "192.0.2.60 https app.internal:8000 true"},
		{"schemes have no case (RFC 3986, 3.1)", []string{"for=192.0.2.60;proto=HTTPS"}, "192.0.2.60 https app.internal:8000 true"},
		{"host in quotes", []string{`for=192.0.2.60;host="example.com:8443"`}, "192.0.2.60 http example.com:8443 true"},
		{"IPv4 with port in quotes", []string{`for="192.0.2.60:80"`}, "192.0.2.60 http app.internal:8000 true"},
		{"proxies are passed", []string{"for=192.0.2.60;proto=https, for=10.0.0.6;proto=http"}, "192.0.2.60 https app.internal:8000 true"},
		{"what stands left of the client is invented", []string{"for=127.0.0.1;proto=https;host=evil.com, for=192.0.2.60;proto=http"}, "192.0.2.60 http app.internal:8000 true"},
		{"an escaped letter", []string{`for="192.0.2.\60"`}, "192.0.2.60 http app.internal:8000 true"},
		{"5: a semicolon in quotes", []string{`for=192.0.2.60;x="a;proto=https"`}, "192.0.2.60 http app.internal:8000 true"},
		{"5: a comma in quotes", []string{`for=192.0.2.60;x="a, for=1.1.1.1"`}, "192.0.2.60 http app.internal:8000 true"},
		{"5: an escaped quote in quotes", []string{`for=192.0.2.60;x="a\";proto=https"`}, "192.0.2.60 http app.internal:8000 true"},
		{"extensions", []string{"for=192.0.2.60;secret=egah2CGj55fSJFs"}, "192.0.2.60 http app.internal:8000 true"},

		{"5: quotes that do not end", []string{`for="192.0.2.60`}, refused},
		{"5: quotes of the client that swallow our element", []string{`for=";x, for=192.0.2.60;proto=https`}, refused},
		{"5: quotes of the client that end in ours", []string{`for=", for="[2001:db8::1]"`}, refused},
		{"5: quotes that do not end on a line of their own", []string{`for="`, "for=192.0.2.60"}, refused},
		{"a backslash at the end", []string{`for="192.0.2.60\`}, refused},
		{"the same name twice", []string{"for=192.0.2.60;for=192.0.2.61"}, refused},
		{"the same name twice, in other case", []string{"proto=http;Proto=https"}, refused},
		{"IPv6 without quotes", []string{"for=[2001:db8::1]"}, refused},
		{"IPv6 without brackets is no address", []string{`for="2001:db8::1"`}, "10.0.0.5 http app.internal:8000 true"},
		{"space around the equals sign", []string{"for = 192.0.2.60"}, refused},
		{"space after the semicolon", []string{"for=192.0.2.60; proto=https"}, refused},
		{"no value", []string{"for="}, refused},
		{"no name", []string{"=192.0.2.60"}, refused},
		{"a semicolon at the end", []string{"for=192.0.2.60;"}, refused},
		{"RFC 9110, 5.6.1.2: a comma at the end", []string{"for=192.0.2.60,"}, "192.0.2.60 http app.internal:8000 true"},
		{"RFC 9110, 5.6.1.2: an empty element", []string{"for=192.0.2.60, , for=10.0.0.6"}, "192.0.2.60 http app.internal:8000 true"},
		{"nginx appends to nothing", []string{", for=192.0.2.60;proto=https"}, "192.0.2.60 https app.internal:8000 true"},
		{"an empty line", []string{"", "for=192.0.2.60"}, "192.0.2.60 http app.internal:8000 true"},
		{"an empty line alone says nothing", []string{""}, "10.0.0.5 http app.internal:8000 true"},
		{"a separator that is none", []string{"for=192.0.2.60 for=192.0.2.61"}, refused},
		{"junk left of the client", []string{"junk, for=192.0.2.60"}, refused},
		{"a control character in quotes", []string{"for=192.0.2.60;x=\"a\x00\""}, refused},
		{"a host that is none", []string{`for=192.0.2.60;host="a@evil.com"`}, refused},
		{"65 elements", []string{strings.Repeat("for=10.0.0.6,", 64) + "for=192.0.2.60"}, refused},
		{"more than 4096 bytes", []string{"x=" + strings.Repeat("x", 4096)}, refused},
	} {
		t.Run(row.name, func(t *testing.T) {
			var lines []string
			for _, line := range row.lines {
				lines = append(lines, "Forwarded: "+line)
			}
			got := describe(serve(newGuard(t, cfg), "10.0.0.5:1", lines...))
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func describe(s settled) string {
	trusted := "false"
	if s.trusted {
		trusted = "true"
	}
	return s.client + " " + s.scheme + " " + s.host + " " + trusted
}

// One family is read; the other, which our proxies do not write, comes from the client.
func TestOtherFamilyIsNotRead(t *testing.T) {
	forwarded := proxy.Config{Trusted: nets("10.0.0.0/24"), Header: proxy.Forwarded, UseHost: true}
	got := serve(newGuard(t, forwarded), "10.0.0.5:1", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.com")
	if want := "10.0.0.5 http app.internal:8000 true"; describe(got) != want {
		t.Errorf("got %s, want %s", describe(got), want)
	}
	usual := proxy.Config{Trusted: nets("10.0.0.0/24"), UseHost: true}
	got = serve(newGuard(t, usual), "10.0.0.5:1", "Forwarded: for=1.1.1.1;proto=https;host=evil.com")
	if want := "10.0.0.5 http app.internal:8000 true"; describe(got) != want {
		t.Errorf("got %s, want %s", describe(got), want)
	}
}

func TestSSLHeaderBesideForwarded(t *testing.T) {
	cfg := proxy.Config{Trusted: nets("10.0.0.0/24"), Header: proxy.Forwarded, SSLHeader: proxy.SSLHeader{Name: "X-Forwarded-Proto", Value: "https"}}
	got := serve(newGuard(t, cfg), "10.0.0.5:1", "Forwarded: for=192.0.2.60;proto=http", "X-Forwarded-Proto: https")
	if want := "192.0.2.60 https app.internal:8000 true"; describe(got) != want {
		t.Errorf("got %s, want %s", describe(got), want)
	}
}

var fuzzTrusted = "10.0.0.0/24 2001:db8:aaaa::/48"

// rightmost is the rule, written as plainly as possible: going left from the peer, the first that is not ours.
func rightmost(entries []string) string {
	client := "10.0.0.5"
	for i := len(entries) - 1; i >= 0; i-- {
		a, ok := plainAddr(strings.Trim(entries[i], " \t"))
		if !ok {
			return client
		}
		if client = a.String(); !inside(a) {
			return client
		}
	}
	return client
}

// plainAddr parses what the fuzz target below knows to write: an address, or one in brackets.
func plainAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap().WithZone(""), err == nil
}

func inside(a netip.Addr) bool {
	for _, p := range nets(fuzzTrusted) {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// addresses makes addresses of bytes, many of which are of our proxies.
func addresses(raw []byte) (out []netip.Addr) {
	for len(raw) > 0 && len(out) < 70 {
		switch raw[0] % 4 {
		case 0:
			out = append(out, netip.AddrFrom4([4]byte{10, 0, 0, raw[0]}))
		case 1:
			out = append(out, netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 4: 0xaa, 5: 0xaa, 15: raw[0]}))
		case 2:
			out = append(out, netip.AddrFrom4([4]byte{198, 51, 100, raw[0]}))
		case 3:
			out = append(out, netip.AddrFrom16([16]byte{10: 0xff, 11: 0xff, 12: 10, 14: raw[0] % 2, 15: raw[0]}))
		}
		raw = raw[1:]
	}
	return out
}

// The laws: the client is the right-most address that is not ours; both families of headers say the same.
func FuzzFamiliesAgree(f *testing.F) {
	f.Add([]byte{2, 0, 1}, true)
	f.Add([]byte{0, 1, 3, 2, 3, 0}, false)
	f.Add([]byte{}, true)
	f.Add([]byte(strings.Repeat("\x00", 70)), true)
	x := newGuard(f, proxy.Config{Trusted: nets(fuzzTrusted), UseHost: true})
	r := newGuard(f, proxy.Config{Trusted: nets(fuzzTrusted), UseHost: true, Header: proxy.Forwarded})
	f.Fuzz(func(t *testing.T, raw []byte, https bool) {
		list := addresses(raw)
		if len(list) == 0 {
			return
		}
		proto := "http"
		if https {
			proto = "https"
		}
		var plain, protos, elements []string
		for _, a := range list {
			node := a.String()
			if a.Is6() {
				node = `"[` + node + `]"`
			}
			plain = append(plain, a.String())
			protos = append(protos, proto)
			elements = append(elements, "for="+node+";proto="+proto+";host=example.com")
		}
		want := rightmost(plain)
		if len(list) > 64 {
			want = "10.0.0.5"
		}
		a := serve(x, "10.0.0.5:1", "X-Forwarded-For: "+strings.Join(plain, ", "), "X-Forwarded-Proto: "+strings.Join(protos, ","), "X-Forwarded-Host: example.com")
		b := serve(r, "10.0.0.5:1", "Forwarded: "+strings.Join(elements, ", "))
		if a.client != want || describe(a) != describe(b) {
			t.Errorf("%q: X-Forwarded says %s, Forwarded says %s, want client %s", plain, describe(a), describe(b), want)
		}
	})
}

// The law: whatever a client sends, behind the address that our proxy appends it changes nothing.
func FuzzForgedXForwardedFor(f *testing.F) {
	for _, forged := range []string{"127.0.0.1", "10.0.0.6", "", ",", "junk", "[::1]:80", "::ffff:10.0.0.6", strings.Repeat("1,", 80), "1.1.1.1\n10.0.0.6"} {
		f.Add(forged, true)
		f.Add(forged, false)
	}
	g := newGuard(f, proxy.Config{Trusted: nets(fuzzTrusted)})
	f.Fuzz(func(t *testing.T, forged string, ownLine bool) {
		lines := []string{"X-Forwarded-For: " + forged + ", 198.51.100.1"}
		if ownLine {
			lines = []string{"X-Forwarded-For: " + forged, "X-Forwarded-For: 198.51.100.1"}
		}
		tooLong := len(forged) > 4000 || strings.Count(forged, ",") > 60
		if got := serve(g, "10.0.0.5:1", lines...); got.client != "198.51.100.1" && !(tooLong && !got.trusted && got.client == "10.0.0.5") {
			t.Errorf("%q makes the client %s, want 198.51.100.1", forged, got.client)
		}
	})
}

// The law: whatever a client sends, behind the element that our proxy appends it changes nothing, or all is refused.
func FuzzForgedForwarded(f *testing.F) {
	for _, forged := range []string{
		"for=127.0.0.1", "for=10.0.0.6;proto=https", `for="`, `x="\`, `x="a;b"`, `for=", x=y`, "", ",", ";", "for", `a="\",`, `=`, `for=unknown`, `x=""`, `x="`,
	} {
		f.Add(forged, true)
		f.Add(forged, false)
	}
	g := newGuard(f, proxy.Config{Trusted: nets(fuzzTrusted), Header: proxy.Forwarded, UseHost: true})
	ours := []string{
		`for=198.51.100.1;proto=http;host=example.com`,
		`for="198.51.100.1:80";proto=http;host="example.com"`,
		`host="example.com";proto="http";for="198.51.100.1"`,
	}
	f.Fuzz(func(t *testing.T, forged string, ownLine bool) {
		for _, element := range ours {
			lines := []string{"Forwarded: " + forged + ", " + element}
			if ownLine {
				lines = []string{"Forwarded: " + forged, "Forwarded: " + element}
			}
			switch got := describe(serve(g, "10.0.0.5:1", lines...)); got {
			case "198.51.100.1 http example.com true", "10.0.0.5 http app.internal:8000 false":
			default:
				t.Errorf("%q before %s makes it %s", forged, element, got)
			}
		}
	})
}

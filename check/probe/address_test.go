package probe

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// TestInside goes along the borders of what the internet does not route (IANA's special-purpose address registries).
func TestInside(t *testing.T) {
	for _, row := range []struct {
		address string
		want    string // part of what is said; empty for an address of the internet
	}{
		{"93.184.215.14", ""}, {"1.1.1.1", ""}, {"9.255.255.255", ""}, {"11.0.0.0", ""},
		{"126.255.255.255", ""}, {"128.0.0.0", ""}, {"100.63.255.255", ""}, {"100.128.0.0", ""},
		{"172.15.255.255", ""}, {"172.32.0.0", ""}, {"192.167.255.255", ""}, {"192.169.0.0", ""},
		{"169.253.255.255", ""}, {"169.255.0.0", ""}, {"223.255.255.255", ""}, {"198.17.255.255", ""}, {"198.20.0.0", ""},
		{"127.0.0.1", "this machine"}, {"127.255.255.254", "this machine"}, {"0.0.0.0", "this machine"}, {"0.1.2.3", "this machine"},
		{"10.0.0.1", "private"}, {"172.16.0.1", "private"}, {"172.31.255.255", "private"}, {"192.168.1.1", "private"},
		{"100.64.0.1", "inner"}, {"100.127.255.255", "inner"},
		{"169.254.1.1", "link-local"}, {"169.254.169.254", "metadata"}, {"168.63.129.16", "metadata"}, {"100.100.100.200", "metadata"},
		{"fd00:ec2::254", "metadata"},
		{"224.0.0.1", "multicast"}, {"239.255.255.255", "multicast"}, {"240.0.0.1", "special"}, {"255.255.255.255", "special"},
		{"192.0.2.1", "special"}, {"198.51.100.1", "special"}, {"203.0.113.1", "special"}, {"198.18.0.1", "special"}, {"192.88.99.1", "special"},

		{"2606:2800:21f:cb07:6820:80da:af6b:8b2c", ""}, {"2a00:1450::1", ""}, {"2001:200::1", ""},
		{"::1", "this machine"}, {"::", "this machine"}, {"fe80::1", "link-local"}, {"fe80::1%eth0", "link-local"},
		{"fc00::1", "private"}, {"fdff::1", "private"}, {"fec0::1", "private"}, {"ff02::1", "multicast"},
		{"2001:db8::1", "special"}, {"3fff::1", "special"}, {"100::1", "special"}, {"2001::1", "special"}, // Teredo
		{"4000::1", "special"}, {"1::1", "special"}, {"5f00::1", "special"},

		{"::ffff:127.0.0.1", "this machine"}, {"::ffff:10.0.0.1", "private"}, {"::ffff:1.1.1.1", ""},
		{"::127.0.0.1", "this machine"}, {"::10.0.0.1", "private"},
		{"::ffff:0:10.0.0.1", "private"},
		{"64:ff9b::10.0.0.1", "private"}, {"64:ff9b::169.254.169.254", "metadata"}, {"64:ff9b::1.1.1.1", ""},
		{"64:ff9b:1::10.0.0.1", "special"},
		{"2002:a00:1::", "private"}, {"2002:7f00:1::1", "this machine"}, {"2002:101:101::1", ""},
		{"2606::5efe:10.0.0.1", "private"}, {"2606::200:5efe:127.0.0.1", "this machine"}, {"2606::5efe:1.1.1.1", ""},
	} {
		got := inside(netip.MustParseAddr(row.address))
		if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s is %q, want %q", row.address, got, row.want)
		}
	}
}

func TestCounterpart(t *testing.T) {
	for host, want := range map[string]string{
		"example.com": "www.example.com", "www.example.com": "example.com", "shop.example.co.uk": "www.shop.example.co.uk",
		"www.co.uk": "", "co.uk": "", "www.com": "", "com": "", "localhost": "", "www.localhost": "",
		"github.io": "", "www.github.io": "", "me.github.io": "www.me.github.io",
		"192.0.2.1": "", "2001:db8::1": "", "xn--mnchen-3ya.de": "www.xn--mnchen-3ya.de",
	} {
		if got := counterpart(host); got != want {
			t.Errorf("the counterpart of %s is %q, want %q", host, got, want)
		}
	}
}

// TestURL reads what users write.
func TestURL(t *testing.T) {
	for _, row := range []struct {
		url   string
		port  uint16 // LiveConfig.HTTPPort
		want  string // the URL, or part of the error
		plain uint16
	}{
		{"example.com", 0, "https://example.com/", 80},
		{"EXAMPLE.com.", 0, "https://example.com/", 80},
		{"https://example.com:443/a?b=c", 0, "https://example.com/a?b=c", 80},
		{"https://example.com:8443", 0, "https://example.com:8443/", 0},
		{"https://example.com:8443", 8080, "https://example.com:8443/", 8080},
		{"example.com:8443/x", 0, "https://example.com:8443/x", 0},
		{"http://localhost:8000", 0, "http://localhost:8000/", 8000},
		{"http://example.com", 0, "http://example.com/", 80},
		{"https://münchen.de", 0, "https://xn--mnchen-3ya.de/", 80},
		{"https://MÜNCHEN。de", 0, "https://xn--mnchen-3ya.de/", 80}, // an ideographic full stop
		{"https://[2001:DB8::1]:8443", 0, "https://[2001:db8::1]:8443/", 0},
		{"https://r3---sn_x.example.com", 0, "https://r3---sn_x.example.com/", 80},
		{"https://192.0.2.1", 0, "https://192.0.2.1/", 80},

		{"", 0, "no URL", 0},
		{"file:///etc/passwd", 0, "no scheme of a site", 0},
		{"ftp://example.com", 0, "no scheme of a site", 0},
		{"javascript://example.com", 0, "no scheme of a site", 0},
		{"https://user:hunter2@example.com", 0, "user or a password", 0},
		{"https://user@example.com", 0, "user or a password", 0},
		{"https://example.com/#top", 0, "fragment", 0},
		{"https://", 0, "no host", 0},
		{"https://:443", 0, "no name of a host", 0},
		{"https://example.com:0", 0, "no port", 0},
		{"https://example.com:99999", 0, "no port", 0},
		{"https://example.com:", 0, "no port", 0},
		{"https://example.com:https", 0, "cannot be read", 0},
		{"https://exa mple.com", 0, "cannot be read", 0},
		{"https://exa%20mple.com", 0, "cannot be read", 0},
		{"https://a..b", 0, "no name of a host", 0},
		{"https://xn--zn7c", 0, "no name of a host", 0},
		{"https://example.com%00.evil.test", 0, "cannot be read", 0},
		{"https://[fe80::1%25eth0]", 0, "zone", 0},
		{"https://" + strings.Repeat("a", 64) + ".example", 0, "no name of a host", 0},
		{"https://hunter2%zz@example.com", 0, "cannot be read", 0},
	} {
		l, err := NewLive(LiveConfig{URL: row.url, HTTPPort: row.port})
		switch {
		case err != nil:
			if !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: error %q, want %q", row.url, err, row.want)
			}
		case l.URL() != row.want || l.plainPort != row.plain:
			t.Errorf("%q: %s and port %d for http, want %s and %d", row.url, l.URL(), l.plainPort, row.want, row.plain)
		}
	}
}

// TestSame holds the border of a site.
func TestSame(t *testing.T) {
	for _, row := range []struct {
		site, url string
		want      bool
	}{
		{"https://example.com", "https://example.com/x", true},
		{"https://example.com", "https://EXAMPLE.com:443/x", true},
		{"https://example.com", "https://www.example.com/", true},
		{"https://www.example.com", "https://example.com/", true},
		{"https://example.com", "http://example.com/", true},
		{"https://example.com", "http://www.example.com:80/", true},
		{"https://example.com", "https://api.example.com/", false},
		{"https://example.com", "https://example.com.evil.test/", false},
		{"https://example.com", "https://example.com:8443/", false},
		{"https://example.com", "http://example.com:8080/", false},
		{"https://example.com", "https://user@example.com/", false},
		{"https://example.com", "file:///etc/passwd", false},
		{"https://example.com", "ftp://example.com/", false},
		{"https://example.com", "https://127.0.0.1/", false},
		{"https://example.com", "/relative", false},
		{"https://me.github.io", "https://you.github.io/", false},
		{"https://co.uk", "https://www.co.uk/", false},
		{"https://example.com:8443", "http://example.com/", false},
		{"https://example.com:8443", "https://example.com/", false},
		{"http://example.com:8000", "http://example.com:8000/", true},
		{"http://example.com:8000", "https://example.com/", false},
		{"https://münchen.de", "https://xn--mnchen-3ya.de/", true},
		{"https://münchen.de", "https://MÜNCHEN.de/", true},
	} {
		l, err := NewLive(LiveConfig{URL: row.site})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(row.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Same(u); got != row.want {
			t.Errorf("%s belongs to %s: %t, want %t", row.url, row.site, got, row.want)
		}
	}
}

// FuzzURL holds that what is accepted is one way to write itself, and that nothing else belongs to its site.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"example.com", "https://münchen.de:8443/a?b", "http://[::1]:80", "https://a@b", "https://1.2.3.4.", "//x"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, site, other string) {
		l, err := NewLive(LiveConfig{URL: site})
		if err != nil {
			return
		}
		again, err := NewLive(LiveConfig{URL: l.URL()})
		if err != nil || again.URL() != l.URL() {
			t.Fatalf("%q is written %q, which is read as %v, %v", site, l.URL(), again, err)
		}
		if u, err := url.Parse(other); err == nil && l.Same(u) {
			host, _ := hostOf(u.Hostname())
			if strings.TrimPrefix(host, "www.") != strings.TrimPrefix(l.host, "www.") {
				t.Fatalf("%q belongs to %q", other, site)
			}
		}
	})
}

// TestDialLooksAgain holds that the address is looked at as the connection is made, whatever was resolved before.
func TestDialLooksAgain(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l, err := NewLive(LiveConfig{URL: "https://a.example"})
	if err != nil {
		t.Fatal(err)
	}
	l.resolved["a.example"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	conn, err := l.dial(t.Context(), "a.example:"+port)
	if err == nil || !strings.Contains(err.Error(), "this machine") {
		t.Errorf("connected %v, error %v, want none and why", conn != nil, err)
	}
	l.InsecurePrivate = true
	if conn, err = l.dial(t.Context(), "a.example:"+port); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

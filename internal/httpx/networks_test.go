package httpx_test

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

func prefixes(t testing.TB, list string) (out []netip.Prefix) {
	t.Helper()
	for _, text := range strings.Fields(list) {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func TestNetworksContain(t *testing.T) {
	for _, row := range []struct {
		name, networks, addr string
		want                 bool
	}{
		{"first address of a network", "10.0.0.0/24", "10.0.0.0", true},
		{"last address of a network", "10.0.0.0/24", "10.0.0.255", true},
		{"the address before a network", "10.0.0.0/24", "9.255.255.255", false},
		{"the address behind a network", "10.0.0.0/24", "10.0.1.0", false},
		{"a network inside another does not cut it short", "10.0.0.0/8 10.1.0.0/16", "10.200.0.1", true},
		{"neighbours leave no gap", "10.0.0.0/25 10.0.0.128/25", "10.0.0.128", true},
		{"between two networks", "10.0.0.0/24 10.0.2.0/24", "10.0.1.7", false},
		{"all of IPv4 is not IPv6", "0.0.0.0/0", "::1", false},
		{"all of IPv4 has its last address", "0.0.0.0/0", "255.255.255.255", true},
		{"all of IPv6 is not IPv4", "::/0", "10.0.0.1", false},
		{"a mapped address is not the IPv4 address", "10.0.0.0/8", "::ffff:10.0.0.1", false},
		{"a zone does not matter", "fe80::/10", "fe80::1%eth0", true},
		{"the last IPv4 network and the first IPv6 network stay apart", "255.255.255.255/32 ::/128", "::1", false},
		{"an empty set", "", "10.0.0.1", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := httpx.NewNetworks(prefixes(t, row.networks)).Contains(netip.MustParseAddr(row.addr))
			if got != row.want {
				t.Errorf("%s in %q = %t, want %t", row.addr, row.networks, got, row.want)
			}
		})
	}
	if httpx.NewNetworks(prefixes(t, "0.0.0.0/0 ::/0")).Contains(netip.Addr{}) {
		t.Error("an unknown address is in a network")
	}
	if n := httpx.NewNetworks([]netip.Prefix{{}}); !n.Empty() {
		t.Error("a prefix that is not valid has addresses")
	}
}

func TestPrivateAddresses(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "172.31.0.1": true, "192.168.0.1": true, "169.254.1.1": true,
		"100.64.0.1": true, "100.128.0.1": false, "172.32.0.1": false, "8.8.8.8": false, "203.0.113.1": false,
		"::1": true, "fd00::1": true, "fe80::1": true, "2001:4860::1": false,
	} {
		if got := httpx.IsPrivate(netip.MustParseAddr(addr)); got != want {
			t.Errorf("IsPrivate(%s) = %t, want %t", addr, got, want)
		}
	}
	if httpx.IsPrivate(netip.Addr{}) {
		t.Error("an unknown address is private")
	}
}

func TestPeerAndClientWithoutAState(t *testing.T) {
	r := httptest.NewRequest("GET", "http://example.com/", nil)
	r.RemoteAddr = "[::ffff:192.0.2.7]:1234"
	if got := httpx.Peer(r).String(); got != "192.0.2.7" {
		t.Errorf("Peer = %s, want 192.0.2.7", got)
	}
	if got := httpx.Client(r).String(); got != "192.0.2.7" {
		t.Errorf("Client = %s, want 192.0.2.7", got)
	}
	s, _, r := httpx.Begin(httptest.NewRecorder(), r)
	s.Forwarded = netip.MustParseAddr("198.51.100.1")
	if got := httpx.Client(r).String(); got != "198.51.100.1" {
		t.Errorf("Client = %s, want 198.51.100.1", got)
	}
	if got := httpx.Peer(r).String(); got != "192.0.2.7" {
		t.Errorf("Peer = %s, want 192.0.2.7", got)
	}
}

// The law: a set contains exactly what some prefix contains.
func FuzzNetworks(f *testing.F) {
	f.Add([]byte{10, 0, 0, 0, 8, 10, 1, 0, 0, 16}, []byte{10, 1, 2, 3})
	f.Add([]byte{0, 0, 0, 0, 1, 128, 0, 0, 0, 1}, []byte{255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, raw, addr []byte) {
		a, ok := netip.AddrFromSlice(addr)
		if !ok {
			return
		}
		var list []netip.Prefix
		want := false
		for ; len(raw) >= 5; raw = raw[5:] {
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte(raw[:4])), int(raw[4])%33)
			list = append(list, p)
			want = want || p.Contains(a)
		}
		if got := httpx.NewNetworks(list).Contains(a); got != want {
			t.Errorf("%s in %v = %t, want %t", a, list, got, want)
		}
	})
}

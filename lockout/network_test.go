package lockout_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/airworthy-go/airworthy/lockout"
)

func ExampleNetworkOf() {
	fmt.Println(lockout.NetworkOf(netip.MustParseAddr("2001:db8:1:2:aaaa:bbbb:cccc:dddd")))
	fmt.Println(lockout.NetworkOf(netip.MustParseAddr("64:ff9b::192.0.2.7")))
	// Output:
	// 2001:db8:1:2::/64
	// 192.0.2.7/32
}

func TestNetworkOf(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7/32",
		"::ffff:192.0.2.7":     "192.0.2.7/32",
		"64:ff9b:1::192.0.2.7": "192.0.2.7/32",
		"2002:c000:207::1":     "192.0.2.7/32",
		"fe80::1%eth0":         "fe80::/64",
		"2001:db8::1":          "2001:db8::/64",
		"64:ff9b:2::1":         "64:ff9b:2::/64",
	} {
		if got := lockout.NetworkOf(netip.MustParseAddr(address)).String(); got != want {
			t.Errorf("NetworkOf(%s) = %s, want %s", address, got, want)
		}
	}
	if got := lockout.NetworkOf(netip.Addr{}); got.IsValid() {
		t.Errorf("NetworkOf of an unknown address = %s, want none", got)
	}
}

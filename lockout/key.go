package lockout

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// maxName is how many bytes of a name stand in a key. Longer ones are cut and end in a hash of all, so that no two
// names share a key.
const maxName = 256

// bounded returns a name as it stands in keys.
func bounded(name string) string {
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return httpx.Truncate(name, 64) + hex.EncodeToString(sum[:])
}

// AccountKey returns the key under which the failures of an account are counted, by its canonical name.
func AccountKey(name string) Key { return Key{Account, bounded(name)} }

// NetworkKey returns the key under which something is counted for a client's network, with [Guard.Take]. That of an
// unknown address has no subject and is not counted, or everybody whose address is unknown would share a budget.
func NetworkKey(kind Kind, client netip.Addr) Key { return Key{kind, shownNetwork(NetworkOf(client))} }

// pairKey and deviceKey have the account last, behind the first space: it may hold spaces, what stands before cannot.
func pairKey(name string, network netip.Prefix) Key {
	return Key{Pair, network.String() + " " + bounded(name)}
}

// The device's id may be what proves that a browser is that device: a hash of it is enough to count by.
func deviceKey(name, device string) Key {
	sum := sha256.Sum256([]byte(device))
	return Key{Device, hex.EncodeToString(sum[:16]) + " " + bounded(name)}
}

// Account returns the account that k is of, as [AccountKey] writes it: its canonical name, cut if it is long. It is empty
// where k is of none, as a network's is.
func (k Key) Account() string { return accountOf(k) }

// accountOf returns the account that a key is of, empty if it is of none.
func accountOf(key Key) string {
	switch key.Kind {
	case Account:
		return key.Subject
	case Pair, Device:
		_, name, _ := strings.Cut(key.Subject, " ")
		return name
	}
	return ""
}

// maxShown is how many bytes of a name are logged.
const maxShown = 100

// printable returns what a client sent, cut short, on one line and without what could deceive who reads the log.
func printable(s string) string {
	quoted := strconv.Quote(httpx.Truncate(s, maxShown))
	return quoted[1 : len(quoted)-1]
}

// shownNetwork writes a network out; an unknown one is empty.
func shownNetwork(network netip.Prefix) string {
	if !network.IsValid() {
		return ""
	}
	return network.String()
}

package password

import (
	"errors"
	"strconv"
	"strings"
)

// Bytes is an amount of memory. As a setting it is written 268435456 or 256MiB.
type Bytes int64

var byteUnits = []struct {
	name string
	size Bytes
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads an amount.
func (b *Bytes) UnmarshalText(text []byte) error {
	number, unit := strings.TrimSpace(string(text)), Bytes(1)
	for _, u := range byteUnits {
		if i := len(number) - len(u.name); i >= 0 && strings.EqualFold(number[i:], u.name) {
			number, unit = strings.TrimSpace(number[:i]), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if unit == 1 {
		n, err = strconv.ParseInt(number, 10, 64)
	}
	if err != nil || n < 0 {
		return errors.New("write a number of bytes, or like 256MiB")
	}
	*b = Bytes(n) * unit
	return nil
}

// Form says how an amount is written.
func (Bytes) Form() string { return "an amount of memory" }

// String returns the amount in the largest unit that says it in whole numbers.
func (b Bytes) String() string {
	for _, u := range byteUnits {
		if b != 0 && b%u.size == 0 {
			return strconv.FormatInt(int64(b/u.size), 10) + u.name
		}
	}
	return "0B"
}

// MarshalText returns what String does.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

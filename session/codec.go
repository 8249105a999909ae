package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// MaxSize is how many bytes the values of one session may take in [Record.Data]. A session says who somebody is; what
// they upload belongs elsewhere, and a limit keeps it from filling the store.
const MaxSize = 64 << 10

// maxKey is the longest key, in bytes.
const maxKey = 255

// The encoding of a session's values is a list of pairs, each a key and the value's JSON text, both preceded by their
// length as an unsigned varint. It is scanned rather than decoded: a request that asks for one value pays for one.

// Pairs yields the keys of data, in no particular order, with the JSON text of their values. It stops at the first
// byte that is not well formed; [Valid] tells.
func Pairs(data string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for data != "" {
			key, value, rest, ok := pair(data)
			if !ok || !yield(key, value) {
				return
			}
			data = rest
		}
	}
}

// AppendPair appends one pair to data and returns the result. The key must not be in data, and value must be JSON.
func AppendPair(data []byte, key, value string) []byte {
	data = binary.AppendUvarint(data, uint64(len(key)))
	data = append(data, key...)
	data = binary.AppendUvarint(data, uint64(len(value)))
	return append(data, value...)
}

// Valid reports whether data is a session's values: well formed, not over [MaxSize], no key twice, and every value
// JSON. It is for data that comes from where others can write; what a Manager hands to its Store is valid.
func Valid(data string) bool {
	if len(data) > MaxSize {
		return false
	}
	seen := map[string]bool{}
	for data != "" {
		key, value, rest, ok := pair(data)
		if !ok || seen[key] || checkKey(key) != nil || !json.Valid([]byte(value)) {
			return false
		}
		seen[key], data = true, rest
	}
	return true
}

// pair cuts the first pair off data.
func pair(data string) (key, value, rest string, ok bool) {
	if key, data, ok = text(data); !ok {
		return "", "", "", false
	}
	if value, data, ok = text(data); !ok {
		return "", "", "", false
	}
	return key, value, data, true
}

// text cuts a length and as many bytes off data.
func text(data string) (s, rest string, ok bool) {
	n, shift := uint64(0), 0
	for i := 0; i < len(data) && i < 3; i++ { // three bytes hold more than MaxSize
		b := data[i]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if data = data[i+1:]; n > uint64(len(data)) {
				return "", "", false
			}
			return data[:n], data[n:], true
		}
		shift += 7
	}
	return "", "", false
}

// lookup returns the JSON text of key's value.
func lookup(data, key string) (value string, ok bool) {
	for data != "" {
		k, rest, _ := text(data) // rest is empty if there is none
		if value, data, ok = text(rest); !ok {
			return "", false
		}
		if k == key {
			return value, true
		}
	}
	return "", false
}

// without returns data without key's pair, with room for extra bytes.
func without(data, key string, extra int) []byte {
	out := make([]byte, 0, len(data)+extra)
	for k, v := range Pairs(data) {
		if k != key {
			out = AppendPair(out, k, v)
		}
	}
	return out
}

var errTooLarge = errors.New("session: the values take more than 64 KiB: keep what is large elsewhere")

// with returns data with key's value replaced or added.
func with(data, key, value string) (string, error) {
	out := AppendPair(without(data, key, len(key)+len(value)+6), key, value)
	if len(out) > MaxSize {
		return "", errTooLarge
	}
	return string(out), nil
}

// checkKey refuses keys, and users, that no store could be relied on to keep as they are.
func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("session: a key is empty")
	case len(key) > maxKey:
		return fmt.Errorf("session: a key has %d bytes: use at most %d", len(key), maxKey)
	case !utf8.ValidString(key), strings.Contains(key, "\x00"):
		return errors.New("session: a key is not valid UTF-8, or holds a zero byte")
	}
	return nil
}

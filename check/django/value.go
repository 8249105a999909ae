package django

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value is a Python value as JSON has it. The zero value is None, of a setting that is not there.
type value struct {
	raw any
	set bool
}

// truthy is Python's bool(v).
func (v value) truthy() bool {
	switch raw := v.raw.(type) {
	case nil:
		return false
	case bool:
		return raw
	case string:
		return raw != ""
	case json.Number:
		f, err := raw.Float64()
		return err != nil || f != 0 // an error means that it is too large
	case []any:
		return len(raw) > 0
	case map[string]any:
		if _, ok := raw["__python__"]; ok {
			return raw["true"] == true
		}
		return len(raw) > 0
	}
	return true
}

// isTrue is Python's v is True: 1 is not.
func (v value) isTrue() bool { return v.raw == true }

func (v value) isNone() bool { return v.raw == nil }

// str returns a string's text. Whatever is no string is not ok.
func (v value) str() (s string, ok bool) {
	s, ok = v.raw.(string)
	return s, ok
}

// text returns a string's text, or something that no rule looks for.
func (v value) text() string {
	if s, ok := v.str(); ok {
		return s
	}
	return "(" + v.kind() + ")"
}

// kind returns the name of the value's Python type, as far as JSON keeps it.
func (v value) kind() string {
	switch raw := v.raw.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case string:
		return "str"
	case json.Number:
		return "number"
	case []any:
		return "list"
	case map[string]any:
		if name, ok := raw["__python__"].(string); ok {
			return name
		}
	}
	return "dict"
}

// dict returns a dictionary's entries.
func (v value) dict() (map[string]any, bool) {
	m, ok := v.raw.(map[string]any)
	if _, foreign := m["__python__"]; foreign {
		return nil, false
	}
	return m, ok
}

// iterable reports whether Python's for takes v.
func (v value) iterable() bool {
	switch v.raw.(type) {
	case []any, string:
		return true
	}
	_, ok := v.dict()
	return ok
}

// items returns what Python's for would: a list's elements, a string's characters, a dictionary's keys.
func (v value) items() (out []value) {
	if d, ok := v.dict(); ok {
		for _, key := range slices.Sorted(maps.Keys(d)) {
			out = append(out, value{key, true})
		}
	}
	switch raw := v.raw.(type) {
	case []any:
		for _, e := range raw {
			out = append(out, value{e, true})
		}
	case string:
		for _, r := range raw {
			out = append(out, value{string(r), true})
		}
	}
	return out
}

// texts returns the text of each of the items.
func (v value) texts() (out []string) {
	for _, e := range v.items() {
		out = append(out, e.text())
	}
	return out
}

// contains is Python's s in v, which for a string asks for a part.
func (v value) contains(s string) bool {
	switch raw := v.raw.(type) {
	case []any:
		return slices.Contains(raw, any(s))
	case string:
		return strings.Contains(raw, s)
	case map[string]any:
		_, ok := raw[s]
		return ok
	}
	return false
}

// positive returns a number above zero as a whole number, cut to what an int64 holds.
func (v value) positive() (n int64, ok bool) {
	number, ok := v.raw.(json.Number)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
		return n, n > 0
	}
	f, err := number.Float64()
	if err != nil || f >= math.MaxInt64 {
		return math.MaxInt64, !strings.HasPrefix(number.String(), "-")
	}
	return int64(f), f > 0
}

// seconds returns a number of seconds as a duration, 0 if it is none, cut to the longest that there is.
func (v value) seconds() time.Duration {
	n, ok := v.positive()
	if !ok {
		return 0
	}
	return time.Duration(min(n, int64(math.MaxInt64/time.Second))) * time.Second
}

// strip is Python's str.strip, which takes four separators for blanks that Go does not.
func strip(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r >= 0x1c && r <= 0x1f || strings.TrimSpace(string(r)) == ""
	})
}

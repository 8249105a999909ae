package session

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Has reports whether key has a value.
func (s *Session) Has(key string) bool {
	_, ok := s.raw(key)
	return ok
}

// Get returns key's value as encoding/json decodes it into an any, numbers as float64; nil if there is none. Where
// the type is known, String, Int, Bool and Decode are cheaper.
func (s *Session) Get(key string) any {
	var v any
	if ok, err := s.Decode(key, &v); !ok || err != nil {
		return nil
	}
	return v
}

// String returns key's value if it is a string, otherwise "".
func (s *Session) String(key string) string {
	text, ok := s.raw(key)
	if !ok || len(text) < 2 || text[0] != '"' {
		return ""
	}
	if inner := text[1 : len(text)-1]; plain(inner) {
		return inner
	}
	var v string
	if json.Unmarshal([]byte(text), &v) != nil {
		return ""
	}
	return v
}

// plain reports whether a JSON string of these characters stands for itself.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] == '\\' || s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Int returns key's value if it is a whole number that an int holds, otherwise 0.
func (s *Session) Int(key string) int {
	text, _ := s.raw(key)
	n, err := strconv.Atoi(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0
	}
	return n
}

// Bool reports whether key's value is true.
func (s *Session) Bool(key string) bool {
	text, _ := s.raw(key)
	return text == "true"
}

// Decode decodes key's value into v as encoding/json does. It reports whether there is a value.
func (s *Session) Decode(key string, v any) (bool, error) {
	text, ok := s.raw(key)
	if !ok {
		return false, s.peekErr()
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return true, fmt.Errorf("session: the value of %q is not a %T", key, v) // the cause would quote the value
	}
	return true, nil
}

// Keys returns the keys that have a value, in no particular order.
func (s *Session) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	var keys []string
	for k := range Pairs(s.rec.Data) {
		keys = append(keys, k)
	}
	return keys
}

// raw returns the JSON text of key's value.
func (s *Session) raw(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	return lookup(s.rec.Data, key)
}

// Set gives key a value: anything that encoding/json can encode. Setting what is there already changes nothing and
// costs no write. The error is that of encoding/json, or that the session could not be read, has grown over [MaxSize],
// or can no longer be changed ([ErrHeaderSent]).
func (s *Session) Set(key string, v any) error {
	if err := checkKey(key); err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("session: the value for %q cannot be encoded as JSON: %w", key, err)
	}
	return s.change(func() error {
		if old, ok := lookup(s.rec.Data, key); ok && old == string(text) {
			return nil
		}
		data, err := with(s.rec.Data, key, string(text))
		if err != nil {
			return err
		}
		s.rec.Data, s.dirty = data, true
		return nil
	})
}

// Delete removes key's value. The error is that of Set.
func (s *Session) Delete(key string) error {
	return s.change(func() error {
		if _, ok := lookup(s.rec.Data, key); ok {
			s.rec.Data, s.dirty = string(without(s.rec.Data, key, 0)), true
		}
		return nil
	})
}

// Clear removes every value. The session goes on, and so does its user's login; Destroy ends both.
func (s *Session) Clear() error {
	return s.change(func() error {
		if s.rec.Data != "" {
			s.rec.Data, s.dirty = "", true
			s.detach()
		}
		return nil
	})
}

package bench

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/securecookie"
	"github.com/justinas/nosurf"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/signing"
)

func surfToken(r *http.Request) string { return nosurf.Token(r) }

// macLimit verifies Django's signature of a value as cheaply as crypto/hmac can: with a state that is reused.
type macLimit struct{ pool sync.Pool }

func newMACLimit(key []byte) *macLimit {
	return &macLimit{sync.Pool{New: func() any { return &macState{Hash: hmac.New(sha256.New, key)} }}}
}

type macState struct {
	hash.Hash
	text, sum []byte
}

func (m *macLimit) sign(value string) string {
	mac := m.pool.New().(*macState)
	mac.Write([]byte(value))
	return value + ":" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (m *macLimit) verify(token string) bool {
	i := strings.LastIndexByte(token, ':')
	if i < 0 || len(token)-i-1 != 43 {
		return false
	}
	st := m.pool.Get().(*macState)
	defer m.pool.Put(st)
	st.Reset()
	st.text = append(st.text[:0], token...)
	st.Write(st.text[:i])
	st.sum = st.Sum(st.sum[:0])
	var want [43]byte
	base64.RawURLEncoding.Encode(want[:], st.sum)
	return hmac.Equal(want[:], st.text[i+1:])
}

// verified is the check that the contestants of values share.
func verified(tb testing.TB, name string, verify func() bool) contestant {
	return contestant{name, func() {
		if !verify() {
			tb.Fatal(name + " does not verify what it signed")
		}
	}}
}

func values(tb testing.TB) []contest {
	const value = "alice@example.com:1tLs0g"
	key := keyring.Generate()
	ring, err := keyring.New(keyring.Config{Key: key})
	if err != nil {
		tb.Fatal(err)
	}
	turned, err := keyring.New(keyring.Config{Key: key, Fallbacks: []secret.Text{keyring.Generate(), keyring.Generate(), keyring.Generate()}})
	if err != nil {
		tb.Fatal(err)
	}
	limit := newMACLimit(make([]byte, 32))
	limitToken := limit.sign(value)
	gorilla := securecookie.New(make([]byte, 32), nil)
	gorillaToken, err := gorilla.Encode("name", value)
	if err != nil {
		tb.Fatal(err)
	}
	var ofFallbacks []contestant // what fallbacks cost while the current key matches: nothing
	of := []contestant{verified(tb, limitName, func() bool { return limit.verify(limitToken) })}
	for _, row := range []struct {
		name string
		ring *keyring.Ring
	}{{ours, ring}, {"airworthy, three fallbacks", turned}} {
		s, err := signing.New(row.ring, signing.Options{Salt: "bench"})
		if err != nil {
			tb.Fatal(err)
		}
		token := s.Sign(value)
		verify := func() bool { v, err := s.Unsign(token); return err == nil && v == value }
		of = append(of, verified(tb, row.name, verify))
		name := ours
		if row.ring == ring {
			name = limitName // one key
		}
		ofFallbacks = append(ofFallbacks, verified(tb, name, verify))
	}
	return []contest{{"keyring, three fallbacks (limit: none)", 0, 1.2, ofFallbacks}, {"signing, verify", 0, 1.5, append(of, verified(tb, "gorilla/securecookie", func() bool {
		var got string
		return gorilla.Decode("name", gorillaToken, &got) == nil && got == value
	}))}}
}

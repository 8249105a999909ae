package session

import (
	"strings"
	"testing"
	"time"
)

// The sealed form by its description: flags, three times of eight bytes, the user after its length, the values.
const packed = "\x00" +
	"\x00\x00\x00\x00\x65\x53\xf1\x00" + "\x00\x00\x00\x00\x65\x53\xf1\x01" + "\x00\x00\x00\x00\x65\x53\xf1\x02" +
	"\x0242" + "\x01k\x03\"v\""

func TestUnseal(t *testing.T) {
	want := Record{
		Data: "\x01k\x03\"v\"", User: "42",
		Created: time.Unix(1700000000, 0), Seen: time.Unix(1700000001, 0), Expires: time.Unix(1700000002, 0),
	}
	for _, row := range []struct {
		name, in string
		ok       bool
	}{
		{"as described", packed, true},
		{"another version", "\x04" + packed[1:], false},
		{"nothing", "", false},
		{"times alone", packed[:25], false},
		{"a time cut off", packed[:20], false},
		{"a user cut off", packed[:27], false},
		{"a user longer than everything", packed[:25] + "\xff\x7f" + packed[26:], false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var rec record
			ok := unseal([]byte(row.in), &rec)
			if got := rec.unpack(); ok != row.ok || ok && got != want {
				t.Errorf("unseal = %+v, %t, want %t", got, ok, row.ok)
			}
		})
	}
	rec := want.pack()
	if got := string(seal(nil, &rec)); got != packed {
		t.Errorf("seal = %q, want %q", got, packed)
	}
}

func FuzzUnseal(f *testing.F) {
	for _, s := range []string{packed, "", "\x03" + packed[1:], "\x04" + packed[1:], packed[:26], strings.Repeat("\xff", 40)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		var rec, again record
		if !unseal(p, &rec) {
			return
		}
		if len(rec.User)+len(rec.Data) > len(p) {
			t.Fatalf("%d bytes out of %d", len(rec.User)+len(rec.Data), len(p))
		}
		if !unseal(seal(nil, &rec), &again) || again != rec {
			t.Fatalf("the round trip gives %+v, want %+v", again, rec)
		}
		public := rec.unpack()
		if again := public.pack(); again != rec {
			t.Fatalf("as a Record it is %+v, and then %+v, want %+v", public, again, rec)
		}
	})
}

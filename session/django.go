package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/signing"
)

// ErrForged is an ErrNotFound for a session that a store does hold but that none of the keys signed: somebody changed
// the store, or the key was replaced without keeping the old one as a fallback. A Manager logs it.
var ErrForged error = forged{}

type forged struct{}

func (forged) Error() string        { return "session: the stored session is not signed with one of the keys" }
func (forged) Is(target error) bool { return target == ErrNotFound }

// What Django keeps among a session's values, and a Record has a field for.
const (
	djangoUser   = "_auth_user_id"
	djangoExpiry = "_session_expiry"
)

// DjangoData turns records into the text that Django keeps in the session_data of its table and in the cookies of its
// signed_cookies backend, and back. It is safe for concurrent use.
//
// Django's _auth_user_id is the record's User; _auth_user_backend and _auth_user_hash, without which Django takes
// nobody for logged in, are ordinary values. Everything else that Django, or an application on it, has put into a
// session is kept as it is.
type DjangoData struct{ signer *signing.TimestampSigner }

// NewDjangoData returns a DjangoData for one salt: [signing.SaltSessions], [signing.SaltSignedSessions], or
// "django.contrib.sessions." and the name of a session store class of one's own.
func NewDjangoData(ring *keyring.Ring, salt string) *DjangoData {
	signer, err := signing.NewTimestamp(ring, signing.Options{Salt: salt})
	if err != nil {
		panic("session: signing refuses its own separator")
	}
	return &DjangoData{signer: signer}
}

// Decode returns the session that text holds, signed at most maxAge ago. Its Expires is set if the session brings an
// expiry of its own along, its Seen is when it was saved, and its Resave says that a fallback key signed it. The error
// is [ErrForged], or ErrNotFound for what is too old or not a session.
func (d *DjangoData) Decode(text string, maxAge time.Duration) (Record, error) {
	token, err := d.signer.Parse(text, maxAge)
	switch {
	case errors.Is(err, signing.ErrExpired):
		return Record{}, ErrNotFound
	case err != nil:
		return Record{}, ErrForged
	}
	var values map[string]json.RawMessage
	if err := signing.Loads(d.signer, text, maxAge, &values); err != nil || values == nil {
		return Record{}, ErrNotFound // as Django, which reads an empty session
	}
	rec, err := fromDjango(values, token.Signed)
	if err != nil {
		return Record{}, err
	}
	rec.Seen, rec.Resave = token.Signed, !token.Current
	return rec, nil
}

// fromDjango returns the record of Django's values, which were stored at saved.
func fromDjango(values map[string]json.RawMessage, saved time.Time) (rec Record, err error) {
	if json.Unmarshal(values[djangoUser], &rec.User) == nil {
		delete(values, djangoUser)
	}
	if raw, ok := values[djangoExpiry]; ok && string(raw) != "null" { // as good as none to Django
		age, at, err := parseExpiry(string(raw))
		switch {
		case err != nil:
			return Record{}, err
		case !at.IsZero():
			rec.Fixed, rec.Expires = true, at
			delete(values, djangoExpiry)
		case age == 0:
			rec.Transient = true
			delete(values, djangoExpiry)
		default:
			rec.Expires = saved.Add(age)
		}
	}
	var data []byte
	for _, key := range slices.Sorted(maps.Keys(values)) {
		data = AppendPair(data, key, string(values[key]))
	}
	rec.Data = string(data)
	return rec, nil
}

// parseExpiry reads _session_expiry: seconds after the last save, perhaps with a fraction, 0 for the browser's closing,
// or a time.
func parseExpiry(raw string) (age time.Duration, at time.Time, err error) {
	if seconds, err := strconv.ParseFloat(raw, 64); err == nil && seconds >= 0 && seconds < 1<<32 {
		return time.Duration(seconds * float64(time.Second)), time.Time{}, nil
	}
	var text string
	if json.Unmarshal([]byte(raw), &text) != nil {
		return 0, time.Time{}, ErrNotFound
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} { // Go reads fractions with either
		if at, err = time.Parse(layout, text); err == nil {
			return 0, at, nil
		}
	}
	return 0, time.Time{}, ErrNotFound
}

// Encode returns rec's text. If the values hold an expiry in seconds, which slides, rec.Expires is set by it.
func (d *DjangoData) Encode(rec *Record) (string, error) {
	values := map[string]json.RawMessage{}
	for key, value := range Pairs(rec.Data) {
		values[key] = json.RawMessage(value)
	}
	if rec.User != "" {
		user, err := json.Marshal(rec.User)
		if err != nil {
			return "", fmt.Errorf("session: %w", err)
		}
		values[djangoUser] = user
	}
	switch {
	case rec.Fixed:
		values[djangoExpiry] = rec.Expires.UTC().AppendFormat(nil, `"2006-01-02T15:04:05.999999+00:00"`)
	case rec.Transient:
		values[djangoExpiry] = json.RawMessage("0")
	default:
		if age, _, err := parseExpiry(string(values[djangoExpiry])); err == nil && age > 0 {
			rec.Expires = rec.Seen.Add(age)
		}
	}
	text, err := signing.Dumps(d.signer, values, true)
	if err != nil {
		return "", fmt.Errorf("session: %w", err)
	}
	return text, nil
}

// djangoCookie is Django's signed_cookies backend.
type djangoCookie struct {
	data *DjangoData
	age  time.Duration
}

var _ Sliding = (*djangoCookie)(nil)

// NewDjangoCookie returns a Store that keeps sessions in cookies of Django's signed_cookies backend, which a Django
// site with the same keys, cookie name and SESSION_COOKIE_AGE shares. Django knows no __Host- names: set
// cookies.Config.InsecurePlainNames.
//
// The values are signed, not encrypted: the visitor can read them. Sessions cannot be ended, as with [NewCookie], and
// have no idle age: they end Config.Age after they were last changed.
func NewDjangoCookie(ring *keyring.Ring) Store {
	return &djangoCookie{data: NewDjangoData(ring, signing.SaltSignedSessions), age: DefaultAge}
}

func (c *djangoCookie) bind(cfg Config) Store { return &djangoCookie{data: c.data, age: cfg.Age} }

// Sliding implements [Sliding].
func (c *djangoCookie) Sliding() {}

func (c *djangoCookie) inCookie() {}

// Load implements [Store].
func (c *djangoCookie) Load(_ context.Context, token string) (Record, error) {
	if len(token) > maxCookie {
		return Record{}, ErrNotFound
	}
	rec, err := c.data.Decode(token, c.age)
	if err != nil {
		return Record{}, ErrNotFound // anybody can send a forged cookie: no news
	}
	if rec.Expires.IsZero() {
		rec.Expires = rec.Seen.Add(c.age + time.Second) // Django counts whole seconds
	}
	return rec, nil
}

// Save implements [Store].
func (c *djangoCookie) Save(_ context.Context, _ string, rec *Record) (string, error) {
	token, err := c.data.Encode(rec)
	if err == nil && len(token) > maxCookie {
		err = fmt.Errorf("session: the values make a cookie of %d bytes, and browsers keep %d: "+
			"store less, or use drivers/sqlstore", len(token), maxCookie)
	}
	return token, err
}

// Delete implements [Store]: the cookie's going is all there is.
func (c *djangoCookie) Delete(context.Context, string) error { return nil }

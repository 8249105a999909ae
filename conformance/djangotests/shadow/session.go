package main

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/session"
)

// sessionQuestion asks for a session's text, or what one holds.
type sessionQuestion struct {
	keys
	Salt   string
	Values map[string]json.RawMessage
	Text   string
	MaxAge *float64 // in seconds
}

// What Django keeps among the values and a Record beside them.
const (
	userKey   = "_auth_user_id"
	expiryKey = "_session_expiry"
)

func (q sessionQuestion) data() *session.DjangoData { return session.NewDjangoData(q.ring(), q.Salt) }

func (q sessionQuestion) encode() (string, error) {
	var rec session.Record
	var data []byte
	for _, name := range slices.Sorted(maps.Keys(q.Values)) {
		if name == userKey && json.Unmarshal(q.Values[name], &rec.User) == nil {
			continue
		}
		data = session.AppendPair(data, name, string(q.Values[name]))
	}
	rec.Data = string(data)
	return q.data().Encode(&rec)
}

// decode returns the values as JSON; nothing is the empty session, as with Django.
func (q sessionQuestion) decode() (string, error) {
	rec, err := q.data().Decode(q.Text, signQuestion{MaxAge: q.MaxAge}.age())
	if err != nil && !errors.Is(err, session.ErrNotFound) {
		return "", err
	}
	values := map[string]json.RawMessage{}
	for name, text := range session.Pairs(rec.Data) {
		values[name] = json.RawMessage(text)
	}
	if rec.User != "" {
		if values[userKey], err = json.Marshal(rec.User); err != nil {
			return "", err
		}
	}
	switch {
	case rec.Fixed:
		values[expiryKey] = json.RawMessage(rec.Expires.UTC().Format(`"2006-01-02T15:04:05.999999"`))
	case rec.Transient:
		values[expiryKey] = json.RawMessage("0")
	}
	text, err := json.Marshal(values)
	return string(text), err
}

// sessionCookieQuestion asks which cookie an answer sets whose request changed its session.
type sessionCookieQuestion struct {
	request
	Name, Domain, Path, SameSite string
	Age                          *float64 // in seconds; the cookie goes with the browser without
	CookieSecure, HTTPOnly       bool
	Status                       int
}

func (q sessionCookieQuestion) answer() (string, error) {
	cfg := session.Config{
		Store: session.NewDjangoCookie(ring([]byte(key))), CookieName: q.Name, CookieDomain: q.Domain, CookiePath: q.Path,
		CookieSameSite: sameSite(q.SameSite), InsecureCookie: !q.CookieSecure, InsecureScriptAccess: !q.HTTPOnly,
		ExpireAtBrowserClose: q.Age == nil, Cookies: cookies.Config{InsecurePlainNames: true}, Logger: silent,
	}
	if q.Age != nil {
		cfg.Age = time.Duration(*q.Age * float64(time.Second))
	}
	m, err := session.New(cfg)
	if err != nil {
		return refusesToStart, nil
	}
	w, err := ask(m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := session.From(r.Context()).Set("k", "v"); err != nil {
			panic(err)
		}
		w.WriteHeader(q.Status)
	})), q.request)
	if err != nil {
		return "", err
	}
	return cookieLine(w.Header(), q.Name), nil
}

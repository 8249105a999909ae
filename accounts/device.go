package accounts

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// deviceAge is how long a browser counts as known after its owner last logged in on it.
const deviceAge = 180 * 24 * time.Hour

// secureCookie reports whether the device cookie is the one for https; see session.
func (a *Accounts) secureCookie(r *http.Request) bool {
	if !a.cfg.InsecureCookie {
		return true
	}
	st := httpx.From(r.Context())
	return st != nil && st.HTTPS
}

// rememberDevice leaves a cookie by which the owner's browser is told from those of strangers. It opens nothing: it
// only has its own budget of attempts, so that who locks the account does not lock its owner out.
func (a *Accounts) rememberDevice(w http.ResponseWriter, r *http.Request, u *User) {
	id := a.knownDevice(r, u.Username)
	if id == "" {
		id = rand.Text()
	}
	text := strconv.FormatInt(time.Now().Unix(), 10) + " " + id + " " + u.Username
	sealed := base64.RawURLEncoding.EncodeToString(a.devices.Seal(nil, []byte(text), nil))
	if err := a.device.Set(w, a.secureCookie(r), sealed); err != nil {
		httpx.Logger(a.cfg.Logger).LogAttrs(r.Context(), slog.LevelWarn, "the device cookie could not be set", slog.Any("error", err))
	}
}

// knownDevice returns the id of the browser if the owner of the name has logged in on it, empty if not. The name has to be
// that very one: in a Django site somebody else may be its twin, and would get the owner's budget with each login.
func (a *Accounts) knownDevice(r *http.Request, username string) string {
	value, err := a.device.Read(r, a.secureCookie(r))
	if err != nil {
		return "" // http.ErrNoCookie, or one that somebody else set
	}
	return a.openDevice(value, username, time.Now())
}

func (a *Accounts) openDevice(value, username string, now time.Time) string {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil {
		return ""
	}
	text, _, err := a.devices.Open(nil, sealed, nil)
	if err != nil {
		return ""
	}
	at, rest, _ := strings.Cut(string(text), " ")
	id, name, found := strings.Cut(rest, " ")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if !found || err != nil || name != username || now.Sub(time.Unix(seconds, 0)) >= deviceAge {
		return ""
	}
	return id
}

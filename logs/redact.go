package logs

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// redactor replaces what is secret in the attributes of a record: by the attribute's name, by its type, by its value.
type redactor struct {
	mask func() secret.Mask
	json bool
}

// attr is slog.HandlerOptions.ReplaceAttr: it sees every attribute that is not a group, and the message.
func (r redactor) attr(groups []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = r.string(a.Key, a.Value.String())
	case slog.KindAny:
		a.Value = r.any(a.Key, a.Value.Any())
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		if named(a.Key) {
			a.Value = slog.StringValue(secret.Redacted)
		}
	}
	return a
}

// plainly are the names of attributes that hold a secret and nothing else. The list that the development page uses
// would blacken too much of a log: key, author, passed.
var plainly = map[string]bool{
	"password": true, "passwd": true, "passphrase": true, "secret": true, "secretkey": true, "token": true,
	"authorization": true, "proxyauthorization": true, "cookie": true, "setcookie": true, "apikey": true,
	"accesstoken": true, "refreshtoken": true, "idtoken": true, "csrftoken": true, "sessionkey": true,
	"sessionid": true, "privatekey": true, "credentials": true, "dsn": true, "databaseurl": true,
	"newpassword": true, "oldpassword": true, "xapikey": true, "xcsrftoken": true,
}

var separators = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

func named(key string) bool {
	if len(key) < len("dsn") || len(key) > 32 {
		return false
	}
	return plainly[strings.ToLower(separators.Replace(key))]
}

func (r redactor) text(s string) string {
	if r.mask != nil {
		s = r.mask().String(s)
	}
	return httpx.RedactUserinfo(s)
}

func (r redactor) string(key, s string) slog.Value {
	if s != "" && named(key) {
		s = secret.Redacted
	}
	return slog.StringValue(r.text(s))
}

// any handles the types that print more than they should. What is left is printed here, so that what comes out of it
// can be searched.
func (r redactor) any(key string, v any) slog.Value {
	switch v := v.(type) {
	case slog.Level, *slog.Source, time.Time, time.Duration, nil:
		return slog.AnyValue(v)
	case secret.Text:
		return slog.StringValue(v.String())
	}
	if named(key) {
		return slog.StringValue(secret.Redacted)
	}
	if s, ok := known(v); ok {
		return slog.StringValue(r.text(s))
	}
	if r.json {
		return r.encode(v)
	}
	return slog.StringValue(r.text(fmt.Sprintf("%+v", v)))
}

// known prints the types of net/http and net/url that carry credentials, errors, and what prints itself.
func known(v any) (string, bool) {
	switch v := v.(type) {
	case *url.URL:
		return httpx.RedactURL(v), true
	case url.URL:
		return httpx.RedactURL(&v), true
	case *http.Request:
		return request(v), true
	case http.Request:
		return request(&v), true
	case http.Header:
		return fields(v), true
	case url.Values:
		return fields(v), true
	case *http.Cookie:
		if v == nil {
			return "", true
		}
		return v.Name, true
	case http.Cookie:
		return v.Name, true
	case error:
		return fmt.Sprint(v), true // not v.Error(), which panics on some nil pointers
	}
	return "", false
}

func request(r *http.Request) string {
	if r == nil || r.URL == nil {
		return ""
	}
	return r.Method + " " + r.URL.Path
}

// fields prints headers or parameters, sorted, with the sensitive ones replaced.
func fields(all map[string][]string) string {
	names := slices.Sorted(maps.Keys(all))
	for i, name := range names {
		value := secret.Redacted
		if !httpx.Sensitive(name) {
			value = strings.Join(all[name], ", ")
		}
		names[i] = name + "=" + value
	}
	return strings.Join(names, "; ")
}

// encode keeps the shape of a value in JSON, unless hiding a secret has broken it.
func (r redactor) encode(v any) slog.Value {
	b, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(r.text(fmt.Sprintf("%+v", v)))
	}
	masked := r.text(string(b))
	if masked != string(b) && !json.Valid([]byte(masked)) {
		return slog.StringValue(masked)
	}
	return slog.AnyValue(json.RawMessage(masked))
}

// appendEscape appends r as \uXXXX, above U+FFFF as the two of a surrogate pair.
func appendEscape(dst []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

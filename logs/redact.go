package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/secret"
)

// redactor replaces what is secret in the attributes of a record: by the attribute's name, by its type, by its value.
type redactor struct {
	mask    func() secret.Mask
	private []string // paths whose rest is secret
	json    bool
}

// attr is slog.HandlerOptions.ReplaceAttr: it sees every attribute that is not a group, and the message.
func (r redactor) attr(groups []string, a slog.Attr) slog.Attr {
	a.Key, a.Value = r.text(a.Key), r.attrValue(a)
	return a
}

func (r redactor) attrValue(a slog.Attr) slog.Value {
	switch a.Value.Kind() {
	case slog.KindString:
		return r.string(a.Key, a.Value.String())
	case slog.KindAny:
		return r.any(a.Key, a.Value.Any())
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		if named(a.Key) {
			return slog.StringValue(secret.Redacted)
		}
	}
	return a.Value
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

// named reports whether an attribute's key is in the list, whatever its case and separators.
func named(key string) bool {
	var folded [maxName]byte
	n := 0
	for i := range len(key) {
		switch c := key[i]; {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			continue
		case n == maxName:
			return false
		case 'A' <= c && c <= 'Z':
			folded[n] = c + 'a' - 'A'
		default:
			folded[n] = c
		}
		n++
	}
	return plainly[string(folded[:n])]
}

// maxName is the length of the longest name in the list.
const maxName = len("proxyauthorization")

func (r redactor) text(s string) string {
	if r.mask != nil {
		s = r.mask().String(s)
	}
	for _, path := range r.private {
		s = redactBehind(s, path)
	}
	return httpx.RedactUserinfo(s)
}

// redactBehind replaces what follows path in s as a part of the same address.
func redactBehind(s, path string) string {
	at := strings.Index(s, path)
	if at < 0 {
		return s
	}
	var b strings.Builder
	for at >= 0 {
		b.WriteString(s[:at+len(path)])
		s = s[at+len(path):]
		end := strings.IndexFunc(s, endsPath)
		if end < 0 {
			end = len(s)
		}
		switch {
		case strings.HasPrefix(s, secret.Redacted): // it was here before
			end = len(secret.Redacted)
			fallthrough
		case end > 0:
			b.WriteString(secret.Redacted)
		}
		s = s[end:]
		at = strings.Index(s, path)
	}
	b.WriteString(s)
	return b.String()
}

// endsPath reports whether an address in a text ends before c.
func endsPath(c rune) bool { return c <= ' ' || strings.ContainsRune("\"'<>\\?#,;)]}", c) }

func (r redactor) string(key, s string) slog.Value {
	if s != "" && named(key) {
		s = secret.Redacted
	}
	return slog.StringValue(r.text(s))
}

// any handles the types that print more than they should. What is left is taken apart here, because what log/slog
// would make of it cannot be searched: JSON and quoting escape some of the characters that secrets are made of.
func (r redactor) any(key string, v any) slog.Value {
	switch v := v.(type) {
	case slog.Level, *slog.Source, nil:
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
	if s, ok := v.(fmt.Stringer); ok && !r.json {
		return slog.StringValue(r.text(fmt.Sprint(s)))
	}
	return r.encode(v)
}

// known prints the types of net/http and net/url that carry credentials, errors, and bytes.
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
	case []byte:
		return string(v), true
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

// encode keeps the shape of a value in JSON, and in text writes it as JSON. What JSON cannot express is printed.
func (r redactor) encode(v any) slog.Value {
	shape, err := decode(v)
	if err != nil {
		return slog.StringValue(r.text(fmt.Sprintf("%+v", v)))
	}
	shape = r.walk(shape)
	if s, ok := shape.(string); ok {
		return slog.StringValue(s)
	}
	if r.json {
		return slog.AnyValue(shape)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(shape); err != nil {
		return slog.StringValue(secret.Redacted)
	}
	return slog.StringValue(strings.TrimSuffix(b.String(), "\n"))
}

// decode returns v as maps, lists, strings, numbers and bools.
func decode(v any) (shape any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%T panicked while it was encoded", v) // as a method of a nil pointer may
		}
	}()
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err = d.Decode(&shape)
	return shape, err
}

// walk redacts by name and by value, in place.
func (r redactor) walk(v any) any {
	switch v := v.(type) {
	case string:
		return r.text(v)
	case []any:
		for i := range v {
			v[i] = r.walk(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for name, value := range v {
			if named(name) && value != "" && value != nil {
				value = secret.Redacted
			}
			clean[r.text(name)] = r.walk(value)
		}
		return clean
	}
	return v
}

// appendEscape appends r as \uXXXX, above U+FFFF as the two of a surrogate pair.
func appendEscape(dst []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

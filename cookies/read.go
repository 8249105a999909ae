package cookies

import (
	"errors"
	"net/http"
	"strings"
)

// Errors that [Read] returns beside [http.ErrNoCookie]. Whatever the error, the request has no such cookie; these are
// worth a line in the log.
var (
	ErrDuplicate = errors.New("cookies: the request has two cookies of that name; one was set by somebody else")
	ErrTooMany   = errors.New("cookies: the request has more cookies than are read")
	ErrMalformed = errors.New("cookies: the value of the cookie is not one that this package writes")
)

// Limits for the cookies of one request, beyond which none is read. Browsers keep 180 for a site, and servers before
// us seldom accept more than 8 KiB in one line.
const (
	MaxCookies = 256
	MaxBytes   = 32 << 10
)

// Read returns the value of the cookie called name in r. It allocates nothing.
//
// Names are compared byte by byte, so that __host-x or a name with a leading NUL is another cookie. A value is read up
// to the next semicolon, as browsers write it; quotes have no meaning, and a value that holds some is ErrMalformed.
func Read(r *http.Request, name string) (value string, err error) {
	if value, err = find(r, name); err == nil && !Valid(value) {
		return "", ErrMalformed
	}
	return value, err
}

// find is Read without a look at the bytes of the value.
func find(r *http.Request, name string) (value string, err error) {
	lines := r.Header["Cookie"]
	size, count := 0, 0
	for _, line := range lines {
		size += len(line)
	}
	if size > MaxBytes {
		return "", ErrTooMany
	}
	found, equals := false, false
	for _, line := range lines {
		for more := true; more; {
			pair := line
			end := strings.IndexByte(line, ';')
			if more = end >= 0; more {
				pair, line = line[:end], line[end+1:]
			}
			if count++; count > MaxCookies {
				return "", ErrTooMany
			}
			rest, ok := strings.CutPrefix(trim(pair), name)
			if !ok {
				continue
			}
			for rest != "" && (rest[0] == ' ' || rest[0] == '\t') { // between the name and =
				rest = rest[1:]
			}
			if rest != "" && rest[0] != '=' {
				continue // a longer name
			}
			if found {
				return "", ErrDuplicate
			}
			// A name without = is a cookie without a name to browsers and one without a value to net/http.
			if found, equals = true, rest != ""; equals {
				value = rest[1:]
			}
		}
	}
	switch {
	case !found:
		return "", http.ErrNoCookie
	case !equals:
		return "", ErrMalformed
	}
	return value, nil
}

// trim removes the white space of RFC 9110 from both ends. Servers that remove more take other names for ours.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

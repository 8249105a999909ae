package csrf

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
)

// FieldName is the name of the form field that carries the token.
const FieldName = "csrfmiddlewaretoken"

// maxParts is how many parts of a multipart form are looked at.
const maxParts = 1000

// formToken returns the token in the form that r carries, the last one if there are several, "" if there is none.
//
// It reads at most max bytes of the body and puts them back, so that the application reads the whole body under its
// own limits: nothing is parsed for it, and no file is written. A token further back is not found.
func formToken(r *http.Request, max int64) string {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	switch {
	case media == "application/x-www-form-urlencoded":
		if r.PostForm != nil { // read by somebody before us
			return lastOf(r.PostForm[FieldName])
		}
		body, whole := peek(r, max)
		return urlencodedToken(body, whole)
	case media == "multipart/form-data":
		if r.MultipartForm != nil {
			return lastOf(r.MultipartForm.Value[FieldName])
		}
		body, _ := peek(r, max)
		return multipartToken(body, params["boundary"])
	}
	return ""
}

func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// peek reads up to max bytes of the body and puts them back. It reports whether that was the whole body.
func peek(r *http.Request, max int64) (head []byte, whole bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, true
	}
	var buf bytes.Buffer
	if 0 < r.ContentLength && r.ContentLength < max {
		buf.Grow(int(min(r.ContentLength, 64<<10)) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, max))
	whole = err == nil && n < max
	r.Body = &rejoined{io.MultiReader(bytes.NewReader(buf.Bytes()), r.Body), r.Body}
	return buf.Bytes(), whole
}

// rejoined is a body of which the beginning has been read and put back.
type rejoined struct {
	io.Reader
	io.Closer
}

// urlencodedToken looks through pairs by hand: url.ParseQuery would drop a pair that it cannot unescape, and with it
// a wrong token. A pair that was cut off by the limit does not count.
func urlencodedToken(body []byte, whole bool) (token string) {
	for more := true; more; {
		var pair []byte
		pair, body, more = bytes.Cut(body, []byte("&"))
		key, value, _ := bytes.Cut(pair, []byte("="))
		if (more || whole) && len(key) <= 3*len(FieldName) && unescape(key) == FieldName {
			token = unescape(value)
		}
	}
	return token
}

// unescape leaves what cannot be unescaped as it is.
func unescape(b []byte) string {
	s := string(b)
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return s
}

// multipartToken reads part by part up to the end or to the first that is broken or cut off.
func multipartToken(body []byte, boundary string) (token string) {
	if boundary == "" {
		return ""
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxParts {
		part, err := parts.NextPart()
		if err != nil {
			break
		}
		if part.FormName() != FieldName || part.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, tokenLength+1))
		if err != nil {
			break
		}
		token = string(value)
	}
	return token
}

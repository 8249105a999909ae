package csrf_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/csrf"
)

const (
	urlencoded = "application/x-www-form-urlencoded"
	boundary   = "multipart/form-data; boundary=B"
)

// parts writes a multipart form of pairs.
func parts(pairs ...string) string {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("B")
	for i := 0; i < len(pairs); i += 2 {
		_ = w.WriteField(pairs[i], pairs[i+1])
	}
	_ = w.Close()
	return b.String()
}

func TestTokenInForm(t *testing.T) {
	field := "csrfmiddlewaretoken"
	long := strings.Repeat("x", 2000)
	for _, row := range []struct {
		name, media, body string
		want              csrf.Reason
	}{
		{"in a form", urlencoded, "a=b&" + field + "=" + masked, pass},
		{"in a form with a charset", urlencoded + "; charset=utf-8", field + "=" + masked, pass},
		{"its name escaped", urlencoded, "csrf%6Diddlewaretoken=" + masked, pass},
		{"the last counts", urlencoded, field + "=" + other + "&" + field + "=" + masked, pass},
		{"the last counts, and is wrong", urlencoded, field + "=" + masked + "&" + field + "=" + other, "CSRF_TOKEN_INCORRECT"},
		{"a last one that cannot be unescaped counts", urlencoded, field + "=" + masked + "&" + field + "=%zz", "CSRF_TOKEN_INCORRECT_LENGTH"},
		{"an empty last one is none", urlencoded, field + "=" + masked + "&" + field + "=", "CSRF_TOKEN_MISSING"},
		{"a semicolon parts nothing", urlencoded, "a=b;" + field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"another name", urlencoded, "x" + field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"within the limit", urlencoded, field + "=" + masked + "&a=" + long, pass},
		{"behind the limit", urlencoded, "a=" + long + "&" + field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"cut by the limit", urlencoded, strings.Repeat("x", 1000-len(field)-32-2) + "&" + field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"in a multipart form", boundary, parts("a", "b", field, masked), pass},
		{"the last part counts", boundary, parts(field, masked, field, other), "CSRF_TOKEN_INCORRECT"},
		{"a part within the limit, before a large one", boundary, parts(field, masked, "a", long), pass},
		{"a part behind the limit", boundary, parts("a", long, field, masked), "CSRF_TOKEN_MISSING"},
		{"a part that is too long", boundary, parts(field, masked+"a"), "CSRF_TOKEN_INCORRECT_LENGTH"},
		{"a file of that name", boundary, strings.Replace(parts(field, masked), `"`+field+`"`, `"`+field+`"; filename="f"`, 1), "CSRF_TOKEN_MISSING"},
		{"no boundary", "multipart/form-data", parts(field, masked), "CSRF_TOKEN_MISSING"},
		{"JSON is not looked into", "application/json", field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"nor is plain text, which a foreign form can send", "text/plain", field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"nor what only looks like a form", urlencoded + "x", field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"nor a malformed type", ";;", field + "=" + masked, "CSRF_TOKEN_MISSING"},
		{"nor one without", "", field + "=" + masked, "CSRF_TOKEN_MISSING"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, csrf.Config{MaxBody: 1000})
			r := post(row.media, row.body)
			if got := reason(t, g.Check(r)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if got, err := io.ReadAll(r.Body); err != nil || string(got) != row.body {
				t.Errorf("the application reads %d bytes (%v), want the %d that were sent", len(got), err, len(row.body))
			}
		})
	}
}

// post is a request of an old browser: cookie, form, no Origin.
func post(media, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Host = "victim.com"
	r.Header.Set("Cookie", "csrftoken="+secret)
	r.Header.Set("Content-Type", media)
	return r
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, io.EOF }

func TestBodyIsReadOnlyWhereItDecides(t *testing.T) {
	form := "Content-Type: " + urlencoded
	for name, r := range map[string]*http.Request{
		"fetch metadata pass":      newRequest("POST", site, form, cookie, "Sec-Fetch-Site: same-origin"),
		"fetch metadata refuse":    newRequest("POST", site, form, cookie, "Sec-Fetch-Site: cross-site"),
		"Origin passes":            newRequest("POST", site, form, cookie, "Origin: "+site),
		"Origin refuses":           newRequest("POST", site, form, cookie, "Origin: https://evil.com"),
		"the Referer refuses":      newRequest("POST", site, form, cookie, "Referer: https://evil.com"),
		"the token is a header":    newRequest("POST", site, form, cookie, "X-CSRFToken: "+masked),
		"there is no cookie":       newRequest("POST", site, form),
		"the method has no form":   newRequest("PUT", site, form, cookie),
		"the type is none of ours": newRequest("POST", site, "Content-Type: application/json", cookie),
	} {
		t.Run(name, func(t *testing.T) {
			r.Body = io.NopCloser(unread{t})
			_ = newGuard(t, csrf.Config{}).Check(r)
		})
	}
}

// The application sees the form, by whichever function, and under its own limits.
func TestApplicationReadsTheForm(t *testing.T) {
	for _, row := range []struct{ media, body string }{
		{urlencoded, "csrfmiddlewaretoken=" + masked + "&title=hello"},
		{boundary, parts("csrfmiddlewaretoken", masked, "title", "hello")},
	} {
		served := false
		serve(t, csrf.Config{}, post(row.media, row.body), func(w http.ResponseWriter, r *http.Request) {
			served = true
			if got := r.FormValue("title"); got != "hello" {
				t.Errorf("got %q, want hello", got)
			}
		})
		if !served {
			t.Error("the request was refused")
		}
		serve(t, csrf.Config{}, post(row.media, row.body), func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 10)
			if _, err := io.ReadAll(r.Body); !errorsAs[*http.MaxBytesError](err) {
				t.Errorf("got %v, want the application's own limit to hold", err)
			}
		})
	}
}

func errorsAs[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Whoever parsed the form before has taken the body; the token is found where it is.
func TestFormThatIsParsedAlready(t *testing.T) {
	for _, row := range []struct{ media, body string }{
		{urlencoded, "csrfmiddlewaretoken=" + masked},
		{boundary, parts("csrfmiddlewaretoken", masked)},
	} {
		r := post(row.media, row.body)
		if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			t.Fatal(err)
		}
		if err := newGuard(t, csrf.Config{}).Check(r); err != nil {
			t.Errorf("%s: %v", row.media, err)
		}
	}
}

// failing is a body whose connection breaks.
type failing struct{ io.Reader }

var errReset = errors.New("connection reset")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errReset
	}
	return n, err
}

func TestBrokenBody(t *testing.T) {
	body := "a=b&csrfmiddlewaretoken=" + masked
	r := post(urlencoded, "")
	r.Body = io.NopCloser(failing{strings.NewReader(body)})
	if got := reason(t, newGuard(t, csrf.Config{}).Check(r)); got != "CSRF_TOKEN_MISSING" {
		t.Errorf("got %q, want CSRF_TOKEN_MISSING: the value may have been cut", got)
	}
	if got, err := io.ReadAll(r.Body); string(got) != body || !errors.Is(err, errReset) {
		t.Errorf("the application reads %q (%v), want what came and the error", got, err)
	}
}

// Bad input 38: a million parts cost no more than the first thousand.
func TestManyParts(t *testing.T) {
	var b strings.Builder
	for range 5000 {
		b.WriteString("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n")
	}
	b.WriteString("--B\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n\r\n" + masked + "\r\n--B--\r\n")
	if got := reason(t, newGuard(t, csrf.Config{}).Check(post(boundary, b.String()))); got != "CSRF_TOKEN_MISSING" {
		t.Errorf("got %q, want CSRF_TOKEN_MISSING", got)
	}
}

// Bad input 22: a field that names another method changes nothing.
func TestMethodFieldIsIgnored(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/?_method=GET", strings.NewReader("_method=GET"))
	r.Header.Set("Content-Type", urlencoded)
	if got := reason(t, newGuard(t, csrf.Config{}).Check(r)); got != "NO_CSRF_COOKIE" {
		t.Errorf("got %q, want NO_CSRF_COOKIE", got)
	}
}

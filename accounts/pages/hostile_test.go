package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// posts are all addresses that take forms, with what a good one holds.
var posts = map[string]map[string]string{
	"login/":                        {"username": "alice", "password": goodPassword},
	"signup/":                       {"username": "carol", "email": "c@example.com", "password": goodPassword, "again": goodPassword},
	"factor/":                       {"code": "123456"},
	"step-up/":                      {"code": "123456"},
	"password/":                     {"old": goodPassword, "password": goodPassword + "!", "again": goodPassword + "!"},
	"email/":                        {"old": goodPassword, "email": "a@example.com"},
	"reset/":                        {"email": "a@example.com"},
	"sessions/":                     {"end": "x"},
	"second-factor/add/":            {"name": "x", "old": goodPassword},
	"second-factor/confirm/":        {"id": "x", "code": "123456"},
	"second-factor/remove/":         {"id": "x"},
	"second-factor/recovery-codes/": {},
	"reset/MQ/set-password/":        {"password": goodPassword, "again": goodPassword},
}

// TestForgedForms: every form needs its token.
func TestForgedForms(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	v := l.member("alice")
	for path, fill := range posts {
		body := url.Values{}
		for name, value := range fill {
			body.Set(name, value)
		}
		if a := v.post("/account/"+path, body.Encode()); a.status != http.StatusForbidden {
			t.Errorf("%s without a token: status %d", path, a.status)
		}
	}
	if v.who() != "alice" {
		t.Error("a forged form logged out")
	}
}

// TestHostileForms is badinput 30 and 38 to 40 for our forms: nothing fails, nothing is done, nobody is logged in.
func TestHostileForms(t *testing.T) {
	l := newLab(t)
	l.user("alice")
	megabyte := strings.Repeat("a", 1<<20)
	for path, fill := range posts {
		for name, c := range map[string]struct {
			change func(url.Values)
			raw    func(string) string
			media  string
			want   []int
		}{
			"a megabyte":       {change: all(fill, megabyte), want: []int{413}},
			"zero bytes":       {change: all(fill, "a\x00b"), want: []int{200, 303, 404, 409, 422, 429}},
			"no UTF-8":         {change: all(fill, "\xff\xfe"), want: []int{200, 303, 404, 422, 429}},
			"line ends":        {change: all(fill, "a\r\nb: c"), want: []int{200, 303, 404, 422, 429}},
			"markup":           {change: all(fill, "\"><script>alert(1)</script>"), want: []int{200, 303, 404, 422, 429}},
			"empty":            {change: all(fill, ""), want: []int{303, 404, 422, 429}},
			"missing":          {change: func(v url.Values) { drop(v, fill) }, want: []int{303, 404, 422, 429}},
			"twice":            {change: func(v url.Values) { twice(v, fill) }, want: []int{400}},
			"a thousand":       {raw: func(s string) string { return s + strings.Repeat("&a=b", 1000) }, want: []int{400}},
			"a hundred fields": {change: func(v url.Values) { many(v) }, want: []int{400}},
			"broken encoding":  {raw: func(s string) string { return s + "&a=%zz" }, want: []int{400}},
			"semicolons":       {raw: func(s string) string { return s + "&a=b;c=d" }, want: []int{400}},
			"JSON":             {media: "application/json", want: []int{400}},
			"no type":          {media: "-", want: []int{400}},
			"multipart":        {media: "multipart/form-data; boundary=x", want: []int{400}},
		} {
			if path == "second-factor/recovery-codes/" && (name == "zero bytes" || name == "no UTF-8" || name == "line ends" || name == "markup" ||
				name == "empty" || name == "missing" || name == "a megabyte" || name == "twice") {
				continue // it has no fields
			}
			v := l.visitor()
			if !strings.HasPrefix(path, "login") && !strings.HasPrefix(path, "signup") && !strings.HasPrefix(path, "reset") && !strings.HasPrefix(path, "factor") {
				v = l.member("alice")
			}
			before := v.who()
			form := url.Values{}
			for field, value := range fill {
				form.Set(field, value)
			}
			if c.change != nil {
				c.change(form)
			}
			body := form.Encode()
			if c.raw != nil {
				body = c.raw(body)
			}
			a := v.send("/account/"+path, body, c.media)
			ok := false
			for _, want := range c.want {
				ok = ok || a.status == want
			}
			if !ok || v.who() != before {
				t.Errorf("%s, %s: status %d to %q, want one of %v; %s became %s\n%.600s", path, name, a.status, a.location, c.want, before, v.who(), a.body)
			}
			if strings.Contains(a.body, "<script>") || len(a.body) > 32<<10 {
				t.Errorf("%s, %s: the answer has %d bytes, or a script", path, name, len(a.body))
			}
		}
	}
	l.visitor().login("alice", goodPassword).to(t, "/") // it is still the password
}

func all(fill map[string]string, value string) func(url.Values) {
	return func(v url.Values) {
		for field := range fill {
			v.Set(field, value)
		}
	}
}

func drop(v url.Values, fill map[string]string) {
	for field := range fill {
		v.Del(field)
	}
}

func twice(v url.Values, fill map[string]string) {
	for field := range fill {
		v.Add(field, v.Get(field))
	}
}

func many(v url.Values) {
	for i := range 100 {
		v.Set(strings.Repeat("x", i+1), "y")
	}
}

// send posts a body as a browser would from the site itself, so that what cannot be read comes through to the page.
func (v *visitor) send(path, body, media string) answer {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	switch media {
	case "":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case "-":
	default:
		req.Header.Set("Content-Type", media)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(req)
}

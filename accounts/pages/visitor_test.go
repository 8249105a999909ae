package pages_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// visitor is somebody with a browser that keeps cookies and follows no redirects by itself. It sends neither Origin nor fetch
// metadata, so that forms need their token.
type visitor struct {
	t      *testing.T
	base   string
	client *http.Client
	agent  string
}

func newVisitor(t *testing.T, srv *httptest.Server) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &visitor{t, srv.URL, client, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
}

// answer is what came back, with its forms.
type answer struct {
	path     string
	status   int
	header   http.Header
	body     string
	forms    []form
	location string
}

type form struct {
	action string
	values url.Values
	inputs map[string]map[string]string // attributes by name
	button string
}

func (v *visitor) do(req *http.Request) answer {
	v.t.Helper()
	req.Header.Set("User-Agent", v.agent)
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{req.URL.RequestURI(), resp.StatusCode, resp.Header, string(body), formsOf(v.t, string(body)), resp.Header.Get("Location")}
}

func (v *visitor) get(path string) answer {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(req)
}

func (v *visitor) post(path, body string) answer {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(req)
}

// submit fills in the form of a page that has a button of that text, and sends it.
func (v *visitor) submit(a answer, button string, fill map[string]string) answer {
	v.t.Helper()
	for _, f := range a.forms {
		if f.button == button {
			values := maps.Clone(f.values)
			for name, value := range fill {
				if f.inputs[name] == nil {
					v.t.Fatalf("%s: the form %q has no field %q", a.path, button, name)
				}
				values.Set(name, value)
			}
			return v.post(f.action, values.Encode())
		}
	}
	v.t.Fatalf("%s (%d): no form with the button %q\n%s", a.path, a.status, button, a.body)
	return answer{}
}

// follow goes where an answer redirects to.
func (v *visitor) follow(a answer) answer {
	v.t.Helper()
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/") || strings.HasPrefix(a.location, "//") {
		v.t.Fatalf("%s: status %d, location %q, want 303 and a path\n%s", a.path, a.status, a.location, a.body)
	}
	return v.get(a.location)
}

// want holds the answer to a status and texts.
func (a answer) want(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s: status %d, want %d\n%s%s", a.path, a.status, status, a.location, a.body)
	}
	plain := html.UnescapeString(a.body)
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("%s does not say %q:\n%s", a.path, text, a.body)
		}
	}
	if !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
		t.Errorf("%s: Cache-Control %q", a.path, a.header.Get("Cache-Control"))
	}
	return a
}

// to holds the answer to a redirect.
func (a answer) to(t *testing.T, location string) answer {
	t.Helper()
	if a.status != http.StatusSeeOther || a.location != location {
		t.Fatalf("%s: status %d to %q, want 303 to %q\n%s", a.path, a.status, a.location, location, a.body)
	}
	return a
}

// formsOf returns the forms of a page, and holds the page to what every page has to be.
func formsOf(t *testing.T, body string) []form {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var forms []form
	ids, labels := map[string]bool{}, map[string]bool{}
	var needed []string
	focused := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			if attr[a.Key] = a.Val; strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s %s>: a strict policy does not allow it", n.Data, a.Key)
			}
		}
		if id := attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("two elements have the id %q", id)
			}
			ids[id] = true
		}
		needed = append(needed, strings.Fields(attr["aria-describedby"])...)
		switch n.Data {
		case "script", "style":
			t.Errorf("a <%s> in a page", n.Data)
		case "a":
			if to, ok := strings.CutPrefix(attr["href"], "#"); ok {
				needed = append(needed, to)
			}
		case "label":
			labels[attr["for"]] = true
		case "form":
			forms = append(forms, form{action: attr["action"], values: url.Values{}, inputs: map[string]map[string]string{}})
		case "input":
			f := &forms[len(forms)-1]
			f.inputs[attr["name"]] = attr
			f.values.Set(attr["name"], attr["value"])
			if _, ok := attr["autofocus"]; ok {
				focused++
			}
			_, hidden := attr["hidden"]
			if attr["type"] != "hidden" && !hidden && (!labels[attr["id"]] || attr["autocomplete"] == "") {
				t.Errorf("the field %q has no label before it, or no autocomplete", attr["name"])
			}
			if attr["type"] == "password" && attr["value"] != "" {
				t.Errorf("the page sends a password back in %q", attr["name"])
			}
		case "button":
			forms[len(forms)-1].button = n.FirstChild.Data
		}
	}
	if focused > 1 {
		t.Errorf("%d fields want to be focused", focused)
	}
	for _, f := range forms {
		for _, attr := range f.inputs {
			for _, id := range []string{attr["id"] + "_error", attr["id"] + "_help"} {
				if ids[id] && !slices.Contains(strings.Fields(attr["aria-describedby"]), id) {
					t.Errorf("the field %q is not described by %q", attr["name"], id)
				}
			}
		}
	}
	for _, id := range needed {
		if !ids[id] {
			t.Errorf("nothing has the id %q", id)
		}
	}
	return forms
}

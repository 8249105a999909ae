package admin_test

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/logs"
)

const hostile = `<script>alert(1)</script>"' onload=x javascript:alert(1)`

// everything is a view with each field set, to text that must be escaped.
func everything() admin.View {
	cell := admin.Cell{Text: hostile, Note: hostile, Link: "javascript:alert(1)", Tone: admin.Good}
	return admin.View{Intro: hostile, Sections: []admin.Section{{
		ID: "part", Title: hostile, Badge: cell, Intro: hostile, Figure: `<svg role="img" aria-label="load"></svg>`,
		Form: &admin.Form{Submit: hostile, Action: "do", Values: url.Values{"hidden": {hostile}}, Danger: true, Fields: []admin.Field{
			{Name: "n", Label: hostile, Value: hostile, Hint: hostile, Required: true},
			{Name: "o", Label: "Choice", Value: "b", Options: []string{"a", "b", hostile}},
		}},
		Facts:   []admin.Fact{{Label: hostile, Cell: cell}},
		Columns: []string{hostile, "Time"},
		Rows: []admin.Row{{Cells: []admin.Cell{{Text: hostile, Code: true}, {Time: time.Now()}, {Text: "one too many"}},
			Actions: []admin.Action{{Label: "End", About: hostile, Name: "do", Values: url.Values{"id": {hostile}}, Danger: true}}}},
		Next: "?after=2",
	}, {Columns: []string{"A"}, Empty: "none"}}}
}

// acting is a site with a page that shows everything and acts.
func acting(t *testing.T, act func(context.Context, *http.Request) (string, error), edit func(*admin.Config)) *site {
	return newSite(t, func(c *admin.Config) {
		c.Pages = []admin.Page{{Path: "page", Title: "Page", Show: func(context.Context, *http.Request) (admin.View, error) {
			return everything(), nil
		}, Act: map[string]func(context.Context, *http.Request) (string, error){"do": act}},
			{Path: "other", Title: "Other", Show: note}}
		if edit != nil {
			edit(c)
		}
	})
}

func (s *site) post(target string, form url.Values, lines ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
	r.RemoteAddr = vpnClient
	r.Header.Set("Cookie", "sessionid=staff")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	return s.do(r)
}

// inline are what a strict policy does not let run or apply.
var inline = regexp.MustCompile(`(?i)<script|\son[a-z]+\s*=|\sstyle\s*=|href="javascript`)

func TestPagesAreEscapedAndHaveNoInlineCode(t *testing.T) {
	s := acting(t, nothingDone, func(c *admin.Config) { c.Name, c.Environment = hostile, hostile })
	body := s.get(path+"/page", vpnClient, "staff").Body.String()
	tags := regexp.MustCompile(`<[^>]*>`).FindAllString(body, -1)
	for _, tag := range tags {
		unquoted := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`)
		if inline.MatchString(unquoted) || strings.Contains(tag, `href="javascript`) {
			t.Errorf("tag %s: inline code", tag)
		}
	}
	if len(tags) < 60 || strings.Contains(body, "<script") {
		t.Errorf("%d tags, and a script: %t", len(tags), strings.Contains(body, "<script"))
	}
	if n := strings.Count(body, "&lt;script&gt;"); n < 20 {
		t.Errorf("the text is there %d times, want each field", n)
	}
	for _, want := range []string{
		`<html lang="en">`, `<a class="skip" href="#main">`, `<main id="main" tabindex="-1">`, `<nav aria-label="Console">`, `aria-current="page"`,
		`<caption class="vh">`, `scope="col"`, `scope="row"`, `<label for="field-0-0">`, `id="field-0-0"`, `aria-describedby="field-0-0-hint"`,
		`id="field-0-0-hint"`, `<option selected>b</option>`, `<svg role="img"`, `rel="next"`, `<section id="part" aria-labelledby="title-0">`,
		`<p class="empty">none</p>`, `<meta name="robots" content="noindex, nofollow">`, `<button class="danger">End<span class="vh"> `,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if i, j := strings.Index(body, "<h1"), strings.Index(body, "<h2"); i < 0 || j < i || strings.Count(body, "<h1") != 1 || strings.Contains(body, "<h3") {
		t.Error("headings are not one h1 and then h2")
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %s", m[1])
		}
		ids[m[1]] = true
	}
}

func nothingDone(context.Context, *http.Request) (string, error) { return "", nil }

func TestStyle(t *testing.T) {
	s := acting(t, nothingDone, nil)
	body := s.get(path+"/page", vpnClient, "staff").Body.String()
	if !strings.Contains(body, `<link rel="stylesheet" href="/ops-7f3k/-/console.css">`) || strings.Contains(body, "<style") {
		t.Error("without a nonce the style is no file")
	}
	w := s.get(path+"/-/console.css", vpnClient, "staff")
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(w.Body.String(), "prefers-color-scheme: dark") {
		t.Errorf("the style answers %d %v", w.Code, w.Header())
	}
	s = acting(t, nothingDone, func(c *admin.Config) { c.Nonce = func(context.Context) string { return "n0nce" } })
	body = s.get(path+"/page", vpnClient, "staff").Body.String()
	if !strings.Contains(body, `<style nonce="n0nce">:root {`) || strings.Contains(body, "<link") {
		t.Error("with a nonce the style is not in the page")
	}
}

func TestActions(t *testing.T) {
	var who admin.Visitor
	var id string
	s := acting(t, func(ctx context.Context, r *http.Request) (string, error) {
		who, id = admin.From(ctx), r.PostForm.Get("id")
		return "Done with " + hostile, nil
	}, nil)
	w := s.post(path+"/page?user=bob", url.Values{"action": {"do"}, "id": {"7"}})
	to := w.Header().Get("Location")
	if w.Code != 303 || who.Name != "alice" || id != "7" || !strings.HasPrefix(to, path+"/page?note=") || !strings.HasSuffix(to, "&user=bob") {
		t.Fatalf("answers %d to %q, as %q with id %q", w.Code, to, who.Name, id)
	}
	if strings.Contains(to, "Done") {
		t.Errorf("the address %q holds the message", to)
	}
	const shown = `<p class="message" role="status">Done with &lt;script&gt;`
	if !strings.Contains(s.log.String(), "event=airworthy.security.AdminAction user=alice page=page action=do outcome=") {
		t.Errorf("not logged: %s", s.log)
	}
	if other := strings.Replace(to, "/page", "/other", 1); strings.Contains(s.get(other, vpnClient, "staff").Body.String(), shown) {
		t.Error("another page shows the message")
	}
	if body := s.get(to, vpnClient, "staff").Body.String(); !strings.Contains(body, shown) || !strings.Contains(body, "<title>Done: ") {
		t.Error("the page does not show the message")
	}
	if strings.Contains(s.get(to, vpnClient, "staff").Body.String(), shown) {
		t.Error("the page shows the message twice")
	}
	if body := s.get(to, vpnClient, "staff").Body.String(); strings.Contains(body, "action=\""+path+"/page?note") || !strings.Contains(body, "action=\""+path+"/page?user=bob\"") {
		t.Error("a form of the page does not lead back to it as it was asked for")
	}
	if body := s.get(path+"/page?note=Your+account+is+locked", vpnClient, "staff").Body.String(); strings.Contains(body, "account is locked") {
		t.Error("a link puts words into the console's mouth")
	}
}

func TestMessagesAreOneUsers(t *testing.T) {
	people["other"] = admin.Visitor{Name: "olga", Staff: true, Factor: time.Now()}
	defer delete(people, "other")
	s := acting(t, func(context.Context, *http.Request) (string, error) { return "the message", nil }, nil)
	to := s.post(path+"/page", url.Values{"action": {"do"}}).Header().Get("Location")
	if strings.Contains(s.get(to, vpnClient, "other").Body.String(), "the message") {
		t.Error("somebody else sees the message")
	}
	if !strings.Contains(s.get(to, vpnClient, "staff").Body.String(), "the message") {
		t.Error("who acted does not see the message any more")
	}
}

func TestMessagesAreBounded(t *testing.T) {
	s := acting(t, func(context.Context, *http.Request) (string, error) { return "the message", nil }, nil)
	shown := 0
	var all []string
	for range 400 {
		all = append(all, s.post(path+"/page", url.Values{"action": {"do"}}).Header().Get("Location"))
	}
	for _, to := range all {
		if strings.Contains(s.get(to, vpnClient, "staff").Body.String(), "the message") {
			shown++
		}
	}
	if shown == 0 || shown > 256 {
		t.Errorf("%d messages are kept, want some and at most 256", shown)
	}
}

func TestMessagesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		people["now"] = admin.Visitor{Name: "olga", Staff: true, Factor: time.Now()}
		defer delete(people, "now")
		s := acting(t, func(context.Context, *http.Request) (string, error) { return "the message", nil }, nil)
		to := s.post(path+"/page", url.Values{"action": {"do"}}, "Cookie: sessionid=now").Header().Get("Location")
		time.Sleep(5*time.Minute + time.Second)
		if w := s.get(to, vpnClient, "now"); w.Code != 200 || strings.Contains(w.Body.String(), "the message") {
			t.Errorf("after five minutes the page answers %d and shows the message", w.Code)
		}
	})
}

func TestActionsThatFail(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want int
		text string
	}{
		{"with a problem", admin.Problem("This user is <gone>."), 422, "This user is &lt;gone&gt;."},
		{"with an error", errors.New("dial tcp 10.0.0.8: s3cr3t"), 500, "This could not be done."},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := acting(t, func(context.Context, *http.Request) (string, error) { return "", row.err }, nil)
			w := s.post(path+"/page", url.Values{"action": {"do"}})
			body := w.Body.String()
			if w.Code != row.want || !strings.Contains(body, row.text) || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, "<title>Error: ") {
				t.Errorf("answers %d, want %d with %q", w.Code, row.want, row.text)
			}
			if strings.Contains(body, "s3cr3t") || !strings.Contains(body, `<caption class="vh">`) || !strings.Contains(body, "<nav") {
				t.Error("the page shows the cause, or not itself")
			}
			if !strings.Contains(s.log.String(), "event=airworthy.security.AdminAction user=alice page=page action=do error=") {
				t.Errorf("not logged: %s", s.log)
			}
		})
	}
}

func TestPagesThatFail(t *testing.T) {
	l, err := logs.New(logs.Config{Output: httptest.NewRecorder()})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(c *admin.Config) {
		c.Pages = []admin.Page{{Path: "page", Title: "Page", Show: func(context.Context, *http.Request) (admin.View, error) {
			return admin.View{}, errors.New("s3cr3t")
		}}}
	})
	w := httptest.NewRecorder()
	l.Handler(s).ServeHTTP(w, request("GET", path+"/page", vpnClient, "staff"))
	body := w.Body.String()
	if w.Code != 500 || strings.Contains(body, "s3cr3t") || !strings.Contains(body, "<nav") || !strings.Contains(body, "under the request <code>") {
		t.Errorf("answers %d %s", w.Code, body)
	}
	if !strings.Contains(s.log.String(), "page=page error=s3cr3t") {
		t.Errorf("not logged: %s", s.log)
	}
}

// Of two failures the worse one is the answer's.
func TestActionAndPageThatFail(t *testing.T) {
	s := newSite(t, func(c *admin.Config) {
		c.Pages = []admin.Page{{Path: "page", Title: "Page", Show: func(context.Context, *http.Request) (admin.View, error) {
			return admin.View{}, errors.New("s3cr3t")
		}, Act: map[string]func(context.Context, *http.Request) (string, error){"do": func(context.Context, *http.Request) (string, error) {
			return "", admin.Problem("No.")
		}}}}
	})
	if w := s.post(path+"/page", url.Values{"action": {"do"}}); w.Code != 500 || !strings.Contains(w.Body.String(), "No.") {
		t.Errorf("answers %d, want 500 with the problem", w.Code)
	}
}

func TestPathWithASlash(t *testing.T) {
	s := newSite(t, func(c *admin.Config) { c.Path = path + "/" })
	for target, want := range map[string]int{path + "/first": 200, path: 303, path + "/": 303, path + "first": 404} {
		if w := s.get(target, vpnClient, "staff"); w.Code != want {
			t.Errorf("%s answers %d, want %d", target, w.Code, want)
		}
	}
}

func TestWhatThePagesRefuse(t *testing.T) {
	form := url.Values{"action": {"do"}}
	token := func(c *admin.Config) {
		c.CSRF = func(context.Context) template.HTML { return `<input name="t" type="hidden">` }
	}
	for _, row := range []struct {
		name, method, target string
		form                 url.Values
		lines                []string
		edit                 func(*admin.Config)
		want                 int
	}{
		{"an unknown action", "POST", "/page", url.Values{"action": {"drop"}}, nil, nil, 400},
		{"an action in the address", "POST", "/page?action=do", nil, nil, nil, 400},
		{"an action of another page", "POST", "/other", form, nil, nil, 400},
		{"an action by GET", "GET", "/page?action=do", nil, nil, nil, 200},
		{"a form of another site", "POST", "/page", form, []string{"Sec-Fetch-Site: cross-site"}, nil, 403},
		{"a form of another origin", "POST", "/page", form, []string{"Sec-Fetch-Site: ", "Origin: https://evil.example"}, nil, 403},
		{"a form that is too long", "POST", "/page", url.Values{"action": {"do"}, "x": {strings.Repeat("x", 70_000)}}, nil, nil, 400},
		{"with a part that checks forms", "POST", "/page", form, []string{"Sec-Fetch-Site: cross-site"}, token, 303},
		{"another method", "PUT", "/page", nil, nil, nil, 405},
		{"a post to what is no page", "POST", "/none", form, nil, nil, 404},
		{"a post to the console itself", "POST", "/", form, nil, nil, 404},
		{"the console itself", "GET", "/", nil, nil, nil, 303},
		{"the console itself, without a slash", "GET", "", nil, nil, nil, 303},
	} {
		t.Run(row.name, func(t *testing.T) {
			done := 0
			s := acting(t, func(context.Context, *http.Request) (string, error) { done++; return "", nil }, row.edit)
			lines := append([]string{"X-Method: " + row.method}, row.lines...)
			r := httptest.NewRequest(row.method, path+row.target, strings.NewReader(row.form.Encode()))
			r.RemoteAddr = vpnClient
			r.Header.Set("Cookie", "sessionid=staff")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for _, line := range lines {
				if name, value, _ := strings.Cut(line, ": "); value != "" {
					r.Header.Set(name, value)
				}
			}
			w := s.do(r)
			if w.Code != row.want {
				t.Errorf("answers %d, want %d", w.Code, row.want)
			}
			if acted := done > 0; acted != (row.want == 303 && row.method == "POST") {
				t.Errorf("acted: %t", acted)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
		})
	}
}

func TestEachFormHasTheToken(t *testing.T) {
	s := acting(t, nothingDone, func(c *admin.Config) {
		c.CSRF = func(context.Context) template.HTML { return `<input name="token" type="hidden" value="x">` }
	})
	body := s.get(path+"/page", vpnClient, "staff").Body.String()
	if posts, tokens := strings.Count(body, `method="post"`), strings.Count(body, `name="token"`); posts != 2 || tokens != posts {
		t.Errorf("%d forms post, %d tokens, want two of each", posts, tokens)
	}
}

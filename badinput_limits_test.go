package airworthy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/manage"
)

// parsing is an application that reads what it is sent.
func parsing() *http.ServeMux {
	app := prey()
	app.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%d", len(r.PostForm))
	})
	return app
}

func TestBadInputSizes(t *testing.T) {
	const accept = "text/html;q=0.1,"
	large := func(name string, n int) []string { return []string{name + ": " + strings.Repeat(accept, n)} }
	v := overTLS(t, strict(), parsing())
	v.run(t, []raw{
		{"39: a million pairs", get("/query?" + strings.Repeat("a&", 1_000_000)), "431"},
		{"39: as many pairs as fit", get("/query?" + strings.Repeat("a&", 30_000)), "200"},
		{"39: semicolons are no separators", get("/query?a=1;b=2"), "200 0"},
		{"39: ampersands are", get("/query?a=1&b=2"), "200 2"},
		{"39: a million pairs in a form", post("/form", strings.Repeat("a&", 1_000_000), own), "400"},
		{"39: semicolons in a form", post("/form", "a=1;b=2", own), "400"},
		{"39: a million pairs before the token", post("/act", strings.Repeat("a&", 1_000_000)), "403"},
		{"39: broken escapes", get("/query?%zz=1&a=%"), "200 0"},
		{"43: Accept of 1 MB", get("/", large("Accept", 65_536)...), "431"},
		{"43: Accept-Language of 1 MB", get("/", large("Accept-Language", 65_536)...), "431"},
		{"43: Accept-Encoding of 1 MB", get("/", large("Accept-Encoding", 65_536)...), "431"},
		{"43: 60 kB of each on a page", get("/", append(append(large("Accept", 1200), large("Accept-Language", 1200)...), large("Accept-Encoding", 1200)...)...), "200 home"},
		{"43: Accept of 60 kB on an error", get("/nowhere", large("Accept", 3700)...), "404"},
		{"43: weights that are none", get("/nowhere", "Accept: text/html;q=1e999, text/html;q=, text/html;q=-1, */*;q=NaN"), "404"},
		{"43: Accept on 500 lines", get("/nowhere", repeat("Accept: text/html;q=0.1", 500)...), "404"},
		{"43: Accept-Charset, TE and Range at length", get("/", large("Accept-Charset", 1000)[0], large("Te", 1000)[0], "Range: bytes="+strings.Repeat("0-,", 5000)), "200 home"},
	})
	t.Run("43: an error of 60 kB of Accept is text", func(t *testing.T) {
		a := v.send(t, get("/nowhere", large("Accept", 3700)...))
		if got := a.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Errorf("Content-Type %q, want text", got)
		}
	})
}

// TestHeaderFloods sends what no number of the list names.
func TestHeaderFloods(t *testing.T) {
	var lines []string
	for i := range 3000 {
		lines = append(lines, fmt.Sprintf("X-Junk-%d: 1", i))
	}
	v := overTLS(t, strict(), prey())
	v.run(t, []raw{
		{"3000 headers", get("/", lines...), "200 home"},
		{"3000 headers that are not for clients to send", get("/headers", strings.Split(strings.ReplaceAll(strings.Join(lines, "\n"), "X-Junk-", "X-Forwarded-"), "\n")...), "200"},
		{"3000 underscore twins", get("/headers", strings.Split(strings.ReplaceAll(strings.Join(lines, "\n"), "X-Junk-", "X_Forwarded_"), "\n")...), "200"},
		{"a header of 1 MB", get("/", "X: "+strings.Repeat("x", 1<<20)), "431"},
		{"a name of 60 kB", get("/", strings.Repeat("x", 60_000)+": 1"), "200 home"},
		{"a path of 60 kB", get("/" + strings.Repeat("x", 60_000)), "404"},
		{"a path of 1 MB", get("/" + strings.Repeat("x", 1<<20)), "431"},
		{"a method of 60 kB", ask(strings.Repeat("M", 60_000), "/", "", own), "405"},
	})
}

// TestSmuggling sends requests whose end a proxy and we might see in different places.
func TestSmuggling(t *testing.T) {
	v := overTLS(t, strict(), prey())
	body := func(lines ...string) string {
		return "POST /act HTTP/1.1\r\nHost: example.com\r\n" + own + "\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	v.run(t, []raw{
		{"a body in chunks, so that the others prove something", body("Transfer-Encoding: chunked") + "0\r\n\r\n", "200 acted by POST"},
		{"two lengths", body("Content-Length: 5", "Content-Length: 6") + "123456", "400"},
		{"a list of lengths", body("Content-Length: 5, 6") + "123456", "400"},
		{"a length with a sign", body("Content-Length: +5") + "12345", "400"},
		{"a negative length", body("Content-Length: -1"), "400"},
		{"a hexadecimal length", body("Content-Length: 0x5") + "12345", "400"},
		{"a length beyond all", body("Content-Length: 99999999999999999999"), "400"},
		{"an unknown coding", body("Transfer-Encoding: xchunked") + "0\r\n\r\n", "501"},
		{"two codings", body("Transfer-Encoding: chunked, identity") + "0\r\n\r\n", "501"},
		{"two lines of codings", body("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + "0\r\n\r\n", "501"},
		{"a coding behind a tab", body("Transfer-Encoding: \x0bchunked") + "0\r\n\r\n", "400"},
		{"a space before the colon", body("Content-Length : 5") + "12345", "400"},
		{"a header without a colon", body("nonsense"), "400"},
		{"a line break alone within a header", body("X: a\rTransfer-Encoding: chunked", "Content-Length: 0"), "400"},
		{"a space before the first header", "GET / HTTP/1.1\r\n Host: example.com\r\n\r\n", "400"},
		{"two spaces in the request line", "GET  / HTTP/1.1\r\nHost: example.com\r\n\r\n", "400"},
		{"the answer of a proxy", "HTTP/1.1 200 OK\r\n\r\n", "400"},
	})
	for name, line := range map[string]string{"a length beside chunks": "HTTP/1.1\r\nContent-Length: 4", "chunks in HTTP/1.0": "HTTP/1.0\r\nConnection: keep-alive"} {
		t.Run(name+" end the connection", func(t *testing.T) {
			c := v.dial(t)
			_, _ = io.WriteString(c, "POST /act "+line+"\r\nHost: example.com\r\n"+own+"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+get("/user"))
			r := bufio.NewReader(c)
			if got := receive(t, r, "POST").String(); got != "200 acted by POST" {
				t.Errorf("the answer is %q", got)
			}
			if rest, _ := io.ReadAll(r); len(rest) > 0 {
				t.Errorf("what stands behind was answered: %.100q", rest)
			}
		})
	}
}

// TestSlowBodies has clients that promise a body and do not send it, to a page that needs it for the token.
func TestSlowBodies(t *testing.T) {
	app, err := airworthy.New(strict(), prey())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(app)
	srv.Config.ReadTimeout = 300 * time.Millisecond // that of serve is a minute
	srv.StartTLS()
	defer srv.Close()
	v := &victim{addr: srv.Listener.Addr().String(), secure: true}
	page := v.send(t, get("/token"))
	line, _ := page.cookie(t, "__Host-csrftoken")
	promise := "POST /act HTTP/1.1\r\nHost: example.com\r\n" + line + "\r\nContent-Length: 1000000\r\n"
	v.run(t, []raw{
		{"a form that never comes", promise + "Content-Type: application/x-www-form-urlencoded\r\n\r\n", "403"},
		{"a form that stops", promise + "Content-Type: application/x-www-form-urlencoded\r\n\r\ncsrfmiddlewaretoken=" + page.body, "403"},
		{"parts that stop", promise + "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; name=csrfmiddlewaretoken\r\n\r\n", "403"},
		{"a body of no form is not waited for", promise + "Content-Type: application/json\r\n\r\n", "403"},
	})
	for name, limit := range map[string]time.Duration{
		"the header": manage.ReadHeaderTimeout, "the request": manage.ReadTimeout, "the answer": manage.WriteTimeout, "silence": manage.IdleTimeout,
	} {
		if limit <= 0 || limit > 2*time.Minute {
			t.Errorf("serve's time limit for %s is %v, want one of at most two minutes", name, limit)
		}
	}
}

// TestHTTP2 asks over HTTP/2, whose requests reach the chain by other code of net/http.
func TestHTTP2(t *testing.T) {
	v := overTLS(t, strict(inMemory(t)), prey())
	client := &http.Client{
		Transport:     &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	for _, row := range []struct {
		name, method, path, host string
		header                   http.Header
		want                     int
	}{
		{"a page", "GET", "/", "example.com", nil, 200},
		{"another authority", "GET", "/", "evil.example", nil, 400},
		{"another port", "GET", "/", "example.com:99999", nil, 400},
		{"a forged form", "POST", "/act", "example.com", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"a doubled Sec-Fetch-Site", "POST", "/act", "example.com", http.Header{"Sec-Fetch-Site": {"same-origin", "same-origin"}}, 403},
		{"the site's own form", "POST", "/act", "example.com", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
		{"headers of proxies", "GET", "/", "example.com", http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"evil.example"}}, 200},
		{"headers of 1 MB", "GET", "/", "example.com", http.Header{"X": {strings.Repeat("x", 1<<20)}}, 431},
		{"cookies in crumbs", "GET", "/user", "example.com", http.Header{"Cookie": repeat("a=b", 300)}, 200},
		{"a panic", "GET", "/panic", "example.com", nil, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := http.NewRequest(row.method, "https://"+v.addr+row.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = row.host
			if row.header != nil {
				r.Header = row.header
			}
			res, err := client.Do(r)
			if row.want == 431 && err != nil {
				return // net/http refuses the stream
			}
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.ProtoMajor != 2 || res.StatusCode != row.want {
				t.Errorf("HTTP/%d answered %d, want 2 and %d", res.ProtoMajor, res.StatusCode, row.want)
			}
			if res.StatusCode != 431 && (res.Header.Get("X-Frame-Options") != "DENY" || res.Header.Get("Content-Security-Policy") == "") {
				t.Errorf("headers %v, want those of the headers and csp parts", res.Header)
			}
		})
	}
}

// TestCrowd has many clients at once; under the race detector it proves that requests share nothing.
func TestCrowd(t *testing.T) {
	app := mustNew(t, strict(inMemory(t)))
	sends := []func() *http.Request{
		func() *http.Request { return request("GET", "https", "example.com", "/form") },
		func() *http.Request { return request("GET", "https", "evil.example", "/") },
		func() *http.Request { return request("GET", "http", "example.com", "/") },
		func() *http.Request { return request("GET", "https", "example.com", "/panic", "Accept", "text/html") },
		func() *http.Request {
			return request("POST", "https", "example.com", "/write", "Sec-Fetch-Site", "same-origin")
		},
		func() *http.Request {
			return request("POST", "https", "example.com", "/write", "Origin", "https://evil.example")
		},
		func() *http.Request {
			return request("GET", "https", "example.com", "/nonce", "X-Forwarded-For", "1.1.1.1")
		},
	}
	want := []int{200, 400, 301, 500, 200, 403, 200}
	var wg sync.WaitGroup
	tokens := sync.Map{}
	for range 8 {
		wg.Go(func() {
			for i := range 20 * len(sends) {
				kind := i % len(sends)
				res := serve(app, sends[kind]())
				if res.StatusCode != want[kind] {
					t.Errorf("status %d, want %d", res.StatusCode, want[kind])
				}
				if kind != 0 && kind != 6 {
					continue
				}
				var b bytes.Buffer
				_, _ = b.ReadFrom(res.Body)
				if _, twice := tokens.LoadOrStore(b.String(), true); twice {
					t.Errorf("two visitors have the token or nonce %q", b.String())
				}
			}
		})
	}
	wg.Wait()
}

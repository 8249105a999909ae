package settingstest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// hostiles returns the servers. What they say holds the canary wherever a source might repeat it.
func hostiles(canary string) []hostile {
	const short = 500 * time.Millisecond
	page := "<!DOCTYPE html><title>Welcome</title><p>" + canary + "</p>"
	all := []hostile{
		{name: "it ends with its context if nothing is answered", wait: short, serve: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{name: "it ends with its context if an answer begins and stops", wait: short, serve: func(w http.ResponseWriter, r *http.Request) {
			say(w, `{"value": "`+canary)
			<-r.Context().Done()
		}},
		{name: "it ends with its context if a byte comes at a time", wait: short, serve: drip},
		{name: "it reads no answer without end", serve: func(w http.ResponseWriter, _ *http.Request) { pour(w, canary) }},
		{name: "it reads no answer of 10 GB", serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(tenGB))
			pour(w, canary)
		}},
		{name: "it reads no 10 GB that were compressed", serve: bomb},
		{name: "a page of HTML is no answer", serve: answer(http.StatusOK, "text/html", page)},
		{name: "a page of HTML that calls itself JSON is no answer", serve: answer(http.StatusOK, jsonType, page)},
		{name: "a page that is not found is not a secret that is not found", serve: answer(http.StatusNotFound, "text/html", page)},
		{name: "JSON that is cut off is no answer", serve: answer(http.StatusOK, jsonType, `{"value": "`+canary)},
		{name: "an answer that is shorter than announced is none", serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", jsonType)
			w.Header().Set("Content-Length", "4096")
			say(w, `{"value": "`+canary+`"}`)
			panic(http.ErrAbortHandler)
		}},
		{name: "an empty body is no answer", serve: answer(http.StatusOK, jsonType, "")},
		{name: "no content is no answer", serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }},
		{name: "a redirect in a circle ends", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?"+canary, http.StatusTemporaryRedirect)
		}},
		{name: "what is not HTTP is not repeated", serve: func(w http.ResponseWriter, _ *http.Request) { raw(w, "220 "+canary+" ready\r\n") }},
		{name: "the words of a status are not repeated", wait: 3 * time.Second, serve: func(w http.ResponseWriter, _ *http.Request) {
			raw(w, "HTTP/1.1 500 "+canary+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}},
		{name: "it bears a server that hangs up", serve: func(w http.ResponseWriter, _ *http.Request) { raw(w, "") }},
	}
	for _, shape := range []string{
		`{}`, `[]`, `null`, `"C"`, `42`, `{"unknown": "C"}`, `{"value": {"C": 1}, "data": "C", "payload": ["C"], "Parameters": "C", "SecretValues": 7}`,
		`{"value": null, "data": null, "payload": null, "Parameters": null, "SecretValues": null, "SecretString": null}`,
	} {
		all = append(all, hostile{name: "JSON of another shape is no answer: " + shape,
			serve: answer(http.StatusOK, jsonType, strings.ReplaceAll(shape, "C", canary))})
	}
	for _, status := range []int{429, 500, 502, 503} {
		all = append(all, hostile{name: fmt.Sprintf("it ends with its context at a %d that asks for patience", status), wait: 2 * time.Second,
			serve: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", "3600")
				answer(status, jsonType, failure(canary))(w, r)
			}})
	}
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		all = append(all,
			hostile{name: fmt.Sprintf("a %d says what was refused", status), serve: answer(status, jsonType, failure(canary)), must: refusal},
			hostile{name: fmt.Sprintf("a %d of HTML says what was refused", status), serve: answer(status, "text/html", page), must: refusal})
	}
	return all
}

const (
	jsonType = "application/json"
	tenGB    = 10_000_000_000
)

// failure is how managers say that something failed, all in one.
func failure(canary string) string {
	return fmt.Sprintf(`{"__type": %[1]q, "code": %[1]q, "message": %[1]q, "Message": %[1]q, "errors": [%[1]q], "error": {"code": %[1]q, "message": %[1]q}}`, canary)
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// say sends text without ending the answer.
func say(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

// drain reads the request, without which a server does not notice that the client is gone.
func drain(r *http.Request) { _, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)) }

// raw answers with bytes that need not be HTTP, and hangs up.
func raw(w http.ResponseWriter, text string) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(c, text)
	_ = c.Close()
}

func drip(w http.ResponseWriter, r *http.Request) {
	say(w, `{"value": "`)
	for {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(20 * time.Millisecond):
			say(w, "x")
		}
	}
}

// pour sends 10 GB of one JSON string, as fast as they are read.
func pour(w http.ResponseWriter, canary string) {
	_, _ = io.WriteString(w, `{"value": "`+canary)
	block := bytes.Repeat([]byte("x"), 64<<10)
	for left := tenGB; left > 0; left -= len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// bomb sends 10 GB that are 10 MB on the way: a gzip file may have any number of parts.
func bomb(w http.ResponseWriter, _ *http.Request) {
	const part = 64 << 20
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	block := bytes.Repeat([]byte(" "), 64<<10)
	for n := 0; n < part; n += len(block) {
		_, _ = z.Write(block)
	}
	_ = z.Close()
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Encoding", "gzip")
	for n := 0; n < tenGB; n += part {
		if _, err := w.Write(packed.Bytes()); err != nil {
			return
		}
	}
}

// counted counts what is sent, and sends no more when it is too much.
type counted struct {
	http.ResponseWriter
	a *attack
}

// Write sends b.
func (c *counted) Write(b []byte) (int, error) {
	if c.a.sent.Load() > 2*maxSent {
		return 0, http.ErrAbortHandler
	}
	n, err := c.ResponseWriter.Write(b)
	c.a.sent.Add(int64(n))
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

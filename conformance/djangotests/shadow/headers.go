package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/airworthy-go/airworthy/headers"
	"github.com/airworthy-go/airworthy/https"
)

// redirectQuestion asks where a request is redirected to.
type redirectQuestion struct {
	request
	On     bool
	To     string
	Exempt []string
}

func (q redirectQuestion) answer() (string, error) {
	g, err := https.New(https.Config{InsecureHTTP: !q.On, Host: q.To, Exempt: q.Exempt, Logger: silent})
	if err != nil {
		return refusesToStart, nil
	}
	w, err := ask(g.Handler(http.NotFoundHandler()), q.request)
	if err != nil {
		return "", err
	}
	if w.Code == http.StatusNotFound {
		return "pass", nil
	}
	return fmt.Sprintf("%d %s", w.Code, w.Header().Get("Location")), nil
}

// headersQuestion asks for the security headers of an answer that has some of its own.
type headersQuestion struct {
	request
	Names               []string // to answer with
	HSTS                int64
	Subdomains, Preload bool
	Nosniff             bool
	Referrer, Opener    string
	Frame               string
	Own                 map[string]string
	Removes             []string // headers that the application does not want
}

func (q headersQuestion) handler() (http.Handler, error) {
	cfg := https.Config{InsecureHTTP: true, HSTS: https.MaxAge(q.HSTS), IncludeSubdomains: q.Subdomains, Preload: q.Preload, Logger: silent}
	if q.HSTS == 0 {
		cfg.HSTS = https.Off
	}
	g, err := https.New(cfg)
	if err != nil {
		return nil, err
	}
	h, err := headers.New(headers.Config{
		InsecureSniff: !q.Nosniff, ReferrerPolicy: orNone(q.Referrer), CrossOriginOpenerPolicy: orNone(q.Opener), FrameOptions: q.Frame,
	})
	if err != nil {
		return nil, err
	}
	return h.Handler(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range q.Own {
			w.Header().Set(name, value)
		}
		for _, name := range q.Removes {
			w.Header().Del(name)
		}
	}))), nil
}

func (q headersQuestion) answer() (string, error) {
	h, err := q.handler()
	if err != nil {
		return refusesToStart, nil
	}
	w, err := ask(h, q.request)
	if err != nil {
		return "", err
	}
	found := map[string]string{}
	for _, name := range q.Names {
		if v := w.Header().Get(name); v != "" {
			found[name] = v
		}
	}
	text, err := json.Marshal(found)
	return string(text), err
}

func orNone(s string) string {
	if s == "" {
		return headers.InsecureNone
	}
	return s
}

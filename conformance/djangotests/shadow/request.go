package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"

	"github.com/airworthy-go/airworthy/proxy"
)

// request is what a client, or the proxy before us, sends. Texts hold a byte in each character, which is Latin-1.
type request struct {
	Method, Target, Host string
	Secure               bool
	Headers              [][2]string
	Form                 [][2]string // is the body, if there is one; UTF-8
	Unreadable           bool        // the body breaks off
}

var errBroken = errors.New("the client is gone")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func (q request) http() (*http.Request, error) {
	var body io.Reader = strings.NewReader("")
	if q.Form != nil {
		body = strings.NewReader(encode(q.Form))
	}
	if q.Unreadable {
		body = broken{}
	}
	r := httptest.NewRequest("GET", "/", body)
	target, err := url.ParseRequestURI(latin1(q.Target))
	if err != nil {
		return nil, err
	}
	r.Method, r.URL, r.RequestURI, r.Host, r.TLS = q.Method, target, latin1(q.Target), latin1(q.Host), nil
	if q.Unreadable {
		r.ContentLength = 100
	}
	if q.Secure {
		r.TLS = &tls.ConnectionState{}
	}
	for _, h := range q.Headers {
		r.Header.Add(h[0], latin1(h[1]))
	}
	if q.Form != nil || q.Unreadable {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, nil
}

func encode(form [][2]string) string {
	var pairs []string
	for _, f := range form {
		pairs = append(pairs, url.QueryEscape(f[0])+"="+url.QueryEscape(f[1]))
	}
	return strings.Join(pairs, "&")
}

// latin1 returns the bytes that the characters of s stand for.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// forwarding says which headers of a proxy are believed. Django asks nobody who sent them, so the client is trusted.
type forwarding struct {
	UseHost, UsePort bool
	SSLHeader        string
}

func (f forwarding) handler(next http.Handler) (http.Handler, error) {
	cfg := proxy.Config{UseHost: f.UseHost, UsePort: f.UsePort, Logger: silent}
	if f.UseHost || f.UsePort || f.SSLHeader != "" {
		cfg.Trusted = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")} // which httptest's requests come from
	}
	if f.SSLHeader != "" {
		if err := cfg.SSLHeader.UnmarshalText([]byte(f.SSLHeader)); err != nil {
			return nil, err
		}
	}
	g, err := proxy.New(cfg)
	if err != nil {
		return nil, err
	}
	return g.Handler(next), nil
}

// ask sends q to h.
func ask(h http.Handler, q request) (*httptest.ResponseRecorder, error) {
	r, err := q.http()
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w, nil
}

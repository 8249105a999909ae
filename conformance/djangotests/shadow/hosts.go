package main

import (
	"fmt"
	"net/http"

	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/proxy"
)

// hostQuestion asks whether a request may name its host, and which that is.
type hostQuestion struct {
	forwarding
	request
	Allowed []string
	Debug   bool
}

func (q hostQuestion) answer() (string, error) {
	g, err := hosts.New(hosts.Config{Allowed: q.Allowed, Debug: q.Debug, Logger: silent})
	if err != nil {
		return refusesToStart, nil
	}
	h, err := q.handler(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "allowed: "+proxy.Host(r))
	})))
	if err != nil {
		return refusesToStart, nil
	}
	w, err := ask(h, q.request)
	if err != nil {
		return "", err
	}
	if w.Code != http.StatusOK {
		return fmt.Sprint(w.Code), nil
	}
	return w.Body.String(), nil
}

// matchQuestion asks whether a list of one pattern allows a host.
type matchQuestion struct{ Host, Pattern string }

func (q matchQuestion) answer() (string, error) {
	g, err := hosts.New(hosts.Config{Allowed: []string{q.Pattern}, Logger: silent})
	if err != nil {
		return refusesToStart, nil
	}
	return fmt.Sprint(g.Check(latin1(q.Host)) == nil), nil
}

// schemeQuestion asks by which scheme a request came.
type schemeQuestion struct {
	forwarding
	request
}

func (q schemeQuestion) answer() (string, error) {
	h, err := q.handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, proxy.Scheme(r)) }))
	if err != nil {
		return refusesToStart, nil
	}
	w, err := ask(h, q.request)
	if err != nil {
		return "", err
	}
	return w.Body.String(), nil
}

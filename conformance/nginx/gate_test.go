package nginx_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// gate is what the lab asks before each of its steps.
type gate struct {
	url     string
	arrived chan string // the lab waits
	release chan struct{}
}

func newGate(t *testing.T) *gate {
	g := &gate{arrived: make(chan string, 16), release: make(chan struct{})}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.arrived <- r.URL.Path
		select {
		case <-g.release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(srv.Close)
	g.url = srv.URL
	return g
}

// wait returns when the lab has come to a step.
func (g *gate) wait(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(patience):
		t.Fatal("the lab does not come to its next step")
	}
}

// open lets the lab do a step.
func (g *gate) open(t *testing.T) {
	t.Helper()
	select {
	case g.release <- struct{}{}:
	case <-time.After(patience):
		t.Fatal("the lab does not wait")
	}
}

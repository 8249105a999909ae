package admin

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Handler shows insiders the console, and hands on whatever is not for it, the requests of outsiders unchanged.
func (g *Guard) Handler(next http.Handler) http.Handler {
	if g.path == "" && !g.cfg.Decoy {
		return next
	}
	return &handler{g, next}
}

// handler is a type, not a closure: see internal/httpx.
type handler struct {
	guard *Guard
	next  http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := h.guard
	if !g.owns(r) {
		h.elsewhere(w, r)
		return
	}
	v, in := g.admit(r)
	switch {
	case !in:
		h.next.ServeHTTP(w, r)
	case !g.fresh(v):
		g.events.refused(r, v, "the second factor is missing or too old")
		if g.cfg.StepUp == nil {
			h.next.ServeHTTP(w, r)
			return
		}
		g.cfg.StepUp(w, r)
	default:
		g.events.entered(r, v)
		g.serve(w, r, v)
	}
}

// owns reports whether r asks for the console, spelled exactly so: RawPath is set where something was escaped that need
// not be.
func (g *Guard) owns(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, g.path)
	return ok && g.path != "" && r.URL.RawPath == "" && (rest == "" || rest[0] == '/')
}

// admit reports whether a member of the staff asks from where the console may be seen. Nothing is looked up before the
// network and the cookie are right.
func (g *Guard) admit(r *http.Request) (Visitor, bool) {
	if !g.inside(r) || !g.known(r) {
		return Visitor{}, false
	}
	v, err := g.who(r)
	switch {
	case err != nil:
		g.events.failed(r, err)
	case v.Name != "" && !v.Staff:
		g.events.refused(r, v, "not staff")
	}
	return v, err == nil && v.Name != "" && v.Staff
}

// who asks Who. Its panic would make the answer another one than other paths get.
func (g *Guard) who(r *http.Request) (v Visitor, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = Visitor{}, fmt.Errorf("admin: Who panicked (%T)", p)
		}
	}()
	return g.cfg.Who(r)
}

// known reports whether r may come from somebody who is logged in.
func (g *Guard) known(r *http.Request) bool {
	if g.cfg.Known != nil {
		return g.cfg.Known(r)
	}
	return len(r.Header["Cookie"]) > 0
}

// early is by how much another instance's clock may be ahead of ours.
const early = time.Minute

// fresh reports whether the visitor has shown the second factor lately enough.
func (g *Guard) fresh(v Visitor) bool {
	age := time.Since(v.Factor)
	return g.cfg.InsecureNoFactor || !v.Factor.IsZero() && age < g.age && age >= -early
}

// elsewhere hands on a request for another path, and sees to it that an answer 404 takes as long, and has the same
// headers, as the one that outsiders get for the console.
func (h *handler) elsewhere(w http.ResponseWriter, r *http.Request) {
	g := h.guard
	if g.cfg.Decoy && isDecoy(r.URL.Path) {
		g.events.decoy(r)
	}
	if g.path != "" && g.known(r) {
		var st *httpx.State
		st, w, r = httpx.Begin(w, r)
		if st.Status() == 0 {
			st.OnHeader((*equal)(g))
		}
	}
	h.next.ServeHTTP(w, r)
}

// equal is a Guard as the response's writer calls it. It needs nothing of its own, so it costs no allocation.
type equal Guard

// BeforeHeader looks up who asks, as for the console, and makes nothing of it.
func (e *equal) BeforeHeader(w http.ResponseWriter, status int) {
	writer, ok := w.(*httpx.Writer)
	if status != http.StatusNotFound || !ok {
		return
	}
	g, r := (*Guard)(e), (*httpx.State)(writer).Request
	if g.inside(r) {
		_, _ = g.who(r)
	}
}

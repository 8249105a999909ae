package pages

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// route is what answers at one address below Path. A nil function is a method that the address does not have.
type route struct{ get, post http.HandlerFunc }

// wellKnown is where password managers look for the page on which a password is changed
// (https://w3c.github.io/webappsec-change-password-url/).
const wellKnown = "/.well-known/change-password"

// Handler answers the pages below Path and passes everything else to next, also what is below Path and no page of ours. It
// answers /.well-known/change-password too, by which password managers find where to change a password.
func (p *Pages) Handler(next http.Handler) http.Handler { return &handler{p, next} }

type handler struct {
	pages *Pages
	next  http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := h.pages
	rest, ok := strings.CutPrefix(r.URL.Path, p.cfg.Path)
	if !ok {
		if r.URL.Path+"/" == p.cfg.Path {
			p.slash(w, r, p.cfg.Path)
			return
		}
		if r.URL.Path == wellKnown && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			p.redirect(w, p.cfg.Path+"password/", "")
			return
		}
		h.next.ServeHTTP(w, r)
		return
	}
	if p.style.is(rest) {
		p.serve(w, r, route{get: p.style.serve})
		return
	}
	if rt, ok := p.routes[rest]; ok {
		p.serve(w, r, rt)
		return
	}
	if _, ok := p.routes[rest+"/"]; ok {
		p.slash(w, r, p.cfg.Path+rest+"/")
		return
	}
	if user, token, ok := resetLink(rest); ok {
		p.serve(w, r, p.resetRoute(user, token))
		return
	}
	h.next.ServeHTTP(w, r)
}

// serve answers with a route.
func (p *Pages) serve(w http.ResponseWriter, r *http.Request, rt route) {
	h := w.Header()
	h.Set("Cache-Control", "no-store") // what is on an account's pages is for nobody's cache
	if h.Get("Referrer-Policy") == "" {
		h.Set("Referrer-Policy", "same-origin")
	}
	switch {
	case rt.get != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		rt.get(w, r)
	case rt.post != nil && r.Method == http.MethodPost:
		rt.post(w, r)
	default:
		allow := "GET, HEAD, POST"
		switch {
		case rt.post == nil:
			allow = "GET, HEAD"
		case rt.get == nil:
			allow = "POST"
		}
		h.Set("Allow", allow)
		httpx.Refuse(w, r, http.StatusMethodNotAllowed, nil)
	}
}

// slash sends a browser that left out the slash at the end to where it wanted, as Django does.
func (p *Pages) slash(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		httpx.Refuse(w, r, http.StatusMethodNotAllowed, nil)
		return
	}
	p.redirect(w, path, next(r.URL.Query()))
}

// redirect answers with the address of another page of this site, to be got. The path is ours, or was found safe.
func (p *Pages) redirect(w http.ResponseWriter, path, next string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", withNext(path, next)) // as it is: http.Redirect would clean paths that have // in them for a reason
	w.WriteHeader(http.StatusSeeOther)
}

// next returns the safe address that a query or a form asks to go to afterwards; "" if there is none.
func next(q url.Values) string {
	if len(q["next"]) != 1 {
		return ""
	}
	return safeNext(q.Get("next"))
}

func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}

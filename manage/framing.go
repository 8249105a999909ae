package manage

import "net/http"

// framed closes the connection behind requests whose end a proxy may have seen in another place than net/http, so that
// nothing that stands behind them is taken for the next request, of another visitor (request smuggling).
//
// RFC 9112, section 6.1, demands it for HTTP/1.0 with Transfer-Encoding, which net/http ignores there, and for a
// Content-Length beside Transfer-Encoding. net/http removes these headers before a handler sees them; so it is done for
// all of HTTP/1.0 and for every body in chunks, which browsers do not send in HTTP/1.1.
func framed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0) {
			w.Header()["Connection"] = closing
		}
		next.ServeHTTP(w, r)
	})
}

var closing = []string{"close"}

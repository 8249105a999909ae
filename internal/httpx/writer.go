package httpx

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// A Hook is called once, just before the header of the response goes out, while it can still be changed. It must not
// write to the body.
type Hook interface {
	BeforeHeader(w http.ResponseWriter, status int)
}

// writer is the part of a State that its Writer uses.
type writer struct {
	http.ResponseWriter
	first [2]Hook // the hooks of most chains, without another allocation
	rare  *rare
	size  int64 // bytes of the body so far
}

// rare is what few answers need.
type rare struct {
	more    []Hook // after the first
	instead *page  // that a hook asked for
}

// page is one that takes the place of an answer, and why.
type page struct {
	status int
	cause  error
}

// seldom returns the place for what few answers need.
func (w *writer) seldom() *rare {
	if w.rare == nil {
		w.rare = &rare{}
	}
	return w.rare
}

// push adds a hook.
func (w *writer) push(h Hook) {
	switch {
	case w.first[0] == nil:
		w.first[0] = h
	case w.first[1] == nil:
		w.first[1] = h
	default:
		r := w.seldom()
		r.more = append(r.more, h)
	}
}

// hooks returns how many hooks there are.
func (w *writer) hooks() int {
	switch {
	case w.first[0] == nil:
		return 0
	case w.first[1] == nil:
		return 1
	case w.rare == nil:
		return 2
	}
	return 2 + len(w.rare.more)
}

// hook returns the one that was added as number i, counted from 0.
func (w *writer) hook(i int) Hook {
	if i < len(w.first) {
		return w.first[i]
	}
	return w.rare.more[i-len(w.first)]
}

// keep forgets all hooks but the first n.
func (w *writer) keep(n int) {
	if w.rare != nil {
		w.rare.more = w.rare.more[:max(0, n-len(w.first))]
	}
	for i := n; i < len(w.first); i++ {
		w.first[i] = nil
	}
}

// Writer is a State seen as the response's writer. It adds hooks before the header and counts what goes out; the rest
// it passes on, ReadFrom included, without which large files would not use sendfile.
//
// [http.ResponseController] finds the connection's own writer through Unwrap.
type Writer State

var (
	_ http.ResponseWriter = (*Writer)(nil)
	_ http.Flusher        = (*Writer)(nil)
	_ http.Hijacker       = (*Writer)(nil)
	_ io.ReaderFrom       = (*Writer)(nil)
	_ io.StringWriter     = (*Writer)(nil)
)

// OnHeader adds a hook. The hook added last runs first, as the innermost part would. One added after the header has
// gone out is a bug in a part and panics.
func (s *State) OnHeader(h Hook) {
	if s.status != 0 {
		panic("httpx: hook added after the header")
	}
	s.w.push(h)
}

// Status returns the status that was sent, 0 if the header has not gone out.
func (s *State) Status() int { return int(s.status) }

// Size returns how many bytes of body were sent; none for HEAD, whatever the application wrote.
func (s *State) Size() int64 {
	if s.Request.Method == http.MethodHead {
		return 0
	}
	return s.w.size
}

// Header returns the response's header.
func (w *Writer) Header() http.Header { return w.w.Header() }

// Unwrap returns the writer below, for [http.ResponseController].
func (w *Writer) Unwrap() http.ResponseWriter { return w.w.ResponseWriter }

// WriteHeader runs the hooks and sends the header. Informational statuses pass through: the answer is still to come.
func (w *Writer) WriteHeader(status int) {
	informational := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if informational || status < 100 || status > 999 {
		w.w.ResponseWriter.WriteHeader(status) // net/http panics on an invalid one, while a page can still be sent
		return
	}
	if w.status != 0 {
		if !w.replacing {
			w.w.ResponseWriter.WriteHeader(status) // net/http logs the superfluous call
		}
		return
	}
	if w.Pages != nil && status >= 400 && w.Pages.Replaces(w.Request, status, w.Header()) {
		w.replace(status)
		return
	}
	w.status = int16(status) // at most 999
	for i := w.w.hooks() - 1; i >= 0; i-- {
		w.w.hook(i).BeforeHeader(w, status)
		if w.w.rare != nil && w.w.rare.instead != nil {
			w.w.keep(i)
			w.refuse()
			return
		}
	}
	w.w.ResponseWriter.WriteHeader(status)
}

// Replace has the answer that is about to go out replaced by the page for status, as [Refuse] writes it. A hook calls it
// that could not do what the answer is about to claim. The hooks that have not run yet run for the page.
func (s *State) Replace(status int, cause error) {
	s.w.seldom().instead = &page{status, cause}
}

// refuse sends the page that a hook asked for in place of the answer, whose header has not gone out.
func (w *Writer) refuse() {
	instead, pages := w.w.rare.instead, w.Pages
	w.w.rare.instead, w.status = nil, 0
	DropBody(w.Header())
	delete(w.Header(), "Location")
	if pages == nil {
		Refuse(w, w.Request, instead.status, instead.cause)
	} else {
		w.Pages = nil // the page itself is not replaced
		pages.ServeError(w, w.Request, instead.status, instead.cause)
		w.Pages = pages
	}
	if w.status == 0 {
		w.WriteHeader(instead.status)
	}
	w.replacing = true
}

// DropBody removes the headers that describe a body which another answer takes the place of. What a part refuses before
// the application has said anything has none.
func DropBody(h http.Header) {
	for key := range h {
		switch key {
		case "Accept-Ranges", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
			"Content-Location", "Content-Range", "Etag", "Expires", "Last-Modified", "Trailer", "Transfer-Encoding":
			delete(h, key)
		}
	}
}

// replace sends the page for status. Pages is unset meanwhile, so that the page itself is not replaced.
func (w *Writer) replace(status int) {
	pages := w.Pages
	w.Pages = nil
	DropBody(w.Header())
	pages.ServeError(w, w.Request, status, nil)
	if w.status == 0 {
		w.WriteHeader(status) // pages that wrote nothing must not become an empty 200
	}
	w.Pages = pages
	w.replacing = true
}

// Write sends the header if need be, then p.
func (w *Writer) Write(p []byte) (int, error) {
	if w.begin() {
		return len(p), nil
	}
	n, err := w.w.ResponseWriter.Write(p)
	w.w.size += int64(n)
	return n, err
}

// WriteString is Write for a string, without a copy where the writer below can do without.
func (w *Writer) WriteString(p string) (int, error) {
	if w.begin() {
		return len(p), nil
	}
	n, err := io.WriteString(w.w.ResponseWriter, p)
	w.w.size += int64(n)
	return n, err
}

// ReadFrom lets net/http send a file by sendfile.
func (w *Writer) ReadFrom(src io.Reader) (int64, error) {
	if w.begin() {
		return io.Copy(io.Discard, src)
	}
	var n int64
	var err error
	if rf, ok := w.w.ResponseWriter.(io.ReaderFrom); ok {
		n, err = rf.ReadFrom(src)
	} else {
		n, err = io.Copy(onlyWriter{w.w.ResponseWriter}, src)
	}
	w.w.size += n
	return n, err
}

// onlyWriter hides whatever else the writer can do, so that io.Copy does not look for ReadFrom again.
type onlyWriter struct{ io.Writer }

// begin sends the header if it has not gone out, and reports whether the body is to be dropped.
func (w *Writer) begin() (drop bool) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.replacing
}

// FlushError sends the header, hooks first, and what has been written so far.
func (w *Writer) FlushError() error {
	w.begin()
	return http.NewResponseController(w.w.ResponseWriter).Flush()
}

// Flush is FlushError for those who cannot take an error.
func (w *Writer) Flush() { _ = w.FlushError() }

// Hijack hands the connection over, as for a WebSocket. No hook runs: the header is the hijacker's to write. The error
// is errors.ErrUnsupported where the connection cannot be had (HTTP/2).
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.replacing {
		return nil, nil, errors.New("httpx: the answer has been replaced by an error page")
	}
	conn, rw, err := http.NewResponseController(w.w.ResponseWriter).Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// Finish sends the header of an answer for which the application wrote nothing, so that hooks run for it too. A part
// that adds a hook calls it when the next handler has returned. It does nothing if the header has gone out.
func (s *State) Finish() {
	if s.status == 0 {
		(*Writer)(s).WriteHeader(http.StatusOK)
	}
}

package secret

import "io"

// Writer is a [Mask] in front of another writer: what comes out is what [Mask.String] makes of all that goes in,
// however it is cut into pieces. It is not safe for concurrent use.
//
// It keeps back what may be the beginning of a value: mostly seven bytes, and never as many as the longest form of a
// value has. So its memory does not grow with what is written. Flush at the end of a message, Close at the end of all.
type Writer struct {
	w    io.Writer
	mask Mask
	held []byte // the beginning of the next piece
	out  []byte
	end  int   // until where the next piece is masked
	err  error // the first error of w, which all calls return from then on
}

// Writer returns a Writer to w.
func (m Mask) Writer(w io.Writer) *Writer { return &Writer{w: w, mask: m} }

// maxPiece is how many bytes of one Write are dealt with at once.
const maxPiece = 4 << 10

// Write writes p, masked, but for what has to be kept back. It returns the first error of the writer behind it.
func (w *Writer) Write(p []byte) (int, error) {
	for n := 0; n < len(p) && w.err == nil; n += maxPiece {
		w.write(p[n:min(len(p), n+maxPiece)], false)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Flush writes what was kept back. What is written afterwards counts as another text: a value that begins before and ends
// after is not found.
func (w *Writer) Flush() error {
	w.write(nil, true)
	return w.err
}

// Close flushes. It does not close the writer behind it.
func (w *Writer) Close() error { return w.Flush() }

func (w *Writer) write(p []byte, final bool) {
	if w.err != nil {
		return
	}
	if w.mask.t == nil {
		w.forward(p)
		return
	}
	w.held = append(w.held, p...)
	out, n, end := (*w.mask.t).run(w.out[:0], string(w.held), w.end, final)
	w.out, w.end = out, end
	w.held = append(w.held[:0], w.held[n:]...)
	w.forward(out)
}

func (w *Writer) forward(p []byte) {
	if len(p) > 0 && w.err == nil {
		_, w.err = w.w.Write(p)
	}
}

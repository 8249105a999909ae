package policy

import "math/bits"

// riceWriter codes the ascending values of one bucket.
type riceWriter struct {
	data []byte
	free int // bits of the last byte that are not used
	next uint64
}

func (w *riceWriter) reset() { *w = riceWriter{data: w.data[:0]} }

// add appends a value, which is not smaller than next: one more than the value before it.
func (w *riceWriter) add(value uint64, width int) {
	step := value - w.next
	w.next = value + 1
	for range step >> width {
		w.bit(0)
	}
	w.bit(1)
	for i := width - 1; i >= 0; i-- {
		w.bit(byte(step >> i & 1))
	}
}

func (w *riceWriter) bit(b byte) {
	if w.free == 0 {
		w.data = append(w.data, 0)
		w.free = 8
	}
	w.free--
	w.data[len(w.data)-1] |= b << w.free
}

// riceReader reads them back. No data make it read beyond its end or loop.
type riceReader struct {
	data []byte
	at   int // in bits
	next uint64
}

// value returns the next value, and false at the end.
func (r *riceReader) value(width int) (uint64, bool) {
	zeros := 0
	for {
		if r.at/8 >= len(r.data) {
			return 0, false
		}
		rest := r.data[r.at/8] << (r.at % 8)
		if rest != 0 {
			n := bits.LeadingZeros8(rest)
			zeros += n
			r.at += n + 1
			break
		}
		zeros += 8 - r.at%8
		r.at += 8 - r.at%8
	}
	if r.at+width > 8*len(r.data) {
		return 0, false
	}
	var low uint64
	for range width {
		low = low<<1 | uint64(r.data[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	value := r.next + uint64(zeros)<<width + low
	r.next = value + 1
	return value, true
}

// search reports whether value is among those of a bucket.
func search(data []byte, width int, value uint64) bool {
	r := riceReader{data: data}
	for {
		v, ok := r.value(width)
		if !ok || v > value {
			return false
		}
		if v == value {
			return true
		}
	}
}

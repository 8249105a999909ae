package secretrule

import "bytes"

// Series scans contents one after the other. A history is made of contents that differ from their neighbours by a few lines:
// what two have in common at the beginning and at the end is searched for literals once. Rules are asked as ever, as what
// they look at around a literal may have changed. One goroutine uses it.
type Series struct {
	scanner *Scanner
	last    []byte
	hits    []place // in last
	next    []place
}

type place struct{ literal, at int }

// Series returns a series that begins.
func (s *Scanner) Series() *Series { return &Series{scanner: s} }

// maxHits is how many literals of a content are remembered.
const maxHits = 10_000

// Scan is [Scanner.Scan].
func (r *Series) Scan(f *File) []Match {
	m := r.scanner.machine
	head := prefix(r.last, f.Data)
	tail := suffix(r.last[head:], f.Data[head:])
	from, to := max(0, head-m.longest+1), len(f.Data)-tail
	shift := len(f.Data) - len(r.last)

	hits := r.next[:0]
	for _, h := range r.hits {
		if h.at+int(m.length[h.literal]) <= head {
			hits = append(hits, h)
		}
	}
	m.run(f.Data, from, to, func(literal, at int) {
		if at+int(m.length[literal]) > head {
			hits = append(hits, place{literal, at})
		}
	})
	for _, h := range r.hits {
		if h.at >= len(r.last)-tail {
			hits = append(hits, place{h.literal, h.at + shift})
		}
	}
	var found []Match
	for _, h := range hits {
		found = r.scanner.ask(found, f, h.literal, h.at)
	}
	r.hits, r.next = hits, r.hits
	r.last = append(r.last[:0], f.Data...)
	if len(hits) > maxHits {
		r.last, r.hits, r.next = r.last[:0], nil, nil
	}
	if len(found) == 0 {
		return nil
	}
	return r.scanner.finish(f, found)
}

const step = 256 // bytes that are compared at once

// prefix returns how much a and b have in common at the beginning.
func prefix(a, b []byte) int {
	n, i := min(len(a), len(b)), 0
	for i+step <= n && bytes.Equal(a[i:i+step], b[i:i+step]) {
		i += step
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// suffix returns how much a and b have in common at the end.
func suffix(a, b []byte) int {
	n, i := min(len(a), len(b)), 0
	for i+step <= n && bytes.Equal(a[len(a)-i-step:len(a)-i], b[len(b)-i-step:len(b)-i]) {
		i += step
	}
	for i < n && a[len(a)-1-i] == b[len(b)-1-i] {
		i++
	}
	return i
}

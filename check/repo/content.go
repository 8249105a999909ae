package repo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"

	"golang.org/x/text/encoding/unicode"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo/secretrule"
)

const (
	window = 1 << 20                     // how much of a file is looked at at once
	behind = 2 * secretrule.MaxLine      // how much of that was looked at before and is there for the rules to see
	ahead  = 16<<10 + secretrule.MaxLine // how much of it will be looked at next: the longest secret and its line
)

// mark is a fingerprint of a secret under a key that lives as long as the scan: it compares, and tells nobody anything.
type mark [sha256.Size]byte

// sighting is a secret in one content.
type sighting struct {
	rule *secretrule.Rule
	name string // the variable
	line int
	mark mark
	size int

	level check.Level // of this match, if it is not the rule's
}

// searcher looks for secrets in contents. One goroutine uses it.
type searcher struct {
	scanner *secretrule.Scanner
	series  *secretrule.Series
	mac     hash.Hash
	buf     []byte
}

// marker makes the fingerprints of one scan.
func marker() func() hash.Hash {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return func() hash.Hash { return hmac.New(sha256.New, key) }
}

func (s *searcher) mark(secret []byte) (m mark) {
	s.mac.Reset()
	s.mac.Write(secret)
	s.mac.Sum(m[:0])
	return m
}

// most is how many secrets are noted of one content. A file with more is a list of them, or no secrets.
const most = 200

// blob looks at the next size bytes of r, which has a buffer of at least window.
func (s *searcher) blob(ctx context.Context, r *bufio.Reader, size int64, kinds secretrule.Kind) ([]sighting, error) {
	if size > window {
		body := io.LimitReader(r, size)
		found, err := s.long(ctx, body, kinds)
		if err == nil {
			_, err = io.Copy(io.Discard, body)
		}
		return found, err
	}
	data, err := r.Peek(int(size))
	if err != nil {
		return nil, errCut
	}
	found := s.short(data, kinds)
	_, err = r.Discard(int(size))
	return found, err
}

// short looks at all of a content.
func (s *searcher) short(data []byte, kinds secretrule.Kind) []sighting {
	if order, wide := wide(data); wide {
		narrow, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil
		}
		data = narrow
	}
	f := secretrule.File{Data: data, Kinds: kinds}
	return s.note(nil, s.series.Scan(&f), 0)
}

// long looks at a content of any length, a window after the other.
func (s *searcher) long(ctx context.Context, r io.Reader, kinds secretrule.Kind) ([]sighting, error) {
	if s.buf == nil {
		s.buf = make([]byte, 0, window)
	}
	br := bufio.NewReader(r)
	begin, _ := br.Peek(64)
	r = br
	if order, wide := wide(begin); wide {
		r = unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(br)
	}
	buf, from, lines := s.buf[:0], 0, 0 // lines are those that went out of the window
	var found []sighting
	for ctx.Err() == nil {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		last := err != nil
		if last && err != io.EOF && err != io.ErrUnexpectedEOF {
			return found, err
		}
		to := len(buf)
		if !last {
			to -= ahead
		}
		f := secretrule.File{Data: buf, Kinds: kinds}
		found = s.note(found, s.scanner.ScanPart(&f, from, to), lines)
		if last || len(found) >= most {
			return found, nil
		}
		keep := to - behind
		lines += bytes.Count(buf[:keep], []byte("\n"))
		buf = buf[:copy(buf, buf[keep:])]
		from = behind
	}
	return found, ctx.Err()
}

func (s *searcher) note(found []sighting, matches []secretrule.Match, lines int) []sighting {
	for _, m := range matches {
		if len(found) >= most {
			break
		}
		found = append(found, sighting{rule: m.Rule, name: m.Name, line: lines + m.Line, mark: s.mark(m.Secret), size: len(m.Secret), level: m.Level})
		clear(m.Secret)
	}
	return found
}

// wide reports whether a text is in UTF-16, by its mark or because every other byte is zero, and in which order.
func wide(data []byte) (unicode.Endianness, bool) {
	if len(data) < 4 {
		return unicode.LittleEndian, false
	}
	switch binary.BigEndian.Uint16(data) {
	case 0xfeff:
		return unicode.BigEndian, true
	case 0xfffe:
		return unicode.LittleEndian, data[2] != 0 || data[3] != 0 // else it is UTF-32
	}
	zero := [2]int{}
	n := min(len(data), 64) &^ 1
	for i, b := range data[:n] {
		if b == 0 {
			zero[i&1]++
		}
	}
	switch {
	case zero[0] == 0 && zero[1] == n/2:
		return unicode.LittleEndian, true
	case zero[1] == 0 && zero[0] == n/2:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

package policy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// lines reads a list of passwords or of hashes.
type lines struct {
	in            *bufio.Reader
	opts          FilterOptions
	read, skipped uint64
}

// each calls add with the key of each entry.
func (l *lines) each(ctx context.Context, add func(uint64) error, progress func(FilterProgress)) error {
	for {
		if l.read%(1<<12) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, whole, err := l.line()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after line %d of the list: %w", l.read, err)
		}
		l.read++
		if l.read%(1<<20) == 0 {
			progress(FilterProgress{Lines: l.read})
		}
		key, keep, err := l.key(line, whole)
		if err != nil {
			return fmt.Errorf("line %d of the list: %w", l.read, err)
		}
		if !keep {
			l.skipped++
			continue
		}
		if err := add(key); err != nil {
			return err
		}
	}
}

// line returns the next line without its end, and whether it is whole: one that is longer than the buffer is not.
func (l *lines) line() (line []byte, whole bool, err error) {
	line, err = l.in.ReadSlice('\n')
	if l.read == 0 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	whole = true
	for err == bufio.ErrBufferFull {
		whole = false
		_, err = l.in.ReadSlice('\n')
	}
	if err == io.EOF && (len(line) > 0 || !whole) {
		err = nil
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), whole, err
}

// key returns the key of a line, and whether it belongs into the filter.
func (l *lines) key(line []byte, whole bool) (key uint64, keep bool, err error) {
	var sum [sha1.Size]byte
	switch {
	case len(line) == 0:
		return 0, false, nil
	case l.opts.Plain:
		sum = sha1.Sum(line)
		return keyOf(&sum), whole && len(line) <= defaultMaxBytes, nil
	case !whole || len(line) < 2*sha1.Size:
		return 0, false, errHash
	}
	if _, err := hex.Decode(sum[:], line[:2*sha1.Size]); err != nil {
		return 0, false, errHash // the cause quotes the line
	}
	rest := line[2*sha1.Size:]
	if len(rest) == 0 {
		return keyOf(&sum), true, nil
	}
	count, err := strconv.ParseUint(string(rest[1:]), 10, 64)
	if rest[0] != ':' || err != nil {
		return 0, false, errHash
	}
	return keyOf(&sum), count >= l.opts.MinCount, nil
}

var errHash = errors.New("is not a SHA-1 in hexadecimal, with a colon and a number or without: " +
	"if the list holds the passwords themselves, say --plain (FilterOptions.Plain)")

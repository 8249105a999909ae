package signing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrPayload is returned by [Loads] for a payload that is authentic and still cannot be read.
var ErrPayload = errors.New("signing: the payload cannot be read")

// compressedMark stands before a payload that is compressed.
const compressedMark = "."

// Dumps returns v, as JSON, with the time and the signature, and compressed if that is asked for and makes it shorter.
// Django's signing.dumps does so with [SaltDumps].
func Dumps(s *TimestampSigner, v any, compress bool) (string, error) {
	raw, err := marshalASCII(v)
	if err != nil {
		return "", err
	}
	mark := ""
	if compress {
		if short := deflate(raw); len(short) < len(raw)-1 {
			raw, mark = short, compressedMark
		}
	}
	return s.Sign(mark + encoding.EncodeToString(raw)), nil
}

// Loads reads into v what [Dumps] or Django wrote: see [json.Unmarshal]. The error is that of
// [TimestampSigner.Unsign], or an [ErrPayload] if what was signed is not JSON, does not fit v or is longer than
// Options.MaxPayload.
func Loads(s *TimestampSigner, token string, maxAge time.Duration, v any) error {
	text, err := s.Unsign(token, maxAge)
	if err != nil {
		return err
	}
	raw, err := s.payload(text)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%w: %w", ErrPayload, err)
	}
	return nil
}

// payload undoes base64 and compression.
func (s *TimestampSigner) payload(text string) ([]byte, error) {
	text, compressed := strings.CutPrefix(text, compressedMark)
	raw, err := encoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not base64", ErrPayload)
	}
	if compressed {
		if raw, err = inflate(raw, s.maxPayload); err != nil {
			return nil, err
		}
	}
	if len(raw) > s.maxPayload {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrPayload, s.maxPayload)
	}
	if !isASCII(raw) { // Django would read Latin-1 where we read UTF-8
		return nil, fmt.Errorf("%w: it is not ASCII", ErrPayload)
	}
	return raw, nil
}

// marshalASCII returns v as JSON as Python's json module writes it: everything beyond ASCII as \uXXXX, for Django
// reads the bytes as Latin-1.
func marshalASCII(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	raw := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if isASCII(raw) {
		return raw, nil
	}
	return escape(make([]byte, 0, 2*len(raw)), raw), nil
}

// escape appends the JSON text raw to dst.
func escape(dst, raw []byte) []byte {
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		raw = raw[n:]
		switch {
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
	}
	return dst
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

package signing

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"sync"
)

// Compressors are large: 800 KB to write and 40 KB to read.
var (
	deflaters sync.Pool // of *zlib.Writer
	inflaters sync.Pool // of io.ReadCloser that are zlib.Resetters
)

// deflate returns raw as a zlib stream.
func deflate(raw []byte) []byte {
	var b bytes.Buffer
	w, ok := deflaters.Get().(*zlib.Writer)
	if ok {
		w.Reset(&b)
	} else {
		w = zlib.NewWriter(&b)
	}
	_, _ = w.Write(raw) // a bytes.Buffer takes everything
	_ = w.Close()
	deflaters.Put(w)
	return b.Bytes()
}

// inflate returns what the zlib stream raw holds, which is an error if it is longer than limit.
func inflate(raw []byte, limit int) ([]byte, error) {
	src := bytes.NewReader(raw)
	r, ok := inflaters.Get().(io.ReadCloser)
	var err error
	if ok {
		err = r.(zlib.Resetter).Reset(src, nil)
	} else {
		r, err = zlib.NewReader(src)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: it does not inflate", ErrPayload)
	}
	defer inflaters.Put(r)
	out, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: it does not inflate", ErrPayload)
	case len(out) > limit:
		return nil, fmt.Errorf("%w: it inflates to more than %d bytes", ErrPayload, limit)
	}
	return out, nil
}

package vaultsecrets

import (
	"net/http"
	"time"
)

// SetNow gives s another clock.
func (s *Source) SetNow(now func() time.Time) { s.now = now }

// Wrap puts something around what s sends its requests with.
func (s *Source) Wrap(wrap func(http.RoundTripper) http.RoundTripper) {
	s.http.Transport = wrap(s.http.Transport)
}

// The parsers that are fuzzed.
var IsPath = isPath

package manage

import (
	"crypto/tls"
	"fmt"
	"sync"
	"time"
)

// certificate is a certificate in files, read again when they change, so that a renewal needs no restart. While the
// files cannot be read, or do not fit each other, the last good one serves on.
type certificate struct {
	cert, key string

	mu      sync.Mutex
	changed time.Time // of the files that good was read from
	looked  time.Time
	good    *tls.Certificate
}

// get is a [tls.Config.GetCertificate].
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.good != nil && time.Since(c.looked) < 10*time.Second {
		return c.good, nil
	}
	c.looked = time.Now()
	if err := c.read(); err != nil && c.good == nil {
		return nil, err
	}
	return c.good, nil
}

func (c *certificate) read() error {
	changed, err := newest(c.cert, c.key)
	if err != nil {
		return unreadable(err)
	}
	if c.good != nil && !changed.After(c.changed) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return unreadable(err)
	}
	c.good, c.changed = &pair, changed
	return nil
}

func unreadable(err error) error {
	return fmt.Errorf("SERVE_TLS_CERT, SERVE_TLS_KEY: %w: give a certificate and its key, as PEM files that this user may read", err)
}

package manage

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// certificate is a certificate in files, read again when they change, so that a renewal needs no restart. While the
// files cannot be read, or do not fit each other, the last good one serves on, and the log says so.
type certificate struct {
	cert, key string
	logger    *slog.Logger

	mu      sync.Mutex
	changed time.Time // of the files that good was read from
	looked  time.Time
	good    *tls.Certificate
	failed  string // why the files could not be read again, as the log has it
}

// get is a [tls.Config.GetCertificate].
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.good != nil && time.Since(c.looked) < 10*time.Second {
		return c.good, nil
	}
	c.looked = time.Now()
	err := c.read()
	if c.good == nil {
		return nil, err
	}
	c.report(err)
	return c.good, nil
}

// report logs why the files could not be read again, each reason once: a certificate that is not renewed expires.
func (c *certificate) report(err error) {
	why := ""
	if err != nil {
		why = err.Error()
	}
	if why != "" && why != c.failed {
		c.logger.Error("the certificate could not be read again, and the last good one serves on", "error", why)
	}
	c.failed = why
}

func (c *certificate) read() error {
	changed, err := newest(c.cert, c.key)
	if err != nil {
		return unreadable(err)
	}
	if c.good != nil && changed.Equal(c.changed) {
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

// Package bounded is the HTTP client with which a driver asks a secrets manager. It protects from a manager, or from what
// stands in its place, that answers without end, sends a client with its credentials elsewhere, or gets a secret into an
// error by way of what could not be read.
//
//	client := bounded.New(bounded.Config{})
//
// An answer has at most 4 MiB and is not compressed. A redirect to another host or to plain HTTP is an error, since the
// credentials would go along; so are TLS below 1.2 and a server that keeps the client waiting for its header. The proxies
// of the environment are used (HTTPS_PROXY, NO_PROXY).
//
// Whatever fails on the way is an [Error], which holds nothing of what the server said. An http.Client puts the URL with
// its query in front of it, and an SDK what the manager said: a driver makes its own message, with [Explain].
//
// The package has no limit for the whole time of a request: that is the context's. It does not refuse plain HTTP:
// [Endpoint] does.
package bounded

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxBytes is how large an answer may be if a Config does not say.
const MaxBytes = 4 << 20

// The times that a server has for the steps which need no work of it, and the redirects that it may send.
const (
	connectTime  = 10 * time.Second
	headerTime   = 30 * time.Second
	maxHeader    = 64 << 10
	maxRedirects = 3
)

// Config is how a client is made. The zero Config is one for the managers of the public clouds.
type Config struct {
	// TLS is cloned; nil trusts the certificates that the system trusts. MinVersion is at least TLS 1.2 in any case.
	TLS *tls.Config

	MaxBytes   int64         // of an answer's body; 0 for 4 MiB
	HeaderTime time.Duration // how long a server may take to begin its answer; 0 for 30 seconds

	// Proxy says which proxy a request goes through; nil for those of the environment.
	Proxy func(*http.Request) (*url.URL, error)
}

// New returns a client. It may be used by several goroutines at once.
func New(cfg Config) *http.Client {
	return &http.Client{
		Transport: Transport(cfg),
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errRedirects
			}
			return nil
		},
	}
}

// Transport returns what New's client sends its requests with, for an SDK that makes its own client.
func Transport(cfg Config) http.RoundTripper {
	conf := &tls.Config{}
	if cfg.TLS != nil {
		conf = cfg.TLS.Clone()
	}
	conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = MaxBytes
	}
	if cfg.HeaderTime <= 0 {
		cfg.HeaderTime = headerTime
	}
	if cfg.Proxy == nil {
		cfg.Proxy = http.ProxyFromEnvironment
	}
	return &transport{cfg.MaxBytes, &http.Transport{
		Proxy:                  cfg.Proxy,
		OnProxyConnectResponse: proxied,
		DialContext:            (&net.Dialer{Timeout: connectTime, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    connectTime,
		ResponseHeaderTimeout:  cfg.HeaderTime,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // or a small answer could become a large one
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
	}}
}

type transport struct {
	max  int64
	http *http.Transport
}

// RoundTrip sends the request and refuses an answer that is not to be read.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.http.RoundTrip(r)
	if err != nil {
		return nil, explain(r, err)
	}
	refused := error(nil)
	switch encoding := resp.Header.Get("Content-Encoding"); {
	case elsewhere(r, resp):
		refused = fault(r, "redirects to another host or to plain HTTP", "check the address; give the one that it redirects to")
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		refused = fault(r, "answers compressed, which it was not asked for", "check that no proxy changes its answers")
	case resp.ContentLength > t.max:
		refused = tooLarge(r)
	}
	if refused != nil {
		_ = resp.Body.Close()
		return nil, refused
	}
	resp.Body = &body{ReadCloser: resp.Body, request: r, left: t.max}
	return resp, nil
}

// CloseIdleConnections closes what is open and not in use; http.Client calls it.
func (t *transport) CloseIdleConnections() { t.http.CloseIdleConnections() }

// elsewhere reports whether resp sends the client to another host, or from TLS to none. It is asked of the answer
// because SDKs follow redirects by themselves, with headers of theirs that http.Client does not know to be credentials.
func elsewhere(r *http.Request, resp *http.Response) bool {
	if resp.StatusCode < 300 || resp.StatusCode > 399 || resp.Header.Get("Location") == "" {
		return false
	}
	to, err := resp.Location()
	if err != nil {
		return true
	}
	return to.Scheme != r.URL.Scheme || !strings.EqualFold(to.Host, r.URL.Host)
}

// body is the body of an answer, to its limit.
type body struct {
	io.ReadCloser
	request *http.Request
	left    int64
}

// Read reads one byte more than is allowed, so that an answer of just that size is read whole.
func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tooLarge(b.request)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n + int(b.left), tooLarge(b.request)
	}
	if err != nil && err != io.EOF { //nolint:errorlint // a Reader's EOF is never wrapped
		err = explain(b.request, err)
	}
	return n, err
}

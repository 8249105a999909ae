package bounded

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Error is why a server could not be asked or its answer not be read. It holds nothing of the answer, and of the URL no
// more than the host.
type Error struct {
	Host   string // with the port, as in the URL
	Rule   string // what is wrong: "cannot be reached"
	Remedy string // what to do
	cause  error  // nil, or an error that holds no text of the server's
}

// Error returns the three in one line.
func (e *Error) Error() string { return e.Host + " " + e.Rule + ": " + e.Remedy }

// Unwrap returns the cause if it is the context's error or one of the network: net.Error, x509's.
func (e *Error) Unwrap() error { return e.cause }

// Timeout reports whether waiting has ended it. SDKs ask this before they try again.
func (e *Error) Timeout() bool {
	t, ok := errors.AsType[net.Error](e.cause)
	return ok && t.Timeout()
}

// Temporary reports whether another attempt may succeed: the network failed, not the server's answer.
func (e *Error) Temporary() bool {
	_, isNet := errors.AsType[net.Error](e.cause)
	return isNet && !canceled(e.cause)
}

// RetryableError is Temporary, under the name that the SDK of AWS asks for: it would repeat whatever no answer came to.
func (e *Error) RetryableError() bool { return e.Temporary() }

// Explain returns the Error in err, or nil. Of an error that an SDK returns it is the part that a driver may show.
func Explain(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

var errRedirects = errors.New("too many redirects")

func fault(r *http.Request, rule, remedy string) *Error { return &Error{r.URL.Host, rule, remedy, nil} }

func tooLarge(r *http.Request) *Error {
	return fault(r, "answers more than the limit", "check the address: no manager has so much to say")
}

// proxied reads what a proxy says to the wish for a connection; net/http would repeat its words.
func proxied(_ context.Context, _ *url.URL, wish *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &Error{strings.TrimSuffix(wish.Host, ":443"), fmt.Sprintf("is refused by the proxy with status %d", answer.StatusCode),
		"check the proxy (HTTPS_PROXY, NO_PROXY) and what it demands", nil}
}

func canceled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// explain makes an Error of what net/http says, which quotes what a server sends that is not HTTP, and the proxy's URL
// with its password.
func explain(r *http.Request, err error) error {
	if e := Explain(err); e != nil {
		return e
	}
	if ended := r.Context().Err(); ended != nil {
		return &Error{r.URL.Host, "did not answer in time", "check that it runs, or wait longer", ended}
	}
	const reach = "check the address, the network and the proxy (HTTPS_PROXY, NO_PROXY)"
	e := &Error{Host: r.URL.Host, Rule: "does not speak HTTP as it should", Remedy: "check the address"}
	op, isOp := errors.AsType[*net.OpError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	certificate, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case isCertificate:
		e.Rule, e.cause = "has a certificate that is not trusted", certificate
		e.Remedy = "check the address, or give the certificate of the authority that signed it"
		if _, ok := errors.AsType[x509.HostnameError](err); ok {
			e.Rule, e.Remedy = "has a certificate for another name", "use the name that the certificate is for"
		}
	case isRecord:
		e.Rule, e.Remedy = "does not speak TLS", "check the address and the port"
	case isDNS:
		e.Rule, e.Remedy, e.cause = "has no address", reach, dns
	case isOp && op.Op == "proxyconnect":
		e.Rule, e.Remedy, e.cause = "cannot be reached by the proxy", reach, op
	case isOp && op.Op == "remote error": // an alert of TLS
		e.Rule, e.Remedy = "refuses the TLS connection", "check the TLS versions and the client certificate"
	case isOp:
		e.Rule, e.Remedy, e.cause = "cannot be reached", reach, op
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e.Rule, e.Remedy, e.cause = "ends its answer too soon", "check that it runs", networkError{}
	case isNet:
		e.Rule, e.Remedy, e.cause = "did not answer in time", "check that it runs", networkError{timeout.Timeout()}
	}
	return e
}

// networkError is a failure of the network whose own text is not to be seen.
type networkError struct{ timeout bool }

func (networkError) Error() string   { return "the network failed" }
func (e networkError) Timeout() bool { return e.timeout }
func (networkError) Temporary() bool { return true }

// The errors of Endpoint say what is wrong and what to do.
var (
	errNoServer = errors.New("is no URL of a server: give https://host[:port][/path]")
	errExtra    = errors.New("has a query, a fragment or user information: give https://host[:port][/path]")
	errPlain    = errors.New("is plain HTTP, on which others read secrets and credentials: use https; plain HTTP is for an emulator on 127.0.0.1")
)

// Endpoint reads the address of a manager: https, or plain HTTP if it is on this machine's loopback or insecure is true,
// for an emulator. What follows the host must be a path without query, fragment and user information. The error says what
// is wrong and what to do, to be put behind the option's name, and holds nothing of text.
func Endpoint(text string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Host == "", u.Hostname() == "", u.Scheme != "https" && u.Scheme != "http":
		return nil, errNoServer
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "", strings.HasSuffix(text, "#"):
		return nil, errExtra
	case u.Scheme == "http" && !insecure && !Loopback(u.Hostname()):
		return nil, errPlain
	}
	return u, nil
}

// Loopback reports whether host, a name or an address without port, can only be this machine.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.Unmap().IsLoopback()
}

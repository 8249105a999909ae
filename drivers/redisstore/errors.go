package redisstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
)

// failure is why an operation failed. It holds nothing that the server said: some quote the command, which may be the one
// with the password.
type failure struct {
	what, address, rule, remedy string
	cause                       error // nil, or one whose text is not the server's
}

func (f *failure) Error() string {
	return fmt.Sprintf("redisstore: %s: %s %s: %s", f.what, f.address, f.rule, f.remedy)
}

func (f *failure) Unwrap() error { return f.cause }

var errGarbage = errors.New("not what the script returns")

// failedIn is failed for an operation under ctx, whose own end is its cause if it has ended.
func (c *Client) failedIn(ctx context.Context, what string, err error) error {
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	return c.failed(what, err)
}

// failed says in our words what err is.
func (c *Client) failed(what string, err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	f := &failure{what: what, address: c.address}
	timeout, isNet := errors.AsType[net.Error](err)
	said, isSaid := errors.AsType[redis.Error](err)
	certificate, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	_, isHandshake := errors.AsType[handshake](err)
	_, isCall := errors.AsType[*os.SyscallError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, context.Canceled):
		f.rule, f.remedy, f.cause = "was not waited for", "ask again", context.Canceled
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		f.rule, f.remedy, f.cause = "did not answer in time", "check that it runs and the network, or raise the timeout", context.DeadlineExceeded
		if isHandshake {
			f.remedy = "check the port, and whether it speaks TLS there: without it is redis://"
		}
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted):
		f.rule, f.remedy = "has all its connections in use", "allow more, or look for what keeps them"
	case errors.Is(err, redis.ErrClosed):
		f.rule, f.remedy = "is not connected any more: the client is closed", "close it after the last request"
	case isSaid:
		f.rule, f.remedy = spoken(said.Error())
	case isCertificate:
		f.rule, f.remedy, f.cause = "has a certificate that is not trusted", "check the address, or give the certificate of who signed it (ssl_ca_certs)", certificate
		if _, ok := errors.AsType[x509.HostnameError](err); ok {
			f.rule, f.remedy = "has a certificate for another name", "use the name that the certificate is for"
		}
	case isRecord:
		f.rule, f.remedy = "does not speak TLS", "check the port, or use redis://"
	case isDNS:
		f.rule, f.remedy, f.cause = "has no address", "check the host and the network", dns
	case isOp && op.Op == "remote error": // an alert of TLS
		f.rule, f.remedy = "refuses the TLS connection", "check the TLS versions and whether it asks for a client certificate"
	case isOp && op.Op == "dial":
		f.rule, f.remedy, f.cause = "cannot be reached", "check that it runs, the address and the network", op
	case isOp, isCall, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.rule, f.remedy = "ended the connection", "check that it runs, and whether it speaks TLS (rediss://)"
	default:
		f.rule, f.remedy = "does not speak Redis as it should", "check the address and the port"
	}
	return f
}

// spoken says what an error that the server answers is, by its first word.
func spoken(text string) (rule, remedy string) {
	word, _, _ := strings.Cut(text, " ")
	if strings.HasPrefix(text, "ERR Protocol error: unauthenticated") { // its answer to a long command
		word = "NOAUTH"
	}
	switch word {
	case "NOAUTH":
		return "asks for a password", "give it before the host: redis://:password@host"
	case "WRONGPASS":
		return "refuses the user name or the password", "check both"
	case "NOPERM":
		return "does not permit this to the user", "allow the commands that docs/redis.md names"
	case "READONLY":
		return "is a replica, which takes no changes", "give the address of the primary"
	case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN":
		return "is part of a cluster", "use one server that is not"
	case "OOM":
		return "has no memory left", "raise maxmemory"
	case "LOADING", "MASTERDOWN", "BUSY":
		return "is not ready", "wait until it has loaded its data or ended its script"
	case "MISCONF", "NOREPLICAS":
		return "takes no changes because it cannot save them", "look into its log"
	case "WRONGTYPE":
		return "holds something else under our keys", "give a prefix, or a database, that nobody else uses"
	}
	if strings.HasPrefix(text, "ERR max number of clients") {
		return "has as many clients as it allows", "raise maxclients, or allow fewer connections"
	}
	if strings.HasPrefix(text, "ERR DB index") || strings.HasPrefix(text, "ERR invalid DB index") {
		return "has no database of that number", "give a lower one"
	}
	return "answers with an error", "check that it is Redis 5 or later, or Valkey"
}

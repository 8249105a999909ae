package smtpmail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
)

// failure is why a message was not sent. It holds nothing that the server said but its numbers: some servers quote the
// address, and a hostile one could quote the password.
type failure struct {
	step, address, rule, remedy string
	cause                       error // nil, or one whose text is not the server's
}

func (f *failure) Error() string {
	return fmt.Sprintf("smtpmail: %s: %s %s: %s", f.step, f.address, f.rule, f.remedy)
}

func (f *failure) Unwrap() error { return f.cause }

// failedIn is failed for what happened under ctx, whose own end is its cause if it has ended.
func (m *Mailer) failedIn(ctx context.Context, step string, err error) error {
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	return m.failed(step, err)
}

// failed says in our words what err is.
func (m *Mailer) failed(step string, err error) error {
	f := &failure{step: step, address: m.cfg.Address}
	timeout, isNet := errors.AsType[net.Error](err)
	said, isSaid := errors.AsType[*textproto.Error](err)
	certificate, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, context.Canceled):
		f.rule, f.remedy, f.cause = "was not waited for", "send it again", context.Canceled
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		f.rule, f.remedy, f.cause = "did not answer in time", "check that it runs, the port and whether TLS begins at once there (smtp+ssl://), or raise the timeout", context.DeadlineExceeded
	case errors.Is(err, errNoStartTLS):
		f.rule, f.remedy = "offers no STARTTLS, and was sent neither password nor mail", "check the port, use smtp+ssl:// if TLS begins at once there, and look for who takes it away"
	case errors.Is(err, errNoTLS):
		f.rule, f.remedy = "does not speak TLS", "check the port"
	case errors.Is(err, errNoAuth):
		f.rule, f.remedy = "offers no way to log in that is known here (PLAIN, LOGIN)", "check the port, or leave user and password out"
	case errors.Is(err, errNoUTF8):
		f.rule, f.remedy = "takes no address with letters beyond ASCII before the @", "use a server with SMTPUTF8, or another address"
	case errors.Is(err, errNotLocal):
		f.rule, f.remedy = "is not on this machine, and there would be no TLS", "use smtp+tls:// or smtp+ssl://"
	case errors.Is(err, errTooMuch):
		f.rule, f.remedy = "says more than a mail server has to", "check the address and the port"
	case isSaid:
		f.rule, f.remedy = spoken(step, said)
	case isCertificate:
		f.rule, f.remedy, f.cause = "has a certificate that is not trusted", "check the address, or give the certificate of who signed it (ssl_ca_certs)", certificate
		if _, ok := errors.AsType[x509.HostnameError](err); ok {
			f.rule, f.remedy = "has a certificate for another name", "use the name that the certificate is for"
		}
	case isRecord:
		f.rule, f.remedy = "does not speak TLS", "check the port, or use smtp+tls://"
	case isDNS:
		f.rule, f.remedy, f.cause = "has no address", "check the host and the network", dns
	case isOp && op.Op == "remote error": // an alert of TLS
		f.rule, f.remedy = "refuses the TLS connection", "check the TLS versions and whether it asks for a client certificate"
	case isOp && op.Op == "dial":
		f.rule, f.remedy, f.cause = "cannot be reached", "check that it runs, the address and the network", op
	case isOp, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.rule, f.remedy = "ended the connection", "check its log, and whether TLS begins at once there (smtp+ssl://)"
	default:
		f.rule, f.remedy = "does not speak SMTP as it should", "check the address and the port"
	}
	return f
}

// enhanced is a status of RFC 3463 at the start of an answer, such as 5.1.1.
var enhanced = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// spoken says what an answer is, by its numbers.
func spoken(step string, e *textproto.Error) (rule, remedy string) {
	if e.Code < 400 || e.Code > 599 {
		return "does not speak SMTP as it should", "check the address and the port"
	}
	number := fmt.Sprint(e.Code)
	if status := enhanced.FindString(e.Msg); status != "" {
		number += " " + status
	}
	switch rule = "answers " + number; {
	case e.Code < 500:
		return rule, "it may take the message later: look into its log"
	case step == "log in":
		return rule, "check the user name and the password"
	case step == "name the sender":
		return rule, "check DEFAULT_FROM_EMAIL, and whether one has to log in"
	case step == "name the recipient":
		return rule, "it does not take mail to that address: look into its log"
	}
	return rule, "look into its log"
}

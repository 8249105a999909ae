package smtpmail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/airworthy-go/airworthy/accounts"
)

const (
	maxAnswers = 256 << 10       // how much a server may say, handshake and all
	goodbye    = 2 * time.Second // how long one waits for the answer to QUIT
)

// Refusals of ours, before anything that matters was sent.
var (
	errNoStartTLS = errors.New("no STARTTLS")
	errNoTLS      = errors.New("no TLS")
	errNoAuth     = errors.New("no AUTH")
	errNoUTF8     = errors.New("no SMTPUTF8")
	errNotLocal   = errors.New("not on this machine")
	errTooMuch    = errors.New("too much")
)

// deliver sends the message to the server. It speaks to the server step by step, rather than with go-mail's Client, which
// keeps the connection if a step fails, and takes a server that hangs up after it has accepted a message for a failure.
func (m *Mailer) deliver(ctx context.Context, message accounts.Message) error {
	msg, to, ascii, err := m.compose(message, gomail.EncodingQP)
	if err != nil {
		return err
	}
	conn, err := m.dial(ctx)
	if err != nil {
		return m.failedIn(ctx, "connect", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // which ends whatever waits for the server
	c, step, err := m.talk(conn, to, ascii, msg)
	if err != nil {
		return m.failedIn(ctx, step, err)
	}
	_ = conn.SetDeadline(time.Now().Add(goodbye))
	_ = c.Quit() // the message is the server's: what comes now changes nothing
	return nil
}

func (m *Mailer) talk(conn *bounded, to string, ascii bool, msg *gomail.Msg) (c *smtp.Client, step string, err error) {
	var wire net.Conn = conn
	if m.cfg.TLS {
		wire = tls.Client(conn, m.tls)
	}
	if c, err = smtp.NewClient(wire, m.host); err != nil {
		return nil, "connect", err
	}
	if err = c.Hello(m.domain()); err != nil {
		return nil, "greet", err
	}
	if !m.cfg.TLS && !m.cfg.Plain {
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return nil, "STARTTLS", errNoStartTLS
		}
		if err = c.StartTLS(m.tls); err != nil {
			return nil, "STARTTLS", err
		}
	}
	if state, ok := c.TLSConnectionState(); !m.cfg.Plain && (!ok || !state.HandshakeComplete) {
		return nil, "TLS", errNoTLS
	}
	if m.cfg.User != "" {
		if err = m.login(c); err != nil {
			return nil, "log in", err
		}
	}
	c.SkipSMTPUTF8(ascii) // asked for without need, some servers on the way would refuse the message
	if offered, _ := c.Extension("SMTPUTF8"); !ascii && !offered {
		return nil, "name the recipient", errNoUTF8
	}
	if err = c.Mail("<" + m.sender.Address + ">"); err != nil {
		return nil, "name the sender", err
	}
	if err = c.Rcpt("<" + to + ">"); err != nil {
		return nil, "name the recipient", err
	}
	w, err := c.Data()
	if err != nil {
		return nil, "hand over the message", err
	}
	_, err = msg.WriteTo(w)
	if err == nil {
		err = w.Close()
	}
	return c, "hand over the message", err
}

// login sends the password. It is called when the connection is what Config demands.
func (m *Mailer) login(c *smtp.Client) error {
	_, offered := c.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	switch user, password := m.cfg.User, m.cfg.Password.Reveal(); {
	case slices.Contains(mechanisms, "PLAIN"):
		return c.Auth(smtp.PlainAuth("", user, password, m.host, m.cfg.Plain))
	case slices.Contains(mechanisms, "LOGIN"):
		return c.Auth(smtp.LoginAuth(user, password, m.host, m.cfg.Plain))
	}
	return errNoAuth
}

// dial connects. Where there is no TLS, the name localhost has to be this machine's too.
func (m *Mailer) dial(ctx context.Context) (*bounded, error) {
	conn, err := m.connect(ctx, "tcp", m.cfg.Address)
	if err != nil {
		return nil, err
	}
	if host, _, _ := net.SplitHostPort(conn.RemoteAddr().String()); m.cfg.Plain && !m.cfg.InsecurePlain && !isLoopback(host) {
		_ = conn.Close()
		return nil, errNotLocal
	}
	return &bounded{Conn: conn, left: maxAnswers}, nil
}

// bounded is a connection that says only so much.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

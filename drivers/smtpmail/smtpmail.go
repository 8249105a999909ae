// Package smtpmail sends the mails of accounts, as EMAIL_URL says: to an SMTP server, to a folder or to the terminal. It
// protects from a password or a link that crosses the network in the clear, from a server or a network that takes TLS away,
// from addresses and subjects that add headers or recipients, and from a server that hangs or talks without end.
//
//	mailer, err := smtpmail.Open(cfg.Email, cfg.From) // EMAIL_URL, DEFAULT_FROM_EMAIL
//	…
//	cfg.Accounts.Mail = mailer.Send
//
// # The connection
//
// TLS is demanded: with STARTTLS (smtp+tls://, and smtps:// despite its name) or from the start (smtp+ssl://). A server that
// offers no STARTTLS gets neither password nor mail, whatever the reason; certificates are always verified. Without TLS
// (smtp://) only a server on this machine will do, unless [Config].InsecurePlain is set. A password is sent with AUTH PLAIN or
// LOGIN. Each message has a connection of its own.
//
// # The message
//
// One recipient, text/plain in UTF-8, with Message-ID, Date and Auto-Submitted. An address with anything but letters, digits
// and the signs of a plain address is refused, and so is a subject with a line end or another control character. Domains beyond
// ASCII are sent in their ASCII form; a name beyond ASCII before the @ needs a server with SMTPUTF8, and is refused without.
//
// # When it fails
//
// [Mailer.Send] takes no longer than [Config].Timeout and its context. Errors are in words of our own with the numbers that
// the server answered; they hold no password, no address of a user, and no text of the server, which may quote both.
//
// The package does not keep or repeat what could not be sent, and does not sign: the server does, or a relay on this machine.
// A message that a server accepted may still come back later to the From address.
package smtpmail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/secret"
)

// Config says how mail is sent: to Folder or Print if one of them is set, else to the SMTP server at Address.
type Config struct {
	// Address is the server's, as host:port.
	Address string

	User     string // nobody logs in if empty
	Password secret.Text

	// The zero value demands STARTTLS. TLS speaks TLS from the start, as on port 465. Plain speaks none.
	TLS, Plain bool

	// CA is a file with the certificates, in PEM, of who signed the server's; the system's if empty.
	CA string

	// From is the sender of all messages: an address, or a name and an address, "Example <noreply@example.com>".
	From string

	// Timeout is how long sending one message may take; 0 for DefaultTimeout. The context of Send may end it earlier.
	Timeout time.Duration

	// Folder gets a file for each message instead, which only its owner can read. It is made if it does not exist.
	Folder string

	// Print gets each message instead: for development. Links that reset passwords are among them.
	Print io.Writer

	// InsecurePlain accepts Plain to a server on another machine: the network reads the password and every link.
	InsecurePlain bool
}

// DefaultTimeout is that of Config.Timeout.
const DefaultTimeout = 30 * time.Second

// Mailer sends messages. It is safe for concurrent use.
type Mailer struct {
	cfg    Config
	host   string
	tls    *tls.Config // nil if Plain
	sender *mail.Address
	send   func(context.Context, accounts.Message) error

	connect func(ctx context.Context, network, address string) (net.Conn, error)
}

// New returns a mailer. It reads the file of CA and does not connect. The error holds no password.
func New(cfg Config) (*Mailer, error) {
	m := &Mailer{cfg: cfg, connect: new(net.Dialer).DialContext}
	if m.cfg.Timeout == 0 {
		m.cfg.Timeout = DefaultTimeout
	}
	if cfg.Print != nil {
		if cfg.Folder != "" || cfg.Address != "" {
			return nil, bad("mail is printed and sent too", "choose one of Print, Folder and Address")
		}
		m.send = accounts.PrintMail(cfg.Print)
		return m, nil
	}
	var fromErr, restErr error
	m.sender, fromErr = parseSender(cfg.From)
	if cfg.Folder != "" {
		m.send, restErr = m.write, cfg.checkFolder()
	} else {
		m.send, restErr = m.deliver, m.server()
	}
	if err := errors.Join(fromErr, restErr); err != nil {
		return nil, err
	}
	return m, nil
}

// Send sends one message and returns when the server has accepted it. It fits accounts.Config.Mail.
func (m *Mailer) Send(ctx context.Context, message accounts.Message) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	return m.send(ctx, message)
}

// server judges what is said of the server, and gets ready to speak TLS to it.
func (m *Mailer) server() error {
	c := m.cfg
	var errs []error
	refuse := func(rule, remedy string) { errs = append(errs, bad(rule, remedy)) }
	host, port, err := net.SplitHostPort(c.Address)
	if n, portErr := strconv.ParseUint(port, 10, 16); err != nil || host == "" || portErr != nil || n == 0 {
		refuse("the address is not host:port", "write smtp.example.com:587")
	}
	m.host = host
	if c.TLS && c.Plain {
		refuse("TLS is asked for and left out", "choose one of TLS and Plain")
	}
	if c.Plain && !c.InsecurePlain && host != "localhost" && !isLoopback(host) {
		refuse("mail would cross the network in the clear, and the links in it", "use smtp+tls:// or smtp+ssl://, or a relay on this machine")
	}
	if (c.User == "") != (c.Password.Reveal() == "") {
		refuse("of the user name and the password there is only one", "give both, or neither")
	}
	if strings.ContainsRune(c.User+c.Password.Reveal(), 0) {
		refuse("the user name or the password has a NUL in it", "check both")
	}
	if c.Timeout < 0 {
		refuse("the timeout is below 0", "leave it out, or give one above 0")
	}
	roots, err := c.roots()
	if err != nil {
		errs = append(errs, err)
	}
	if !c.Plain {
		m.tls = &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return errors.Join(errs...)
}

func (c Config) roots() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	if c.Plain {
		return nil, bad("there are certificates for a connection without TLS", "use smtp+tls:// or smtp+ssl://")
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("smtpmail: the file of certificates cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, bad("the file of certificates has none", "give one in PEM")
	}
	return pool, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func bad(rule, remedy string) error { return fmt.Errorf("smtpmail: %s: %s", rule, remedy) }

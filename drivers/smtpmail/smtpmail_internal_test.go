package smtpmail

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/secret"
)

// stranger is a connection that the name localhost led to, and that leads elsewhere.
type stranger struct{ net.Conn }

func (stranger) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestLocalhostElsewhere(t *testing.T) {
	m, err := New(Config{Address: "localhost:25", Plain: true, User: "u", Password: secret.New("p"), From: "noreply@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	here, there := net.Pipe()
	defer there.Close()
	m.connect = func(context.Context, string, string) (net.Conn, error) { return stranger{here}, nil }
	err = m.Send(t.Context(), accounts.Message{To: "alice@example.com"})
	if err == nil || !strings.Contains(err.Error(), "is not on this machine") {
		t.Errorf("got %v", err)
	}
	if _, err := here.Write([]byte("x")); err == nil {
		t.Error("the connection is still open")
	}
}

// TestFailures are those that no server on loopback brings about.
func TestFailures(t *testing.T) {
	m := &Mailer{cfg: Config{Address: "mail.example.com:587"}}
	for want, err := range map[string]error{
		"connect: mail.example.com:587 has no address:":             &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}},
		"connect: mail.example.com:587 refuses the TLS connection:": &net.OpError{Op: "remote error", Err: errors.New("handshake failure")},
		"connect: mail.example.com:587 does not speak TLS:":         errNoTLS,
	} {
		if got := m.failed("connect", err); !strings.Contains(got.Error(), want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

package smtpmail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is an SMTP server on loopback that can be told to misbehave.
type server struct {
	addr, ca string // host:port, and a file with its certificate

	cert        *tls.Certificate
	fromStart   bool              // TLS from the start
	stripped    bool              // offers no STARTTLS
	offers      []string          // what EHLO lists after STARTTLS, or at once without TLS
	answers     map[string]string // what it answers to a command, by its first word; "." is the message's end
	hang        string            // the command after which it says nothing, or "greeting"
	closes      string            // the command after which it hangs up, or "greeting"
	endless     string            // the command after which it talks without end, or "greeting"
	clearAnswer string            // sent in the clear behind the answer to STARTTLS

	mu      sync.Mutex
	lines   []string // what it was sent, each with "clear " or "tls " before it
	message string
}

func newServer(t *testing.T, change func(*server)) *server {
	t.Helper()
	s := &server{offers: []string{"AUTH PLAIN LOGIN", "8BITMIME"}, answers: map[string]string{}}
	s.cert, s.ca = certificate(t, "127.0.0.1", time.Hour)
	if change != nil {
		change(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	var running sync.WaitGroup
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop); _ = l.Close(); running.Wait() })
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(conn, stop) })
		}
	})
	return s
}

func (s *server) config() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{*s.cert}} }

func (s *server) serve(conn net.Conn, stop <-chan struct{}) {
	defer conn.Close()
	mode := "clear "
	if s.fromStart {
		conn, mode = tls.Server(conn, s.config()), "tls "
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	odd := func(at string) (done bool) {
		switch at {
		case s.hang:
			<-stop
		case s.closes:
		case s.endless:
			for {
				if _, err := io.WriteString(conn, strings.Repeat("x", 4096)); err != nil {
					return true
				}
			}
		default:
			return false
		}
		return true
	}
	if odd("greeting") {
		return
	}
	say("220 test ESMTP")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, mode+line)
		s.mu.Unlock()
		word, rest, _ := strings.Cut(line, " ")
		if odd(word) {
			return
		}
		if answer, ok := s.answers[word]; ok {
			say(answer)
			continue
		}
		switch word {
		case "EHLO":
			secured := mode == "tls " || s.stripped
			lines := []string{"test"}
			if !secured {
				lines = append(lines, "STARTTLS")
			}
			if secured {
				lines = append(lines, s.offers...)
			}
			for i, l := range lines {
				say("250" + map[bool]string{true: " ", false: "-"}[i == len(lines)-1] + l)
			}
		case "STARTTLS":
			_, _ = io.WriteString(conn, "220 go\r\n"+s.clearAnswer)
			conn, mode = tls.Server(conn, s.config()), "tls "
			r = bufio.NewReader(conn)
		case "AUTH":
			if rest == "LOGIN" {
				for _, ask := range []string{"VXNlcm5hbWU6", "UGFzc3dvcmQ6"} {
					say("334 " + ask)
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
					s.mu.Lock()
					s.lines = append(s.lines, mode+strings.TrimRight(line, "\r\n"))
					s.mu.Unlock()
				}
			}
			say("235 2.7.0 in")
		case "DATA":
			say("354 go")
			var b strings.Builder
			for line != ".\r\n" {
				if line, err = r.ReadString('\n'); err != nil {
					return
				}
				b.WriteString(line)
			}
			s.mu.Lock()
			s.message = b.String()
			s.mu.Unlock()
			if odd(".") {
				return
			}
			if answer, ok := s.answers["."]; ok {
				say(answer)
			} else {
				say("250 2.0.0 queued")
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 2.0.0 ok")
		}
	}
}

// heard is all that the server was sent, but for the message.
func (s *server) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// got is the message.
func (s *server) got() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.message
}

func certificate(t *testing.T, name string, life time.Duration) (*tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(life),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

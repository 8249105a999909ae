package smtpmail_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/drivers/smtpmail"
	"github.com/airworthy-go/airworthy/secret"
)

const (
	user     = "bulletin"
	password = "correct-horse-battery"
)

var hello = accounts.Message{To: "alice@example.com", Subject: "Bulletin: reset", Text: "https://example.com/reset/?token=abc\n.\nbye\n"}

// config is that of a server, with a user and a password.
func config(s *server) smtpmail.Config {
	return smtpmail.Config{
		Address: s.addr, CA: s.ca, TLS: s.fromStart, User: user, Password: secret.New(password),
		From: "Bulletin <noreply@example.org>", Timeout: 10 * time.Second,
	}
}

func send(t *testing.T, cfg smtpmail.Config, m accounts.Message) error {
	t.Helper()
	mailer, err := smtpmail.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return mailer.Send(t.Context(), m)
}

// silent fails the test if an error says what only the mail, the password or the server says.
func silent(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, s := range []string{"alice", password, base64.StdEncoding.EncodeToString([]byte(password)), plain(), "SAID", "\n", "\x1b"} {
			if strings.Contains(e.Error(), s) {
				t.Errorf("the error says %q: %q", s, e)
			}
		}
	}
}

func plain() string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
}

// sent tells whether the server heard a password or of a mail, in whatever mode.
func sent(s *server) bool {
	h := s.heard()
	return strings.Contains(h, "AUTH") || strings.Contains(h, "MAIL") || strings.Contains(h, "RCPT") || s.got() != ""
}

func TestSend(t *testing.T) {
	for name, change := range map[string]func(*server){
		"STARTTLS":           nil,
		"TLS from the start": func(s *server) { s.fromStart = true },
		"AUTH LOGIN":         func(s *server) { s.offers = []string{"AUTH LOGIN"} },
		"it hangs up":        func(s *server) { s.closes = "QUIT" },
		"it hangs at QUIT":   func(s *server) { s.hang = "QUIT" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, change)
			began := time.Now()
			if err := send(t, config(s), hello); err != nil || time.Since(began) > 6*time.Second {
				t.Fatalf("after %v: %v", time.Since(began), err)
			}
			heard := s.heard()
			for _, want := range []string{"tls EHLO example.org", "tls MAIL FROM:<noreply@example.org>", "tls RCPT TO:<alice@example.com>"} {
				if !strings.Contains(heard, want) {
					t.Errorf("the server did not hear %q:\n%s", want, heard)
				}
			}
			if strings.Contains(heard, "SMTPUTF8") {
				t.Errorf("SMTPUTF8 was asked for:\n%s", heard)
			}
			for line := range strings.SplitSeq(heard, "\n") {
				if rest, clear := strings.CutPrefix(line, "clear "); clear && !strings.HasPrefix(rest, "EHLO") && rest != "STARTTLS" {
					t.Errorf("in the clear: %s", line)
				}
			}
			login := base64.StdEncoding.EncodeToString([]byte(password))
			if strings.Contains(heard, "tls AUTH PLAIN "+plain()) == strings.Contains(heard, "tls AUTH LOGIN") || strings.Contains(heard, "AUTH LOGIN") && !strings.Contains(heard, "tls "+login) {
				t.Errorf("nobody logged in, or twice:\n%s", heard)
			}
		})
	}
}

// TestMessage reads what was sent as a mail reader does.
func TestMessage(t *testing.T) {
	s := newServer(t, nil)
	m := hello
	m.Subject, m.To = "Börd:  "+strings.Repeat("ü ", 60)+strings.Repeat(" ", 120)+"reset", "alice@bücher.example"
	m.Text = "Grüße\n.\n..\n" + strings.Repeat("x", 2000) + "\n\xff\n"
	cfg := config(s)
	cfg.From = "Bürd <noreply@bücher.example>"
	if err := send(t, cfg, m); err != nil {
		t.Fatal(err)
	}
	raw, _ := strings.CutSuffix(s.got(), ".\r\n")
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	got, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"To": "<alice@xn--bcher-kva.example>", "Auto-Submitted": "auto-generated", "Content-Type": "text/plain; charset=UTF-8",
		"Mime-Version": "1.0", "User-Agent": "", "X-Mailer": "", "Content-Transfer-Encoding": "quoted-printable",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	from, err := got.Header.AddressList("From")
	if err != nil || from[0].Name != "Bürd" || from[0].Address != "noreply@xn--bcher-kva.example" {
		t.Errorf("From: %v, %v", from, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != strings.Join(strings.Fields(m.Subject), " ") {
		t.Errorf("Subject: %q, %v", subject, err)
	}
	if date, err := got.Header.Date(); err != nil || time.Since(date) > time.Minute || time.Since(date) < -time.Minute {
		t.Errorf("Date: %v, %v", date, err)
	}
	if id := got.Header.Get("Message-Id"); len(id) < 40 || !strings.HasSuffix(id, "@xn--bcher-kva.example>") {
		t.Errorf("Message-ID: %q", id)
	}
	// The server of the test does not take off the dots that SMTP puts before lines with one.
	body, err := io.ReadAll(quotedprintable.NewReader(got.Body))
	if text := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || text != strings.NewReplacer("\n.", "\n..", "\xff", "\uFFFD").Replace(m.Text) {
		t.Errorf("the text is %q, %v", text, err)
	}
}

// TestDowngrade: whoever takes STARTTLS away, or stands in for the server, gets neither the password nor the mail.
func TestDowngrade(t *testing.T) {
	other, _ := certificate(t, "mail.example", time.Hour)
	old, oldCA := certificate(t, "127.0.0.1", -time.Hour)
	stranger, _ := certificate(t, "127.0.0.1", time.Hour)
	for name, c := range map[string]struct {
		change func(*server)
		want   string
	}{
		"STARTTLS stripped":       {func(s *server) { s.stripped = true }, "offers no STARTTLS"},
		"STARTTLS refused":        {func(s *server) { s.answers["STARTTLS"] = "454 SAID" }, "answers 454"},
		"no TLS behind STARTTLS":  {func(s *server) { s.answers["STARTTLS"] = "220 go\r\n250 test SAID" }, "does not speak TLS"},
		"only HELO":               {func(s *server) { s.answers["EHLO"] = "502 SAID" }, "offers no STARTTLS"},
		"another name":            {func(s *server) { s.cert = other }, "certificate"},
		"an expired certificate":  {func(s *server) { s.cert, s.ca = old, oldCA }, "not trusted"},
		"a stranger's":            {func(s *server) { s.cert = stranger }, "not trusted"},
		"a stranger's, smtps":     {func(s *server) { s.cert, s.fromStart = stranger, true }, "not trusted"},
		"the system's trust only": {func(s *server) { s.ca = "" }, "not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, c.change)
			err := send(t, config(s), hello)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			silent(t, err)
			if sent(s) {
				t.Errorf("it was sent\n%s", s.heard())
			}
		})
	}
	// What somebody sends ahead of the TLS is not taken for what the server says in it (CVE-2011-0411).
	t.Run("answers before the TLS", func(t *testing.T) {
		s := newServer(t, func(s *server) { s.clearAnswer = "250-test\r\n250 AUTH LOGIN\r\n" })
		err := send(t, config(s), hello)
		if strings.Contains(s.heard(), "LOGIN") || err != nil && sent(s) {
			t.Errorf("it was believed: %v\n%s", err, s.heard())
		}
	})
	t.Run("TLS from the start where there is none", func(t *testing.T) {
		s := newServer(t, func(s *server) { s.stripped = true })
		cfg := config(s)
		cfg.TLS = true
		err := send(t, cfg, hello)
		if err == nil || !strings.Contains(err.Error(), "does not speak TLS") || sent(s) {
			t.Errorf("%v", err)
		}
	})
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server)
		want   string
	}{
		"busy":                     {func(s *server) { s.answers["MAIL"] = "451 4.3.0 SAID alice" }, "name the sender: HOST answers 451 4.3.0: it may take the message later"},
		"wrong password":           {func(s *server) { s.answers["AUTH"] = "535 5.7.8 " + plain() }, "log in: HOST answers 535 5.7.8: check the user name and the password"},
		"asks again":               {func(s *server) { s.answers["AUTH"] = "334 c29tZXRoaW5n" }, "log in: HOST does not speak SMTP as it should"},
		"no user":                  {func(s *server) { s.answers["RCPT"] = "550 5.1.1 <alice@example.com> SAID" }, "name the recipient: HOST answers 550 5.1.1"},
		"no sender":                {func(s *server) { s.answers["MAIL"] = "530 SAID" }, "name the sender: HOST answers 530: check DEFAULT_FROM_EMAIL"},
		"no data":                  {func(s *server) { s.answers["DATA"] = "554-SAID\r\n554 \x1b[2J" }, "hand over the message: HOST answers 554"},
		"refused":                  {func(s *server) { s.answers["."] = "552 5.3.4 SAID" }, "hand over the message: HOST answers 552 5.3.4"},
		"a number in the words":    {func(s *server) { s.answers["."] = "552 SAID 5.3.4" }, "HOST answers 552: "},
		"a strange number":         {func(s *server) { s.answers["MAIL"] = "999 SAID" }, "does not speak SMTP"},
		"no number":                {func(s *server) { s.answers["MAIL"] = "SAID alice" }, "does not speak SMTP"},
		"no AUTH":                  {func(s *server) { s.offers = nil }, "offers no way to log in"},
		"unknown AUTH":             {func(s *server) { s.offers = []string{"AUTH CRAM-MD5 NTLM PLAINER"} }, "offers no way to log in"},
		"hangs up at once":         {func(s *server) { s.closes = "greeting" }, "connect: HOST ended the connection"},
		"hangs up at the password": {func(s *server) { s.closes = "AUTH" }, "log in: HOST ended the connection"},
		"hangs up at the end":      {func(s *server) { s.closes = "." }, "hand over the message: HOST ended the connection"},
		"talks without end":        {func(s *server) { s.endless = "greeting" }, "connect: HOST says more"},
		"talks without end later":  {func(s *server) { s.endless = "RCPT" }, "name the recipient: HOST says more"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, c.change)
			err := send(t, config(s), hello)
			if want := strings.ReplaceAll(c.want, "HOST", s.addr); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			silent(t, err)
		})
	}
}

func TestSlow(t *testing.T) {
	for _, at := range []string{"greeting", "EHLO", "AUTH", "."} {
		t.Run(at, func(t *testing.T) {
			s := newServer(t, func(s *server) { s.hang = at })
			cfg := config(s)
			cfg.Timeout = 300 * time.Millisecond
			began := time.Now()
			err := send(t, cfg, hello)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
			silent(t, err)
			mailer, err := smtpmail.New(config(s))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			began = time.Now()
			if err := mailer.Send(ctx, hello); !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
				t.Errorf("canceled, after %v: %v", time.Since(began), err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	cfg := smtpmail.Config{Address: "127.0.0.1:1", From: "a@example.com"}
	if err := send(t, cfg, hello); err == nil || !strings.Contains(err.Error(), "smtpmail: connect: 127.0.0.1:1 cannot be reached") {
		t.Errorf("%v", err)
	}
}

func TestPlain(t *testing.T) {
	s := newServer(t, func(s *server) { s.stripped = true })
	cfg := config(s)
	cfg.Plain, cfg.CA = true, ""
	if err := send(t, cfg, hello); err != nil {
		t.Error(err)
	}
	if !strings.Contains(s.heard(), "clear AUTH PLAIN "+plain()) {
		t.Errorf("nobody logged in:\n%s", s.heard())
	}
	for _, address := range []string{"mail.example.com:25", "192.0.2.1:25", "[2001:db8::1]:25", "localhost.example.com:25", "127.0.0.1.example.com:25"} {
		cfg.Address = address
		if _, err := smtpmail.New(cfg); err == nil || !strings.Contains(err.Error(), "in the clear") {
			t.Errorf("%s: %v", address, err)
		}
		insecure := cfg
		insecure.InsecurePlain = true
		if _, err := smtpmail.New(insecure); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"localhost:25", "127.0.0.1:25", "127.8.0.1:25", "[::1]:25"} {
		cfg.Address = address
		if _, err := smtpmail.New(cfg); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

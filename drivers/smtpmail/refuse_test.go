package smtpmail_test

import (
	"bytes"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/drivers/smtpmail"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// TestInjection: nothing in an address or a subject becomes a header, a recipient or a command.
func TestInjection(t *testing.T) {
	s := newServer(t, nil)
	folder := t.TempDir()
	bad := []string{
		"", "alice", "@example.com", "alice@", "alice@example.com\r\nBcc: eve@example.com", "alice@example.com\nRCPT TO:<eve@example.com>",
		"alice@example.com\x00", "alice@example.com, eve@example.com", "Alice <alice@example.com>", "<alice@example.com>",
		"alice@example.com> NOTIFY=SUCCESS", "\"a> X\"@example.com", "a b@example.com", "a@b@example.com", "alice@example.com (home)",
		".alice@example.com", "alice.@example.com", "al..ice@example.com", "alice@exam ple.com", "alice@example..com", "alice@[127.0.0.1]",
		"alice@example.com.", "alice@-example.com", "al\u200bice@example.com", "al\u202eice@example.com", "al\xffice@example.com", "alice@ex\u0085ample.com",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("a", 64) + ".com", "a@" + strings.Repeat("abcdefg.", 32) + "com",
		"alice@example.com\t", " alice@example.com", "al\u00a0ice@example.com", "alice%0d%0a@exa%0dmple.com",
	}
	for _, cfg := range []smtpmail.Config{config(s), {Folder: folder, From: "a@example.com"}} {
		for _, to := range bad {
			m := hello
			m.To = to
			err := send(t, cfg, m)
			if err == nil || !strings.Contains(err.Error(), "recipient") {
				t.Errorf("to %q: %v", to, err)
			}
			silent(t, err)
		}
		for _, subject := range []string{"a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\x00b", "a\x7fb", "a\u0085b", "a\xffb", strings.Repeat("a", 501)} {
			m := hello
			m.Subject = subject
			if err := send(t, cfg, m); err == nil || !strings.Contains(err.Error(), "subject") {
				t.Errorf("subject %q: %v", subject, err)
			}
		}
	}
	if s.heard() != "" || len(files(t, folder)) != 0 {
		t.Errorf("heard %q, files %v", s.heard(), files(t, folder))
	}
	for _, to := range []string{"alice+tag@example.com", "o'neil@example.com", "a.b-c_d@sub.example.com", "a@localhost"} {
		m := hello
		m.To = to
		if err := send(t, config(s), m); err != nil || !strings.Contains(s.heard(), "RCPT TO:<"+to+">\n") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

func TestBeyondASCII(t *testing.T) {
	s := newServer(t, nil)
	m := hello
	m.To = "jürgen@bücher.example"
	err := send(t, config(s), m)
	if err == nil || !strings.Contains(err.Error(), "use a server with SMTPUTF8") || strings.Contains(s.heard(), "MAIL") {
		t.Errorf("without SMTPUTF8: %v", err)
	}
	s = newServer(t, func(s *server) { s.offers = append(s.offers, "SMTPUTF8") })
	if err := send(t, config(s), m); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"MAIL FROM:<noreply@example.org> BODY=8BITMIME SMTPUTF8", "RCPT TO:<jürgen@xn--bcher-kva.example>"} {
		if !strings.Contains(s.heard(), want) {
			t.Errorf("the server did not hear %q:\n%s", want, s.heard())
		}
	}
	if !strings.Contains(s.got(), "To: <jürgen@xn--bcher-kva.example>\r\n") {
		t.Errorf("the message is\n%s", s.got())
	}
	if err := send(t, config(s), hello); err != nil || strings.Count(s.heard(), "SMTPUTF8") != 1 {
		t.Errorf("SMTPUTF8 was asked for without need: %v\n%s", err, s.heard())
	}
}

func TestNewRefuses(t *testing.T) {
	s := newServer(t, nil)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*smtpmail.Config){
		"DEFAULT_FROM_EMAIL: is not set":              func(c *smtpmail.Config) { c.From = "" },
		"not an address that mail can be sent from":   func(c *smtpmail.Config) { c.From = "Bulletin" },
		"DEFAULT_FROM_EMAIL: is not an address":       func(c *smtpmail.Config) { c.From = "a@example.com\r\nBcc: b@example.com" },
		"an address that mail can be sent from":       func(c *smtpmail.Config) { c.From = "a@example.com, b@example.com" },
		"is not an address that mail":                 func(c *smtpmail.Config) { c.From = "=?utf-8?q?a=0Ab?= <a@example.com>" },
		"not an address that mail can be sent from: ": func(c *smtpmail.Config) { c.From = "\"a> X\"@example.com" },
		"DEFAULT_FROM_EMAIL: has letters":             func(c *smtpmail.Config) { c.From = "jürgen@example.com" },
		"the address is not host:port":                func(c *smtpmail.Config) { c.Address = "localhost" },
		"the address is not host:port: write":         func(c *smtpmail.Config) { c.Address = "localhost:0" },
		"TLS is asked for and left out":               func(c *smtpmail.Config) { c.TLS, c.Plain, c.CA = true, true, "" },
		"there is only one":                           func(c *smtpmail.Config) { c.User = "" },
		"there is only one: give both":                func(c *smtpmail.Config) { c.Password = secret.Text{} },
		"has a NUL":                                   func(c *smtpmail.Config) { c.User = "a\x00b" },
		"the timeout is below 0":                      func(c *smtpmail.Config) { c.Timeout = -1 },
		"the file of certificates cannot be read":     func(c *smtpmail.Config) { c.CA = empty + "x" },
		"the file of certificates has none":           func(c *smtpmail.Config) { c.CA = empty },
		"certificates for a connection without TLS":   func(c *smtpmail.Config) { c.Plain = true },
		"mail is printed and sent too":                func(c *smtpmail.Config) { c.Print = new(bytes.Buffer) },
		"mail is written and sent too":                func(c *smtpmail.Config) { c.Folder = t.TempDir() },
		"the folder for mail is a file":               func(c *smtpmail.Config) { c.Folder, c.Address = empty, "" },
	} {
		cfg := config(s)
		change(&cfg)
		if _, err := smtpmail.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		} else {
			silent(t, oneLine{err})
		}
	}
}

// oneLine is an error that may have several lines, one for each fault.
type oneLine struct{ error }

func (o oneLine) Error() string { return strings.ReplaceAll(o.error.Error(), "\n", " ") }

func files(t *testing.T, folder string) []fs.DirEntry {
	t.Helper()
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "var", "mail")
	mailer, err := smtpmail.New(smtpmail.Config{Folder: folder, From: "noreply@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := mailer.Send(t.Context(), hello); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", info.Mode(), err)
	}
	got := files(t, folder)
	if len(got) != 20 {
		t.Fatalf("%d files: %v", len(got), got)
	}
	for _, entry := range got {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 || filepath.Ext(entry.Name()) != ".eml" {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	b, err := os.ReadFile(filepath.Join(folder, got[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil || m.Header.Get("To") != "<alice@example.com>" || !strings.Contains(string(b), hello.Text) {
		t.Errorf("%v:\n%s", err, b)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mailer.Send(t.Context(), hello); err == nil || !strings.Contains(err.Error(), "smtpmail: the message cannot be written") {
		t.Errorf("into a file: %v", err)
	}
}

func TestFromEmail(t *testing.T) {
	for url, want := range map[string]smtpmail.Config{
		"smtp+tls://u%40x:p@mail.example.com":               {Address: "mail.example.com:587", User: "u@x", Password: secret.New("p")},
		"smtps://u:p@mail.example.com":                      {Address: "mail.example.com:587", User: "u", Password: secret.New("p")},
		"smtp+ssl://mail.example.com?timeout=1.5":           {Address: "mail.example.com:465", TLS: true, Timeout: 1500e6},
		"smtp://localhost":                                  {Address: "localhost:25", Plain: true},
		"smtp+tls://[::1]:25?ssl_ca_certs=/ca&timeout=50ms": {Address: "[::1]:25", CA: "/ca", Timeout: 50e6},
		"smtp+tls://mail.example.com?email_use_tls=false":   {Address: "mail.example.com:25", Plain: true},
		"smtp://mail.example.com?email_use_ssl=true":        {Address: "mail.example.com:465", TLS: true},
		"filemail:////var/mail":                             {Folder: "/var/mail"},
		"consolemail://":                                    {Print: os.Stderr},
	} {
		email, err := settings.ParseEmail(url)
		if err != nil {
			t.Fatal(url, err)
		}
		got, err := smtpmail.FromEmail(email)
		if err != nil || got.Password.Reveal() != want.Password.Reveal() {
			t.Errorf("%s: %v", url, err)
		}
		got.Password, want.Password = secret.Text{}, secret.Text{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", url, got, want)
		}
	}
	for url, want := range map[string]string{
		"memorymail://":                       "EMAIL_URL: is memorymail://, which sends nothing",
		"dummymail://":                        "EMAIL_URL: is dummymail://, which sends nothing",
		"filemail://":                         "EMAIL_URL: has no folder",
		"filemail:////var/mail?x=1":           "EMAIL_URL: has options",
		"consolemail://?x=1":                  "EMAIL_URL: has options",
		"smtp+tls://a.example?verify=" + user: "EMAIL_URL: has an option \"verify\"",
		"smtp+tls://a.example?timeout=0":      "timeout",
		"smtp+tls://a.example?timeout=-1s":    "timeout",
		"smtp+tls://a.example?timeout=never":  "timeout",
		"smtp://a.example":                    "in the clear",
	} {
		email, err := settings.ParseEmail(url)
		if err != nil {
			t.Fatal(url, err)
		}
		if _, err := smtpmail.Open(email, "noreply@example.org"); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), user) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := smtpmail.Open(settings.Email{}, "noreply@example.org"); err == nil || !strings.Contains(err.Error(), "EMAIL_URL: is not set") {
		t.Errorf("nothing: %v", err)
	}
}

func TestPrint(t *testing.T) {
	var out bytes.Buffer
	if err := send(t, smtpmail.Config{Print: &out}, hello); err != nil || !strings.Contains(out.String(), hello.Text) {
		t.Errorf("%v: %s", err, &out)
	}
}

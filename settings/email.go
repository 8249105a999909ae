package settings

import (
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// Email says how mail is sent. As a setting it is a URL in django-environ's form, such as
// smtp+tls://user%40example.com:password@smtp.example.com:587, consolemail:// or filemail:////var/mail.
type Email struct {
	Scheme   string // as in the URL: "smtp", "smtp+tls", "smtps", "smtp+ssl", "consolemail", "filemail", …
	Host     string
	Port     string // Address knows the usual one if it is empty
	User     string
	Password secret.Text
	Path     string // the directory of filemail

	StartTLS bool // EMAIL_USE_TLS: smtp+tls and, despite the name, smtps
	TLS      bool // EMAIL_USE_SSL: smtp+ssl

	Options map[string]string // what else the URL says
}

var mails = map[string]string{
	"smtp": "smtp", "smtps": "smtp", "smtp+tls": "smtp", "smtp+ssl": "smtp",
	"consolemail": "console", "filemail": "file", "memorymail": "memory", "dummymail": "dummy",
}

// ParseEmail reads a mail server's URL. Its error is a *Fault that holds nothing of the URL.
func ParseEmail(text string) (Email, error) {
	a, f := splitURL(text)
	if f != nil {
		return Email{}, f
	}
	e := Email{Scheme: a.scheme, User: a.user, Password: secret.New(a.password)}
	if e.Kind() == "" {
		return Email{}, unknownScheme(mails)
	}
	e.StartTLS, e.TLS = e.Scheme == "smtps" || e.Scheme == "smtp+tls", e.Scheme == "smtp+ssl"
	if f := e.place(&a); f != nil {
		return Email{}, f
	}
	if len(a.options) > 0 {
		e.Options = a.options
	}
	return e, nil
}

func (e *Email) place(a *address) (f *Fault) {
	path := strings.TrimPrefix(a.path, "/")
	switch smtp := e.Kind() == "smtp"; {
	case smtp && path != "":
		return fault("has a path", "write "+e.Scheme+"://user:password@host:port")
	case smtp && (len(a.hosts) == 0 || slices.Contains(a.hosts, ":memory:")):
		return fault("has no host", "write "+e.Scheme+"://user:password@host:port")
	case !smtp && a.authority:
		return fault("has a server, which this kind of mail has not", "write "+e.Scheme+":///path, or "+e.Scheme+"://")
	case e.Kind() == "file":
		e.Path = path
	}
	if e.Host, e.Port, f = a.one(); f != nil {
		return f
	}
	if f = a.takeBool("email_use_tls", &e.StartTLS); f != nil {
		return f
	}
	if f = a.takeBool("email_use_ssl", &e.TLS); f != nil {
		return f
	}
	if e.TLS && e.StartTLS {
		return fault("asks for TLS from the start and for STARTTLS", "choose one of the two")
	}
	return nil
}

// Kind returns how mail is sent: "smtp", "console", "file", "memory" or "dummy"; nothing for the zero Email.
func (e Email) Kind() string { return mails[e.Scheme] }

// Address returns host:port. Without a port it is that of TLS (465), of submission if there is STARTTLS (587), or 25.
func (e Email) Address() string {
	port := e.Port
	switch {
	case port != "":
	case e.TLS:
		port = "465"
	case e.StartTLS:
		port = "587"
	default:
		port = "25"
	}
	return net.JoinHostPort(e.Host, port)
}

// UnmarshalText is ParseEmail.
func (e *Email) UnmarshalText(b []byte) (err error) {
	*e, err = ParseEmail(string(b))
	return err
}

func (e Email) text(mask string) string {
	a := address{scheme: e.Scheme, user: e.User, password: e.Password.Reveal(), mask: mask, options: map[string]string{}}
	maps.Copy(a.options, e.Options)
	if e.Host != "" {
		a.hosts, a.ports = []string{e.Host}, []string{e.Port}
	}
	if e.Path != "" {
		a.path = "/" + e.Path
	}
	word := map[bool]string{true: "true", false: "false"}
	if e.StartTLS != (e.Scheme == "smtps" || e.Scheme == "smtp+tls") {
		a.options["email_use_tls"] = word[e.StartTLS]
	}
	if e.TLS != (e.Scheme == "smtp+ssl") {
		a.options["email_use_ssl"] = word[e.TLS]
	}
	return a.text()
}

// URL returns the mail server as a URL that ParseEmail reads.
func (e Email) URL() secret.Text { return secret.New(e.text("")) }

// String returns the URL with its password redacted; nothing for the zero Email.
func (e Email) String() string {
	if e.Scheme == "" {
		return ""
	}
	return e.text(secret.Redacted)
}

func (e Email) secrets() []secret.Text { return passwords(e.Password) }

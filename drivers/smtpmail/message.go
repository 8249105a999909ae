package smtpmail

import (
	"crypto/rand"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/airworthy-go/airworthy/accounts"
)

// Bounds of RFC 5321 for an address, and ours for a subject, whose line must not be longer than 998 bytes.
const (
	maxLocal   = 64
	maxAddress = 254
	maxSubject = 500
)

// parseSender reads the From address, which may have a name.
func parseSender(from string) (*mail.Address, error) {
	if from == "" {
		return nil, bad("DEFAULT_FROM_EMAIL: is not set", "set it to the sender of mails, such as Example <noreply@example.com>")
	}
	refused := bad("DEFAULT_FROM_EMAIL: is not an address that mail can be sent from", "write Example <noreply@example.com>")
	if !isLine(from) || len(from) > maxSubject {
		return nil, refused
	}
	a, err := mail.ParseAddress(from)
	if err != nil || !isLine(a.Name) {
		return nil, refused
	}
	var ascii, ok bool
	if a.Address, ascii, ok = parseAddress(a.Address); !ok {
		return nil, refused
	}
	if !ascii {
		return nil, bad("DEFAULT_FROM_EMAIL: has letters beyond ASCII before the @", "use an address that every server takes")
	}
	return a, nil
}

// parseAddress returns a bare address with its domain in ASCII. Before the @ stand only what needs no quotes: a quoted name
// may hold what ends the command that it is sent in.
func parseAddress(s string) (address string, ascii, ok bool) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > maxLocal || !isLine(s) {
		return "", false, false
	}
	local := s[:at]
	ascii = true
	for label := range strings.SplitSeq(local, ".") {
		if label == "" {
			return "", false, false
		}
		for _, r := range label {
			switch {
			case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)):
				ascii = false
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r < utf8.RuneSelf && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r):
			default:
				return "", false, false
			}
		}
	}
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || domain == "" || len(local)+1+len(domain) > maxAddress {
		return "", false, false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 {
			return "", false, false
		}
	}
	return local + "@" + domain, ascii, true
}

// isLine reports whether a header can hold s: text without line ends and other control characters.
func isLine(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

// compose makes the message, and says whether its recipient's address is ASCII.
func (m *Mailer) compose(message accounts.Message, encoding gomail.Encoding) (msg *gomail.Msg, to string, ascii bool, err error) {
	to, ascii, ok := parseAddress(message.To)
	if !ok {
		return nil, "", false, bad("the recipient has no address that mail can be sent to", "correct it")
	}
	if !isLine(message.Subject) || len(message.Subject) > maxSubject {
		return nil, "", false, bad("the subject is too long, or has a line end or another control character", "leave it out")
	}
	msg = gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(encoding), gomail.WithCharset(gomail.CharsetUTF8))
	msg.FromMailAddress(m.sender)
	msg.ToMailAddress(&mail.Address{Address: to})
	msg.Subject(strings.Join(strings.Fields(message.Subject), " ")) // so that no folded line is blank
	msg.SetMessageIDWithValue(rand.Text() + "@" + m.domain())
	msg.SetDateWithValue(time.Now().UTC())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: so that nobody's absence is answered
	msg.SetBodyString(gomail.TypeTextPlain, strings.ToValidUTF8(message.Text, "\uFFFD"))
	return msg, to, ascii, nil
}

// domain is that of the sender: what we are called, without telling the name of this machine.
func (m *Mailer) domain() string {
	_, domain, _ := strings.Cut(m.sender.Address, "@")
	return domain
}

package accounts

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Bounds of the mails that wait, and of how long one may take.
const (
	mailQueue   = 1000
	mailTimeout = time.Minute
	mailClose   = 10 * time.Second
)

// PrintMail returns a Config.Mail that writes messages to w instead of sending them: for development.
func PrintMail(w io.Writer) func(context.Context, Message) error {
	return func(_ context.Context, m Message) error {
		var b strings.Builder
		b.WriteString("---------- mail (printed, not sent)\nTo: " + oneLine(m.To) + "\nSubject: " + oneLine(m.Subject) + "\n\n")
		b.WriteString(m.Text + "\n----------\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
}

// oneLine keeps a header a header.
func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// later runs f after the request, so that its answer takes as long whether or not there is something to send. It
// reports whether there was room.
func (a *Accounts) later(ctx context.Context, f func(context.Context)) bool {
	m := &a.mail
	m.Lock()
	defer m.Unlock()
	if m.closed {
		return false
	}
	if m.queue == nil {
		work, stop := context.WithCancel(context.Background())
		m.queue, m.stop, m.done = make(chan func(context.Context), mailQueue), stop, make(chan struct{})
		go deliver(work, m.queue, m.done)
	}
	values := context.WithoutCancel(ctx) // the request's id, for the log
	select {
	case m.queue <- func(work context.Context) {
		ctx, cancel := context.WithTimeout(values, mailTimeout)
		defer cancel()
		defer context.AfterFunc(work, cancel)()
		f(ctx)
	}:
		return true
	default:
		return false
	}
}

func deliver(work context.Context, queue <-chan func(context.Context), done chan<- struct{}) {
	defer close(done)
	for f := range queue {
		f(work)
	}
}

// closeMail lets what waits go out, and gives up on it after a while.
func (a *Accounts) closeMail() error {
	m := &a.mail
	m.Lock()
	running := m.queue != nil && !m.closed
	m.closed = true
	if running {
		close(m.queue)
	}
	m.Unlock()
	if !running {
		return nil
	}
	late := time.AfterFunc(mailClose, m.stop)
	<-m.done
	late.Stop()
	m.stop()
	return nil
}

// send hands a message over and logs if that fails. The address is not logged.
func (a *Accounts) send(ctx context.Context, m Message) {
	if a.cfg.Mail == nil || m.To == "" {
		return
	}
	if err := a.cfg.Mail(ctx, m); err != nil {
		httpx.Logger(a.cfg.Logger).LogAttrs(ctx, slog.LevelError, "a mail to a user could not be sent",
			slog.String("event", "airworthy.accounts.MailFailed"), slog.Any("error", err))
	}
}

// notify tells a user by mail of what was done to the account, so that the owner hears of it who did not do it.
func (a *Accounts) notify(ctx context.Context, u User, subject, text string) {
	if a.cfg.Mail == nil || u.Email == "" {
		return
	}
	if !a.later(ctx, func(ctx context.Context) {
		a.send(ctx, Message{To: u.Email, Subject: a.subject(subject), Text: text})
	}) {
		a.event(ctx, slog.LevelError, "airworthy.accounts.MailFailed", "a user does not hear by mail of what was done to the account: too many mails wait", u)
	}
}

func (a *Accounts) subject(s string) string {
	if a.cfg.Site == "" {
		return s
	}
	return a.cfg.Site + ": " + s
}

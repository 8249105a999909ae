package smtpmail_test

import (
	"context"
	"fmt"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/drivers/smtpmail"
	"github.com/airworthy-go/airworthy/settings"
)

// site is an application's settings, which embed airworthy.Settings.
type site struct {
	Email    settings.Email `env:"EMAIL_URL" doc:"How mail is sent."`
	From     string         `env:"DEFAULT_FROM_EMAIL" doc:"The sender of all mails."`
	Accounts accounts.Config
}

func Example() {
	email, err := settings.ParseEmail("smtp+tls://bulletin:secret@127.0.0.1:1")
	if err != nil {
		panic(err)
	}
	cfg := site{Email: email, From: "Bulletin <noreply@example.com>"}
	mailer, err := smtpmail.Open(cfg.Email, cfg.From)
	if err != nil {
		panic(err)
	}
	cfg.Accounts.Mail = mailer.Send
	fmt.Println(cfg.Accounts.Mail(context.Background(), accounts.Message{To: "alice@example.com", Subject: "Hello"}))
	// Output: smtpmail: connect: 127.0.0.1:1 cannot be reached: check that it runs, the address and the network
}

package smtpmail

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/settings"
)

// Open returns the mailer of a site's EMAIL_URL, which sends from the address DEFAULT_FROM_EMAIL. It does not connect.
func Open(email settings.Email, from string) (*Mailer, error) {
	cfg, err := FromEmail(email)
	if err != nil {
		return nil, err
	}
	cfg.From = from
	return New(cfg)
}

// FromEmail returns the Config of a URL, but for From: smtp+tls:// and smtps:// for STARTTLS, smtp+ssl:// for TLS from the
// start, smtp:// for neither, filemail:////path for a folder, consolemail:// for standard error. The options of a
// server are timeout (in seconds, or 500ms) and ssl_ca_certs. The error holds nothing of the URL but the names of options.
func FromEmail(email settings.Email) (Config, error) {
	fault := func(rule, remedy string) (Config, error) { return Config{}, bad("EMAIL_URL: "+rule, remedy) }
	switch email.Kind() {
	case "smtp":
	case "console":
		if len(email.Options) > 0 {
			return fault("has options, and consolemail has none", "write consolemail://")
		}
		return Config{Print: os.Stderr}, nil
	case "file":
		if len(email.Options) > 0 {
			return fault("has options, and filemail has none", "write filemail:////var/mail")
		}
		if email.Path == "" {
			return fault("has no folder", "write filemail:////var/mail")
		}
		return Config{Folder: email.Path}, nil
	case "":
		return fault("is not set", "set it to smtp+tls://user:password@host:587")
	default:
		return fault("is "+email.Scheme+"://, which sends nothing", "use smtp+tls://, or leave it out where no mail is to be sent")
	}
	cfg := Config{
		Address: email.Address(), User: email.User, Password: email.Password,
		TLS: email.TLS, Plain: !email.TLS && !email.StartTLS,
	}
	for name, value := range email.Options {
		switch strings.ToLower(name) {
		case "timeout":
			d, ok := seconds(value)
			if !ok {
				return fault("has an option timeout that is no time above 0", "write a number of seconds")
			}
			cfg.Timeout = d
		case "ssl_ca_certs":
			cfg.CA = value
		default:
			return fault("has an option "+strconv.Quote(name)+" that is not known", "leave it out: there are ssl_ca_certs, timeout")
		}
	}
	return cfg, nil
}

// seconds reads a number of seconds, or a duration.
func seconds(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	if n, numErr := strconv.ParseFloat(s, 64); numErr == nil && n > 0 && n < 1e6 {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	return d, err == nil && d > 0
}

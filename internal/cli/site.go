package cli

import (
	"crypto/x509"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/airworthy-go/airworthy/check/probe"
)

// Site is how a command is told to look at a live site. Every command that can has these flags.
type Site struct {
	Private  bool
	Profile  string
	CA       string // a file
	HTTPPort uint16
	Interval time.Duration
	Total    time.Duration
}

// Flags adds the flags to a command's.
func (s *Site) Flags(fs *pflag.FlagSet) {
	fs.BoolVar(&s.Private, "allow-private", false, "let the site stand on this machine or in a private network")
	fs.StringVar(&s.Profile, "profile", "", "the kind of site: html, api, static or redirect (default what the first\nanswer looks like)")
	fs.StringVar(&s.CA, "ca", "", "trust the certificates in this `file` (PEM) instead of the system's")
	fs.Uint16Var(&s.HTTPPort, "http-port", 0, "the `port` on which the site sends http on to https (default 80 if https\nis on 443, none otherwise)")
	fs.DurationVar(&s.Interval, "interval", 200*time.Millisecond, "the time between two requests to the site")
	fs.DurationVar(&s.Total, "total", 3*time.Minute, "the time for all requests to the site")
}

// Live returns a round tripper for the site at a URL, and what is claimed of it. Its error is one of usage: call it before
// any work is done. Nothing is sent yet.
func (s *Site) Live(url string) (*probe.Live, probe.Claims, error) {
	claims := probe.Claims{Outside: true}
	if s.Profile != "" {
		var err error
		if claims.Profile, err = probe.ParseProfile(s.Profile); err != nil {
			return nil, claims, Usage("--profile: %v", err)
		}
	}
	if s.Interval <= 0 || s.Total <= 0 {
		return nil, claims, Usage("--interval and --total: a time is more than nothing, as in 200ms or 3m")
	}
	config := probe.LiveConfig{
		URL: url, HTTPPort: s.HTTPPort, InsecurePrivate: s.Private, Interval: s.Interval, Total: s.Total,
	}
	if s.CA != "" {
		text, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, claims, Usage("--ca: %v", err)
		}
		config.Roots = x509.NewCertPool()
		if !config.Roots.AppendCertsFromPEM(text) {
			return nil, claims, Usage("--ca: %s holds no certificate: name a file with BEGIN CERTIFICATE in it", s.CA)
		}
	}
	live, err := probe.NewLive(config)
	if err != nil {
		return nil, claims, &Failure{Status: Wrong, Err: err}
	}
	return live, claims, nil
}

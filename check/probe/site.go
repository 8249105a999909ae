package probe

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// parse takes a URL apart and refuses what is none of a site.
func (l *Live) parse(text string) error {
	if text == "" {
		return errors.New("no URL: write it as https://example.com")
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("the URL cannot be read: write it as https://example.com")
	case u.User != nil:
		return errors.New("the URL has a user or a password in it: the probe sends neither, take them out")
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q is no scheme of a site: use https or http", u.Scheme)
	case u.Host == "":
		return errors.New("the URL has no host: write it as https://example.com")
	case u.Fragment != "":
		return errors.New("the URL has a fragment, which no server sees: take out # and what follows")
	}
	if l.host, err = hostOf(u.Hostname()); err != nil {
		return err
	}
	l.port = map[string]uint16{"https": 443, "http": 80}[u.Scheme]
	if p := u.Port(); p != "" || strings.HasSuffix(u.Host, ":") {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no port: use 1 to 65535", p)
		}
		l.port = uint16(n)
	}
	switch {
	case u.Scheme == "http":
		l.plainPort = l.port
	case l.HTTPPort == 0 && l.port == 443:
		l.plainPort = 80
	default:
		l.plainPort = l.HTTPPort
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Host = authorityOf(u.Scheme, l.host, l.port)
	l.url = u
	return nil
}

// authorityOf writes host and port as they stand in URLs, without the scheme's own port.
func authorityOf(scheme, host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if scheme == "https" && port == 443 || scheme == "http" && port == 80 {
		return host
	}
	return host + ":" + strconv.Itoa(int(port))
}

// URL returns the address that was asked for, with its scheme, its host in ASCII and a path.
func (l *Live) URL() string { return l.url.String() }

// Close ends the connections.
func (l *Live) Close() { l.transport.CloseIdleConnections() }

// Same reports whether a URL belongs to the site: its host or the counterpart of that, on a port that may be asked.
func (l *Live) Same(u *url.URL) bool {
	host, err := hostOf(u.Hostname())
	if err != nil || host != l.host && host != counterpart(l.host) || u.User != nil {
		return false
	}
	switch u.Scheme {
	case "https":
		return l.url.Scheme == "https" && portOf(u) == l.port
	case "http":
		return l.plainPort != 0 && portOf(u) == l.plainPort
	}
	return false
}

func portOf(u *url.URL) uint16 {
	if u.Port() == "" {
		return map[string]uint16{"https": 443, "http": 80}[u.Scheme]
	}
	n, _ := strconv.ParseUint(u.Port(), 10, 16)
	return uint16(n)
}

package proxy_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/proxy"
)

func TestMistakes(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  proxy.Config
		want string
	}{
		{"no network", proxy.Config{Trusted: []netip.Prefix{{}}}, "proxy: TRUSTED_PROXIES: not a network"},
		{"an address inside a network", proxy.Config{Trusted: nets("10.0.0.5/8")}, "write 10.0.0.0/8 for the network or 10.0.0.5/32 for the address"},
		{"negative hops", proxy.Config{Hops: -1}, "proxy: TRUSTED_PROXY_HOPS: -1"},
		{"many hops", proxy.Config{Hops: 17}, "proxy: TRUSTED_PROXY_HOPS: 17"},
		{"unknown family", proxy.Config{Header: "x-real-ip"}, `proxy: TRUSTED_PROXY_HEADER: unknown family "x-real-ip"`},
		{"port of Forwarded", proxy.Config{Header: proxy.Forwarded, UsePort: true}, "proxy: USE_X_FORWARDED_PORT"},
		{"SSL header with Django's name", proxy.Config{SSLHeader: proxy.SSLHeader{Name: "HTTP_X_FORWARDED_PROTO", Value: "https"}}, "proxy: SECURE_PROXY_SSL_HEADER"},
		{"SSL header without value", proxy.Config{SSLHeader: proxy.SSLHeader{Name: "X-Forwarded-Proto"}}, "proxy: SECURE_PROXY_SSL_HEADER"},
		{"SSL header without name", proxy.Config{SSLHeader: proxy.SSLHeader{Value: "https"}}, "proxy: SECURE_PROXY_SSL_HEADER"},
		{"identity that is no name", proxy.Config{Identity: []string{"X Company"}}, "proxy: TRUSTED_PROXY_IDENTITY"},
		{"identity that is everything", proxy.Config{Identity: []string{"*"}}, "proxy: TRUSTED_PROXY_IDENTITY"},
		{"identity with underscore", proxy.Config{Identity: []string{"X_User"}}, "proxy: TRUSTED_PROXY_IDENTITY"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := proxy.New(row.cfg)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error is %v, want it to say %q", err, row.want)
			}
		})
	}
	_, err := proxy.New(proxy.Config{Trusted: nets("10.0.0.5/8"), Hops: -1})
	for _, want := range []string{"TRUSTED_PROXIES", "TRUSTED_PROXY_HOPS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want it to hold %s too", err, want)
		}
	}
}

func TestTexts(t *testing.T) {
	for text, want := range map[string]proxy.SSLHeader{
		"":                             {},
		"X-Forwarded-Proto=https":      {"X-Forwarded-Proto", "https"},
		"x-forwarded-proto = https":    {"X-Forwarded-Proto", "https"},
		"HTTP_X_FORWARDED_PROTO,https": {"X-Forwarded-Proto", "https"},
		"HTTP_X_FORWARDED_PROTO=https": {"X-Forwarded-Proto", "https"},
		"HTTP_X_FORWARDED_SSL, on":     {"X-Forwarded-Ssl", "on"},
	} {
		var got proxy.SSLHeader
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
		var back proxy.SSLHeader
		written, _ := got.MarshalText()
		if err := back.UnmarshalText(written); err != nil || back != got {
			t.Errorf("%q is written as %q, which is %+v, %v", text, written, back, err)
		}
	}
	for _, text := range []string{"X-Forwarded-Proto", "=https", "X-Forwarded-Proto=", "X Y=https", "X-A=https,http", "X_FORWARDED_PROTO=https"} {
		var got proxy.SSLHeader
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %+v, want an error", text, got)
		}
	}
}

func TestChecks(t *testing.T) {
	ok := proxy.Config{Trusted: nets("10.0.0.5/32")}
	with := func(f func(*proxy.Config)) proxy.Config {
		c := ok
		f(&c)
		return c
	}
	ssl := proxy.SSLHeader{Name: "X-Forwarded-Proto", Value: "https"}
	checktest.Run(t, proxy.Config.Checks, []checktest.Case[proxy.Config]{
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("0.0.0.0/0")}, Clean: proxy.Config{Trusted: nets("10.0.0.0/8 fc00::/7")}},
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("10.0.0.5/32 ::/0")}, Clean: proxy.Config{}},
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("0.0.0.0/1 128.0.0.0/1")}, Clean: ok},
		{ID: "proxy.W001", Raises: proxy.Config{Trusted: nets("::ffff:0.0.0.0/96")}, Clean: proxy.Config{Trusted: nets("::ffff:10.0.0.0/104")}},
		{ID: "proxy.W002", Raises: proxy.Config{UseHost: true}, Clean: with(func(c *proxy.Config) { c.UseHost = true })},
		{ID: "proxy.W002", Raises: proxy.Config{UseHost: true}, Clean: proxy.Config{UseHost: true, UnixSocket: true}},
		{ID: "proxy.W003", Raises: proxy.Config{UsePort: true}, Clean: with(func(c *proxy.Config) { c.UsePort = true })},
		{ID: "proxy.W004", Raises: proxy.Config{SSLHeader: ssl}, Clean: with(func(c *proxy.Config) { c.SSLHeader = ssl })},
		{ID: "proxy.W004", Raises: proxy.Config{SSLHeader: ssl}, Clean: proxy.Config{SSLHeader: ssl, Hops: 1}},
		{ID: "proxy.W005", Raises: proxy.Config{Hops: 1}, Clean: with(func(c *proxy.Config) { c.Hops = 1 })},
	})
}

package airworthy_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/manage"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// program is an application's own settings, with a secret in each form that a setting can have.
type program struct {
	airworthy.Settings
	Database settings.Database `env:"DATABASE_URL" doc:"Where the data is."`
	Mail     settings.Email    `env:"EMAIL_URL" doc:"Where mail goes."`
	Cache    settings.Cache    `env:"CACHE_URL" doc:"Where the cache is."`
	Token    secret.Text       `env:"PAYMENT_TOKEN" doc:"Opens the payment service."`
	Password string            `env:"LEGACY_PASSWORD" doc:"Of the system before."`
}

// canaries are values that must not be seen. No part of one stands in this file, which error pages may show.
type canaries struct {
	key, fallback, database, mail, cache, token, password string
}

func newCanaries() canaries {
	long := func() string { return rand.Text() + rand.Text() + strings.ToLower(rand.Text()) }
	return canaries{long(), long(), rand.Text() + "/@:+" + rand.Text(), rand.Text(), rand.Text(), rand.Text(), rand.Text()}
}

func (c canaries) all() []string {
	return []string{c.key, c.fallback, c.database, c.mail, c.cache, c.token, c.password}
}

// databaseURL is the URL with its password, which has to be escaped.
func (c canaries) databaseURL() string {
	return "postgres://app:" + url.QueryEscape(c.database) + "@127.0.0.1:1/app"
}

// env are the variables of a good deployment that keeps these secrets.
func (c canaries) env() map[string]string {
	return map[string]string{
		"AIRWORTHY_ENV": "production", "ALLOWED_HOSTS": "example.com", "SECRET_KEY": c.key, "SECRET_KEY_FALLBACKS": c.fallback,
		"DATABASE_URL": c.databaseURL(), "EMAIL_URL": "smtp+tls://app:" + c.mail + "@mail.example:587",
		"CACHE_URL": "redis://:" + c.cache + "@127.0.0.1:6379/0", "PAYMENT_TOKEN": c.token, "LEGACY_PASSWORD": c.password,
	}
}

// leak returns a name for the secret of which eight bytes stand in text, plainly, escaped or in hexadecimal.
func (c canaries) leak(text string) string {
	const plain, hex = 8, 16
	parts := map[string]string{}
	for i, value := range c.all() {
		name := []string{"SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "EMAIL_URL", "CACHE_URL", "PAYMENT_TOKEN", "LEGACY_PASSWORD"}[i]
		for form, size := range map[string]int{value: plain, url.QueryEscape(value): plain, fmt.Sprintf("%x", value): hex} {
			for at := 0; at+size <= len(form); at++ {
				parts[strings.ToLower(form[at:at+size])] = name
			}
		}
	}
	text = strings.ToLower(text)
	for at := 0; at+plain <= len(text); at++ {
		if name := cmp.Or(parts[text[at:at+plain]], parts[text[at:min(at+hex, len(text))]]); name != "" {
			return name
		}
	}
	return ""
}

func TestCanariesAreFound(t *testing.T) {
	c := newCanaries()
	for _, value := range c.all() {
		if c.leak("x"+value[3:12]) == "" || c.leak(fmt.Sprintf("%x", value)) == "" || c.leak("plain text") != "" {
			t.Error("the test's own detector does not work")
		}
	}
}

// load returns the Build of a program with these variables. What it logs goes to log.
func load(env map[string]string, log io.Writer, app func(program) http.Handler) manage.Build {
	return func(ctx context.Context) (*airworthy.App, error) {
		environments := settings.Branching(func(name string) program {
			s := airworthy.Production()
			if name == "development" {
				s = airworthy.Development()
			}
			s.Logs.Output = log
			return program{Settings: s}
		}, "development", "staging", "production")
		cfg, err := environments.Load(ctx, settings.Map("test", env))
		if err != nil {
			return nil, err
		}
		return airworthy.New(cfg.Settings, app(cfg))
	}
}

// TestBadInputSecretsInCommands runs each command with good and with bad variables.
func TestBadInputSecretsInCommands(t *testing.T) {
	site := func(program) http.Handler { return prey() }
	for _, row := range []struct {
		name string
		bad  func(c canaries, env map[string]string)
	}{
		{"53: a good deployment", func(canaries, map[string]string) {}},
		{"53: a key that is too short", func(c canaries, env map[string]string) { env["SECRET_KEY"] = c.key[:20] }},
		{"53: a fallback that is too short", func(c canaries, env map[string]string) { env["SECRET_KEY_FALLBACKS"] = c.fallback[:20] + "," + c.key }},
		{"53: the key as fallbacks with an empty one", func(c canaries, env map[string]string) { env["SECRET_KEY_FALLBACKS"] = c.fallback + ",," }},
		{"53: a database URL that cannot be parsed", func(c canaries, env map[string]string) {
			env["DATABASE_URL"] = "postgres://app:" + c.database + "@[::1/app"
		}},
		{"53: a database URL of another scheme", func(c canaries, env map[string]string) { env["DATABASE_URL"] = c.token + "://x" }},
		{"53: a port that is a secret", func(c canaries, env map[string]string) {
			env["DATABASE_URL"] = "postgres://app@host:" + c.token + "/app"
		}},
		{"53: a password among a database's options", func(c canaries, env map[string]string) {
			env["DATABASE_URL"] = "postgres://app@127.0.0.1/app?sslmode=require&sslpassword=" + c.token + "&password=" + c.mail
		}},
		{"53: a password among a mail server's options", func(c canaries, env map[string]string) { env["EMAIL_URL"] += "&password=" + c.mail }},
		{"53: a key among a cache's options", func(c canaries, env map[string]string) { env["CACHE_URL"] += "?api_key=" + c.cache }},
		{"53: a cache URL without a scheme", func(c canaries, env map[string]string) { env["CACHE_URL"] = c.cache }},
		{"53: a secret in the place of a number", func(c canaries, env map[string]string) { env["SECURE_HSTS_SECONDS"] = c.token }},
		{"53: a secret in the place of a bool", func(c canaries, env map[string]string) { env["DEBUG"] = c.token }},
		{"53: a secret in the place of a network", func(c canaries, env map[string]string) { env["TRUSTED_PROXIES"] = c.token }},
		{"53: a secret in the place of a word", func(c canaries, env map[string]string) { env["LOG_FORMAT"] = c.token }},
		{"53: a secret in the place of the environment", func(c canaries, env map[string]string) { env["AIRWORTHY_ENV"] = c.token }},
		{"53: a secret under a misspelt name", func(c canaries, env map[string]string) { env["SECRET_KEYS"] = c.token }},
		{"53: hosts that are missing", func(_ canaries, env map[string]string) { delete(env, "ALLOWED_HOSTS") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCanaries()
			env := c.env()
			row.bad(c, env)
			for _, args := range []string{
				"check", "check --deploy", "check --deploy --format json", "settings", "settings --diff staging",
				"settings --diff development", "settings --diff nowhere", "serve --addr 127.0.0.1:99999", "serve --addr nowhere",
			} {
				var out, log syncBuffer
				manage.Run(t.Context(), load(env, &log, site), append([]string{"app"}, strings.Fields(args)...), manage.Streams{Out: &out, Err: &out})
				if out.String() == "" {
					t.Errorf("%s said nothing", args)
				}
				if name := c.leak(out.String() + log.String()); name != "" {
					t.Errorf("%s shows part of %s", args, name)
				}
			}
		})
	}
}

// TestBadInputSecretsInErrors asks New and Load themselves, and prints what they return in every way.
func TestBadInputSecretsInErrors(t *testing.T) {
	c := newCanaries()
	printed := func(v any) string {
		b, err := json.Marshal(v)
		return fmt.Sprintf("%v %+v %#v %s %q %x %d %s %v", v, v, v, v, v, v, v, b, err)
	}
	env := c.env()
	env["SECRET_KEY"], env["ALLOWED_HOSTS"], env["SECURE_HSTS_SECONDS"] = c.key[:20], "", "x"
	_, bad := load(env, io.Discard, func(program) http.Handler { return prey() })(t.Context())
	weak := strict(func(s *airworthy.Settings) {
		s.Keyring.Key, s.Keyring.Fallbacks = secret.New(c.key[:20]), []secret.Text{secret.New(c.fallback[:20])}
	})
	_, refused := airworthy.New(weak, prey())
	var cfg program
	app, err := load(c.env(), io.Discard, func(p program) http.Handler { cfg = p; return prey() })(t.Context())
	if err != nil || bad == nil || refused == nil {
		t.Fatalf("errors %v, %v, %v; want none, one, one", err, bad, refused)
	}
	for name, v := range map[string]any{
		"53: an error of Load": bad, "53: an error of New": refused, "53: the error with its settings": errors.Unwrap(refused),
		"53: the settings of an application": app.Settings(), "53: what was loaded": app.Settings().Loaded, "53: the application": app,
		"53: the database": cfg.Database, "53: the mail": cfg.Mail, "53: the cache": cfg.Cache, "53: the token": cfg.Token,
		"53: an error around the database": fmt.Errorf("dial %v", cfg.Database),
	} {
		t.Run(name, func(t *testing.T) {
			if name := c.leak(printed(v)); name != "" {
				t.Errorf("part of %s is printed", name)
			}
		})
	}
}

// TestBadInputSecretsAtRun has the application do what applications do by accident, in production and development.
func TestBadInputSecretsAtRun(t *testing.T) {
	for _, environment := range []string{"production", "development"} {
		for _, format := range []string{"text", "json"} {
			c := newCanaries()
			env := c.env()
			env["AIRWORTHY_ENV"], env["LOG_FORMAT"], env["LOG_LEVEL"] = environment, format, string(logs.Debug)
			env["SECURE_SSL_REDIRECT"] = "false"
			var log syncBuffer
			var app *airworthy.App
			logger := func() *slog.Logger { return app.Logger() }
			var err error
			app, err = load(env, &log, func(p program) http.Handler { return careless(c, p, logger) })(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/panic/error", "/panic/value", "/panic/struct", "/panic/settings", "/panic/text", "/panic/bytes", "/log", "/log?key=" + url.QueryEscape(c.key), "/" + c.token} {
				for _, accept := range []string{"text/html", "application/json", "text/plain"} {
					t.Run("53: "+environment+", "+format+", "+accept+", "+strings.NewReplacer(c.key, "key", c.token, "token").Replace(path), func(t *testing.T) {
						r := request("GET", "https", "example.com", path, "Accept", accept, "User-Agent", c.token, "Referer", "https://example.com/?"+c.password,
							"Authorization", "Bearer "+c.token, "Cookie", "c="+c.token)
						res := serve(app, r)
						var b bytes.Buffer
						_ = res.Header.Write(&b)
						b.WriteString(read(t, res.Body))
						if name := c.leak(b.String()); name != "" {
							t.Errorf("the answer shows part of %s", name)
						}
					})
				}
			}
			if name := c.leak(log.String()); name != "" {
				t.Errorf("53: the log of %s in %s shows part of %s", environment, format, name)
			}
			if n := strings.Count(log.String(), "\n"); n < 30 {
				t.Errorf("the log has %d lines, want one for each mishap", n)
			}
		}
	}
}

// careless logs and panics with the secrets that it has.
func careless(c canaries, p program, logger func() *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	parts := struct {
		Database settings.Database
		Mail     settings.Email
		Token    secret.Text
		Password string
	}{p.Database, p.Mail, p.Token, p.Password}
	_, parse := url.Parse("postgres://app:" + c.database + "@[::1/app")
	values := map[string]any{
		"error": fmt.Errorf("connect: %w", parse), "value": c.key, "struct": parts, "bytes": []byte(c.token),
		"text": "dial " + c.databaseURL() + ": refused, password " + c.database,
	}
	for name, v := range values {
		mux.HandleFunc("GET /panic/"+name, func(http.ResponseWriter, *http.Request) { panic(v) })
	}
	mux.HandleFunc("GET /panic/settings", func(http.ResponseWriter, *http.Request) { panic(p) })
	mux.HandleFunc("GET /log", func(_ http.ResponseWriter, r *http.Request) {
		for name, v := range values {
			logger().ErrorContext(r.Context(), "mishap", name, v, "pointer", &v, slog.Group("group", name, v))
		}
	})
	return mux
}

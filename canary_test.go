package airworthy_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// The files canary_*_test.go plant a random value in every secret setting, drive whatever the program can say, and look
// for any eight bytes of the values in it. Fields and commands are found, not listed: a new one takes part by itself.

// nest is an application's struct with a secret in each form that a setting can have.
type nest struct {
	airworthy.Settings
	Database settings.Database      `env:"DATABASE_URL" doc:"Where the data is."`
	Parts    settings.Database      `env:"PARTS_DATABASE_URL" doc:"A database in parts."`
	Mail     settings.Email         `env:"EMAIL_URL" doc:"Where mail goes."`
	Cache    settings.Cache         `env:"CACHE_URL" doc:"Where the cache is."`
	Hook     *url.URL               `env:"HOOK_URL" doc:"Who is told."`
	Token    secret.Text            `env:"PAYMENT_TOKEN" doc:"Opens the payment service."`
	Tokens   []secret.Text          `env:"PARTNER_TOKENS" doc:"Of partners."`
	Password string                 `env:"LEGACY_PASSWORD" doc:"Of the system before."`
	Marked   string                 `env:"MARKED,secret" doc:"Whatever its name says."`
	Words    []string               `env:"WORDS,secret" doc:"Several."`
	Accounts []account              `env:"ACCOUNTS,json" doc:"Of partners."`
	Named    map[string]secret.Text `env:"NAMED,json" doc:"By name."`

	fault func(nest) error
}

type account struct {
	Name  string
	Token secret.Text
}

// Validate says what an application's own rules say, which quotes what it must not.
func (n nest) Validate() error {
	err := n.Settings.Validate()
	if err == nil && n.fault != nil {
		err = n.fault(n)
	}
	return err
}

// planted is one canary: the value of a variable, and the part of it that is secret.
type planted struct{ variable, value, secret string }

// canary returns a random text of which a mask finds every part. One in some hundred has a part that reads like a word.
func canary(odd string) string {
	for {
		c := rand.Text() + strings.ToLower(rand.Text()) + odd + rand.Text()
		whole := true
		mask := secret.NewMask(secret.New(c))
		for at := 0; at+8 <= len(c); at++ {
			whole = whole && mask.String(c[at:at+8]) == secret.Redacted
		}
		if whole {
			return c
		}
	}
}

// shapesOf says how the value of a variable of each type is written around a canary. A secret setting of a type that is not
// here fails the test: teach it the type.
var shapesOf = map[reflect.Type]func(variable, c string) string{
	reflect.TypeFor[secret.Text]():            func(_, c string) string { return c },
	reflect.TypeFor[[]secret.Text]():          func(_, c string) string { return c },
	reflect.TypeFor[string]():                 func(_, c string) string { return c },
	reflect.TypeFor[[]string]():               func(_, c string) string { return c },
	reflect.TypeFor[settings.Database]():      func(_, c string) string { return "postgres://app:" + url.QueryEscape(c) + "@127.0.0.1:1/app" },
	reflect.TypeFor[settings.Email]():         func(_, c string) string { return "smtp+tls://app:" + url.QueryEscape(c) + "@mail.example:587" },
	reflect.TypeFor[settings.Cache]():         func(_, c string) string { return "redis://:" + url.QueryEscape(c) + "@127.0.0.1:6379/0" },
	reflect.TypeFor[*url.URL]():               func(_, c string) string { return "https://app:" + url.QueryEscape(c) + "@hook.example/told" },
	reflect.TypeFor[[]account]():              func(_, c string) string { return fmt.Sprintf(`[{"Name": "a", "Token": %q}]`, c) },
	reflect.TypeFor[map[string]secret.Text](): func(_, c string) string { return fmt.Sprintf(`{"a": %q}`, c) },
}

// plant makes a canary for every secret setting.
func plant(t *testing.T) []planted {
	t.Helper()
	var all []planted
	typ := reflect.TypeFor[nest]()
	for _, s := range settings.Describe(nest{}).Values {
		if !s.Secret {
			continue
		}
		at := typ
		for name := range strings.SplitSeq(s.Field, ".") {
			f, ok := at.FieldByName(name)
			if !ok {
				t.Fatalf("%s: there is no field %s", s.Variable, s.Field)
			}
			at = f.Type
		}
		shape := shapesOf[at]
		if shape == nil {
			t.Fatalf("%s is a secret of the type %v, which this test does not know: add it to shapesOf", s.Variable, at)
		}
		if s.Variable == "PARTS_DATABASE_URL" {
			s.Variable, shape = "PARTS_DB_PASSWORD", shapesOf[reflect.TypeFor[string]()]
		}
		odd := ""
		if strings.HasSuffix(s.Variable, "_URL") || s.Variable == "PAYMENT_TOKEN" || s.Variable == "PARTS_DB_PASSWORD" {
			odd = "/@:+#<&"
		}
		c := canary(odd)
		all = append(all, planted{s.Variable, shape(s.Variable, c), c})
	}
	need := canary("")
	all = append(all, planted{"NEST_MANAGER_TOKEN", need, need})
	if len(all) < 13 {
		t.Fatalf("only %d secret settings were found", len(all))
	}
	return all
}

// deployment is where the settings stand.
type deployment struct {
	planted []planted
	dir     string
	env     map[string]string // of the process
	set     map[string]string // of the test's own source, the first
	dotenv  string
	sources func() []settings.Source

	members  *accounts.Memory // nil without accounts
	sessions session.Store
}

// deploy spreads the settings over all sources that there are: the environment, NAME_FILE, .env, a directory of a secrets
// manager, and a map.
func deploy(t *testing.T, environment string) *deployment {
	t.Helper()
	d := &deployment{planted: plant(t), dir: t.TempDir(), env: map[string]string{}}
	d.set = map[string]string{
		"AIRWORTHY_ENV": environment, "ALLOWED_HOSTS": "example.com", "SECURE_SSL_REDIRECT": "false", "LOG_LEVEL": "DEBUG",
		"PARTS_DB_ENGINE": "postgresql", "PARTS_DB_NAME": "app",
		"AIRWORTHY_SECRETS": "file://" + filepath.ToSlash(filepath.Join(d.dir, "manager")) + ",nest://x",
	}
	for i, p := range d.planted {
		switch {
		case i%5 == 0, p.variable == "NEST_MANAGER_TOKEN", strings.HasPrefix(p.variable, "SECRET_KEY"): // which key rotate cannot write
			d.env[p.variable] = p.value
		case i%5 == 1:
			d.env[p.variable+"_FILE"] = d.file(t, p.variable, p.value+"\n")
		case i%5 == 2 && !strings.Contains(p.value, "'"):
			d.dotenv += p.variable + "='" + p.value + "'\n"
		case i%5 == 3:
			d.file(t, "manager/"+p.variable, p.value)
		default:
			d.set[p.variable] = p.value
		}
	}
	d.sources = func() []settings.Source {
		keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{nestScheme()}})
		return []settings.Source{
			settings.Map("test", d.set), settings.EnvUnset(), settings.DotEnv(d.file(t, ".env", d.dotenv)), keeper,
		}
	}
	return d
}

// with returns d with another value for a variable, in the first of the sources.
func (d *deployment) with(variable, value string) *deployment {
	c := *d
	c.set = maps.Clone(d.set)
	c.set[variable] = value
	c.sources = func() []settings.Source {
		return append([]settings.Source{settings.Map("test", c.set)}, d.sources()[1:]...)
	}
	return &c
}

func (d *deployment) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// scanner finds parts of the canaries.
type scanner struct {
	parts map[string][]part // by their first eight bytes
	begin [1 << 20]bool     // whether a part begins with four bytes, by their hash
}

type part struct{ text, variable string }

// scan returns a scanner for every eight bytes of the canaries: as they are in whatever case, in hexadecimal, escaped in
// URLs and in JSON, and in base64 wherever they begin.
func scan(all []planted) *scanner {
	s := &scanner{parts: map[string][]part{}}
	add := func(text, variable string) {
		s.parts[text[:8]] = append(s.parts[text[:8]], part{text, variable})
		s.begin[hash(text)] = true
	}
	for _, p := range all {
		for at := 0; at+8 <= len(p.secret); at++ {
			part := p.secret[at : at+8]
			quoted, _ := json.Marshal(part)
			for _, form := range []string{part, hex.EncodeToString([]byte(part)), url.QueryEscape(part), url.PathEscape(part), string(quoted[1 : len(quoted)-1])} {
				add(strings.ToLower(form), p.variable)
			}
			for before := range 3 {
				for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
					from := (8*before + 5) / 6
					add(e.EncodeToString([]byte(strings.Repeat(" ", before) + part))[from:from+10], p.variable)
				}
			}
		}
	}
	return s
}

func hash(s string) uint32 {
	return (uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])) * 0x9e3779b1 >> 12
}

// find returns the variable of which a part stands in text, and some of the text before it.
func (s *scanner) find(text string) (variable, before string) {
	for _, t := range []string{strings.ToLower(text), text} { // which may differ in length, beyond ASCII
		for at := 0; at+8 <= len(t); at++ {
			if !s.begin[hash(t[at:])] {
				continue
			}
			for _, part := range s.parts[t[at:at+8]] {
				if strings.HasPrefix(t[at:], part.text) {
					return part.variable, t[max(0, at-60):at]
				}
			}
		}
	}
	return "", ""
}

// clean fails the test if a part of a canary stands in text.
func (s *scanner) clean(t *testing.T, what, text string) {
	t.Helper()
	if variable, before := s.find(text); variable != "" {
		for before != "" {
			if other, _ := s.find(before); other == "" {
				break
			}
			before = before[1:]
		}
		t.Errorf("%s: part of %s is shown, behind %q", what, variable, before)
	}
}

func TestScannerFindsCanaries(t *testing.T) {
	all := plant(t)
	s := scan(all)
	for _, p := range all {
		for _, part := range []string{p.secret[:8], p.secret[3:11], p.secret[len(p.secret)-8:]} {
			for name, text := range map[string]string{
				"plain": part, "in capitals": strings.ToUpper(part), "hexadecimal": fmt.Sprintf("%X", part), "URL": url.QueryEscape(part), "Go": fmt.Sprintf("%q", part),
				"base64": base64.StdEncoding.EncodeToString([]byte(part)), "base64 of more": base64.URLEncoding.EncodeToString([]byte("ab" + part + "c")),
			} {
				if variable, before := s.find("some text … " + text); variable == "" || before == "" {
					t.Errorf("%s of %s is not found", name, p.variable)
				}
			}
		}
	}
	if variable, _ := s.find("an ordinary text with DATABASE_URL, [redacted] and 0123456789abcdef"); variable != "" {
		t.Errorf("%s is found where it is not", variable)
	}
}

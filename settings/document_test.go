package settings_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type documented struct {
	Debug    bool              `env:"DEBUG" doc:"Shows errors to everybody."`
	HTTP     bool              `env:"SECURE_SSL_REDIRECT,invert" doc:"Redirects to HTTPS."`
	Key      secret.Text       `env:"SECRET_KEY,required" doc:"Signs sessions. At least 50 characters | no spaces."`
	Olds     []secret.Text     `env:"SECRET_KEY_FALLBACKS"`
	Level    level             `env:"LEVEL"`
	Age      time.Duration     `env:"AGE"`
	Hosts    []string          `env:"HOSTS"`
	Database settings.Database `env:"DATABASE_URL" doc:"Where the data is."`
	DSN      string            `env:"REPORT_URL,secret"`
	Labels   map[string]string `env:"LABELS"`
	Again    bool              `env:"DEBUG"`
	Size     settings.Size     `env:"SIZE"`
}

func documentedBase() documented {
	return documented{
		Key: secret.New("swordfish"), Olds: []secret.Text{secret.New("swordfish")}, Level: "low", Age: time.Hour,
		Hosts: []string{"a.example", "b.example"}, DSN: "https://swordfish@x", Labels: map[string]string{"b": "2", "a": "it's $1"},
		Database: settings.Database{Engine: "mysql", Name: "n", User: "u", Password: secret.New("swordfish"), Host: "h"},
		Size:     10 * settings.MiB,
	}
}

func TestWriteDotEnvExample(t *testing.T) {
	const want = `# Shows errors to everybody.
# Type: true or false.
#DEBUG=false

# Redirects to HTTPS.
# Type: true or false.
#SECURE_SSL_REDIRECT=true

# Signs sessions. At least 50 characters | no spaces.
# Type: secret, required.
#SECRET_KEY=

# Type: list of secret.
#SECRET_KEY_FALLBACKS=

# Type: one of low, high.
#LEVEL=low

# Type: duration (seconds, or 1h30m).
#AGE=1h0m0s

# Type: list of text.
#HOSTS='a.example, b.example'

# Where the data is.
# Type: database URL.
# Or in parts: DB_ENGINE, DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, DB_PORT.
#DATABASE_URL='mysql://u:[redacted]@h/n'

# Type: text, secret.
#REPORT_URL=

# Type: names and values (a=1, b=2) of text.
#LABELS="a=it's \$1, b=2"

# Type: size (10MB, 2.5MiB).
#SIZE=10MiB
`
	for range 5 { // a map has no order of its own
		var b strings.Builder
		if err := settings.WriteDotEnvExample(&b, documentedBase()); err != nil || b.String() != want {
			t.Fatalf("%v, got\n%s\nwant\n%s", err, b.String(), want)
		}
	}
}

// What the example says, with the comment signs taken away, is what the base has.
func TestTheExampleIsRead(t *testing.T) {
	base := documentedBase()
	base.Database = settings.Database{}
	var b strings.Builder
	if err := settings.WriteDotEnvExample(&b, base); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		if line = strings.TrimPrefix(line, "#"); !strings.HasPrefix(line, " ") && !strings.HasSuffix(line, "=\n") {
			lines = append(lines, line)
		}
	}
	path := write(t, ".env", strings.Join(lines, ""), 0o600)
	got, err := settings.Load(t.Context(), documented{Key: base.Key, Olds: base.Olds, DSN: base.DSN}, settings.DotEnv(path))
	if err != nil {
		t.Fatal(err)
	}
	if diff := settings.Diff(settings.Describe(base), settings.Describe(got)); len(diff) != 0 {
		t.Errorf("got other settings: %v", diff)
	}
}

func TestWriteMarkdown(t *testing.T) {
	var b strings.Builder
	if err := settings.WriteMarkdown(&b, documentedBase()); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| variable | type | default | what it is |\n|---|---|---|---|\n",
		"| `DEBUG` | true or false | `false` | Shows errors to everybody. |\n",
		"| `SECRET_KEY` | secret, required | `[redacted]` | Signs sessions. At least 50 characters \\| no spaces. |\n",
		"| `DATABASE_URL` | database URL | `mysql://u:[redacted]@h/n` | Where the data is. Or in parts: DB_ENGINE, DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, DB_PORT. |\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("got\n%swhich lacks\n%s", b.String(), line)
		}
	}
	if strings.Contains(b.String(), "swordfish") {
		t.Error("a secret is printed")
	}
	if n := strings.Count(b.String(), "\n"); n != 2+11 {
		t.Errorf("%d lines, want 13", n)
	}
}

// An application tests that the files in its repository say what its settings are.
func ExampleWriteDotEnvExample() {
	type Settings struct {
		PageSize int         `env:"PAGE_SIZE" doc:"Posts on a page."`
		Key      secret.Text `env:"SECRET_KEY,required" doc:"Signs sessions."`
	}
	_ = settings.WriteDotEnvExample(os.Stdout, Settings{PageSize: 20})
	// Output:
	// # Posts on a page.
	// # Type: whole number.
	// #PAGE_SIZE=20
	//
	// # Signs sessions.
	// # Type: secret, required.
	// #SECRET_KEY=
}

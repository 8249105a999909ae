package main

import (
	"os"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/examples/bulletin/internal/environments"
	"github.com/airworthy-go/airworthy/settings"
)

func TestProductionWithoutMail(t *testing.T) {
	env := production()
	delete(env, "EMAIL_URL")
	if status, out, _ := run(t, env, "check", "--deploy"); status != 1 || !strings.Contains(out, "accounts.W001") {
		t.Errorf("status %d, want 1 and accounts.W001:\n%s", status, out)
	}
	for url, want := range map[string]string{
		"consolemail://": "would be printed", "memorymail://": "sends nothing", "smtp://smtp.example.com": "in the clear",
	} {
		env["EMAIL_URL"] = url
		if status, out, _ := run(t, env, "check", "--deploy"); status != 1 || !strings.Contains(out, want) {
			t.Errorf("%s: status %d, want 1 and %q:\n%s", url, status, want, out)
		}
	}
	env["EMAIL_URL"] = "smtp://localhost"
	delete(env, "DEFAULT_FROM_EMAIL")
	if status, out, _ := run(t, env, "check", "--deploy"); status != 1 || !strings.Contains(out, "DEFAULT_FROM_EMAIL") {
		t.Errorf("no sender: status %d, want 1 and DEFAULT_FROM_EMAIL:\n%s", status, out)
	}
}

func TestDevelopmentMail(t *testing.T) {
	t.Chdir(t.TempDir())
	message := accounts.Message{To: "alice@example.com", Subject: "Hello", Text: "a link"}
	load := func(env map[string]string) environments.Settings {
		cfg, err := environments.Load(t.Context(), settings.Map("test", env))
		if err != nil {
			t.Fatal(err)
		}
		if err := post(&cfg); err != nil {
			t.Fatal(err)
		}
		if cfg.Accounts.Mail == nil {
			t.Fatal("there is no mail")
		}
		return cfg
	}
	load(nil)
	load(map[string]string{"EMAIL_URL": "consolemail://"})
	cfg := load(map[string]string{"EMAIL_URL": "filemail:///outbox", "DEFAULT_FROM_EMAIL": "Bulletin <noreply@example.com>"})
	if err := cfg.Accounts.Mail(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if sent, err := os.ReadDir("outbox"); err != nil || len(sent) != 1 {
		t.Errorf("the folder has %v, %v, want one message", sent, err)
	}
}

package redisstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/drivers/redisstore"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

// blocks returns the code blocks of docs/redis.md that begin with prefix.
func blocks(t *testing.T, prefix string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?s)```[a-z]*\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if strings.HasPrefix(m[1], prefix) {
			found = append(found, m[1])
		}
	}
	if len(found) != 1 {
		t.Fatalf("docs/redis.md has %d blocks that begin with %q, want 1", len(found), prefix)
	}
	return found
}

func TestTheGuidesCodeIsTheExamples(t *testing.T) {
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	flat := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if code := blocks(t, "client, err")[0]; !strings.Contains(flat(string(example)), flat(code)) {
		t.Error("docs/redis.md does not show what stands in example_test.go")
	}
}

func TestTheGuidesURLsAreRead(t *testing.T) {
	for line := range strings.Lines(blocks(t, "CACHE_URL=")[0]) {
		url := strings.TrimPrefix(strings.TrimSpace(line), "CACHE_URL=")
		if _, err := redisstore.FromCache(cache(t, url)); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestTheGuidesServerWillDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "redis.conf")
	if err := os.WriteFile(file, []byte(blocks(t, "# redis.conf")[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	s := ended(t, file)
	if err := client(t, s.config()).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// The user of the guide may do all that is done, and needs each of its commands but the one to ask about memory.
func TestTheGuidesUserMayDoWhatIsNeeded(t *testing.T) {
	s := ended(t)
	r := raw(t, s.config())
	rule := strings.Fields(blocks(t, "ACL SETUSER app on >password")[0])
	args := make([]any, len(rule))
	for i, word := range rule {
		args[i] = word
	}
	if err := r.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	all := func() error {
		cfg := redisstore.Config{Address: s.socket, User: "app", Password: secret.New("password"), Database: 1, Prefix: "bulletin:"}
		c, err := redisstore.New(cfg)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		sessions := redisstore.NewSessions(c)
		for _, user := range []string{"", "1"} { // each branch of the scripts
			token, err := sessions.Save(t.Context(), "", record("1"))
			if err != nil {
				return err
			}
			if _, err = sessions.Save(t.Context(), token, record(user)); err != nil {
				return err
			}
			if _, err := sessions.ListByUser(t.Context(), "1", record("").Created); err != nil {
				return err
			}
			if err := errors.Join(sessions.Touch(t.Context(), token, record("").Seen, record("").Expires), sessions.Delete(t.Context(), token)); err != nil {
				return err
			}
		}
		if _, err := sessions.Save(t.Context(), "", record("1")); err != nil {
			return err
		}
		for _, operation := range operations(c) {
			if err := operation(t.Context()); err != nil && !errors.Is(err, session.ErrNotFound) {
				return err
			}
		}
		locks := redisstore.NewLockout(c)
		now := record("").Created
		if _, err := locks.Update(t.Context(), key("bob"), now, lock(now, 60e9)); err != nil {
			return err
		}
		if _, err := locks.Locked(t.Context(), now, 10); err != nil {
			return err
		}
		ledger := redisstore.NewKeyLedger(c)
		return errors.Join(ledger.Report(t.Context(), reported(now, "web-1", "k")), ledger.Report(t.Context(), reported(now.AddDate(0, 0, 3), "web-2", "k")))
	}
	if err := all(); err != nil {
		t.Fatalf("the guide's user: %v", err)
	}
	for _, command := range rule {
		name, ok := strings.CutPrefix(command, "+")
		if !ok || name == "info" || name == "hello" || name == "auth" { // one of the last two is enough
			continue
		}
		r.FlushAll(t.Context())
		r.ScriptFlush(t.Context())
		r.Do(t.Context(), "ACL", "SETUSER", "app", "-"+name)
		if err := all(); err == nil {
			t.Errorf("%s is not needed", name)
		}
		r.Do(t.Context(), "ACL", "SETUSER", "app", "+"+name)
	}
}

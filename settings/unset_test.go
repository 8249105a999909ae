package settings_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// site is a struct with a secret in each form that a variable can have.
type site struct {
	Key      secret.Text       `env:"UNSET_KEY"`
	Keys     []secret.Text     `env:"UNSET_KEYS"`
	Password string            `env:"UNSET_PASSWORD"`
	Document map[string]any    `env:"UNSET_DOCUMENT,json"`
	Accounts []account         `env:"UNSET_ACCOUNTS,json"`
	Database settings.Database `env:"UNSET_DATABASE_URL"`
	Other    settings.Database `env:"OTHER_DATABASE_URL"`
	Local    settings.Database `env:"LOCAL_DATABASE_URL"`
	Cache    settings.Cache    `env:"UNSET_CACHE_URL"`
	Filed    secret.Text       `env:"UNSET_FILED"`
	Size     int               `env:"UNSET_SIZE"`
	Loaded   settings.Loaded
}

type account struct{ Token secret.Text }

// configured is a source that needs a variable which is a secret and one which is none.
type configured struct{ settings.Source }

func (configured) Needs() []settings.Need {
	return []settings.Need{{Name: "UNSET_NEED", Secret: true}, {Name: "UNSET_PLAIN"}}
}
func (configured) Configure(values map[string]settings.Value) error {
	if values["UNSET_NEED"].Text == "" {
		return errors.New("is not configured")
	}
	return nil
}

func setSecrets(t *testing.T) (secrets []string) {
	t.Helper()
	set := func(name, format string) {
		value := rand.Text()
		secrets = append(secrets, value)
		t.Setenv(name, fmt.Sprintf(format, value))
	}
	set("UNSET_KEY", "%s")
	set("UNSET_KEYS", "%s")
	set("UNSET_PASSWORD", "%s")
	set("UNSET_ACCOUNTS", `[{"Token": "%s"}]`)
	set("UNSET_DATABASE_URL", "postgres://app:%s@db/app")
	set("OTHER_DB_PASSWORD", "%s")
	set("UNSET_CACHE_URL", "redis://:%s@cache/0")
	set("UNSET_NEED", "%s")
	for name, value := range map[string]string{
		"OTHER_DB_ENGINE": "postgresql", "OTHER_DB_NAME": "app", "LOCAL_DATABASE_URL": "sqlite:///db.sqlite3", "UNSET_SIZE": "3",
		"UNSET_PLAIN": "plain", "UNSET_DOCUMENT": `{"a": 1}`,
	} {
		t.Setenv(name, value)
	}
	file := filepath.Join(t.TempDir(), "filed")
	if err := os.WriteFile(file, []byte(rand.Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("UNSET_FILED_FILE", file)
	return secrets
}

// child returns the environment that a program started now would have.
func child(t *testing.T) string {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	c.Env = append(c.Environ(), "AIRWORTHY_TEST_CHILD=1")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "UNSET_SIZE=3") {
		t.Fatalf("the child says nothing of its environment: %v", err)
	}
	return string(out)
}

func TestChild(t *testing.T) {
	if os.Getenv("AIRWORTHY_TEST_CHILD") != "" {
		fmt.Println(strings.Join(os.Environ(), "\n"))
	}
}

func TestEnvUnset(t *testing.T) {
	secrets := setSecrets(t)
	env := settings.EnvUnset()
	sources := []settings.Source{env, configured{settings.Map("empty", nil)}}
	first, err := settings.Load(t.Context(), site{}, sources...)
	if err != nil {
		t.Fatal(err)
	}
	seen := child(t)
	for i, value := range secrets {
		if strings.Contains(seen, value) {
			t.Errorf("a child sees the secret of number %d", i)
		}
	}
	for _, name := range []string{"UNSET_FILED_FILE=", "LOCAL_DATABASE_URL=", "OTHER_DB_NAME=", "UNSET_PLAIN=", "UNSET_DOCUMENT="} {
		if !strings.Contains(seen, "\n"+name) {
			t.Errorf("%s was unset, which holds no secret", name)
		}
	}
	var loads sync.WaitGroup
	for range 4 {
		loads.Go(func() {
			again, err := settings.Load(t.Context(), site{}, sources...)
			if err != nil || len(settings.Diff(first.Loaded, again.Loaded)) > 0 || again.Loaded.Origin("UNSET_KEY") != "environment" {
				t.Errorf("a later Load: %v, %v", err, settings.Diff(first.Loaded, again.Loaded))
			}
		})
	}
	loads.Wait()
	t.Setenv("UNSET_KEY", "another key")
	if again, err := settings.Load(t.Context(), site{}, sources...); err != nil || again.Key.Reveal() != "another key" {
		t.Errorf("a variable that was set anew is not read: %v", err)
	}
	if _, set := os.LookupEnv("UNSET_KEY"); set {
		t.Error("a variable that was set anew is not unset")
	}
	found, err := env.Lookup(t.Context(), []string{"UNSET_KEYS", "UNSET_NOTHING"})
	if err != nil || found["UNSET_KEYS"].Text != secrets[1] || len(found) != 1 {
		t.Errorf("Lookup finds %d variables, %v", len(found), err)
	}
	if strings.Contains(fmt.Sprintf("%v", first.Loaded), secrets[0]) {
		t.Error("what is remembered is printed")
	}
}

func TestEnvUnsetLeavesWhatItDidNotGive(t *testing.T) {
	for name, sources := range map[string][]settings.Source{
		"of another source":  {settings.Map("first", map[string]string{"UNSET_KEY": "of the map, 16+ letters"}), settings.EnvUnset()},
		"of a refused Load":  {settings.Map("first", map[string]string{"UNSET_SIZE": "many"}), settings.EnvUnset()},
		"of Env":             {settings.Env()},
		"of another program": {settings.EnvUnset()},
	} {
		t.Setenv("UNSET_KEY", "a key of the test")
		t.Setenv("UNSET_KEYS_OF_OTHERS", "not ours")
		type plain struct {
			Key  secret.Text `env:"UNSET_KEY"`
			Size int         `env:"UNSET_SIZE"`
		}
		_, err := settings.Load(t.Context(), plain{}, sources...)
		if (err != nil) != (name == "of a refused Load") {
			t.Errorf("%s: %v", name, err)
		}
		if _, set := os.LookupEnv("UNSET_KEY"); set != (name != "of another program") {
			t.Errorf("%s: UNSET_KEY is set: %v", name, set)
		}
		if os.Getenv("UNSET_KEYS_OF_OTHERS") == "" {
			t.Errorf("%s: a variable that is no setting was unset", name)
		}
	}
}

// careless is a struct whose Validate quotes what it must not.
type careless struct {
	Token    secret.Text       `env:"CARELESS_TOKEN"`
	Database settings.Database `env:"CARELESS_DATABASE_URL"`
	fault    func(c careless) error
}

func (c careless) Validate() error { return c.fault(c) }

var errCareless = errors.New("careless")

func TestErrorsOfOthersHoldNoSecret(t *testing.T) {
	token, password := rand.Text(), rand.Text()
	good := map[string]string{"CARELESS_TOKEN": token, "CARELESS_DATABASE_URL": "postgres://app:" + password + "@db/app"}
	broken := map[string]string{"CARELESS_TOKEN": token, "CARELESS_DATABASE_URL": "postgres://app:" + password + "@[::1/app"}
	for name, fault := range map[string]func(careless) error{
		"about a variable": func(c careless) error {
			return fmt.Errorf("app: CARELESS_TOKEN: %q: %w", c.Token.Reveal(), errCareless)
		},
		"plain": func(careless) error { return fmt.Errorf("dial app:%s@db: %w", password, errCareless) },
		"half":  func(careless) error { return fmt.Errorf("%.12s… is wrong: %w", token, errCareless) },
		"a fault": func(c careless) error {
			return &settings.Fault{Variable: "A_B", Origin: token, Rule: "is not " + token, Remedy: "use " + token}
		},
		"joined": func(careless) error {
			return errors.Join(errors.New("first"), fmt.Errorf("with %s: %w", token, errCareless))
		},
		"none": func(careless) error { return errors.New("app: A_B: is wrong") },
	} {
		for _, env := range []map[string]string{good, broken} {
			var learnt []string
			ctx := settings.WithSecrets(t.Context(), func(all []secret.Text) {
				for _, s := range all {
					learnt = append(learnt, s.Reveal())
				}
			})
			_, err := settings.Load(ctx, careless{fault: fault}, settings.Map("test", env))
			if err == nil {
				t.Fatal("no error")
			}
			text := fmt.Sprintf("%v %+v %#v %s", err, err, errors.Unwrap(err), strings.Join(partsOfError(err), " "))
			for at := range len(token) - 8 {
				if strings.Contains(text, token[at:at+8]) || strings.Contains(text, password[at:at+8]) {
					t.Fatalf("%s: part of a secret stands in the error", name)
				}
			}
			if name != "a fault" && name != "none" && !errors.Is(err, errCareless) {
				t.Errorf("%s: the error is no longer what it was: %v", name, err)
			}
			if !slices.Contains(learnt, token) || !slices.Contains(learnt, password) {
				t.Errorf("%s: %d secrets were learnt, not both", name, len(learnt))
			}
		}
	}
	var learnt []secret.Text
	ctx := settings.WithSecrets(t.Context(), func(all []secret.Text) { learnt = all })
	if _, err := settings.Load(ctx, careless{fault: func(careless) error { return nil }}, settings.Map("test", good)); err != nil || len(learnt) < 2 {
		t.Errorf("of good settings %d secrets are learnt: %v", len(learnt), err)
	}
}

// partsOfError returns what About says of each joined error.
func partsOfError(err error) (all []string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, partsOfError(e)...)
		}
		return all
	}
	a, b, c, d := settings.About(err)
	return []string{a, b, c, d}
}

package settingstest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// unseen is what must not be seen in any error. It stands in every value that is to be refused.
const unseen = "hx7qk2zvw9canary"

// deployed are settings as people write them in whatever place: right, odd and wrong.
type deployed struct {
	Debug    bool              `env:"AIRWORTHY_TEST_DEBUG"`
	Zero     bool              `env:"AIRWORTHY_TEST_ZERO"`
	Spaced   bool              `env:"AIRWORTHY_TEST_SPACED"`
	Lines    bool              `env:"AIRWORTHY_TEST_CRLF"`
	None     []string          `env:"AIRWORTHY_TEST_NONE"`
	Two      []string          `env:"AIRWORTHY_TEST_TWO"`
	Wait     time.Duration     `env:"AIRWORTHY_TEST_WAIT"`
	Database settings.Database `env:"AIRWORTHY_TEST_DATABASE_URL"`
}

var asWritten = map[string]string{
	"AIRWORTHY_TEST_DEBUG": "False", "AIRWORTHY_TEST_ZERO": "0", "AIRWORTHY_TEST_SPACED": " true ",
	"AIRWORTHY_TEST_CRLF": "true\r\n", "AIRWORTHY_TEST_NONE": "", "AIRWORTHY_TEST_TWO": "a, b", "AIRWORTHY_TEST_WAIT": "90",
	"AIRWORTHY_TEST_DATABASE_URL": "postgres://u:" + unseen + "@db.example/app",
}

// loads has the values mean the same from this source as from any other.
func loads(t *testing.T, new func(t *testing.T, values map[string]string) settings.Source) {
	got, err := settings.Load(t.Context(), deployed{Debug: true, Zero: true}, new(t, asWritten))
	if err != nil {
		t.Fatalf("settings that are right were refused: %v", err)
	}
	if got.Debug || got.Zero || !got.Spaced || !got.Lines || len(got.None) != 0 || len(got.Two) != 2 || got.Two[1] != "b" ||
		got.Wait != 90*time.Second || got.Database.Password.Reveal() != unseen {
		t.Error("settings mean something else than in the environment")
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", got, got, got), unseen) {
		t.Error("a secret that was loaded is printed")
	}
}

// refuses has each wrong value be a fault that names the variable, with its place, and holds no part of the value.
func refuses(t *testing.T, new func(t *testing.T, values map[string]string) settings.Source) {
	wrong := map[string]string{}
	for name, before := range map[string]string{
		"AIRWORTHY_TEST_DEBUG": "", "AIRWORTHY_TEST_ZERO": "false ", "AIRWORTHY_TEST_SPACED": "\ufefftrue", "AIRWORTHY_TEST_CRLF": "true\n",
		"AIRWORTHY_TEST_TWO": "a,,", "AIRWORTHY_TEST_WAIT": "9O", "AIRWORTHY_TEST_DATABASE_URL": "postgress://u:p@db/",
	} {
		wrong[name] = before + unseen
	}
	source := new(t, wrong)
	got, err := settings.Load(t.Context(), deployed{}, source)
	if err == nil {
		t.Fatal("settings that are wrong were taken")
	}
	for i := 0; i+8 <= len(unseen); i++ {
		if strings.Contains(err.Error(), unseen[i:i+8]) {
			t.Fatal("the error holds a part of a value")
		}
	}
	named := map[string]bool{}
	for _, e := range flat(err) {
		f, ok := errors.AsType[*settings.Fault](e)
		if !ok || f.Origin == "" {
			t.Errorf("a fault does not say where the value stands: %v", e)
			continue
		}
		named[f.Variable] = true
	}
	for name := range wrong {
		if !named[name] {
			t.Errorf("the error does not name %s", name)
		}
	}
	if got.Two != nil || got.Wait != 0 {
		t.Error("settings were returned with the error")
	}
}

// flat returns the errors that err joins.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flat(e)...)
	}
	return all
}

// keys has a key sign the same from this source as from any other, and nothing else verify: neither a key that differs
// in a space or in the case of a letter, nor a signature that was cut.
func keys(t *testing.T, new func(t *testing.T, values map[string]string) settings.Source) {
	key := keyring.Generate().Reveal()
	near := map[string]string{
		"AIRWORTHY_TEST_KEY": key, "AIRWORTHY_TEST_KEY_SPACE": key + " ", "AIRWORTHY_TEST_KEY_LINE": key + "\n",
		"AIRWORTHY_TEST_KEY_CASE": strings.ToLower(key), "AIRWORTHY_TESTKEY": key + "x",
	}
	var names []string
	for name := range near {
		names = append(names, name)
	}
	got := equal(t, new(t, near), names, near)
	sign := func(k string) *keyring.MAC {
		ring, err := keyring.New(keyring.Config{Key: secret.New(k)})
		if err != nil {
			t.Fatalf("the key cannot be used: %v", err)
		}
		return ring.MAC(keyring.Context("settingstest"))
	}
	message := []byte("message")
	mac := sign(key).Sign(nil, message)
	for name, v := range got {
		same := sign(v.Text)
		if _, ok := same.Verify(message, mac); ok != (name == "AIRWORTHY_TEST_KEY") {
			t.Errorf("what the key signed and %s verifies: %t", name, ok)
		}
		if _, ok := same.Verify(message, mac[:len(mac)-1]); ok {
			t.Errorf("%s verifies a signature that was cut", name)
		}
	}
}

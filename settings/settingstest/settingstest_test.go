package settingstest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

func TestMap(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
		return settings.Map("test", values)
	})
}

func TestEnv(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
		for name, text := range values {
			t.Setenv(name, text)
		}
		return settings.Env()
	})
}

func TestEnvWithFiles(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
		for name, text := range values {
			t.Setenv(name+"_FILE", file(t, name, text+"\n"))
		}
		return settings.Env()
	})
}

func TestDotEnv(t *testing.T) {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "\n", `\n`, "\r", `\r`)
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
		var b strings.Builder
		for name, text := range values {
			fmt.Fprintf(&b, "%s=\"%s\"\n", name, escape.Replace(text))
		}
		return settings.DotEnv(file(t, ".env", b.String()))
	})
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ExampleTestSource shows the whole test of a source.
func ExampleTestSource() {
	test := func(t *testing.T) {
		settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
			return settings.Map("mine", values)
		})
	}
	fmt.Println(test != nil)
	// Output: true
}

package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/secret"
)

type colour string

func (colour) Choices() []string { return []string{"red", "green"} }

// quoting is a type whose own error quotes its input, as most do.
type quoting struct{}

func (q *quoting) UnmarshalText(b []byte) error { return fmt.Errorf("bad value %q", b) }

var reflectEvery = reflect.TypeFor[every]()

// every has a field of every type that can refuse a text.
type every struct {
	Bool     bool              `env:"V_BOOL"`
	Invert   bool              `env:"V_INVERT,invert"`
	Int      int               `env:"V_INT"`
	Uint     uint8             `env:"V_UINT"`
	Float    float64           `env:"V_FLOAT"`
	Duration time.Duration     `env:"V_DURATION"`
	Size     Size              `env:"V_SIZE"`
	Strings  []string          `env:"V_STRINGS"`
	Ints     []int             `env:"V_INTS"`
	Map      map[string]string `env:"V_MAP"`
	Choice   colour            `env:"V_CHOICE"`
	URL      *url.URL          `env:"V_URL"`
	Prefix   netip.Prefix      `env:"V_PREFIX"`
	Addr     netip.Addr        `env:"V_ADDR"`
	Origin   Origin            `env:"V_ORIGIN"`
	Text     secret.Text       `env:"V_TEXT"`
	Texts    []secret.Text     `env:"V_TEXTS"`
	JSON     map[string]int    `env:"V_JSON,json"`
	Own      quoting           `env:"V_OWN"`
	Database Database          `env:"DATABASE_URL"`
	Cache    Cache             `env:"V_CACHE_URL"`
	Email    Email             `env:"V_EMAIL_URL"`
}

// Badinput 53, demand 22: no error and no warning of this package holds a part of what was refused. The value reaches
// every type at once, as it is, in a file, in a .env file, as the path of a file and as the environment's name.
func FuzzErrorsHoldNoValue(f *testing.F) {
	for _, seed := range [][]byte{{1, 2, 3, 4}, {0, 2, 3, 4}, {110, 1, 2, 65, 3, 4, 5, 30, 6, 7}, {1, 2, 3, 4, 55, 1, 2, 3, 110, 4}, {90, 1, 2, 3, 4, 95, 4, 3, 2, 1}} {
		f.Add(seed)
	}
	dir := f.TempDir()
	names := inspect(reflectEvery).names()
	f.Fuzz(func(t *testing.T, choice []byte) {
		value := foreign(choice)
		direct, indirect := map[string]string{EnvironmentVariable: value}, map[string]Value{}
		for _, name := range names {
			direct[name] = value
			indirect[name+fileSuffix] = Value{Text: value}
		}
		delete(direct, []string{"DATABASE_URL", "DB_ENGINE"}[len(choice)%2])
		check := func(how string, warnings []Warning, err error) {
			var all []string
			for _, e := range split(err) {
				all = append(all, e.Error(), fmt.Sprintf("%+v %#v", e, e))
			}
			if f, ok := errors.AsType[*Fault](err); ok {
				all = append(all, fmt.Sprintf("%+v", *f))
			}
			out := fmt.Sprint(err, all, warnings)
			if part := shared(value, out); part != "" {
				t.Errorf("%s: %q stands in %s", how, part, out)
			}
		}
		type holder struct {
			every
			Loaded Loaded
		}
		cfg, err := Load(t.Context(), holder{}, Map("test", direct))
		check("values", cfg.Loaded.Warnings, err)
		for _, name := range names {
			cfg, err := Load(t.Context(), holder{}, Map("test", map[string]string{name: value}))
			check(name, cfg.Loaded.Warnings, err)
		}
		_, err = Environments[holder]{"development": func() holder { return holder{} }}.Load(t.Context(), Map("test", direct))
		check("environment", nil, err)
		_, err = withFiles(indirect, names)
		check("paths", nil, err)
		dotenv := filepath.Join(dir, ".env")
		if err := os.WriteFile(dotenv, []byte("V_INT="+value+"\nV_TEXT='"+value+"'\n"+value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err = Load(t.Context(), holder{}, DotEnv(dotenv))
		check(".env", cfg.Loaded.Warnings, err)
	})
}

// The fuzz test above finds nothing in a package that shows nothing; this shows that it would.
func TestSharedFindsALeak(t *testing.T) {
	value := foreign([]byte{1, 2, 3, 4})
	if shared(value, fmt.Sprintf("invalid value %q", value)) == "" || shared(value, "invalid value") != "" {
		t.Error("the detector does not work")
	}
}

// What the standard library's errors quote, by type.
func TestNoValueInAnyError(t *testing.T) {
	const value = "xyzzy#plugh%zz"
	values := map[string]string{}
	for _, name := range inspect(reflectEvery).names() {
		if !strings.HasPrefix(name, "DB_") {
			values[name] = value
		}
	}
	_, err := Load(t.Context(), every{}, Map("test", values))
	refused := split(err)
	if len(refused) != 19 { // all but the text, the secret and the lists of both
		t.Errorf("%d faults, want 19: %v", len(refused), err)
	}
	for _, part := range []string{"xyzz", "yzzy", "plug", "lugh", "h%zz"} {
		if strings.Contains(fmt.Sprintf("%v %+v", err, refused), part) {
			t.Errorf("%q stands in %v", part, err)
		}
	}
}

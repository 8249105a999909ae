package signing_test

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/signing"
)

// The keys and the clock of the known answers, which Django 5.2.19 gave.
const (
	djangoKey      = "airworthy-test-secret-key-0123456789-abcdefghijklmnop-XYZ"
	djangoFallback = "old-airworthy-secret-key-9876543210-zyxwvutsrqponmlk"
	djangoNow      = 1700000000
)

func keys(key string, fallbacks ...string) keyring.Config {
	cfg := keyring.Config{Key: secret.New(key)}
	for _, f := range fallbacks {
		cfg.Fallbacks = append(cfg.Fallbacks, secret.New(f))
	}
	return cfg
}

func ring(t testing.TB, key string, fallbacks ...string) *keyring.Ring {
	t.Helper()
	r, err := keyring.New(keys(key, fallbacks...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func timestamp(t testing.TB, r *keyring.Ring, opts signing.Options) *signing.TimestampSigner {
	t.Helper()
	s, err := signing.NewTimestamp(r, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// at runs f when the clock shows the given Unix time, and not in real time.
func at(t *testing.T, unix int64, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(unix, 0)))
		f(t)
	})
}

func TestSignerIsDjangos(t *testing.T) {
	for _, row := range []struct{ name, salt, want string }{
		{"default salt", "", "hello:f6AiCn-VAWV9l3voH0Tp9O8CkG3zKbn-BvWqRpO86FM"},
		{"salt x", "x", "hello:Bqx5ZblPh-GhsWz7wk44zPIeoUdJ7K6BqtadgZkmYRo"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := signing.New(ring(t, djangoKey), signing.Options{Salt: row.salt})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Sign("hello"); got != row.want {
				t.Errorf("Sign = %q, want %q", got, row.want)
			}
			if got, err := s.Unsign(row.want); got != "hello" || err != nil {
				t.Errorf("Unsign = %q, %v, want %q", got, err, "hello")
			}
		})
	}
}

func TestTimestampSignerIsDjangos(t *testing.T) {
	for _, row := range []struct{ name, key, value, want string }{
		{"a word", djangoKey, "hello", "hello:1r31eq:1TpI8etJEzc24PFR5KvOR8VazgE3CU9f23FA_SRpxmQ"},
		{"a value with the separator in it", djangoKey, "a:b",
			"a:b:1r31eq:uAeADlyIWy7mfUXi0R0LxQiS3eHx6rX0YIq16k8Z6Wk"},
		{"the fallback key", djangoFallback, "hello", "hello:1r31eq:kk0IHZjsPWtZKuCMuyDhmCRVyVOvrCsPhe2FSkECaoc"},
	} {
		t.Run(row.name, func(t *testing.T) {
			at(t, djangoNow, func(t *testing.T) {
				if got := timestamp(t, ring(t, row.key), signing.Options{}).Sign(row.value); got != row.want {
					t.Errorf("Sign = %q, want %q", got, row.want)
				}
				got, err := timestamp(t, ring(t, djangoKey, djangoFallback), signing.Options{}).Parse(row.want, 0)
				want := signing.Token{Value: row.value, Signed: time.Unix(djangoNow, 0), Current: row.key == djangoKey}
				if got != want || err != nil {
					t.Errorf("Parse = %+v, %v, want %+v", got, err, want)
				}
			})
		})
	}
}

func numbers() []any {
	var list []any
	for i := 1; i < 20; i++ {
		list = append(list, float64(i))
	}
	return list
}

type object = map[string]any

var dumps = []struct {
	name, salt string
	value      any
	compress   bool
	token      string
}{
	{"a string", signing.SaltDumps, "hello", false,
		"ImhlbGxvIg:1r31eq:FbqGjdI3so02smfcr1luxRwaVNbOMUTzKG1cErxxoI8"},
	{"an object with an accent", signing.SaltDumps, object{"a": 1.0, "b": "é"}, false,
		"eyJhIjoxLCJiIjoiXHUwMGU5In0:1r31eq:3_e2ZojBdC0yenrUSIWqz6l3UvqOX6EQnbnUiymdPAA"},
	{"a compressed list", signing.SaltDumps, numbers(), true,
		".eJwFwcERACAIwLCF-rCiILN47r-GyZVJsNgkxaFxoDgxcOHGxMKD_T7vhAml:1r31eq:GlmufYioRKU2DKhEcupk21cB1vlSbUBZq5cxr6wsMUE"},
	{"a session in the database", signing.SaltSessions, object{"k": "v"}, true,
		"eyJrIjoidiJ9:1r31eq:rzBGQ75SQLRz4DtuXhFtsxU2UVzGzXZjzbR-bgxA1zE"},
	{"an empty session", signing.SaltSessions, object{}, true,
		"e30:1r31eq:r5AOKj6scMMvHz3BxT-5wZ5TD_9DEN5MyrILLn9bP4c"},
	{"a session of somebody who has logged in", signing.SaltSessions, object{
		"_auth_user_id":      "1",
		"_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
		"_auth_user_hash":    "0000000000000000000000000000000000000000000000000000000000000000",
	}, true, ".eJyrVopPLC3JiC8tTi2Kz0xRslIyVNJBFktKTM5OzQNJpGQl5qXn6yXn55UUZSbpgZToQWWL9XzzU1JznKBqUQzISCzOAOo2oBAo1QIAIvYyTQ:1r31eq:L-5Tz5Js1VugxNZW4fK1iKOuGbMvtsdnvzBcwFSa3xQ"},
	{"a session in a cookie", signing.SaltSignedSessions, object{"k": "v"}, true,
		"eyJrIjoidiJ9:1r31eq:YzFW0UtX9r05Ft2LJoI-OfO9v_eQRTZ8fSrOh-I0-U8"},
}

// TestLoadsReadsDjangos holds Loads to Django's bytes, and Dumps to them where they are not compressed: compressors
// differ.
func TestLoadsReadsDjangos(t *testing.T) {
	for _, row := range dumps {
		t.Run(row.name, func(t *testing.T) {
			at(t, djangoNow, func(t *testing.T) {
				s := timestamp(t, ring(t, djangoKey), signing.Options{Salt: row.salt})
				var got any
				if err := signing.Loads(s, row.token, 0, &got); err != nil || !reflect.DeepEqual(got, row.value) {
					t.Errorf("Loads = %v, %v, want %v", got, err, row.value)
				}
				token, err := signing.Dumps(s, row.value, row.compress)
				if err != nil || row.token[0] != '.' && token != row.token {
					t.Errorf("Dumps = %q, %v, want %q", token, err, row.token)
				}
				got = nil
				if err := signing.Loads(s, token, 0, &got); err != nil || !reflect.DeepEqual(got, row.value) {
					t.Errorf("Loads of our own = %v, %v, want %v", got, err, row.value)
				}
			})
		})
	}
}

func TestCookieSignerIsDjangos(t *testing.T) {
	const (
		v2     = "hello:1r31eq:A-fnXwqHR06tIfJYJksG20EUayxju-Os9WzZfC48u4M"
		bare   = "hello:1r31eq:lItVzd7nXjWA-OFMkjMB4PKSUwhsgMzqAictGzWYx-Q"
		legacy = "hello:1r31eq:qzjgnu4qIUvAxn_D1udTc_t361KJnzL5Ko647sqd1xc"
	)
	for _, row := range []struct {
		name           string
		opts           signing.CookieOptions
		want           string
		accept, refuse []string
	}{
		{"with a salt", signing.CookieOptions{Name: "name", Salt: "pepper"}, v2, []string{v2}, []string{bare, legacy}},
		{"without a salt", signing.CookieOptions{Name: "name"}, bare, []string{bare}, []string{v2, legacy}},
		{"the legacy form is accepted if asked for",
			signing.CookieOptions{Name: "name", Salt: "pepper", InsecureAcceptLegacy: true},
			v2, []string{v2, legacy}, []string{bare}},
		{"the legacy form is written if asked for",
			signing.CookieOptions{Name: "name", Salt: "pepper", InsecureWriteLegacy: true},
			legacy, []string{v2, legacy}, []string{bare}},
		{"another cookie has other signatures", signing.CookieOptions{Name: "rname", Salt: "peppe"},
			"", nil, []string{v2, bare, legacy}},
	} {
		t.Run(row.name, func(t *testing.T) {
			at(t, djangoNow, func(t *testing.T) {
				c, err := signing.NewCookie(ring(t, djangoKey), row.opts)
				if err != nil {
					t.Fatal(err)
				}
				if got := c.Sign("hello"); row.want != "" && got != row.want {
					t.Errorf("Sign = %q, want %q", got, row.want)
				}
				for _, token := range row.accept {
					if got, err := c.Unsign(token, 0); got != "hello" || err != nil {
						t.Errorf("Unsign(%q) = %q, %v, want %q", token, got, err, "hello")
					}
				}
				for _, token := range row.refuse {
					if got, err := c.Unsign(token, 0); got != "" || !errors.Is(err, signing.ErrBadSignature) {
						t.Errorf("Unsign(%q) = %q, %v, want ErrBadSignature", token, got, err)
					}
				}
			})
		})
	}
}

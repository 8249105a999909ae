package secretrule

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPlaceholder(t *testing.T) {
	for value, want := range map[string]bool{
		"":                                 true,
		"changeme":                         true,
		"Change-Me-In-Production":          true,
		"your-secret-key":                  true,
		"<your key>":                       true,
		"${SECRET_KEY}":                    true,
		"$SECRET_KEY":                      true,
		"$(pass show club)":                true,
		"{{ vault_secret_key }}":           true,
		"%(secret_key)s":                   true,
		"%SECRET_KEY%":                     true,
		"@secret@":                         true,
		"#{secret_key}":                    true,
		"__SECRET_KEY__":                   true,
		"<%= ENV['KEY'] %>":                true,
		"xxxxxxxxxxxxxxxx":                 true,
		"0123456789abcdef":                 true,
		"abcabcabcabcabcabc":               true,
		"AKIAIOSFODNN7EXAMPLE":             true,
		"sk_test_...":                      true,
		"/run/secrets/key":                 true,
		"arn:aws:secretsmanager:eu:1:club": true,
		"my test key":                      true,
		"club-test-7":                      true,
		"tidalwave1988":                    false,
		"a8f7d6e5c4b3a2910f1e":             false,
		"contest-winner-7":                 false, // "test" is a part of a word
		"8Kq$(x!m2)zP^4uW%(q@1)sLr9":       false, // brackets by chance
		"nobody thinks of boats":           false,
	} {
		if got := Placeholder([]byte(value)); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// Random values are taken for placeholders, or for words, in less than one of a hundred cases.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		alphabet string
		n        int
	}{
		"Django's SECRET_KEY": {"abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)", 50},
		"hex of 16 bytes":     {alphabets["hex"], 32},
		"hex of 32 bytes":     {alphabets["hex"], 64},
		"base 64 of 32 bytes": {alphabets["b64"], 43},
		"base 62, short":      {base62, 24},
		"base 32":             {alphabets["base32"], 52},
		"small letters":       {alphabets["lower36"], 32},
	} {
		missed := 0
		for range 5000 {
			v := []byte(letters(r, c.alphabet, c.n))
			if Placeholder(v) || !random(v, 20) {
				missed++
			}
		}
		if missed > 50 {
			t.Errorf("%s: %d of 5000 are taken for something else", name, missed)
		}
	}
}

func TestNotRandom(t *testing.T) {
	for _, value := range []string{
		"django.contrib.auth.hashers.PBKDF2PasswordHasher", "getUserPasswordFromRequest", "users-settings-api-key-title", "CamelCaseIdentifierName2",
		"projects/club/secrets/database-password/versions/3", "application/x-www-form-urlencoded", "123456789012345678901234567890", "2026-11-23T02:14:21.000Z",
		"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "this is a whole sentence, with 2 numbers: 17", "sha256-with-rsa-encryption-v1", "club-production-db-password",
		"aaaaaaaaaaaaaaaaaaaaaaaa", "postgresql-client-16-and-more", "AUTH_PASSWORD_VALIDATORS_V2", "short4Kz",
	} {
		if random([]byte(value), 16) {
			t.Errorf("%q is taken for random", value)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"SECRET_KEY": true, "secretKey": true, "apiKey": true, "API_KEY_PROD": true, "self.api_key": true, "DB_PASSWORD": true, "dbPassword2": true,
		"clientSecret": true, "jwt-secret": true, "authToken": true, "app.jwt.secret": true, "HTTPAuthToken": true, "secret_key_base": true,
		"JWT_SIGNING_KEY": true, "STRIPE_API_KEY_LIVE": true, "ENCRYPTION_KEYS": true, "token": true,
		"token_url": false, "passwordField": false, "primary_key": false, "public_key": false, "secretName": false, "tokenizer": false,
		"nextPageToken": false, "csrf_token": false, "password_hash": false, "test_secret": false, "EXAMPLE_API_KEY": false, "key": false,
		"cache_key": false, "password.encode": false, "SECRET_KEY_FILE": false, "PUBLISHABLE_KEY": false, "secrets.path": false, "": false,
	} {
		if got := isSecretName(name); got != want {
			t.Errorf("%s: %v, want %v (%q)", name, got, want, wordsOf(name))
		}
	}
}

func TestPaths(t *testing.T) {
	for path, want := range map[string]bool{
		"tests/settings.py": true, "app/testdata/key.pem": true, "user_test.go": true, "src/user.test.ts": true, "README.md": true,
		"docs/setup.py": true, "examples/club/.env": true, "internal/testkit/keys.go": true, "settings/test.py": true, "config/server.env.template": true, "templates/site.py": false,
		"settings/base.py": false, "contest/main.go": false, "latest/config.yml": false, "attestation/key.go": false, ".env": false,
	} {
		if got := InTests(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if inTestCode("README.md") || !inTestCode("tests/a.py") || !inTestCode("web/node_modules/a/index.js") || !inTestCode("vendor/a/b.go") {
		t.Error("what guesses skip is not tests and others' code without documents")
	}
}

func TestUUID(t *testing.T) {
	for value, want := range map[string]bool{
		"f81d4fae-7dec-11d0-a765-00a0c91e6bf6": true, "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6": true,
		"f81d4fae-7dec-11d0-a765-00a0c91e6bfg": false, "f81d4fae07dec-11d0-a765-00a0c91e6bf6": false, "f81d4fae": false,
	} {
		if got := isUUID([]byte(value)); got != want {
			t.Errorf("%s: %v, want %v", value, got, want)
		}
	}
}

func TestKindsOf(t *testing.T) {
	for name, want := range map[string]Kind{
		".env": Env, ".env.production": Env, "prod.env": Env, "Dockerfile": Docker, "Dockerfile.web": Docker, "settings.py": Python, "Makefile": Shell,
		"compose.yaml": YAML, "package-lock.json": JSON | Noise, "app.min.js": Noise, "README": Docs, "go.sum": Noise, "wp-config.php": PHP,
		".pgpass": Login, ".htpasswd": Login, "json": 0, "main.rs": 0, "": 0,
	} {
		if got := KindsOf(name); got != want {
			t.Errorf("%s: %b, want %b", name, got, want)
		}
	}
}

// No length of line and no nesting of brackets takes the parser out of its bounds.
func TestParserBounds(t *testing.T) {
	s, err := New(All())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"SECRET_KEY = " + strings.Repeat("[", 1<<16), "SECRET_KEY = " + strings.Repeat(`"a" `, 1<<14), "SECRET_KEY=\"", "SECRET_KEY = b", "SECRET_KEY", "=SECRET_KEY=",
		"secret_key: |", "secret_key:", "- name: SECRET_KEY\n", `"SECRET_KEY",`, `"SECRET_KEY", "value"`, `"SECRET_KEY", "value":`, "<SECRET_KEY>", "ENV SECRET_KEY",
		"SECRET_KEY = \"\\", "SECRET_KEY = '''", "SECRET_KEY=${", "SECRET_KEY=${A:-", "postgres://:@", "postgres://", "-----BEGIN PRIVATE KEY-----", "PRIVATE KEY-----",
		"PuTTY-User-Key-File-", `"kty"`, ":AA", "LS0tLS1CRUdJTi", "eyJ", "eyJ.", "eyJ.eyJ", "password=", "-us1", "AKIA", "basic ", `"auth"`, `"auth":`, "\xfe\xed\xfe\xed",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----", ":_authToken", "machine password ", "authorization: bearer ",
	} {
		for _, kind := range []Kind{0, Env, YAML, Python, Docker, Login, Properties, Shell} {
			for _, m := range s.Scan(&File{Data: []byte(text), Kinds: kind}) {
				t.Errorf("%.40q: %s found something", text, m.Rule.ID)
			}
		}
	}
}

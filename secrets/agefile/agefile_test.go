package agefile_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets/agefile"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

const canary = "hunter2canary"

// pair makes an identity. Classic ones are made faster.
func pair(t *testing.T) (secret.Text, string) {
	t.Helper()
	identity, recipient, err := agefile.NewIdentity(true)
	if err != nil {
		t.Fatal(err)
	}
	return identity, recipient
}

func open(t *testing.T, cfg agefile.Config) *agefile.File {
	t.Helper()
	f, err := agefile.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, f *agefile.File, values map[string]string) {
	t.Helper()
	var changes []settings.Change
	for name, text := range values {
		changes = append(changes, settings.Change{Name: name, Text: secret.New(text)})
	}
	if err := f.Write(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

// filled returns a file that holds the values.
func filled(t *testing.T, values map[string]string) *agefile.File {
	t.Helper()
	identity, _ := pair(t)
	f := open(t, agefile.Config{Path: filepath.Join(t.TempDir(), "secrets.env.age"), Identity: identity})
	write(t, f, values)
	return f
}

func TestContract(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source { return filled(t, values) })
	settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer { return filled(t, values) })
}

func TestNewIdentity(t *testing.T) {
	for _, classic := range []bool{true, false} {
		identity, recipient, err := agefile.NewIdentity(classic)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, agefile.Config{Path: filepath.Join(t.TempDir(), "x.age"), Identity: identity})
		if own, err := f.Own(); err != nil || len(own) != 1 || own[0] != recipient {
			t.Errorf("classic %t: the recipient is not the identity's: %v", classic, err)
		}
		write(t, f, map[string]string{"A": "x"})
		if got, err := f.Lookup(t.Context(), []string{"A"}); err != nil || got["A"].Text != "x" {
			t.Errorf("classic %t: what was written cannot be read: %v", classic, err)
		}
	}
}

func TestRecipients(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.env.age")
	alice, toAlice := pair(t)
	bob, toBob := pair(t)
	list := func(lines ...string) {
		if err := os.WriteFile(path+".recipients", []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list("# alice", toAlice, toBob)
	mine, his := open(t, agefile.Config{Path: path, Identity: alice}), open(t, agefile.Config{Path: path, Identity: bob})
	write(t, mine, map[string]string{"A": canary})
	if got, err := his.Lookup(t.Context(), []string{"A"}); err != nil || got["A"].Text != canary {
		t.Errorf("a listed recipient cannot read the file: %v", err)
	}

	list(toAlice)
	write(t, mine, map[string]string{"B": "y"})
	if _, err := his.Lookup(t.Context(), []string{"A"}); err == nil || !strings.Contains(err.Error(), "is not encrypted to the identity in AIRWORTHY_AGE_IDENTITY") {
		t.Errorf("a recipient who is no longer listed: got %v", err)
	}
	for name, lines := range map[string][]string{
		"does not list the recipient of the identity in use": {toBob},
		"cannot be read as a list of recipients":             {toAlice, alice.Reveal()},
	} {
		list(lines...)
		err := mine.Write(t.Context(), []settings.Change{{Name: "A", Text: secret.New("z")}})
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), alice.Reveal()[:24]) {
			t.Errorf("got %v, want an error that the list %s", err, name)
		}
	}
	if got, err := mine.Lookup(t.Context(), []string{"A"}); err != nil || got["A"].Text != canary {
		t.Errorf("a writing that failed changed the file: %v", err)
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	identity, _ := pair(t)
	good := filled(t, map[string]string{"A": canary})
	sealed, err := os.ReadFile(strings.TrimPrefix(good.Name(), "age "))
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.age"):                         "there is no such file",
		filepath.Join(dir, "no", "none.age"):                   "its directory cannot be opened",
		dir:                                                    "is a directory",
		file("plain.age", "A="+canary):                         "is damaged, or is no file of age",
		file("html.age", "<html>"+canary):                      "is damaged, or is no file of age",
		file("empty.age", ""):                                  "is damaged, or is no file of age",
		file("cut.age", string(sealed[:len(sealed)/2])):        "is damaged, or is no file of age",
		file("other.age", string(sealed)):                      "is not encrypted to the identity",
		file("large.age", strings.Repeat("a", 1<<20+1)):        "is larger than 1 MiB",
		file("head.age", "-----BEGIN AGE ENCRYPTED FILE-----"): "is damaged, or is no file of age",
	} {
		_, err := open(t, agefile.Config{Path: path, Identity: identity}).Lookup(t.Context(), []string{"A"})
		if f, ok := errors.AsType[*settings.Fault](err); !ok || !strings.Contains(f.Rule, want) || f.Origin != path {
			t.Errorf("%s: got %v, want a fault that it %s", filepath.Base(path), err, want)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error holds what the file does", filepath.Base(path))
		}
	}
	_, err = open(t, agefile.Config{Path: file("o.age", string(sealed))}).Lookup(t.Context(), []string{"A"})
	if f, ok := errors.AsType[*settings.Fault](err); !ok || f.Variable != agefile.IdentityVariable {
		t.Errorf("without an identity: got %v", err)
	}
	if _, err := open(t, agefile.Config{Path: filepath.Join(dir, "none.age"), Identity: identity}).Lookup(t.Context(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v, want an error that wraps fs.ErrNotExist", err)
	}
	for _, bad := range []string{"AGE-SECRET-KEY-1" + canary, canary, strings.ToLower(identity.Reveal())} {
		if _, err := agefile.New(agefile.Config{Path: "x.age", Identity: secret.New(bad)}); err == nil || strings.Contains(err.Error(), canary) {
			t.Error("a bad identity was taken, or is in the error")
		}
	}
	if _, err := agefile.New(agefile.Config{}); err == nil {
		t.Error("a file without a path was taken")
	}
}

// Every byte counts: a file with one changed is refused, never read as something else.
func TestDamage(t *testing.T) {
	f := filled(t, map[string]string{"A": canary})
	path := strings.TrimPrefix(f.Name(), "age ")
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(sealed); i += 7 {
		changed := append([]byte(nil), sealed...)
		changed[i] ^= 1
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Lookup(t.Context(), []string{"A"}); err == nil {
			t.Errorf("with byte %d changed the file was read as %d values", i, len(got))
		}
	}
}

// Of writers at the same time each writes its value or is told to try again; none is lost.
func TestWritersAtTheSameTime(t *testing.T) {
	f := filled(t, map[string]string{"A": "0"})
	var wg sync.WaitGroup
	var mu sync.Mutex
	want := map[string]string{}
	for _, name := range []string{"B", "C", "D", "E"} {
		wg.Go(func() {
			for range 50 {
				err := f.Write(t.Context(), []settings.Change{{Name: name, Text: secret.New(name)}})
				if err == nil {
					mu.Lock()
					want[name] = name
					mu.Unlock()
					return
				}
				if !errors.Is(err, settings.ErrConflict) {
					t.Errorf("%s: %v", name, err)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	wg.Wait()
	got, err := f.Lookup(t.Context(), []string{"A", "B", "C", "D", "E"})
	if err != nil || len(want) == 0 {
		t.Fatalf("%d were written, %v", len(want), err)
	}
	for name := range want {
		if got[name].Text != name {
			t.Errorf("%s was written and is lost", name)
		}
	}
	if rest, _ := filepath.Glob(filepath.Join(filepath.Dir(strings.TrimPrefix(f.Name(), "age ")), ".*")); len(rest) != 0 {
		t.Errorf("left behind: %v", rest)
	}
}

func TestScheme(t *testing.T) {
	scheme := agefile.Scheme()
	given := map[string]settings.Value{}
	for text, want := range map[string]string{
		"age://secrets.env.age":                       "age secrets.env.age",
		"age://config/secrets.env.age":                "age config/secrets.env.age",
		"age:///etc/app/secrets.env.age?recipients=r": "age /etc/app/secrets.env.age",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scheme.Open(t.Context(), u, given)
		if err != nil || filepath.ToSlash(s.Name()) != want {
			t.Errorf("%s: got %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"age://", "age://f?SECRET_KEY=x", "age://f?identity=x", "age://u:p@f"} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scheme.Open(t.Context(), u, given); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

// A file that age wrote without armor may end with the byte of a newline, which belongs to it.
func TestNotArmored(t *testing.T) {
	identity, line := pair(t)
	recipient, err := age.ParseX25519Recipient(line)
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []byte{'\n', 'x'} {
		var out bytes.Buffer
		for out.Len() == 0 || out.Bytes()[out.Len()-1] != end {
			out.Reset()
			w, err := age.Encrypt(&out, recipient)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, "NAME=value\n"); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "secrets.env.age")
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f := open(t, agefile.Config{Path: path, Identity: identity})
		if text, _, err := f.Read(); err != nil || text.Reveal() != "NAME=value\n" {
			t.Errorf("a file that ends with %q: %v", end, err)
		}
		write(t, f, map[string]string{"OTHER": "1"})
	}
}

// A directory that cannot be read now may hold a file: it does not count as one that is to be made.
func TestADirectoryThatCannotBeOpened(t *testing.T) {
	identity, _ := pair(t)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, agefile.Config{Path: filepath.Join(path, "secrets.env.age"), Identity: identity})
	if _, _, err := f.Read(); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "directory cannot be opened") {
		t.Errorf("got %v, want an error that is not that of a missing file", err)
	}
}

package secrets_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// fill writes each value with the newline that an editor ends a file with.
func fill(t *testing.T, dir string, values map[string]string) {
	t.Helper()
	for name, text := range values {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func files(t *testing.T, dir string) *secrets.Files {
	t.Helper()
	f, err := secrets.NewFiles(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFilesSource(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
		dir := t.TempDir()
		fill(t, dir, values)
		return files(t, dir)
	})
}

func TestFilesWriter(t *testing.T) {
	settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer {
		dir := t.TempDir()
		fill(t, dir, values)
		return files(t, dir)
	})
}

func TestMountedFilesSource(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
		dir := t.TempDir()
		newKubelet(t, dir).swap(values)
		return files(t, dir)
	})
}

// kubelet lays a mounted secret out as Kubernetes does (pkg/volume/util/atomic_writer.go): files in a directory named
// after the time, a link ..data to it, which is replaced by a rename, and links to the files through that one.
type kubelet struct {
	t   *testing.T
	dir string
	n   int
}

func newKubelet(t *testing.T, dir string) *kubelet { return &kubelet{t: t, dir: dir} }

func (k *kubelet) must(err error) {
	if err != nil {
		k.t.Error(err)
	}
}

func (k *kubelet) swap(values map[string]string) {
	k.n++
	old, _ := os.Readlink(filepath.Join(k.dir, "..data"))
	fresh := "..2026_11_22_10_00_00." + strconv.Itoa(1000+k.n)
	k.must(os.Mkdir(filepath.Join(k.dir, fresh), 0o755))
	for name, text := range values {
		k.must(os.WriteFile(filepath.Join(k.dir, fresh, name), []byte(text), 0o644))
		if strings.HasSuffix(text, "\n") {
			k.must(os.WriteFile(filepath.Join(k.dir, fresh, name), []byte(text+"\n"), 0o644))
		}
	}
	k.must(os.Symlink(fresh, filepath.Join(k.dir, "..data_tmp")))
	k.must(os.Rename(filepath.Join(k.dir, "..data_tmp"), filepath.Join(k.dir, "..data")))
	for name := range values {
		if link := filepath.Join(k.dir, name); old == "" {
			k.must(os.Symlink(filepath.Join("..data", name), link))
		}
	}
	if old != "" {
		k.must(os.RemoveAll(filepath.Join(k.dir, old)))
	}
}

// All values of one reading are of one version, however the files are swapped meanwhile.
func TestMountedFilesAreOfOneVersion(t *testing.T) {
	dir := t.TempDir()
	k := newKubelet(t, dir)
	names := []string{"A", "B", "C", "D", "E", "F", "G", "H"}
	version := func(n int) map[string]string {
		values := map[string]string{}
		for _, name := range names {
			values[name] = "value of version " + strconv.Itoa(n)
		}
		return values
	}
	k.swap(version(0))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				k.swap(version(n))
			}
		}
	})
	source := files(t, dir)
	seen, complete := map[string]bool{}, 0
	for range 1000 {
		got, err := source.Lookup(t.Context(), names)
		if err != nil {
			if !strings.Contains(err.Error(), "swapped at each of") {
				t.Errorf("Lookup: %v", err)
			}
			continue
		}
		complete++
		texts, versions := map[string]bool{}, map[string]bool{}
		for _, v := range got {
			texts[v.Text], versions[v.Version] = true, true
		}
		if len(got) != len(names) || len(texts) != 1 || len(versions) != 1 {
			t.Fatalf("%d of %d names, %d versions in one reading", len(got), len(names), len(texts))
		}
		maps.Copy(seen, texts)
	}
	close(stop)
	wg.Wait()
	if complete < 100 || len(seen) < 2 {
		t.Errorf("%d readings of %d versions: too few to tell", complete, len(seen))
	}
}

func TestFilesThatAreNotRead(t *testing.T) {
	outside := t.TempDir()
	fill(t, outside, map[string]string{"KEY": "outside-canary"})
	dir := t.TempDir()
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(outside, "KEY"), "ESCAPES")
	rel, err := filepath.Rel(dir, filepath.Join(outside, "KEY"))
	if err != nil {
		t.Fatal(err)
	}
	link(rel, "ESCAPES_TOO")
	link("/dev/zero", "DEVICE")
	link("LOOP", "LOOP")
	if err := os.Mkdir(filepath.Join(dir, "DIRECTORY"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "LARGE"), []byte(strings.Repeat("canary", 1<<18)), 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, dir, map[string]string{"GOOD": "good"})
	for _, name := range []string{"ESCAPES", "ESCAPES_TOO", "DEVICE", "LOOP", "DIRECTORY", "LARGE"} {
		got, err := files(t, dir).Lookup(t.Context(), []string{name, "GOOD"})
		if _, ok := errors.AsType[*settings.Fault](err); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want a fault that names it", name, err)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error holds the value", name)
		}
		if got[name].Text != "" || got["GOOD"].Text != "good" {
			t.Errorf("%s: was read, or hid the file beside it", name)
		}
	}
	if _, err := files(t, filepath.Join(dir, "absent")).Lookup(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "no such directory") {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func TestFilesAreExposed(t *testing.T) {
	for _, test := range []struct {
		dir, file os.FileMode
		want      bool
	}{{0o755, 0o644, true}, {0o755, 0o640, false}, {0o700, 0o644, false}, {0o711, 0o604, true}} {
		dir := filepath.Join(t.TempDir(), "secrets")
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "KEY"), []byte("k"), 0o600),
			os.Chmod(filepath.Join(dir, "KEY"), test.file), os.Chmod(dir, test.dir)); err != nil {
			t.Fatal(err)
		}
		got, err := files(t, dir).Lookup(t.Context(), []string{"KEY"})
		if err != nil || got["KEY"].Exposed != test.want {
			t.Errorf("directory %o, file %o: exposed %v, %v; want %v", test.dir, test.file, got["KEY"].Exposed, err, test.want)
		}
	}
}

func TestMountedFilesAreNotWritten(t *testing.T) {
	dir := t.TempDir()
	newKubelet(t, dir).swap(map[string]string{"KEY": "old"})
	err := files(t, dir).Write(t.Context(), []settings.Change{{Name: "KEY", Text: secret.New("new-canary")}})
	if err == nil || !strings.Contains(err.Error(), "Kubernetes") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v, want an error that says who owns the files", err)
	}
	if got, err := files(t, dir).Lookup(t.Context(), []string{"KEY"}); err != nil || got["KEY"].Text != "old" {
		t.Errorf("the file has changed, or %v", err)
	}
}

func TestFilesMapped(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string]string{"db-password": "p"})
	f, err := secrets.NewFiles(dir, map[string]settings.Ref{"DB_PASSWORD": {Secret: "db-password"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Lookup(t.Context(), []string{"DB_PASSWORD", "DB_USER"})
	if err != nil || len(got) != 1 || got["DB_PASSWORD"].Text != "p" || got["DB_PASSWORD"].Origin != filepath.Join(dir, "db-password") {
		t.Errorf("got %d values, %v", len(got), err)
	}
	for _, ref := range []settings.Ref{{Secret: "../x"}, {Secret: "/etc/passwd"}, {Secret: "a", Field: "b"}, {Secret: ""}} {
		if _, err := secrets.NewFiles(dir, map[string]settings.Ref{"DB_PASSWORD": ref}); err == nil {
			t.Errorf("%+v was accepted", ref)
		}
	}
	if _, err := secrets.NewFiles("relative", nil); err == nil {
		t.Error("a relative directory was accepted")
	}
}

func TestANewlineAtTheEndIsNoNews(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string]string{"A": "a"})
	got, err := files(t, dir).Lookup(t.Context(), []string{"A"})
	if err != nil || got["A"].Text != "a" || len(got["A"].Warnings) != 0 {
		t.Errorf("got %q with the warnings %v, %v", got["A"].Text, got["A"].Warnings, err)
	}
}

func TestWhatKubernetesMountsIsNotWritable(t *testing.T) {
	mounted := t.TempDir()
	newKubelet(t, mounted).swap(map[string]string{"A": "a"})
	for dir, want := range map[string]bool{mounted: false, t.TempDir(): true} {
		k := secrets.New(secrets.Config{})
		env := map[string]string{"AIRWORTHY_SECRETS": "file://" + dir}
		if _, err := settings.Load(t.Context(), struct {
			A string `env:"A"`
		}{}, settings.Map("test", env), k); err != nil {
			t.Fatal(err)
		}
		if got := k.Writable("A"); got != want {
			t.Errorf("writable %v, want %v", got, want)
		}
		_ = k.Close()
	}
}

package django_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/check/django"
)

// absent, as a value of a case, removes a setting, as an older Django lacks it. JSON's null is Python's None.
const absent = "ABSENT"

// TestGolden runs testdata/checks: projects in files. A case is the project of hardened.json, in which nothing but
// django.I012 is found, with up to two files laid over it: "settings.json" over its settings, and "facts.json" over
// what else the exporter tells, such as the admin site's path. Dictionaries are merged, everything else is replaced, and "ABSENT"
// removes. A case with a folder "project" is whether the source there can be read, without Python, as that of the settings
// module mysite.settings.
func TestGolden(t *testing.T) {
	checktest.Golden(t, "testdata/checks", func(t *testing.T, files fs.FS) []check.Check {
		if source, err := fs.Sub(files, "project"); err == nil && has(files, "project") {
			dir := t.TempDir()
			if err := os.CopyFS(dir, source); err != nil {
				t.Fatal(err)
			}
			_, err := django.ReadStatic(dir, "mysite.settings")
			return []check.Check{django.ReadCheck(err)}
		}
		project := object(t, os.DirFS("testdata"), "hardened.json")
		merge(project["settings"].(map[string]any), object(t, files, "settings.json"))
		merge(project, object(t, files, "facts.json"))
		entries, err := fs.ReadDir(files, ".")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "settings.json" && e.Name() != "facts.json" {
				t.Fatalf("%s is no file of a case: see TestGolden", e.Name())
			}
		}
		export, err := json.Marshal(project)
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, export).Checks()
	})
}

func has(files fs.FS, name string) bool { _, err := fs.Stat(files, name); return err == nil }

// object reads a JSON object, an empty one if there is no such file.
func object(t *testing.T, files fs.FS, name string) map[string]any {
	t.Helper()
	out := map[string]any{}
	text, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return out
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := errors.Join(err, dec.Decode(&out)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// merge lays change over base.
func merge(base, change map[string]any) {
	for name, v := range change {
		below, ok := v.(map[string]any)
		under, has := base[name].(map[string]any)
		if ok && has {
			merge(under, below)
			continue
		}
		base[name] = v
	}
	maps.DeleteFunc(base, func(_ string, v any) bool { return v == absent })
}

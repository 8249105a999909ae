package gcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/airworthy-go/airworthy/conformance/gcp/standin"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// shapes are the ways to keep settings in secrets.
var shapes = []struct {
	name, path string
	put        func(s *standin.Server, values map[string]string)
}{
	{"one secret with fields", "bulletin", func(s *standin.Server, values map[string]string) { putJSON(s, "bulletin", values) }},
	{"one secret for each setting, with a prefix", "bulletin-?AIRWORTHY_TEST_EMPTY=rest%23AIRWORTHY_TEST_EMPTY",
		func(s *standin.Server, values map[string]string) { putEach(s, "bulletin-", values) }},
	{"one secret for each setting, called like it", "?AIRWORTHY_TEST_EMPTY=rest%23AIRWORTHY_TEST_EMPTY",
		func(s *standin.Server, values map[string]string) { putEach(s, "", values) }},
	{"regional", "bulletin?location=europe-west3",
		func(s *standin.Server, values map[string]string) {
			putJSON(s, "locations/europe-west3/secrets/bulletin", values)
		}},
}

func putJSON(s *standin.Server, name string, values map[string]string) {
	text, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	s.Put(name, string(text))
}

// putEach keeps the empty value as a field: Secret Manager keeps no empty secret.
func putEach(s *standin.Server, prefix string, values map[string]string) {
	for name, text := range values {
		if text == "" {
			putJSON(s, "rest", map[string]string{name: ""})
			continue
		}
		s.Put(prefix+name, text)
	}
}

func TestSource(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
				s, source := begin(t, shape.path)
				shape.put(s, values)
				return source
			})
		})
	}
}

func TestWriter(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer {
				s, source := begin(t, shape.path)
				shape.put(s, values)
				return source
			})
		})
	}
}

func TestOriginAndVersion(t *testing.T) {
	s, source := begin(t, "bulletin?DATABASE_URL=other%23url&PINNED=signing/versions/1&NAMED=signing/versions/good"+
		"&WHOLE=other&FULL=projects/"+project+"/secrets/signing/versions/2")
	s.Put("bulletin", `{}`)
	s.Put("bulletin", `{"SECRET_KEY": "k", "AGE": 12345678901234567890}`)
	s.Put("other", `{"url": "u"}`)
	for i := range 3 {
		s.Put("signing", "s"+strconv.Itoa(i+1))
	}
	s.Alias("signing", "good", 2)
	got, err := source.Lookup(t.Context(), []string{"SECRET_KEY", "AGE", "DATABASE_URL", "PINNED", "NAMED", "WHOLE", "FULL", "MISSING"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]settings.Value{
		"SECRET_KEY":   {Text: "k", Origin: "gcp-sm my-project/bulletin#SECRET_KEY", Version: "2"},
		"AGE":          {Text: "12345678901234567890", Origin: "gcp-sm my-project/bulletin#AGE", Version: "2"},
		"DATABASE_URL": {Text: "u", Origin: "gcp-sm my-project/other#url", Version: "1"},
		"PINNED":       {Text: "s1", Origin: "gcp-sm my-project/signing/versions/1", Version: "1"},
		"NAMED":        {Text: "s2", Origin: "gcp-sm my-project/signing/versions/good", Version: "2"},
		"FULL":         {Text: "s2", Origin: "gcp-sm my-project/signing/versions/2", Version: "2"},
		"WHOLE":        {Text: `{"url": "u"}`, Origin: "gcp-sm my-project/other", Version: "1"},
	}
	if len(got) != len(want) {
		t.Errorf("got %d values, want %d", len(got), len(want))
	}
	for name, v := range want {
		g := got[name]
		if g.Text != v.Text || g.Origin != v.Origin || g.Version != v.Version {
			t.Errorf("%s: got %+v, want %+v", name, g, v)
		}
	}
	// Each secret is read once, however many settings it holds: bulletin, other, and three versions of signing.
	if calls := s.Calls(); len(calls) != 5 {
		t.Errorf("got %d calls, want 5: %v", len(calls), calls)
	}
}

func TestManyNamesAreReadEightAtOnce(t *testing.T) {
	s := standin.New(project, number)
	var now, most atomic.Int32
	gate := make(chan struct{})
	var once sync.Once
	s.Before = func(ctx context.Context, _ standin.Call) error {
		n := now.Add(1)
		defer now.Add(-1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		if n == 8 {
			// As many as there may be: they all wait for a ninth, which must not come, before they go on.
			once.Do(func() { time.AfterFunc(300*time.Millisecond, func() { close(gate) }) })
		}
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return nil
	}
	want := map[string]string{}
	var names []string
	for i := range 60 {
		name := fmt.Sprintf("NAME_%d", i)
		names = append(names, name)
		if i%3 != 0 {
			want[name] = name + " text"
			s.Put("bulletin-"+name, want[name])
		}
	}
	got, err := open(t, start(t, s), "bulletin-").Lookup(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for name, v := range got {
		texts[name] = v.Text
	}
	if !maps.Equal(texts, want) {
		t.Errorf("got %d values, want %d", len(texts), len(want))
	}
	if most.Load() != 8 {
		t.Errorf("%d calls were under way at once, want 8", most.Load())
	}
}

// TestFaults: what is wrong with one secret is a fault for its settings, and the others are returned.
func TestFaults(t *testing.T) {
	s, source := begin(t, "bulletin-?PINNED=good/versions/9&A=fields%23a&B=fields%23b&C=text%23c&D=double%23d&REVOKED=revoked")
	s.Put("bulletin-GOOD", "good")
	s.Put("bulletin-DISABLED", canary)
	s.Change("bulletin-DISABLED", 1, pb.SecretVersion_DISABLED)
	s.Put("bulletin-DESTROYED", canary)
	s.Change("bulletin-DESTROYED", 1, pb.SecretVersion_DESTROYED)
	// The older version is still enabled, and is not what anybody should fall back to.
	s.Put("revoked", canary)
	s.Put("revoked", canary)
	s.Change("revoked", 2, pb.SecretVersion_DISABLED)
	s.Put("good", "x")
	s.Put("fields", `{"a": "`+canary+`", "b": "`)
	s.Put("text", canary)
	s.Put("double", `{"d": "`+canary+`", "d": "2"}`)
	got, err := source.Lookup(t.Context(), []string{"GOOD", "DISABLED", "DESTROYED", "PINNED", "A", "B", "C", "D", "REVOKED", "NONE"})
	if len(got) != 1 || got["GOOD"].Text != "good" {
		t.Errorf("got %d values, want the one that is good", len(got))
	}
	found := faults(t, err)
	for name, origin := range map[string]string{
		"DISABLED":  "gcp-sm my-project/bulletin-DISABLED",
		"DESTROYED": "gcp-sm my-project/bulletin-DESTROYED",
		"PINNED":    "gcp-sm my-project/good/versions/9",
		"A":         "gcp-sm my-project/fields#a",
		"B":         "gcp-sm my-project/fields#b",
		"C":         "gcp-sm my-project/text#c",
		"D":         "gcp-sm my-project/double#d",
		"REVOKED":   "gcp-sm my-project/revoked",
	} {
		if f := found[name]; f == nil || f.Origin != origin || f.Rule == "" || f.Remedy == "" {
			t.Errorf("%s: got %v, want a fault at %s", name, f, origin)
		}
	}
	if len(found) != 8 {
		t.Errorf("got %d faults, want 8: %v", len(found), err)
	}
}

func TestDamaged(t *testing.T) {
	for name, damage := range map[string]func(*pb.AccessSecretVersionResponse){
		"the checksum is another one": func(r *pb.AccessSecretVersionResponse) { *r.Payload.DataCrc32C++ },
		"the text is another one":     func(r *pb.AccessSecretVersionResponse) { r.Payload.Data = []byte(canary + "x") },
		"there is no checksum":        func(r *pb.AccessSecretVersionResponse) { r.Payload.DataCrc32C = nil },
		"there is no payload":         func(r *pb.AccessSecretVersionResponse) { r.Payload = nil },
		"it is another secret":        func(r *pb.AccessSecretVersionResponse) { r.Name = "projects/1/secrets/" + canary + "/versions/1" },
		"it is a regional secret": func(r *pb.AccessSecretVersionResponse) {
			r.Name = "projects/1/locations/x/secrets/SECRET_KEY/versions/1"
		},
		"the version has no number": func(r *pb.AccessSecretVersionResponse) { r.Name = "projects/1/secrets/SECRET_KEY/versions/" + canary },
		"the name is empty":         func(r *pb.AccessSecretVersionResponse) { r.Name = "" },
	} {
		t.Run(name, func(t *testing.T) {
			s, source := begin(t, "")
			s.Put("SECRET_KEY", canary)
			if got, err := source.Lookup(t.Context(), []string{"SECRET_KEY"}); err != nil || got["SECRET_KEY"].Text != canary {
				t.Fatalf("before: got %d values, %v", len(got), err)
			}
			s.After = damage
			got, err := source.Lookup(t.Context(), []string{"SECRET_KEY"})
			if found := faults(t, err); len(got) != 0 || found["SECRET_KEY"] == nil {
				t.Errorf("got %d values, %v, want a fault", len(got), err)
			}
		})
	}
	s, source := begin(t, "?KEY=key/versions/1")
	s.Put("key", "one")
	s.Put("key", "two")
	s.After = func(r *pb.AccessSecretVersionResponse) { r.Name = "projects/1/secrets/key/versions/2" }
	_, err := source.Lookup(t.Context(), []string{"KEY"})
	if faults(t, err)["KEY"] == nil {
		t.Errorf("another version than the pinned one: got %v, want a fault", err)
	}
}

// TestRotatedMidRead: the settings of one secret are of one version, whatever is written while it is read.
func TestRotatedMidRead(t *testing.T) {
	s, source := begin(t, "bulletin")
	s.Put("bulletin", `{"SECRET_KEY": "0", "SECRET_KEY_FALLBACKS": "0"}`)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 500 {
			s.Put("bulletin", fmt.Sprintf(`{"SECRET_KEY": "%d", "SECRET_KEY_FALLBACKS": "%d"}`, i, i))
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		got, err := source.Lookup(t.Context(), []string{"SECRET_KEY", "SECRET_KEY_FALLBACKS"})
		if err != nil {
			t.Fatal(err)
		}
		a, b := got["SECRET_KEY"], got["SECRET_KEY_FALLBACKS"]
		if a.Text != b.Text || a.Version != b.Version {
			t.Fatalf("torn: %s of version %s and %s of version %s", a.Text, a.Version, b.Text, b.Version)
		}
	}
}

// TestCodes: every code but those of a secret is one error for all, made of the code's name and our words.
func TestCodes(t *testing.T) {
	s, source := begin(t, "bulletin")
	for code := codes.Code(1); code < 20; code++ {
		s.Before = func(context.Context, standin.Call) error { return status.Error(code, canary) }
		got, err := source.Lookup(t.Context(), []string{"SECRET_KEY"})
		clean(t, err)
		switch code {
		case codes.NotFound:
			if err != nil || len(got) != 0 {
				t.Errorf("%v: got %v, want nothing", code, err)
			}
		case codes.PermissionDenied, codes.FailedPrecondition:
			if faults(t, err)["SECRET_KEY"] == nil {
				t.Errorf("%v: got %v, want a fault", code, err)
			}
		default:
			if err == nil || got != nil {
				t.Errorf("%v: got %v, want one error", code, err)
			}
		}
	}
}

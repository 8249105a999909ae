package secrets_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
)

func TestAMissingDirectoryIsNamedOnce(t *testing.T) {
	env := map[string]string{"AIRWORTHY_SECRETS": "file:///no/such/directory"}
	_, err := settings.Load(t.Context(), struct {
		A string `env:"A"`
	}{}, settings.Map("test", env), secrets.New(secrets.Config{}))
	const want = "settings: secrets: AIRWORTHY_SECRETS[0] file:///no/such/directory: there is no such directory: mount it, or give the right path"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestConfigureRefuses(t *testing.T) {
	const canary = "canary-hunter2"
	opens := scheme(map[string]settings.Source{"m": &manager{}})
	for name, test := range map[string]struct {
		cfg   secrets.Config
		given map[string]settings.Value
		want  []string
	}{
		"an unknown scheme": {secrets.Config{}, given(secrets.Variable, "etcd://"+canary), []string{"the URL at [0] has an unknown scheme", "this program knows file", "vault (github.com/airworthy-go/airworthy/drivers/vaultsecrets)"}},
		"one of a driver":   {secrets.Config{}, given(secrets.Variable, "file:///x,aws-sm://"+canary), []string{"the URL at [1]", "did you mean aws-sm?", "drivers/awssecrets, to secrets.New"}},
		"nearly a driver's": {secrets.Config{}, given(secrets.Variable, "valut://"+canary), []string{"did you mean vault?"}},
		"nearly a known":    {secrets.Config{}, given(secrets.Variable, "files:///"+canary), []string{"did you mean file?"}},
		"no URL":            {secrets.Config{}, given(secrets.Variable, canary), []string{"the URL at [0] is no URL"}},
		"an odd URL":        {secrets.Config{}, given(secrets.Variable, "file://%zz"+canary), []string{"the URL at [0] is no URL"}},
		"an empty one":      {secrets.Config{}, given(secrets.Variable, "file:///x,,file:///y,"), []string{"the URL at [1] is empty", "the URL at [3] is empty"}},
		"credentials":       {secrets.Config{}, given(secrets.Variable, "file://u:"+canary+"@/x"), []string{"the URL at [0] has user information"}},
		"a host":            {secrets.Config{}, given(secrets.Variable, "file://run/secrets"), []string{"three slashes"}},
		"an option":         {secrets.Config{}, given(secrets.Variable, "file:///x?mode="+canary), []string{"has an unknown parameter"}},
		"a field":           {secrets.Config{}, given(secrets.Variable, "file:///x?KEY=a%23b"), []string{"maps KEY to a field"}},
		"what is above":     {secrets.Config{}, given(secrets.Variable, "file:///x?KEY=../"+canary), []string{"maps KEY to what is not a file below"}},
		"a scheme's error":  {secrets.Config{Schemes: []settings.Scheme{opens}}, given(secrets.Variable, "test://other"), []string{"cannot be opened: no manager of this name"}},
		"the interval":      {secrets.Config{}, given(secrets.RefreshVariable, canary), []string{"AIRWORTHY_SECRETS_REFRESH (environment): is not a duration"}},
		"too often":         {secrets.Config{}, given(secrets.RefreshVariable, "10ms", secrets.Variable, "x:///"), []string{"less than a second", "unknown scheme"}},
		"a doubled scheme":  {secrets.Config{Schemes: []settings.Scheme{opens, opens}}, nil, []string{"the scheme test is given twice"}},
		"file once more":    {secrets.Config{Schemes: []settings.Scheme{{Name: "file", Open: opens.Open}}}, nil, []string{"the scheme file is given twice"}},
		"an empty scheme":   {secrets.Config{Schemes: []settings.Scheme{{}}}, nil, []string{"has no name"}},
		"negative":          {secrets.Config{Timeout: -1, Refresh: -1, StaleAfter: -1}, nil, []string{"Timeout is negative", "Refresh is negative", "StaleAfter is negative"}},
	} {
		k := secrets.New(test.cfg)
		err := k.Configure(test.given)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error holds a part of the URL", name)
		}
		if _, later := k.Lookup(t.Context(), []string{"A"}); later == nil || k.Active() {
			t.Errorf("%s: Lookup works all the same", name)
		}
	}
}

func TestNothingToKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		k := secrets.New(secrets.Config{})
		for _, values := range []map[string]settings.Value{nil, given(secrets.Variable, " "), given(secrets.RefreshVariable, "1m")} {
			if err := k.Configure(values); err != nil {
				t.Fatal(err)
			}
			if got := lookup(t, k, "A"); len(got) != 0 || k.Active() || k.Holds("A") || len(k.Status()) != 0 {
				t.Error("something is held")
			}
			if err := errors.Join(k.Refresh(t.Context()), k.Health()); err != nil {
				t.Error(err)
			}
		}
		k.Start(nil)
	})
}

type closer struct {
	settings.Source
	closed atomic.Int32
}

func (c *closer) Close() error { c.closed.Add(1); return nil }

func TestConfigureAgain(t *testing.T) {
	one, two := &closer{Source: &manager{values: map[string]string{"A": "one"}}}, &manager{values: map[string]string{"A": "two"}}
	opened := 0
	s := scheme(map[string]settings.Source{"one": one, "two": two})
	open := s.Open
	s.Open = func(ctx context.Context, u *url.URL, g map[string]settings.Value) (settings.Source, error) {
		opened++
		return open(ctx, u, g)
	}
	k := secrets.New(secrets.Config{Schemes: []settings.Scheme{s}})
	for range 3 {
		if err := k.Configure(given(secrets.Variable, "test://one")); err != nil {
			t.Fatal(err)
		}
	}
	lookup(t, k, "A")
	if opened != 1 || one.closed.Load() != 0 {
		t.Errorf("opened %d times", opened)
	}
	if err := k.Configure(given(secrets.Variable, "test://two")); err != nil {
		t.Fatal(err)
	}
	if k.Holds("A") || text(k, "A") != "" {
		t.Error("what the former source said is still held")
	}
	if lookup(t, k, "A"); text(k, "A") != "two" {
		t.Error("the new source is not asked")
	}
	deadline := time.Now().Add(5 * time.Second)
	for one.closed.Load() != 1 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if one.closed.Load() != 1 {
		t.Errorf("the former source was closed %d times", one.closed.Load())
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if err := k.Configure(given(secrets.Variable, "test://one")); err != nil { // a closed keeper can be used again
		t.Fatal(err)
	}
	if lookup(t, k, "A"); text(k, "A") != "one" {
		t.Error("a keeper that was closed holds nothing")
	}
	if err := k.Refresh(t.Context()); err != nil {
		t.Errorf("a keeper that was closed does not refresh: %v", err)
	}
}

type site struct {
	Key    secret.Text `env:"SITE_KEY,required"`
	Host   string      `env:"SITE_HOST"`
	Loaded settings.Loaded
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string]string{"SITE_KEY": "key-from-file", "SITE_HOST": "file.example"})
	load := func(pairs map[string]string) (site, *secrets.Keeper, error) {
		k := secrets.New(secrets.Config{})
		cfg, err := settings.Load(t.Context(), site{}, settings.Map("environment", pairs), k)
		return cfg, k, err
	}
	_, _, err := load(map[string]string{secrets.Variable: fileURL(dir) + "?token=x", "SITE_HOST": "env.example"})
	if err == nil || !strings.Contains(err.Error(), "unknown parameter") || strings.Contains(err.Error(), "is not set") {
		t.Errorf("got %v, want the URL's fault, and none about what the source might have had", err)
	}
	cfg, k, err := load(map[string]string{secrets.Variable: fileURL(dir), "SITE_HOST": "env.example"})
	if err != nil || cfg.Key.Reveal() != "key-from-file" || cfg.Host != "env.example" {
		t.Fatalf("got %v, %v", cfg.Host, err)
	}
	if cfg.Loaded.Origin("SITE_KEY") != filepath.Join(dir, "SITE_KEY") || cfg.Loaded.Origin(secrets.Variable) != "environment" ||
		cfg.Loaded.Origin(secrets.RefreshVariable) != "default" {
		t.Errorf("origins: %s, %s, %s", cfg.Loaded.Origin("SITE_KEY"), cfg.Loaded.Origin(secrets.Variable), cfg.Loaded.Origin(secrets.RefreshVariable))
	}
	var table strings.Builder
	if err := cfg.Loaded.WriteText(&table); err != nil || !strings.Contains(table.String(), "AIRWORTHY_SECRETS ") || !strings.Contains(table.String(), "file://") {
		t.Errorf("%v\n%s", err, table.String())
	}
	// What stands in the environment is nothing that the manager could overrule later.
	if err := k.Refresh(t.Context()); err != nil || k.Holds("SITE_HOST") || text(k, "SITE_HOST") != "" || !k.Holds("SITE_KEY") {
		t.Errorf("%v; the environment's value is followed in the manager", err)
	}
	_, _, err = load(map[string]string{secrets.Variable: fileURL(dir) + "/absent"})
	if lines := strings.Count(err.Error(), "\n"); lines != 0 || !strings.Contains(err.Error(), "secrets: AIRWORTHY_SECRETS[0] file:///") ||
		!strings.Contains(err.Error(), "there is no such directory") {
		t.Errorf("got %v, want one line", err)
	}
}

func TestSecretsOfNamesThatAreNotHeld(t *testing.T) {
	k := keep(t, secrets.Config{}, &manager{values: map[string]string{"A": "a", "EMPTY": ""}})
	unknown, set := k.Secret("NEVER_ASKED"), k.Secret("NEVER_ASKED").Or(secret.New("from the environment"))
	later := k.Secret("A").Or(secret.New("before"))
	if later.Text().Reveal() != "before" {
		t.Error("Or is not used")
	}
	lookup(t, k, "A", "EMPTY")
	if !unknown.Text().IsZero() || unknown.Version() != "" || unknown.Matches("") || unknown.Matches("x") {
		t.Error("a name that nobody has is something")
	}
	if set.Text().Reveal() != "from the environment" || !set.Matches("from the environment") || set.Matches("") {
		t.Error("Or is not used")
	}
	if later.Text().Reveal() != "a" || later.Version() == "" || later.Matches("before") {
		t.Error("Or is used though the keeper holds the name")
	}
	if k.Secret("EMPTY").Matches("") {
		t.Error("the empty candidate matches")
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	k := keep(t, secrets.Config{}, &manager{values: map[string]string{"A": "a value of some length, such as keys have"}})
	lookup(t, k, "A")
	s, n := k.Secret("A").Or(secret.New("x")), 0
	if allocs := testing.AllocsPerRun(1000, func() { n += len(s.Text().Reveal()) + len(s.Version()) }); allocs != 0 {
		t.Errorf("reading allocates %v times", allocs)
	}
	if n == 0 {
		t.Error("nothing was read")
	}
}

func BenchmarkText(b *testing.B) {
	k := secrets.New(secrets.Config{Schemes: []settings.Scheme{scheme(map[string]settings.Source{"m": &manager{values: map[string]string{"A": "value"}}})}})
	if err := k.Configure(given(secrets.Variable, "test://m")); err != nil {
		b.Fatal(err)
	}
	if _, err := k.Lookup(b.Context(), []string{"A"}); err != nil {
		b.Fatal(err)
	}
	s := k.Secret("A")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if s.Text().IsZero() {
				b.Fail()
			}
		}
	})
}

// Every value that is read is a line of the log: at first, and with each new version, and before there is a logger.
func TestAudit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		m := &manager{values: map[string]string{"A": "canary-a", "B": "canary-b"}}
		k := keep(t, secrets.Config{}, m)
		read := time.Now()
		lookup(t, k, "A", "B", "C")
		time.Sleep(time.Second)
		k.Start(out.logger())
		lines := out.take("event=airworthy.secrets.Read")
		if len(lines) != 2 || !strings.Contains(lines[0], "name=A version=v8c source=test://m0") || !strings.Contains(lines[1], "name=B") ||
			!strings.Contains(lines[0], read.Format("05.000")) || !strings.Contains(lines[0], "level=INFO") {
			t.Errorf("got %q", lines)
		}
		if err := k.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := out.take("")
		if len(all) != 2 || !strings.Contains(all[0], "names=2 changed=0") || !strings.Contains(all[1], "level=DEBUG") || !strings.Contains(all[1], `names="A, B"`) {
			t.Errorf("an unchanged refresh logs %q", all)
		}
		m.put("A", "canary-longer")
		if err := k.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		joined := out.String()
		if lines := out.take("name=A version=v13c"); len(lines) != 2 || !strings.Contains(lines[0], "secrets.Read") || !strings.Contains(lines[1], "secrets.Changed") {
			t.Errorf("a change logs %q", lines)
		}
		m.behave(func(context.Context, []string) (map[string]settings.Value, error) { // another version of the same
			return map[string]settings.Value{"A": {Text: "canary-longer", Version: "v14"}, "B": {Text: "canary-b", Version: "v8c"}}, nil
		})
		if err := k.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		joined += out.String()
		if lines := out.take("version=v14"); len(lines) != 1 || !strings.Contains(lines[0], "name=A") || k.Secret("A").Version() != "v14" {
			t.Errorf("a new version of the same value logs %q", lines)
		}
		if strings.Contains(joined, "canary") {
			t.Error("the log holds a value")
		}
	})
}

// weakened is a source with a weakness.
type weakened struct {
	settings.Source
	why string
}

func (w weakened) Weakness() string { return w.why }

func TestChecks(t *testing.T) {
	type input struct {
		k      *secrets.Keeper
		loaded settings.Loaded
	}
	load := func(base site, environment string, source settings.Source) settings.Loaded {
		envs := settings.Environments[site]{environment: func() site { return base }}
		cfg, err := envs.Load(t.Context(), settings.Map("test", map[string]string{"AIRWORTHY_ENV": environment}), source)
		if err != nil {
			t.Fatal(err)
		}
		return cfg.Loaded
	}
	file := func(mode os.FileMode) settings.Loaded {
		dir := t.TempDir()
		fill(t, dir, map[string]string{"SITE_KEY": "k"})
		if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Join(dir, "SITE_KEY"), mode)); err != nil {
			t.Fatal(err)
		}
		return load(site{}, "production", files(t, dir))
	}
	code := site{Key: secret.New("in code")}
	none := settings.Map("none", nil)
	well, down := &manager{values: map[string]string{"A": "a"}}, &manager{values: map[string]string{"A": "a"}}
	up, broken, old := keep(t, secrets.Config{}, well), keep(t, secrets.Config{}, down), keep(t, secrets.Config{StaleAfter: 1}, well)
	lookup(t, up, "A")
	lookup(t, broken, "A")
	lookup(t, old, "A")
	down.fails(errors.New("down"))
	set := settings.Map("set", map[string]string{"SITE_KEY": "k"})
	clear := weakened{set, "InsecureHTTP: asked in the clear"}
	checktest.Run(t, func(in input) []check.Check { return secrets.Checks(in.k, in.loaded) }, []checktest.Case[input]{
		{ID: "secrets.E001", Raises: input{k: broken}, Clean: input{k: up}},
		{ID: "secrets.W002", Raises: input{k: old}, Clean: input{k: up}},
		{ID: "secrets.W003", Raises: input{loaded: load(code, "production", none)}, Clean: input{loaded: load(code, "development", none)}},
		{ID: "secrets.W003", Raises: input{loaded: load(code, "staging", none)},
			Clean: input{loaded: load(code, "production", set)}},
		{ID: "secrets.W004", Raises: input{loaded: file(0o644)}, Clean: input{loaded: file(0o640)}},
		{ID: "secrets.W005", Raises: input{k: keep(t, secrets.Config{}, clear)}, Clean: input{k: up}},
		{ID: "secrets.W005", Raises: input{loaded: load(site{}, "production", clear)},
			Clean: input{loaded: load(site{}, "production", weakened{set, ""})}},
	})
	if text(broken, "A") != "a" || broken.Status()[0].Failures != 0 {
		t.Error("a check has changed what the keeper holds")
	}
}

package azure_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

var count atomic.Int64

// fresh returns a prefix that nobody has had.
func fresh() string { return fmt.Sprintf("t%d-", count.Add(1)) }

func changes(values map[string]string) (all []settings.Change) {
	for name, text := range values {
		all = append(all, settings.Change{Name: name, Text: secret.New(text)})
	}
	return all
}

func write(t *testing.T, w settings.Writer, values map[string]string) {
	t.Helper()
	if err := w.Write(t.Context(), changes(values)); err != nil {
		t.Fatal(err)
	}
}

func lookup(t *testing.T, s settings.Source, names ...string) map[string]settings.Value {
	t.Helper()
	got, err := s.Lookup(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestContract(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		for what, place := range map[string]func(values map[string]string) string{
			"a secret for each": func(values map[string]string) string { // the empty text is a field: the emulator has no such secret
				prefix, refs := fresh(), url.Values{}
				for name, text := range values {
					if text == "" {
						refs.Set(name, prefix+"fields#"+name)
					}
				}
				return prefix + "?" + refs.Encode()
			},
			"all in one": func(map[string]string) string { return strings.TrimSuffix(fresh(), "-") },
		} {
			t.Run(what, func(t *testing.T) {
				holding := func(t *testing.T, values map[string]string) settings.Writer {
					w := p.open(t, place(values))
					write(t, w, values)
					return w
				}
				settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source { return holding(t, values) })
				settingstest.TestWriter(t, holding)
			})
		}
	})
}

// TestMany reads more names at once than a page of the list, or a batch elsewhere, has.
func TestMany(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		w, values, names := p.open(t, fresh()), map[string]string{}, []string{}
		for i := range 60 {
			name := fmt.Sprintf("NAME_%d", i)
			values[name] = fmt.Sprint("text ", i)
			names = append(names, name, "NOT_"+name)
		}
		write(t, w, values)
		got := lookup(t, w, names...)
		if len(got) != 60 {
			t.Errorf("got %d values, want 60", len(got))
		}
		for name, text := range values {
			if got[name].Text != text {
				t.Errorf("%s: got %q, want %q", name, got[name].Text, text)
			}
		}
	})
}

// TestMicrosoft has Microsoft's SDK read what the driver wrote, and the driver what Microsoft's SDK wrote.
func TestMicrosoft(t *testing.T) {
	texts := map[string]string{"PLAIN": "plain", "LINES": "-----BEGIN-----\nMIIB\n", "UNICODE": "grüße, 世界 🌍", "QUOTES": `'"\` + "`$", "SPACES": "  a  ",
		"LONG": strings.Repeat("0123456789", 2499)}
	each(t, func(t *testing.T, p *place) {
		prefix := fresh()
		w, ask := p.open(t, prefix), p.microsoft(t)
		write(t, w, texts)
		for name, text := range texts {
			theirs, ours := ask(map[string]string{"get": prefix + name}), lookup(t, w, name)[name]
			if theirs.Text != text || theirs.Version != ours.Version || ours.Text != text {
				t.Errorf("%s: they read %d bytes of version %q, we %d of %q, want %d", name, len(theirs.Text), theirs.Version, len(ours.Text), ours.Version, len(text))
			}
			set := ask(map[string]string{"set": prefix + name, "text": text + "2"})
			got := lookup(t, w, name)[name]
			if got.Text != text+"2" || got.Version != set.Version || got.Version == ours.Version || got.Origin != "azure-kv "+p.host+"/"+prefix+name {
				t.Errorf("%s: they wrote %d bytes as version %q, we read %d of %q from %q", name, len(text)+1, set.Version, len(got.Text), got.Version, got.Origin)
			}
		}
		write(t, w, map[string]string{"PLAIN": "ours again"})
		if got := ask(map[string]string{"get": prefix + "PLAIN"}); got.Text != "ours again" || got.Type != "text/plain" || got.Tags["by"] != "python" {
			t.Errorf("got %+v, want their content type and tags kept", got)
		}
		if got := ask(map[string]string{"get": prefix + "ABSENT"}); got.Status != 404 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestFields(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		one, ask := strings.TrimSuffix(fresh(), "-"), p.microsoft(t)
		ask(map[string]string{"set": one, "text": `{ "SECRET_KEY": "old", "PAGE_SIZE": 12345678901234567890, "LIST": [1, 2] }`})
		w := p.open(t, one)
		write(t, w, map[string]string{"SECRET_KEY": "new"})
		if got := ask(map[string]string{"get": one}); got.Text != `{ "SECRET_KEY": "new", "PAGE_SIZE": 12345678901234567890, "LIST": [1, 2] }` {
			t.Errorf("got %s", got.Text)
		}
		got := lookup(t, w, "SECRET_KEY", "PAGE_SIZE", "LIST", "ABSENT")
		if len(got) != 3 || got["PAGE_SIZE"].Text != "12345678901234567890" || got["LIST"].Text != "[1, 2]" {
			t.Errorf("got %v", got)
		}
		mapped := lookup(t, p.open(t, "?DATABASE_URL="+url.QueryEscape(one+"#SECRET_KEY")+"&only=OTHER"), "DATABASE_URL", "SECRET_KEY")
		if len(mapped) != 1 || mapped["DATABASE_URL"].Text != "new" || mapped["DATABASE_URL"].Origin != "azure-kv "+p.host+"/"+one+"#SECRET_KEY" {
			t.Errorf("got %v", mapped)
		}
	})
}

// TestUnusable disables and ages secrets by hand.
func TestUnusable(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		prefix := fresh()
		w := p.open(t, prefix)
		write(t, w, map[string]string{"GOOD": "good", "OFF": "off", "OLD": "old", "GONE": "gone"})
		for path, body := range map[string]string{
			"OFF": `{"attributes": {"enabled": false}}`,
			"OLD": fmt.Sprintf(`{"attributes": {"exp": %d}}`, time.Now().Add(2*time.Second).Unix()),
		} {
			version := lookup(t, w, path)[path].Version
			if status, text := p.rest(t, "PATCH", "/secrets/"+prefix+path+"/"+version, body); status != 200 {
				t.Fatalf("got %d %s", status, text)
			}
		}
		if status, text := p.rest(t, "DELETE", "/secrets/"+prefix+"GONE", ""); status != 200 {
			t.Fatalf("got %d %s", status, text)
		}
		time.Sleep(3 * time.Second) // the emulator takes no date that is past
		got, err := w.Lookup(t.Context(), []string{"GOOD", "OFF", "OLD", "GONE"})
		if len(got) != 1 || got["GOOD"].Text != "good" || err == nil || !strings.Contains(err.Error(), "OLD): the secret has expired") {
			t.Errorf("got %d values, %v", len(got), err)
		}
		if p.standin != nil && !strings.Contains(err.Error(), "OFF): the newest version of the secret is disabled") { // the emulator finds it not
			t.Errorf("got %v", err)
		}
		write(t, w, map[string]string{"OLD": "renewed"})
		if got := lookup(t, w, "OLD"); got["OLD"].Text != "renewed" {
			t.Errorf("got %v", got)
		}
		err = w.Write(t.Context(), changes(map[string]string{"GONE": "again"}))
		if _, single := errors.AsType[*settings.Fault](err); p.standin != nil && !single {
			t.Errorf("a deleted secret is written: %v", err)
		}
	})
}

// TestRoles: only the stand-in refuses anything.
func TestRoles(t *testing.T) {
	p := places[0]
	t.Setenv("IDENTITY_ENDPOINT", p.identity)
	t.Setenv("IDENTITY_HEADER", header)
	prefix := fresh()
	write(t, p.open(t, prefix), map[string]string{"MINE": "mine", "OTHERS": "others"})
	p.standin.Deny("get", prefix+"OTHERS")
	p.standin.Deny("get", prefix+"ABSENT")
	p.standin.Deny("set", prefix+"MINE")
	if _, err := p.open(t, prefix).Lookup(t.Context(), []string{"MINE", "OTHERS", "ABSENT"}); err == nil || strings.Count(err.Error(), "Key Vault Secrets User") != 2 {
		t.Errorf("got %v", err)
	}
	only := p.open(t, prefix+"?only=MINE")
	if got := lookup(t, only, "MINE", "OTHERS", "ABSENT"); len(got) != 1 || got["MINE"].Text != "mine" {
		t.Errorf("got %v", got)
	}
	if err := only.Write(t.Context(), changes(map[string]string{"MINE": "x"})); err == nil || !strings.Contains(err.Error(), "Key Vault Secrets Officer") {
		t.Errorf("got %v", err)
	}
	if got := p.microsoft(t)(map[string]string{"get": prefix + "OTHERS"}); got.Status != 403 {
		t.Errorf("Microsoft's SDK got %+v", got)
	}
}

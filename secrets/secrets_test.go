package secrets_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/secrets"
	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// manager is a source whose behaviour a test decides.
type manager struct {
	mu     sync.Mutex
	values map[string]string
	fail   error
	calls  int
	hook   func(ctx context.Context, names []string) (map[string]settings.Value, error) // in place of all else
}

func (m *manager) Name() string { return "manager" }

func (m *manager) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	m.mu.Lock()
	m.calls++
	hook := m.hook
	m.mu.Unlock()
	if hook != nil {
		return hook(ctx, names)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	found := map[string]settings.Value{}
	for _, name := range names {
		if text, ok := m.values[name]; ok {
			found[name] = settings.Value{Text: text, Version: "v" + strconv.Itoa(len(text)) + text[:min(1, len(text))]}
		}
	}
	return found, ctx.Err()
}

func (m *manager) set(values map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values = maps.Clone(values)
}

func (m *manager) put(name, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[name] = text
}

func (m *manager) fails(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *manager) behave(hook func(context.Context, []string) (map[string]settings.Value, error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook = hook
}

func (m *manager) asked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// scheme opens the managers by the host of the URL: test://one.
func scheme(managers map[string]settings.Source) settings.Scheme {
	return settings.Scheme{Name: "test", Open: func(_ context.Context, u *url.URL, _ map[string]settings.Value) (settings.Source, error) {
		m := managers[u.Host]
		if m == nil {
			return nil, fmt.Errorf("no manager of this name")
		}
		return m, nil
	}}
}

// logged is a logger that can be read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// take returns the lines with text since the last call, and forgets all.
func (l *logged) take(text string) (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.b.String()) {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	l.b.Reset()
	return lines
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func given(pairs ...string) map[string]settings.Value {
	values := map[string]settings.Value{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = settings.Value{Text: pairs[i+1], Origin: "environment"}
	}
	return values
}

// keep returns a keeper of managers, configured and closed with the test.
func keep(t *testing.T, cfg secrets.Config, managers ...settings.Source) *secrets.Keeper {
	t.Helper()
	byName, urls := map[string]settings.Source{}, []string{}
	for i, m := range managers {
		byName["m"+strconv.Itoa(i)] = m
		urls = append(urls, "test://m"+strconv.Itoa(i))
	}
	cfg.Schemes = append(cfg.Schemes, scheme(byName))
	k := secrets.New(cfg)
	if err := k.Configure(given(secrets.Variable, strings.Join(urls, ","))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func lookup(t *testing.T, k *secrets.Keeper, names ...string) map[string]settings.Value {
	t.Helper()
	got, err := k.Lookup(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestKeeperIsASource(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source {
		one, two := map[string]string{}, map[string]string{}
		for name, text := range values {
			if len(one) < len(two) {
				one[name] = text
			} else {
				two[name] = text
			}
		}
		k := keep(t, secrets.Config{}, &manager{values: one}, &manager{values: two})
		return struct{ settings.Source }{k} // a Load would configure it anew
	})
}

func TestKeeperIsAWriter(t *testing.T) {
	settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer {
		dir := t.TempDir()
		fill(t, dir, values)
		k := secrets.New(secrets.Config{})
		if err := k.Configure(given(secrets.Variable, fileURL(dir))); err != nil {
			t.Fatal(err)
		}
		return k
	})
}

// fileURL returns the URL of a directory, in which a comma does not end the URL.
func fileURL(dir string) string {
	return strings.ReplaceAll((&url.URL{Scheme: "file", Path: dir}).String(), ",", "%2C")
}

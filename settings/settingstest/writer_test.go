package settingstest_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"testing"

	"github.com/airworthy-go/airworthy/settings"
	"github.com/airworthy-go/airworthy/settings/settingstest"
)

// memory is the smallest Writer.
type memory struct {
	mu      sync.Mutex
	values  map[string]string
	version map[string]int
}

func (m *memory) Name() string { return "memory" }

func (m *memory) Lookup(ctx context.Context, names []string) (map[string]settings.Value, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]settings.Value{}
	for _, name := range names {
		if text, ok := m.values[name]; ok {
			found[name] = settings.Value{Text: text, Origin: "memory", Version: strconv.Itoa(m.version[name])}
		}
	}
	return found, ctx.Err()
}

func (m *memory) Write(ctx context.Context, changes []settings.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range changes {
		if c.Version != "" && c.Version != strconv.Itoa(m.version[c.Name]) {
			return fmt.Errorf("memory: %s: %w", c.Name, settings.ErrConflict)
		}
	}
	for _, c := range changes {
		m.values[c.Name] = c.Text.Reveal()
		m.version[c.Name]++
	}
	return nil
}

func newMemory(values map[string]string) *memory {
	return &memory{values: maps.Clone(values), version: map[string]int{}}
}

func TestMemory(t *testing.T) {
	settingstest.TestSource(t, func(t *testing.T, values map[string]string) settings.Source { return newMemory(values) })
	settingstest.TestWriter(t, func(t *testing.T, values map[string]string) settings.Writer { return newMemory(values) })
}

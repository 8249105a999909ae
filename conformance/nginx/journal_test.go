package nginx_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// record is one record of a log; a line that is no JSON stands under "line".
type record map[string]any

// has reports whether the record has all that want has; texts need only be contained.
func (r record) has(want record) bool {
	for key, value := range want {
		if got := fmt.Sprint(r[key]); got != fmt.Sprint(value) && (key != "remedy" || !strings.Contains(got, fmt.Sprint(value))) {
			return false
		}
	}
	return true
}

// journal is a program's standard error.
type journal struct {
	mu      sync.Mutex
	partial []byte
	records []record
	more    chan struct{} // closed with the next record
}

func newJournal() *journal { return &journal{more: make(chan struct{})} }

// Write takes the log, in pieces of any length.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.partial = append(j.partial, p...)
	for {
		line, rest, whole := bytes.Cut(j.partial, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		var r record
		if json.Unmarshal(line, &r) != nil {
			r = record{"line": string(line)}
		}
		j.records, j.partial = append(j.records, r), rest
		close(j.more)
		j.more = make(chan struct{})
	}
}

// all returns the records so far, and what tells of the next.
func (j *journal) all() ([]record, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.records, j.more
}

// find returns the records that have all that want has.
func (j *journal) find(want record) (found []record) {
	records, _ := j.all()
	for _, r := range records {
		if r.has(want) {
			found = append(found, r)
		}
	}
	return found
}

// await returns the first record that has all that want has, and waits for it if need be.
func (j *journal) await(t *testing.T, want record) record {
	t.Helper()
	late := time.After(patience)
	for {
		records, more := j.all()
		if found := j.find(want); len(found) > 0 {
			return found[0]
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("no record has %v; there are\n%v", want, records)
		}
	}
}

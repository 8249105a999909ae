package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// record is one record of a log; a line that is no JSON stands under "line".
type record map[string]any

// journal is what a program has logged. It is the program's standard error, or its logger's output.
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

// has reports whether the record has all that want has.
func (r record) has(want record) bool {
	for key, value := range want {
		if fmt.Sprint(r[key]) != fmt.Sprint(value) {
			return false
		}
	}
	return true
}

// since returns the records after the first n, how many there are in all, and what tells of the next.
func (j *journal) since(n int) ([]record, int, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.records[n:], len(j.records), j.more
}

// mark returns the place at which the journal is.
func (j *journal) mark() int {
	_, n, _ := j.since(0)
	return n
}

// find returns the records after the mark that have all that want has.
func (j *journal) find(mark int, want record) []record {
	var found []record
	records, _, _ := j.since(mark)
	for _, r := range records {
		if r.has(want) {
			found = append(found, r)
		}
	}
	return found
}

// await returns the first record after the mark that has all that want has, and waits for it if need be.
func (j *journal) await(t *testing.T, mark int, want record) record {
	t.Helper()
	late := time.After(patience)
	for {
		records, _, more := j.since(mark)
		if found := j.find(mark, want); len(found) > 0 {
			return found[0]
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("no record has %v; there are\n%v", want, records)
		}
	}
}

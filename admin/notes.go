package admin

import (
	"crypto/rand"
	"sync"
	"time"
)

// A note is shown within minutes if ever, and only so many are kept.
const (
	noteAge  = 5 * time.Minute
	maxNotes = 256
)

// notes keeps what actions said until the page shows it, once. The page's address holds a random name of the note, so that
// no link can put words into the console's mouth. Another instance of the site does not have it: then the page shows
// what the action did, and no sentence about it.
type notes struct {
	mu  sync.Mutex
	all map[string]note
}

type note struct {
	user, page, text string
	until            time.Time
}

func newNotes() *notes { return &notes{all: map[string]note{}} }

// put keeps a text for a user and returns its name.
func (n *notes) put(user, page, text string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for name, old := range n.all {
		if len(n.all) >= maxNotes || now.After(old.until) {
			delete(n.all, name)
		}
	}
	name := rand.Text()
	n.all[name] = note{user, page, text, now.Add(noteAge)}
	return name
}

// take returns the text of that name and forgets it; nothing if it is somebody else's.
func (n *notes) take(user, page, name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	got, ok := n.all[name]
	if !ok || got.user != user || got.page != page || time.Now().After(got.until) {
		return ""
	}
	delete(n.all, name)
	return got.text
}

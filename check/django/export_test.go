package django

import "time"

// At returns the project as it is judged at a time, so that tests do not begin to fail when a support ends.
func (p Project) At(now time.Time) Project {
	p.now = now
	return p
}

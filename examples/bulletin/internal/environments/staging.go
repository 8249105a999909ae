package environments

import "time"

// staging is production with a short memory: what is pinned by HSTS there must not outlive a mistake.
func staging() Settings {
	s := production()
	s.Session.Age = 24 * time.Hour
	return s
}

package environments

import "time"

// staging is production with a short memory: neither sessions nor what browsers pin there outlive a day.
func staging() Settings {
	s := production()
	s.Session.Age = 24 * time.Hour
	s.HTTPS.HSTS = 86400
	return s
}

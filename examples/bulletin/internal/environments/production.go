package environments

import "github.com/airworthy-go/airworthy"

// production has no key, no host and no database of its own: it refuses to start until it is given them.
func production() Settings {
	s := base(airworthy.Production())
	s.HTTPS.HSTS = 31536000 // a year: start with 3600, the default, on a site that is new to https
	s.HTTPS.IncludeSubdomains = true
	s.Hosts.HealthPath = "/healthz"
	s.Silenced = map[string]string{
		"security.W021": "an example is not to be built into browsers",
		"policy.I001":   "an example ships no list of breached passwords",
	}
	return s
}

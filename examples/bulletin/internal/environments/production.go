package environments

import (
	"github.com/airworthy-go/airworthy/logs"
)

// production has no key, no host and no database of its own: it refuses to start until it is given them.
func production() Settings {
	s := base()
	s.Logs.Format = logs.JSON
	return s
}

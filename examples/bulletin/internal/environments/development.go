package environments

import (
	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/settings"
)

// development works with nothing set: plain http on loopback, a key for this run only, a database in this folder.
func development() Settings {
	s := base(airworthy.Development())
	s.Accounts.Origin = "http://localhost:8000" // where links in the printed mails lead
	s.Admin.Path = "/ops-room"
	s.Database = settings.Database{Engine: "sqlite", Name: "bulletin.sqlite3"}
	return s
}

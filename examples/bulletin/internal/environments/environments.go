// Package environments holds the bulletin's settings, one file per environment, each built on the base: the layout for
// programs whose environments differ in more than a line. The minimal example shows the other one.
package environments

import (
	"context"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/settings"
)

// Settings are the bulletin's settings: airworthy's, and its own beside them, which follow the same rules.
type Settings struct {
	airworthy.Settings
	Database settings.Database `env:"DATABASE_URL,required" doc:"Where the notes and the sessions are kept. SQLite only: sqlite:///file below the folder it starts in, or sqlite:////path/to/file."`
	Cache    settings.Cache    `env:"CACHE_URL" doc:"Redis for sessions and failed logins, such as rediss://user:password@host:6379/1; the database if unset."`
	Email    settings.Email    `env:"EMAIL_URL" doc:"How mail is sent, such as smtp+tls://user:password@smtp.example.com:587. Without it nobody can reset a password."`
	From     string            `env:"DEFAULT_FROM_EMAIL" doc:"The sender of all mails, such as Bulletin <noreply@example.com>."`
}

var all = settings.Environments[Settings]{
	"development": development,
	"staging":     staging,
	"production":  production,
}

// Load loads the environment that AIRWORTHY_ENV names.
func Load(ctx context.Context, sources ...settings.Source) (Settings, error) {
	return all.Load(ctx, sources...)
}

// base is what all environments share.
func base(from airworthy.Settings) Settings {
	s := Settings{Settings: from}
	s.Accounts.Site, s.AccountPages.Site = "Bulletin", "Bulletin"
	return s
}

// Example returns the settings that .env.example and SETTINGS.md describe: those of production, as code gives them.
func Example() Settings { return production() }

// Variables returns the names of all variables that the bulletin reads.
func Variables() []string {
	names := []string{settings.EnvironmentVariable}
	for _, v := range settings.Describe(Example()).Values {
		names = append(names, v.Variable)
	}
	return names
}

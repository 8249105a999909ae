package airworthy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/accounts/pages"
	"github.com/airworthy-go/airworthy/admin"
	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/preflight"
	"github.com/airworthy-go/airworthy/cookies"
	"github.com/airworthy-go/airworthy/csp"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/errorpages"
	"github.com/airworthy-go/airworthy/headers"
	"github.com/airworthy-go/airworthy/hosts"
	"github.com/airworthy-go/airworthy/https"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/lockout"
	"github.com/airworthy-go/airworthy/logs"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/password/policy"
	"github.com/airworthy-go/airworthy/proxy"
	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/settings"
)

// Settings are the settings of all parts, one field each, in the order in which a request meets them. An application
// embeds Settings in a struct of its own, whose fields follow the same rules.
//
// Loggers, masks and whatever else one part needs of another is connected by [New] where it is nil.
type Settings struct {
	Keyring    keyring.Config
	Proxy      proxy.Config
	Logs       logs.Config
	Headers    headers.Config
	CSP        csp.Config
	ErrorPages errorpages.Config
	Hosts      hosts.Config
	HTTPS      https.Config
	Cookies    cookies.Config // of the session and of CSRF
	Session    session.Config
	CSRF       csrf.Config

	Passwords      password.Config
	PasswordPolicy policy.Config
	Lockout        lockout.Config
	Accounts       accounts.Config // there are accounts if it has a Store
	AccountPages   pages.Config    // served where there are accounts
	Admin          admin.Config    // its Pages come after our own

	Serve Serve

	// Ring is the keyring that Keyring describes, if somebody else needs it before New, such as a session store of
	// Django's shape. Nil to have New make it.
	Ring *keyring.Ring

	// KeyLedger is where the instances of the site report which keys they hold, for the commands that rotate them;
	// drivers/sqlstore and drivers/redisstore have one. Nil where nobody is to know of the others.
	KeyLedger keyring.Ledger

	// Silenced sets findings of the gate aside: the ID of the check, and the reason, which reports repeat.
	Silenced map[string]string `env:"SILENCED_SYSTEM_CHECKS" doc:"Checks whose findings are set aside, each with a reason: security.W021=no preload."`

	// Edge are the settings that a proxy or a CDN before the application looks after, by their variables. What the gate finds
	// about them turns into claims, which a look at the live site has to confirm.
	Edge []string `env:"EDGE_OWNS" doc:"Settings that a proxy or CDN looks after, such as SECURE_SSL_REDIRECT; check --deploy --url confirms it."`

	// ProbePaths are the pages that the gate looks at; "/" if empty.
	ProbePaths []string

	// OwnChecks are the application's own checks, which the gate asks like those of the parts; their IDs begin with the
	// application's name: "shop.E001".
	OwnChecks []check.Check

	// Items are the application's own items of the checklist, which preflight and the console show after the sixteen.
	Items []preflight.Item

	// Loaded is filled by package settings.
	Loaded settings.Loaded
}

// Serve says how the application is served; package manage reads it. Zero means what the documentation says.
type Serve struct {
	Addr    string        `env:"SERVE_ADDR" doc:"Where serve listens: host:port or unix:/path. 127.0.0.1:8000 unless set."`
	TLSCert string        `env:"SERVE_TLS_CERT" doc:"Certificate file (PEM, with its chain), to serve HTTPS without a proxy."`
	TLSKey  string        `env:"SERVE_TLS_KEY" doc:"Private key file (PEM) of the certificate."`
	Grace   time.Duration `env:"SERVE_GRACE" doc:"How long requests may take to finish when the server is stopped; 30 seconds unless set."`
}

func (s Serve) validate() error {
	if s.Grace < 0 {
		return fmt.Errorf("airworthy: SERVE_GRACE: %s is negative: give requests some time, such as 30s", s.Grace)
	}
	return nil
}

// Production returns the settings that a site on the internet starts from: everything on, JSON logs. The key and the
// hosts are still to be given.
func Production() Settings {
	return Settings{Logs: logs.Config{Format: logs.JSON}}
}

// Development returns the settings for a developer's machine: plain http, error pages with details, localhost, and a
// key that is forgotten when the program ends. Package manage serves them on loopback only, and [Settings.Checks] has
// something to say about each of them.
func Development() Settings {
	key, err := keyring.GenerateFor("", time.Now())
	if err != nil {
		key = keyring.Generate() // a clock outside of all years
	}
	return Settings{
		Keyring:    keyring.Config{Key: key},
		ErrorPages: errorpages.Config{Debug: true},
		HTTPS:      https.Config{InsecureHTTP: true, HSTS: https.Off},
		Session:    session.Config{InsecureCookie: true},
		CSRF:       csrf.Config{InsecureCookie: true},
	}
}

// Environment returns the name of the environment that the settings were loaded for; "unnamed" if for none.
func (s Settings) Environment() string { return cmp.Or(s.Loaded.Environment, "unnamed") }

// Development reports whether the settings are for a developer's machine: the environment is called so, or error pages
// show details. Such an application is served on loopback only.
func (s Settings) Development() bool {
	return s.Loaded.Environment == settings.Development || s.ErrorPages.Debug
}

// Silences returns Silenced in the form that package check takes.
func (s Settings) Silences() []check.Silence {
	var all []check.Silence
	for _, id := range slices.Sorted(maps.Keys(s.Silenced)) {
		all = append(all, check.Silence{ID: id, Reason: s.Silenced[id]})
	}
	return all
}

// Validate reports every fault for which [New] would refuse the settings. Package settings calls it, so that faults of
// values and of their combination are reported together.
func (s Settings) Validate() error {
	_, err := s.build()
	return err
}

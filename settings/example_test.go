package settings_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

type Shop struct {
	settings.Loaded
	Debug    bool              `env:"DEBUG" doc:"Show errors to visitors."`
	Hosts    []string          `env:"ALLOWED_HOSTS" doc:"Names that the shop answers to."`
	Key      secret.Text       `env:"SECRET_KEY,required" doc:"Signs sessions."`
	Database settings.Database `env:"DATABASE_URL" doc:"Where the data is."`
	CartAge  time.Duration     `env:"CART_AGE" doc:"How long a cart is kept."`
}

func development() Shop {
	return Shop{Debug: true, Key: secret.New("only for development"), CartAge: time.Hour}
}

func production() Shop { return Shop{CartAge: 24 * time.Hour} }

func Example() {
	environments := settings.Environments[Shop]{"development": development, "production": production}
	source := settings.Map("test", map[string]string{ // settings.Env(), settings.DotEnv(".env")
		"AIRWORTHY_ENV": "production",
		"ALLOWED_HOSTS": "shop.example, www.shop.example",
		"SECRET_KEY":    "h3pXzuS0vW4yLQ",
		"DATABASE_URL":  "postgres://shop:Tr0ub4dor@db.internal:5432/shop",
	})
	cfg, err := environments.Load(context.Background(), source)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg.Hosts, cfg.Database.Host)
	_ = cfg.Loaded.WriteText(os.Stdout)
	// Output:
	// [shop.example www.shop.example] db.internal
	// environment: production
	//
	// VARIABLE       VALUE                                               FROM
	// DEBUG          false                                               default
	// ALLOWED_HOSTS  shop.example, www.shop.example                      test
	// SECRET_KEY     [redacted]                                          test
	// DATABASE_URL   postgresql://shop:[redacted]@db.internal:5432/shop  test
	// CART_AGE       24h0m0s                                             default
}

// Every fault is reported at once, by variable, place, rule and remedy. None shows the value.
func ExampleFault() {
	_, err := settings.Load(context.Background(), production(), settings.Map("test", map[string]string{
		"DEBUG":        "nope",
		"DATABASE_URL": "postgres://shop:p#ssw0rd@db.internal/shop",
	}))
	fmt.Println(err)
	// Output:
	// settings: DEBUG (test): is neither true nor false: use true or false (yes, no, on, off, 1 and 0 will do)
	// settings: SECRET_KEY: is not set: set it (Signs sessions)
	// settings: DATABASE_URL (test): has a # that is not percent-encoded: percent-encode what is special in the user name and the password: # %23, / %2F, ? %3F, @ %40, : %3A, % %25
}

// One function that branches is the other way to lay out settings.
func ExampleBranching() {
	base := func(environment string) Shop {
		s := production()
		if environment == "development" {
			s = development()
		}
		return s
	}
	environments := settings.Branching(base, "development", "production")
	_, err := environments.Load(context.Background(), settings.Map("test", map[string]string{
		"AIRWORTHY_ENV": "Production",
		"SECRET_KEY":    "h3pXzuS0vW4yLQ",
	}))
	fmt.Println(err)
	// Output:
	// settings: AIRWORTHY_ENV (test): is not the name of an environment: use development, production; did you mean production?
}

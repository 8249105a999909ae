package manage_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/settings"
)

// What a build function says of itself is printed without the secrets that its settings hold.
func TestErrorsOfTheBuildAreRedacted(t *testing.T) {
	token := rand.Text() + rand.Text()
	shows := func(text string) bool {
		for at := 0; at+8 <= len(token); at++ {
			if strings.Contains(text, token[at:at+8]) {
				return true
			}
		}
		return false
	}
	for name, fail := range map[string]func(cfg airworthy.Settings) (*airworthy.App, error){
		"an error":      func(airworthy.Settings) (*airworthy.App, error) { return nil, errors.New("dial app:" + token) },
		"half a secret": func(airworthy.Settings) (*airworthy.App, error) { return nil, fmt.Errorf("bad key %.10q…", token) },
		"several errors": func(airworthy.Settings) (*airworthy.App, error) {
			return nil, errors.Join(errors.New("a"), errors.New(token))
		},
		"a panic":          func(airworthy.Settings) (*airworthy.App, error) { panic("cannot open " + token) },
		"a panic of bytes": func(airworthy.Settings) (*airworthy.App, error) { panic(token[3:20]) },
		"an error of New": func(cfg airworthy.Settings) (*airworthy.App, error) {
			cfg.Hosts.Allowed = []string{"http://" + token}
			return airworthy.New(cfg, http.NotFoundHandler())
		},
		"an error of Close": func(cfg airworthy.Settings) (*airworthy.App, error) {
			app, err := airworthy.New(cfg, http.NotFoundHandler())
			if err == nil {
				app.OnClose(func() error { return errors.New("closing " + token) })
			}
			return app, err
		},
	} {
		for _, args := range []string{"serve --addr nowhere", "check", "check --format json", "settings", "settings --diff development"} {
			t.Run(name+", "+args, func(t *testing.T) {
				env := with(production(), "SECRET_KEY", token)
				build := func(ctx context.Context) (*airworthy.App, error) {
					cfg, err := environments.Load(ctx, settings.Map("test", env))
					if err != nil {
						return nil, err
					}
					return fail(cfg)
				}
				_, out, errs := run(t, build, strings.Fields(args)...)
				if shows(out + errs) {
					t.Errorf("part of the key is printed")
				}
				if !strings.Contains(out+errs, "[redacted]") {
					t.Errorf("nothing was redacted:\n%s%s", out, errs)
				}
			})
		}
	}
}

func TestAPanicOfTheBuildIsAFinding(t *testing.T) {
	build := func(context.Context) (*airworthy.App, error) { panic("no database") }
	status, out, errs := run(t, build, "check")
	if status != 1 || !strings.Contains(out, "airworthy.E001") || !strings.Contains(out, "no database") || !strings.Contains(errs, "redact_test.go") {
		t.Errorf("status %d, want 1, a finding and a stack:\n%s\n%s", status, out, errs)
	}
}

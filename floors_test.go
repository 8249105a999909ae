package airworthy_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/airworthy-go/airworthy"

// floors says on which floor each package stands. Imports go down: a package imports only packages of lower floors.
// A new package is added here first.
var floors = map[string]int{
	// Below all: what the reports of floor 0 and 1 look like.
	"internal/sheet":      -1,
	"internal/schematest": -1, // for tests

	// Floor 0: the standard library and nothing else of others.
	"check":              0,
	"secret":             0,
	"internal/httpx":     0,
	"internal/words":     0,
	"internal/pyliteral": 0, // settings modules of Python, read without Python

	// Floor 1: what several parts are made with.
	"keyring": 1, // signing, session and csrf all need keys that rotate
	"cookies": 1, // csrf and session agree on names and on what a doubled cookie means

	// Floor 2: signing alone, because session and cookies of Django's shape need it.
	"signing": 2,

	// Floor 1 too: what drivers are made with.
	"drivers/internal/bounded": 1, // how a driver asks over HTTP

	// Floor 3: the parts. None imports another.
	"settings":   3,
	"proxy":      3,
	"hosts":      3,
	"https":      3,
	"headers":    3,
	"csp":        3,
	"csrf":       3,
	"session":    3,
	"errorpages": 3,
	"logs":       3,

	"password":        3,
	"password/policy": 3,
	"lockout":         3,
	"otp":             3,
	"admin":           3,

	// Floor 4: what stands on several parts, and what judges or tests them.
	"accounts":                       4, // passwords, lockout, second factors and sessions of users
	"lockout/lockouttest":            4,
	"check/checktest":                4,
	"check/probe":                    4,
	"check/django":                   4,
	"settings/settingstest":          4,
	"session/sessiontest":            4,
	"keyring/ledgertest":             4,
	"drivers/sqlstore":               5,
	"secrets":                        4, // keeps what sources said up to date
	"drivers/internal/fields":        1, // several settings in one secret
	"secrets/agefile":                4,
	"check/repo/secretrule":          1, // what secrets look like
	"check/repo":                     4,
	"internal/yamltree":              1, // YAML that may be hostile
	"check/waivers":                  4, // the file of waivers
	"check/deployment":               5, // Compose, Kubernetes, Dockerfile, CI and systemd files
	"check/preflight":                1, // the sixteen items; the admin's checklist is made of them
	"drivers/awssecrets":             5,
	"drivers/azuresecrets":           5,
	"drivers/azuresecrets/azuretest": 5, // a stand-in for the vault
	"drivers/gcpsecrets":             5,
	"drivers/vaultsecrets":           5,

	// Floor 5: what stands on accounts, and what needs a server.
	"accounts/pages":        5,
	"accounts/accountstest": 5,
	"drivers/redisstore":    5,
	"drivers/qrcode":        5,
	"drivers/smtpmail":      5,

	"": 6, // the root: all parts, in order

	// Floor 7: what the commands are made of.
	"internal/cli":     7, // exit status, flags of the gate, reports
	"internal/catalog": 7, // every rule there is

	"manage":        8, // the commands of an application
	"cmd/airworthy": 8, // the commands that need no Go application

	"examples/minimal":                        9,
	"examples/bulletin":                       9,
	"examples/bulletin/internal/site":         9,
	"examples/bulletin/internal/environments": 9,
}

// thirdParty says which packages import more than the standard library and golang.org/x, and what. Whoever imports
// a part inherits what it requires, so the request path requires nothing.
var thirdParty = map[string][]string{
	"manage":               {"github.com/spf13/cobra"},
	"cmd/airworthy":        {"github.com/spf13/cobra"},
	"internal/cli":         {"github.com/spf13/cobra", "github.com/spf13/pflag"},
	"internal/yamltree":    {"go.yaml.in/yaml/v3"},
	"drivers/redisstore":   {"github.com/redis/go-redis/v9"},
	"drivers/qrcode":       {"github.com/boombuler/barcode"},
	"drivers/smtpmail":     {"github.com/wneessen/go-mail"},
	"drivers/sqlstore":     {"modernc.org/sqlite", "github.com/jackc/pgx/v5"},
	"secrets/agefile":      {"filippo.io/age"},
	"drivers/awssecrets":   {"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"},
	"drivers/azuresecrets": {"github.com/Azure/azure-sdk-for-go/sdk"},
	"drivers/gcpsecrets":   {"cloud.google.com/go", "google.golang.org", "github.com/googleapis/gax-go/v2"},
	"drivers/vaultsecrets": {"github.com/hashicorp/vault/api"},
}

type pkg struct {
	ImportPath, Dir string
	Imports         []string
	Standard        bool
}

func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,Standard", "work").Output()
	if err != nil {
		if ee, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %s", ee.Stderr)
		}
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 3 {
		t.Fatalf("go list found only %d packages", len(pkgs))
	}
	return pkgs
}

func short(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }

func TestFloors(t *testing.T) {
	for _, p := range list(t) {
		name := short(p.ImportPath)
		floor, ok := floors[name]
		if !ok {
			t.Errorf("%s stands on no floor: add it to the table", name)
			continue
		}
		for _, imp := range p.Imports {
			switch below, ours := floors[short(imp)]; {
			case strings.HasPrefix(imp, module):
				if !ours || below >= floor && !sameProgram(name, short(imp)) {
					t.Errorf("%s (floor %d) imports %s (floor %d): imports go down", name, floor, short(imp), below)
				}
			case strings.Contains(strings.SplitN(imp, "/", 2)[0], "."):
				if floor <= 0 || !allowed(name, imp) {
					t.Errorf("%s imports %s, which is not in its list of third parties", name, imp)
				}
			}
		}
	}
}

// sameProgram reports whether both packages are parts of one example, whose inner order is its own business.
func sameProgram(a, b string) bool {
	return strings.HasPrefix(a, "examples/bulletin") && strings.HasPrefix(b, "examples/bulletin")
}

func allowed(name, imp string) bool {
	if strings.HasPrefix(imp, "golang.org/x/") {
		return true
	}
	for _, prefix := range thirdParty[name] {
		if imp == prefix || strings.HasPrefix(imp, prefix+"/") {
			return true
		}
	}
	return false
}

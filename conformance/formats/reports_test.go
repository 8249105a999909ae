package formats_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/check"
)

// hostile is what a server or a repository may write into a report.
const hostile = "\x1b[2J\u202e]]></code></li></style></script><script>document.title='owned'</script>" +
	`<img src=x onerror="document.title='owned'"> "'><style>*{display:none}</style>` + "\x00\ufffe\xff\n::error::x%0A"

// reports are what the gate may have to say, made by the gate.
func reports(t *testing.T) map[string]*check.Report {
	t.Helper()
	return map[string]*check.Report{
		"everything": run(t, check.Options{Deploy: true, Silenced: []check.Silence{{ID: "lamp.W004", Reason: "not here"}}},
			finds("lamp.C001", check.Critical, check.Repository, check.Finding{File: "a b/c%:d.py", Line: 3, Evidence: "it glows"},
				check.Finding{File: "/home/ada/x.py", Line: 9}),
			finds("lamp.E002", check.Error, check.Handler, check.Finding{Setting: "LAMP", Source: ".env:3", Evidence: "GET / was dark"}),
			finds("lamp.W003", check.Warning, check.Settings, check.Finding{Setting: "LAMP"}),
			finds("lamp.W004", check.Warning, check.Settings, check.Finding{Evidence: "it is set aside"}),
			finds("lamp.I005", check.Info, check.URL, check.Finding{Evidence: strings.Repeat("long", 300)}),
			finds("lamp.W006", check.Warning, check.URL),
			broken("lamp.W007"),
		),
		"clean":   run(t, check.Options{}, finds("lamp.W003", check.Warning, check.Settings)),
		"nothing": run(t, check.Options{}),
		"hostile": run(t, check.Options{Deploy: true, Silenced: []check.Silence{{ID: "lamp.W002", Reason: hostile}}},
			finds("lamp.E001", check.Error, check.URL, check.Finding{Title: hostile, Hint: hostile, Setting: hostile, Source: hostile,
				Evidence: hostile, File: hostile, Line: 1}),
			finds("lamp.W002", check.Warning, check.URL, check.Finding{Title: hostile, Evidence: hostile}),
			finds("lamp.W003", check.Warning, check.URL),
		),
		"crowd": run(t, check.Options{Deploy: true}, crowd()...),
	}
}

func run(t *testing.T, opt check.Options, checks ...check.Check) *check.Report {
	t.Helper()
	r := check.Run(t.Context(), checks, opt)
	r.Subject = "https://bulletin.example/"
	return r
}

func rule(id string, level check.Level, needs check.Evidence) check.Check {
	return check.Check{ID: id, Level: level, Needs: needs, Tags: []string{"security", "lamp"}, Title: "The lamp of " + id + " is off.",
		Hint: "Turn the *lamp* on, as in LAMP=1.", Why: "Who cannot see falls <down>.", See: "https://www.rfc-editor.org/rfc/rfc6797#section-6.1"}
}

func finds(id string, level check.Level, needs check.Evidence, found ...check.Finding) check.Check {
	c := rule(id, level, needs)
	c.Find = func(context.Context) ([]check.Finding, error) { return found, nil }
	return c
}

func broken(id string) check.Check {
	c := rule(id, check.Warning, check.URL)
	c.Find = func(context.Context) ([]check.Finding, error) { return nil, fmt.Errorf("no answer\nfrom %s", hostile) }
	return c
}

// crowd is as much as a neglected site has: many rules, some of which find many things.
func crowd() (all []check.Check) {
	for i := range 40 {
		var found []check.Finding
		for j := range (i % 10) * (i % 7) * (i % 3) {
			found = append(found, check.Finding{File: fmt.Sprintf("src/part%d/file%d.py", i, j), Line: j + 1, Evidence: "a token of a service"})
		}
		all = append(all, finds(fmt.Sprintf("lamp.W%03d", i), check.Warning, check.Repository, found...))
	}
	return all
}

func text(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

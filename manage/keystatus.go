package manage

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/internal/cli"
	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/keyring"
)

func (p *program) keyStatusCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "status",
		Short: "Say which keys there are, who has and needs them, and which may go",
		Long: `Say which keys there are, by their fingerprints, who has and needs them, and which may go. No key is printed.

What other instances have and need is known where they report it to a ledger.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return cli.Usage("--format: unknown format %q: use text or json", format)
			}
			app, err := p.application(cmd.Context())
			if err != nil {
				return refusal(err)
			}
			defer p.close(app)
			return p.keyStatus(cmd.Context(), app, format)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

// keyStatus is what key status prints; the JSON is a promise.
type keyStatus struct {
	Environment string          `json:"environment,omitempty"`
	Places      []keyPlace      `json:"places"`
	Ledger      bool            `json:"ledger"` // whether the instances report to one
	Keys        []keyLine       `json:"keys"`
	Instances   []instanceState `json:"instances"`
}

type keyPlace struct {
	Variable string `json:"variable"`
	Origin   string `json:"origin"`
	Version  string `json:"version,omitempty"`
	Writable bool   `json:"writable"`
}

type keyLine struct {
	Fingerprint string    `json:"fingerprint"`
	Role        string    `json:"role,omitempty"`
	Environment string    `json:"environment,omitempty"`
	Made        time.Time `json:"made,omitzero"`
	Since       time.Time `json:"since,omitzero"`
	Verified    uint64    `json:"verified"`
	Last        time.Time `json:"last,omitzero"`
	Signing     int       `json:"signing"`
	Holding     int       `json:"holding"`
	Retirable   bool      `json:"retirable"`
	Next        string    `json:"next"`
}

type instanceState struct {
	Instance string    `json:"instance"`
	At       time.Time `json:"at"`
	Current  string    `json:"current"`
}

func (p *program) keyStatus(ctx context.Context, app *airworthy.App, format string) error {
	at, err := findPlace(ctx, app)
	if err != nil {
		return err
	}
	now := time.Now()
	all, unread := reports(ctx, app.Settings().KeyLedger)
	s := keyStatus{
		Environment: app.Settings().Loaded.Environment,
		Places:      at.describe(),
		Ledger:      app.Settings().KeyLedger != nil && unread == nil,
		Instances:   []instanceState{},
	}
	for _, k := range keyring.Standings(app.Settings().Keyring, app.Keyring().Uses(), all, now) {
		s.Keys = append(s.Keys, keyLine{k.Fingerprint, k.Role, k.Environment, k.Made, k.Since, k.Verified, k.Last,
			k.Signing, k.Holding, k.May, k.Next})
	}
	for _, r := range keyring.Running(all, keyring.Live, now) {
		if len(r.Keys) > 0 {
			s.Instances = append(s.Instances, instanceState{r.Instance, r.At, r.Keys[0].Fingerprint})
		}
	}
	if format == "json" {
		err = s.json(p)
	} else {
		err = s.text(p, now)
	}
	if err != nil {
		return err
	}
	return unread
}

// describe says where the keys come from.
func (p *place) describe() []keyPlace {
	if p.source == nil {
		return []keyPlace{{Variable: keyVariable, Origin: "code"}}
	}
	writable := p.writer() != nil
	places := []keyPlace{{keyVariable, p.key.Origin, p.key.Version, writable}}
	if p.have {
		places = append(places, keyPlace{fallbacksVariable, p.fallbacks.Origin, p.fallbacks.Version, writable})
	}
	return places
}

func (s keyStatus) json(p *program) error {
	e := json.NewEncoder(p.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(s)
}

// text writes two lines for each key, which fit 80 columns: who it is and who has it, and below that what it is needed for.
func (s keyStatus) text(p *program, now time.Time) error {
	var out strings.Builder
	for _, place := range s.Places {
		fmt.Fprintf(&out, "%s: %s", place.Variable, place.Origin)
		if place.Version != "" {
			fmt.Fprintf(&out, ", version %s", place.Version)
		}
		out.WriteByte('\n')
	}
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KEY\tROLE\tENVIRONMENT\tMADE\tAGE\tINSTANCES")
	for _, k := range s.Keys {
		age, instances := "unknown", "-"
		if !k.Made.IsZero() {
			age = words.Span(now.Sub(k.Made))
		}
		if s.Ledger {
			instances = k.instances()
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", k.Fingerprint, dash(k.Role), dash(k.Environment),
			stamp(k.Made, time.DateOnly), age, instances)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	head, rows, _ := strings.Cut(table.String(), "\n")
	out.WriteString("\n" + head + "\n")
	for i, row := range strings.Split(strings.TrimSuffix(rows, "\n"), "\n") {
		out.WriteString(row + "\n  " + s.Keys[i].Next + "\n")
		if s.Ledger {
			out.WriteString("  " + s.Keys[i].use() + "\n")
		}
	}
	_, err := fmt.Fprintln(p.out, out.String()+"\n"+s.summary())
	return err
}

// use says since when live instances have the key, and what it has verified.
func (k keyLine) use() string {
	var parts []string
	if !k.Since.IsZero() {
		parts = append(parts, "held since "+stamp(k.Since, time.DateOnly))
	}
	if k.Verified == 0 {
		parts = append(parts, "verified nothing yet")
	} else {
		parts = append(parts, "verified "+words.Count(int(min(k.Verified, math.MaxInt)), "time"))
	}
	if !k.Last.IsZero() {
		parts = append(parts, "last needed "+stamp(k.Last, "2006-01-02 15:04"))
	}
	return strings.Join(parts, ", ")
}

func (s keyStatus) summary() string {
	if !s.Ledger {
		return "No ledger: what the instances hold and need is not known."
	}
	return fmt.Sprintf("%s reported within %s.", words.Count(len(s.Instances), "instance"), words.Span(keyring.Live))
}

// instances says how many live instances have the key, as what.
func (k keyLine) instances() string {
	switch {
	case k.Signing == 0 && k.Holding == 0:
		return "none"
	case k.Holding == 0:
		return fmt.Sprintf("%d sign", k.Signing)
	case k.Signing == 0:
		return fmt.Sprintf("%d verify", k.Holding)
	}
	return fmt.Sprintf("%d sign, %d verify", k.Signing, k.Holding)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func stamp(t time.Time, layout string) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(layout)
}

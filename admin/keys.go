package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Keys is the state of the signing keys. No key is in it.
type Keys struct {
	Keys      []KeyRow
	Instances []InstanceRow // that report to a ledger; none without one
}

// KeyRow is one key.
type KeyRow struct {
	Fingerprint string
	Role        string    // such as "signs", "verifies", "staged"
	Environment string    // that it was made for; empty if it does not say
	Made        time.Time // zero if it does not say
	Verified    uint64    // how often this instance needed it
	Last        time.Time // when somebody last needed it; zero for never
	Retirable   bool      // nobody needs it any more
	Next        string    // what is to be done with it, in words; empty for nothing
}

// InstanceRow is one instance of the site.
type InstanceRow struct {
	Name  string
	Signs string    // the fingerprint of the key that it signs with
	At    time.Time // when it last said so
}

// KeysPage shows which keys there are, who needs them, and which may go. It changes nothing: keys are rotated by command.
func KeysPage(status func(context.Context) (Keys, error)) Page {
	return Page{Path: "keys", Title: "Keys", Show: func(ctx context.Context, _ *http.Request) (View, error) {
		k, err := status(ctx)
		if err != nil {
			return View{}, err
		}
		return k.view(), nil
	}}
}

func (k Keys) view() View {
	keys := Section{Title: "Signing keys", Columns: []string{"Fingerprint", "Role", "Made", "Verified", "Last needed", "What next"},
		Empty: "There are none."}
	for _, key := range k.Keys {
		keys.Rows = append(keys.Rows, key.row())
	}
	v := View{Intro: "By their fingerprints. The commands key rotate and key retire change them.",
		Sections: []Section{keys}}
	if len(k.Instances) > 0 {
		list := Section{Title: "Instances", Columns: []string{"Instance", "Signs with", "Reported"}}
		for _, i := range k.Instances {
			list.Rows = append(list.Rows, Row{Cells: []Cell{{Text: i.Name}, {Text: i.Signs, Code: true}, {Time: i.At}}})
		}
		v.Sections = append(v.Sections, list)
	}
	return v
}

func (k KeyRow) row() Row {
	next := Cell{Text: k.Next}
	if k.Retirable {
		next = Cell{Text: "May go", Tone: Warn, Note: k.Next}
	}
	return Row{Cells: []Cell{{Text: k.Fingerprint, Code: true, Note: k.Environment}, {Text: k.Role}, timeOr(k.Made, "does not say"),
		{Text: fmt.Sprint(k.Verified)}, timeOr(k.Last, "never"), next}}
}

func timeOr(t time.Time, unknown string) Cell {
	if t.IsZero() {
		return Cell{Text: unknown}
	}
	return Cell{Time: t}
}

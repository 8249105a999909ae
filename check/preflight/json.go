package preflight

import (
	"fmt"
	"io"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

// JSONVersion is the number that a checklist in JSON carries as "version". Fields may be added under the same number; none is
// removed or changes its meaning.
const JSONVersion = 1

// WriteJSON writes the checklist for programs. Its form is docs/preflight.schema.json; lists are never null.
func (r *Result) WriteJSON(w io.Writer) error {
	out := struct {
		Version int  `json:"version"`
		Failed  bool `json:"failed"`
		Result
	}{JSONVersion, r.Failed(), *r}
	if err := sheet.WriteJSON(w, out); err != nil {
		return fmt.Errorf("preflight: %w", err)
	}
	return nil
}

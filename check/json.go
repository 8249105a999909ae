package check

import (
	"fmt"
	"io"

	"github.com/airworthy-go/airworthy/internal/sheet"
)

// JSONVersion is the number that a report in JSON carries as "version". Fields may be added under the same number;
// none is removed or changes its meaning.
const JSONVersion = 1

// WriteJSON writes the report for programs. Its form is docs/report.schema.json; lists are never null.
//
// What a terminal would obey is escaped, beyond what JSON demands: control characters of either set and characters
// that reorder text.
func (r *Report) WriteJSON(w io.Writer) error {
	out := struct {
		Version int  `json:"version"`
		Failed  bool `json:"failed"`
		Report
	}{JSONVersion, r.Failed(), *r}
	out.Findings, out.Silenced = list(out.Findings), list(out.Silenced)
	out.NotRun = list(out.NotRun)
	if err := sheet.WriteJSON(w, out); err != nil {
		return fmt.Errorf("check: report: %w", err)
	}
	return nil
}

// list returns s, or an empty list for nil, which JSON would write as null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

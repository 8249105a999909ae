package check

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
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
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("check: report: %w", err)
	}
	_, err = io.WriteString(w, visible(string(b))+"\n")
	return err
}

// list returns s, or an empty list for nil, which JSON would write as null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// visible escapes, in JSON text, the characters that encoding/json leaves as they are although they are not visible.
// They can stand only inside strings, since JSON has no other place for them.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

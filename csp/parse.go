package csp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// removed says why a directive that browsers once knew is refused.
var removed = map[string]string{
	"block-all-mixed-content": "browsers block mixed content by themselves: remove it",
	"disown-opener":           "it never became part of the specification: set SECURE_CROSS_ORIGIN_OPENER_POLICY",
	"navigate-to":             "it never became part of the specification: remove it",
	"plugin-types":            "browsers have no plugins: remove it and set object-src 'none'",
	"prefetch-src":            "it left the specification: remove it; default-src counts",
	"referrer":                "it left the specification: set SECURE_REFERRER_POLICY",
	"reflected-xss":           "it left the specification: remove it",
	"require-sri-for":         "it left the specification: remove it",
	"webrtc":                  "browsers do not know it: remove it",
}

// Parse reads a policy from the header's value or from a setting. The error, if any, holds every mistake, and the
// Policy then holds what could be understood, for those who judge what others send.
//
// Parse is stricter than browsers, which skip what they do not understand: a directive that is unknown or given twice,
// a keyword without its quotes and 'none' beside others are mistakes.
func Parse(s string) (Policy, error) {
	var p Policy
	var errs []error
	if strings.Contains(s, ",") {
		return p, errors.New("csp: a comma separates policies: give one policy")
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ";") {
		fields := strings.FieldsFunc(part, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(fields) == 0 {
			continue
		}
		name := strings.ToLower(fields[0])
		if seen[name] {
			errs = append(errs, fmt.Errorf("csp: %q is given twice, and browsers ignore the second: merge them", name))
			continue
		}
		seen[name] = true
		if err := p.set(name, fields[1:]); err != nil {
			errs = append(errs, err)
		}
	}
	return p, errors.Join(errs...)
}

// set gives p the directive with the sources that are right, and reports the others.
func (p *Policy) set(name string, values []string) error {
	d := byName(name)
	switch {
	case d == nil && removed[name] != "":
		return fmt.Errorf("csp: %s: %s", name, removed[name])
	case d == nil:
		return fmt.Errorf("csp: %q is no directive: correct its spelling", name)
	case d.list == nil && len(values) > 0:
		return fmt.Errorf("csp: %s takes no value: remove it", name)
	case d.list == nil:
		p.UpgradeInsecureRequests = true
		return nil
	case len(values) == 0 && !d.bare() && !d.sources():
		return fmt.Errorf("csp: %s: has no value: give it one, or remove it", name)
	}
	list := d.read(values)
	err := d.validate(list)
	if err != nil {
		err, list = prefix("csp: ", err), d.salvage(list)
	}
	*d.list(p) = list
	return err
}

// read returns values as d's list: keywords and schemes in lower case, nothing twice, 'none' for nothing.
func (d *directive) read(values []string) []Source {
	list := []Source{}
	for _, v := range values {
		s := Source(v)
		if keywords[s.lower()] != 0 || d.sources() && strings.HasSuffix(v, ":") {
			s = s.lower()
		}
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	if len(list) == 0 && d.sources() {
		return []Source{None}
	}
	return list
}

// salvage returns what is right in a list with mistakes. A list of sources never becomes nil: its fallback would count.
func (d *directive) salvage(list []Source) []Source {
	list = slices.DeleteFunc(list, func(s Source) bool { return s.problem(d.kind) != "" })
	if len(list) > 1 {
		list = slices.DeleteFunc(list, func(s Source) bool { return s == None })
	}
	if len(list) > 1 && d.kind == reportTo {
		list = list[:1]
	}
	if len(list) == 0 && !d.bare() && !d.sources() {
		return nil
	}
	return list
}

// prefix puts text before each of the errors that are joined in err.
func prefix(text string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s%w", text, err)
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		errs = append(errs, prefix(text, e))
	}
	return errors.Join(errs...)
}

package settings

import (
	"maps"
	"slices"
	"strings"
)

// unknown returns a warning for every name that looks like a misspelt setting: in a file each that is none, in the
// process environment, which is full of other programs' variables, those that begin like ours or differ from one that
// is not set by a slip of the fingers.
func (l *load) unknown() []Warning {
	known := l.known()
	families := families(known)
	var warnings []Warning
	for _, name := range slices.Sorted(maps.Keys(l.present)) {
		base := strings.TrimSuffix(name, fileSuffix)
		if slices.Contains(known, name) || slices.Contains(known, base) {
			continue
		}
		meant := l.nearest(base, known)
		if _, set := l.values[EnvironmentVariable]; !set && strings.HasPrefix(name, EnvironmentVariable) {
			meant = EnvironmentVariable // AIRWORTHY_ENVIRONMENT leaves a site in development
		}
		w := Warning{name, l.present[name], "is no setting", "see the list of settings", false}
		if meant != "" {
			w.Hint = "did you mean " + meant + "?"
		}
		prefix, _, _ := strings.Cut(name, "_")
		origin, strict := l.all[name]
		switch {
		case strict:
			w.Origin = origin
			if !printable(name) {
				w.Variable, w.Text = "", "a name here is no setting"
			}
		case meant == "" && !families[prefix]:
			continue
		}
		warnings = append(warnings, w)
	}
	return warnings
}

// slips returns, where there is a fault already, the misspelt names too: one may be its cause.
func (l *load) slips() []error {
	var all []error
	if len(l.faults) == 0 {
		return nil
	}
	for _, w := range l.unknown() {
		if strings.HasPrefix(w.Hint, "did you mean") {
			all = append(all, &Fault{w.Variable, w.Origin, w.Text, w.Hint})
		}
	}
	return all
}

// printable reports whether a name can be shown. A line of a key that lost its quotes reads like NAME= too, but is not
// in capitals.
func printable(name string) bool {
	return isName(name) && strings.ToUpper(name) == name && len(name) <= 48
}

// families returns the first words that AIRWORTHY_ENV's or several settings' names begin with, such as CSRF.
func families(known []string) map[string]bool {
	count := map[string]int{"AIRWORTHY": 2}
	for _, name := range known {
		if prefix, _, ok := strings.Cut(name, "_"); ok && prefix != "DB" {
			count[prefix]++
		}
	}
	all := map[string]bool{}
	for prefix, n := range count {
		all[prefix] = n > 1
	}
	return all
}

// nearest returns the setting that nobody set and that name is nearest to, if it is near at all.
func (l *load) nearest(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if _, set := l.values[k]; set || !near(name, k) {
			continue
		}
		if d := edits(strings.ToUpper(name), k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// near reports whether a is b with a slip or two. Of short names, of which there are only so many, none is near.
func near(a, b string) bool {
	limit := 2
	if diff := len(a) - len(b); diff < -limit || diff > limit {
		return false
	}
	switch {
	case len(b) < 5:
		return false
	case len(b) < 8:
		limit = 1
	}
	return edits(strings.ToUpper(a), b) <= limit
}

// edits returns how many letters are to be inserted, deleted, replaced or swapped with the next one to make b of a.
func edits(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// nearestEnvironment returns the known environment that name is another spelling of.
func nearestEnvironment(name string, known []string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) > 64 {
		return ""
	}
	for _, k := range known {
		if name == strings.ToLower(k) || len(name) > 1 && strings.HasPrefix(strings.ToLower(k), name) {
			return k
		}
	}
	for _, k := range known {
		if len(k) > 4 && edits(name, strings.ToLower(k)) <= 2 {
			return k
		}
	}
	return ""
}

// Exposed reports whether the warning says that others on this machine can read the file of a secret.
func (w Warning) Exposed() bool { return w.Text == exposed }

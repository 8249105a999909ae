package csp

import "slices"

// Weakness is one way around a policy.
type Weakness struct {
	ID        string // the ID of the check that reports it
	Directive string // where it is, or where what is missing belongs
	Source    Source // what opens it; empty if something is missing
	Why       string // what an attacker does with it
	Remedy    string // what to write instead
}

// Grade returns the weaknesses of an enforced policy, those of scripts first. It judges what an attacker can do who
// gets markup into a page; it cannot know whether the hosts that are allowed are what they seem.
func Grade(p Policy) []Weakness {
	var ws []Weakness
	for _, rule := range rules {
		ws = append(ws, rule.find(&p, rule)...)
	}
	return ws
}

// rule is one kind of weakness; each is a check too.
type rule struct {
	id     string
	title  string // for the check, and Weakness.Why
	remedy string
	why    string // the check's
	see    string // the address of the specification
	info   bool   // worth knowing, not worth failing
	find   func(*Policy, rule) []Weakness
}

func (r rule) at(directive string, s Source) Weakness {
	return Weakness{ID: r.id, Directive: directive, Source: s, Why: r.title, Remedy: r.remedy}
}

// each returns a weakness for every source of the directives' lists that is bad, each list only once.
func (r rule) each(p *Policy, bad func(list []Source, s Source) bool, names ...string) []Weakness {
	var ws []Weakness
	for _, name := range names {
		for _, s := range *byName(name).list(p) {
			if bad(*byName(name).list(p), s) {
				ws = append(ws, r.at(name, s))
			}
		}
	}
	return ws
}

func (r rule) missing(p *Policy, names ...string) []Weakness {
	for _, name := range names {
		if *byName(name).list(p) != nil {
			return nil
		}
	}
	return []Weakness{r.at(names[0], "")}
}

// scripts returns the names of the directives that decide about scripts: script-src, its -elem and -attr, and
// default-src where script-src has no list of its own.
func (p *Policy) scripts() []string {
	return append(p.standIn("script-src"), "script-src-elem", "script-src-attr")
}

// files is scripts without the handlers in attributes, which come from no host.
func (p *Policy) files() []string { return append(p.standIn("script-src"), "script-src-elem") }

// standIn returns name, or default-src where name has no list of its own.
func (p *Policy) standIn(name string) []string {
	if *byName(name).list(p) == nil {
		return []string{"default-src"}
	}
	return []string{name}
}

// strict reports whether the list trusts what the page's own code names, so that unsafe-inline is dead in it.
func strict(list []Source) bool {
	return slices.ContainsFunc(list, func(s Source) bool {
		return s == NonceSource || s == StrictDynamic || s.isNonce() || s.isHash()
	})
}

// wide reports whether s allows any host, be it on one port or path.
func wide(s Source) bool {
	h := s.split()
	return h.name == "*" || h.scheme != "" && h.name == ""
}

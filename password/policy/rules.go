package policy

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// form is a password and the attributes that it is compared with, as they were typed or in NFKC.
type form struct {
	password   string
	attributes []Attribute
}

// forms returns what the rules are held to: what was typed, and its NFKC form if that counts and is different.
func (p *Policy) forms(password string, attributes []Attribute) []form {
	typed := form{password, attributes}
	if p.cfg.AsTyped {
		return []form{typed}
	}
	composed := form{norm.NFKC.String(password), make([]Attribute, len(attributes))}
	differs := composed.password != password
	for i, a := range attributes {
		value := a.Value[:min(len(a.Value), maxAttribute)]
		composed.attributes[i] = Attribute{a.Label, norm.NFKC.String(value)}
		differs = differs || composed.attributes[i].Value != value
	}
	if !differs {
		return []form{typed}
	}
	return []form{typed, composed}
}

// django holds the forms of a password to the four rules. A rule that refuses one form refuses the password.
func (p *Policy) django(forms []form) (problems []Problem) {
	if !p.cfg.InsecureNoSimilarity {
		for _, f := range forms {
			if a, ok := similar(f.password, f.attributes, p.cfg.MaxSimilarity); ok {
				problems = append(problems, tooSimilar(a))
				break
			}
		}
	}
	for _, rule := range []struct {
		refuses bool
		problem Problem
	}{
		{anyForm(forms, p.isShort), tooShort(p.cfg.MinLength)},
		{!p.cfg.InsecureNoCommon && anyForm(forms, p.isCommon), tooCommon()},
		{!p.cfg.InsecureNoNumeric && anyForm(forms, allDigits), numeric()},
	} {
		if rule.refuses {
			problems = append(problems, rule.problem)
		}
	}
	return problems
}

func anyForm(forms []form, refuses func(string) bool) bool {
	return slices.ContainsFunc(forms, func(f form) bool { return refuses(f.password) })
}

func (p *Policy) isShort(password string) bool {
	return utf8.RuneCountInString(password) < p.cfg.MinLength
}

func (p *Policy) isCommon(password string) bool {
	word := strip(lower(password))
	if _, ok := p.common[word]; ok {
		return true
	}
	return !p.cfg.InsecureCommonFileOnly && isCommon(word)
}

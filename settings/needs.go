package settings

import (
	"net/url"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// needsOf returns the variables that sources are configured by, each once.
func needsOf(sources []Source) []Need {
	var all []Need
	for _, source := range sources {
		if c, ok := source.(Configured); ok {
			all = append(all, c.Needs()...)
		}
	}
	return onceEach(all)
}

func onceEach(needs []Need) []Need {
	var once []Need
	for _, need := range needs {
		if !slices.ContainsFunc(once, func(n Need) bool { return n.Name == need.Name }) {
			once = append(once, need)
		}
	}
	return once
}

// words says what the variable's value is.
func (n Need) words() string {
	if n.Secret {
		return "secret"
	}
	return "text"
}

// configuring returns the variables that the sources are configured by, which no field of the struct reads.
func (l *load) configuring(fields []Setting) []Setting {
	var all []Setting
	for _, need := range onceEach(l.needs) {
		if slices.ContainsFunc(fields, func(s Setting) bool { return s.Variable == need.Name }) {
			continue
		}
		s := Setting{Variable: need.Name, Secret: need.Secret, Origin: "default", Default: true}
		if v, ok := l.values[need.Name]; ok {
			s.Origin, s.Default, s.whole = v.Origin, false, secret.New(v.Text)
			s.Text = needText(need, v.Text)
			if need.Secret && v.Text != "" {
				s.secrets = []secret.Text{s.whole}
			}
		}
		all = append(all, s)
	}
	return all
}

// needText returns the value as it may be shown: of a list of URLs, none with what might be a credential.
func needText(need Need, text string) string {
	if need.Secret {
		return secret.New(text).String()
	}
	if !strings.Contains(text, "://") {
		return text
	}
	parts := strings.Split(text, ",")
	for i, part := range parts {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil {
			parts[i] = secret.Redacted
			continue
		}
		parts[i] = urlText(u, false)
	}
	return strings.Join(parts, ", ")
}

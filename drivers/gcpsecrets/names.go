package gcpsecrets

import (
	"regexp"
	"strings"

	"github.com/airworthy-go/airworthy/settings"
)

// place is where a setting stands.
type place struct {
	secret  string // its resource name: projects/p/secrets/s, or projects/p/locations/l/secrets/s
	version string // "latest", a number or an alias
	field   string // of the secret's JSON object; empty if the setting is the whole secret
}

const latest = "latest"

var (
	project  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	location = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	secretID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	aVersion = regexp.MustCompile(`^([1-9][0-9]{0,17}|[A-Za-z][A-Za-z0-9_-]{0,62})$`)
	host     = regexp.MustCompile(`^[a-z0-9.-]{1,253}$`)
	resource = regexp.MustCompile(`^projects/([^/]+)/(?:locations/([^/]+)/)?secrets/([^/]+)$`)
)

func isProject(s string) bool  { return project.MatchString(s) }
func isLocation(s string) bool { return location.MatchString(s) }
func isID(s string) bool       { return secretID.MatchString(s) }
func isHost(s string) bool     { return host.MatchString(s) }

// find returns where the setting called name stands, or false if no secret can be called so.
func (s *Source) find(name string) (place, bool) {
	if p, ok := s.refs[name]; ok {
		return p, true
	}
	if s.cfg.Secret != "" {
		return place{s.resource(s.cfg.Secret), latest, name}, true
	}
	return place{s.resource(s.cfg.Prefix + name), latest, ""}, isID(s.cfg.Prefix + name)
}

// resource returns the resource name of a secret of ours.
func (s *Source) resource(id string) string { return s.parent() + "/secrets/" + id }

func (s *Source) parent() string {
	if s.cfg.Location != "" {
		return "projects/" + s.cfg.Project + "/locations/" + s.cfg.Location
	}
	return "projects/" + s.cfg.Project
}

// resolve returns the place that ref means, or what is wrong with it.
func (s *Source) resolve(ref settings.Ref) (p place, rule string) {
	name, version, pinned := strings.Cut(ref.Secret, "/versions/")
	if !pinned {
		version = latest
	}
	if !aVersion.MatchString(version) {
		return p, "is mapped to a version that cannot exist"
	}
	if !strings.Contains(name, "/") {
		if !isID(name) {
			return p, "is mapped to a secret that cannot exist"
		}
		return place{s.resource(name), version, ref.Field}, ""
	}
	m := resource.FindStringSubmatch(name)
	switch {
	case m == nil || !isProject(m[1]) || !isID(m[3]):
		return p, "is mapped to a secret that cannot exist"
	case m[2] != s.cfg.Location:
		return p, "is mapped to a secret in another location, which another endpoint serves"
	}
	return place{name, version, ref.Field}, ""
}

// label names the secret for people: my-project/bulletin, and its version if it is pinned.
func (p place) label() string {
	m := resource.FindStringSubmatch(p.secret)
	text := m[1] + "/" + m[3]
	if p.version != latest {
		text += "/versions/" + p.version
	}
	return text
}

// origin is where a setting stands, for people.
func (p place) origin() string {
	if p.field == "" {
		return "gcp-sm " + p.label()
	}
	return "gcp-sm " + p.label() + "#" + p.field
}

// numbered returns the number in name, which has to be that of a version of the secret that was asked for. The service
// writes the project's number for its ID, so that projects are not compared.
func numbered(name, secret string) (number string, ok bool) {
	got, number, _ := strings.Cut(name, "/versions/")
	a, b := resource.FindStringSubmatch(got), resource.FindStringSubmatch(secret)
	ok = a != nil && a[2] == b[2] && a[3] == b[3] && aVersion.MatchString(number) && number[0] <= '9'
	return number, ok
}

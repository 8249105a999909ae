package csp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Policy is one content security policy. A nil list leaves its directive out; a list that is empty but not nil allows
// nothing. The zero Policy is none at all.
//
// As text, in SECURE_CSP and SECURE_CSP_REPORT_ONLY, it is the header's value, with 'nonce' where a nonce belongs:
//
//	default-src 'self'; script-src 'self' 'nonce'; frame-ancestors 'none'
type Policy struct {
	DefaultSrc    []Source
	ScriptSrc     []Source
	ScriptSrcElem []Source
	ScriptSrcAttr []Source
	StyleSrc      []Source
	StyleSrcElem  []Source
	StyleSrcAttr  []Source
	ImgSrc        []Source
	FontSrc       []Source
	ConnectSrc    []Source
	MediaSrc      []Source
	ManifestSrc   []Source
	ObjectSrc     []Source
	ChildSrc      []Source
	FrameSrc      []Source
	WorkerSrc     []Source

	BaseURI        []Source
	FormAction     []Source
	FrameAncestors []Source

	Sandbox                []Source // tokens such as allow-forms; empty but not nil takes everything away
	RequireTrustedTypesFor []Source // 'script'
	TrustedTypes           []Source // names of Trusted Types policies

	// UpgradeInsecureRequests is sent on answers that went over HTTPS only: over HTTP, Safari would upgrade
	// localhost, and every browser a machine of the local network.
	UpgradeInsecureRequests bool

	// ReportURI and ReportTo name collectors elsewhere. Config.ReportPath fills them where they are empty.
	ReportURI []Source
	ReportTo  []Source // one name, which the Reporting-Endpoints header must explain
}

// Strict returns the policy that the zero Config enforces.
//
//   - Everything comes from the site itself, which is what works without knowing the site.
//   - Scripts and styles: the site's own files, and inline those with the nonce. Without 'self' a page could not use
//     a plain file without a template's help; what 'self' costs is that an uploaded file that is served as a script
//     runs, which nosniff and a separate host for uploads prevent. For less trust, replace 'self' by 'strict-dynamic'.
//   - No plugins; no <base>, which would redirect the scripts that a nonce allows.
//   - Forms go to the site itself. Browsers hold redirects after a post to it too: a login that posts and is then
//     redirected to another site needs that site in form-action.
//   - Nobody frames the site, as X-Frame-Options: DENY says too.
func Strict() Policy {
	return Policy{
		DefaultSrc:              []Source{Self},
		ScriptSrc:               []Source{Self, NonceSource},
		StyleSrc:                []Source{Self, NonceSource},
		ObjectSrc:               []Source{None},
		BaseURI:                 []Source{None},
		FormAction:              []Source{Self},
		FrameAncestors:          []Source{None},
		UpgradeInsecureRequests: true,
	}
}

// kind says what a directive lists.
type kind int

const (
	fetch           kind = iota + 1 // 'self', 'none', schemes and hosts
	code                            // those, and what allows scripts and styles: nonces, hashes, the unsafe keywords
	sandbox                         // tokens of HTML's sandbox
	trustedTypesFor                 // 'script'
	trustedTypes                    // names of policies
	reportURI                       // addresses
	reportTo                        // one name
)

const upgrade = "upgrade-insecure-requests"

type directive struct {
	name     string
	kind     kind
	list     func(*Policy) *[]Source
	fallback []string // whose list counts where this one has none, the nearest first
}

// directives is in the order in which they are sent.
var directives = []directive{
	{"default-src", code, func(p *Policy) *[]Source { return &p.DefaultSrc }, nil},
	{"script-src", code, func(p *Policy) *[]Source { return &p.ScriptSrc }, []string{"default-src"}},
	{"script-src-elem", code, func(p *Policy) *[]Source { return &p.ScriptSrcElem }, []string{"script-src", "default-src"}},
	{"script-src-attr", code, func(p *Policy) *[]Source { return &p.ScriptSrcAttr }, []string{"script-src", "default-src"}},
	{"style-src", code, func(p *Policy) *[]Source { return &p.StyleSrc }, []string{"default-src"}},
	{"style-src-elem", code, func(p *Policy) *[]Source { return &p.StyleSrcElem }, []string{"style-src", "default-src"}},
	{"style-src-attr", code, func(p *Policy) *[]Source { return &p.StyleSrcAttr }, []string{"style-src", "default-src"}},
	{"img-src", fetch, func(p *Policy) *[]Source { return &p.ImgSrc }, []string{"default-src"}},
	{"font-src", fetch, func(p *Policy) *[]Source { return &p.FontSrc }, []string{"default-src"}},
	{"connect-src", fetch, func(p *Policy) *[]Source { return &p.ConnectSrc }, []string{"default-src"}},
	{"media-src", fetch, func(p *Policy) *[]Source { return &p.MediaSrc }, []string{"default-src"}},
	{"manifest-src", fetch, func(p *Policy) *[]Source { return &p.ManifestSrc }, []string{"default-src"}},
	{"object-src", fetch, func(p *Policy) *[]Source { return &p.ObjectSrc }, []string{"default-src"}},
	{"child-src", fetch, func(p *Policy) *[]Source { return &p.ChildSrc }, []string{"default-src"}},
	{"frame-src", fetch, func(p *Policy) *[]Source { return &p.FrameSrc }, []string{"child-src", "default-src"}},
	{"worker-src", fetch, func(p *Policy) *[]Source { return &p.WorkerSrc }, []string{"child-src", "script-src", "default-src"}},
	{"base-uri", fetch, func(p *Policy) *[]Source { return &p.BaseURI }, nil},
	{"form-action", fetch, func(p *Policy) *[]Source { return &p.FormAction }, nil},
	{"frame-ancestors", fetch, func(p *Policy) *[]Source { return &p.FrameAncestors }, nil},
	{"sandbox", sandbox, func(p *Policy) *[]Source { return &p.Sandbox }, nil},
	{"require-trusted-types-for", trustedTypesFor, func(p *Policy) *[]Source { return &p.RequireTrustedTypesFor }, nil},
	{"trusted-types", trustedTypes, func(p *Policy) *[]Source { return &p.TrustedTypes }, nil},
	{upgrade, 0, nil, nil},
	{"report-uri", reportURI, func(p *Policy) *[]Source { return &p.ReportURI }, nil},
	{"report-to", reportTo, func(p *Policy) *[]Source { return &p.ReportTo }, nil},
}

func byName(name string) *directive {
	i := slices.IndexFunc(directives, func(d directive) bool { return d.name == name })
	if i < 0 {
		return nil
	}
	return &directives[i]
}

// bare reports whether the directive may stand without a value.
func (d *directive) bare() bool { return d.kind == sandbox || d.kind == trustedTypes }

// sources reports whether the directive is a list of sources, for which an empty one means 'none'.
func (d *directive) sources() bool { return d.kind == fetch || d.kind == code }

// IsZero reports whether p has no directive.
func (p Policy) IsZero() bool { return p.String() == "" }

// String returns the policy as text: the header's value, with 'nonce' where a nonce belongs. Directives come in a
// fixed order.
func (p Policy) String() string {
	var b strings.Builder
	for i := range directives {
		d := &directives[i]
		list, ok := d.sent(&p)
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(d.name)
		for _, s := range list {
			b.WriteByte(' ')
			b.WriteString(string(s))
		}
	}
	return b.String()
}

// sent returns the list with which p sends d, and whether it sends d at all.
func (d *directive) sent(p *Policy) ([]Source, bool) {
	if d.list == nil {
		return nil, p.UpgradeInsecureRequests
	}
	list := *d.list(p)
	switch {
	case list == nil:
		return nil, false
	case len(list) > 0:
		return list, true
	case d.sources():
		return []Source{None}, true
	}
	return nil, d.bare()
}

// Form returns how a policy is written, for errors and documents.
func (Policy) Form() string { return "a policy, such as default-src 'self'; object-src 'none'" }

// MarshalText returns what String does.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is [Parse]. Blank text is the zero Policy.
func (p *Policy) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// With returns p with what extra lists added: what p allows stays allowed. A directive that p does not have starts
// from the list that stood in for it, so that adding a frame source does not take away 'self' from default-src. One
// for which p has no list at all, and so allowed everything, is set as given.
func (p Policy) With(extra Policy) Policy {
	out := p.clone()
	for i := range directives {
		d := &directives[i]
		if d.list == nil {
			continue
		}
		if add := *d.list(&extra); len(add) > 0 {
			*d.list(&out) = union(p.effective(d), add)
		}
	}
	out.UpgradeInsecureRequests = p.UpgradeInsecureRequests || extra.UpgradeInsecureRequests
	return out
}

// effective returns the list that counts for d: its own, or the nearest fallback's.
func (p *Policy) effective(d *directive) []Source {
	list := *d.list(p)
	for _, name := range d.fallback {
		if list != nil {
			break
		}
		list = *byName(name).list(p)
	}
	if d.kind == fetch { // a fallback may have keywords that mean something for code only
		list = slices.DeleteFunc(slices.Clone(list), func(s Source) bool { return s.problem(fetch) != "" })
	}
	return list
}

func union(a, b []Source) []Source {
	var out []Source
	for _, s := range slices.Concat(a, b) {
		if s != None && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if out == nil {
		return []Source{None}
	}
	return out
}

// clone returns a copy that shares no list with p.
func (p Policy) clone() Policy {
	for i := range directives {
		if d := &directives[i]; d.list != nil {
			*d.list(&p) = slices.Clone(*d.list(&p))
		}
	}
	return p
}

// validate returns every mistake in p, each beginning with its directive.
func (p Policy) validate() error {
	var errs []error
	for i := range directives {
		if d := &directives[i]; d.list != nil {
			errs = append(errs, d.validate(*d.list(&p)))
		}
	}
	return errors.Join(errs...)
}

// validate returns every mistake in a list for d.
func (d *directive) validate(list []Source) error {
	var errs []error
	for _, s := range list {
		if problem := s.problem(d.kind); problem != "" {
			errs = append(errs, fmt.Errorf("%s: %q %s", d.name, s, problem))
		}
	}
	if len(list) > 1 && slices.Contains(list, None) {
		errs = append(errs, fmt.Errorf("%s: 'none' stands beside others, so browsers ignore it: remove it, or them", d.name))
	}
	if len(list) > 1 && d.kind == reportTo {
		errs = append(errs, fmt.Errorf("%s: names more than one endpoint: keep one", d.name))
	}
	return errors.Join(errs...)
}

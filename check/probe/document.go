package probe

import (
	"mime"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// maxRefs is how many addresses of one page are looked at. Pages of people hold some hundred.
const maxRefs = 5000

// refKind says what a browser does with an address that stands in a page.
type refKind int

const (
	refScript refKind = iota + 1 // runs
	refStyle                     // rearranges the page
	refFrame                     // shows another page, or a plugin, in this one
	refMedia                     // shows: images, sound, films
	refIcon                      // the page's own decoration
	refForm                      // is sent what a visitor types
	refLink                      // leads elsewhere
)

// ref is an address in a page, resolved against the page's own.
type ref struct {
	kind      refKind
	url       *url.URL
	integrity string
	shared    bool // it has crossorigin, without which a browser cannot compare another site's file with its digest
}

// document is what the rules need to know of a page: what it loads, and what it says of itself in meta elements.
type document struct {
	refs      []ref
	policies  []string // Content-Security-Policy
	referrer  []string // Referrer-Policy
	charset   bool
	generator string
	hidden    []string // names of hidden fields
	password  bool     // it asks for a password
}

// htmlOf reports whether a browser takes the answer for a page.
func htmlOf(a answer) bool {
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// read returns the markup of an answer, of none that is no page. Each answer is read once.
func (p *prober) read(a answer) document {
	if !htmlOf(a) {
		return document{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.pages[a.ask]
	if !ok {
		m = parseMarkup(a)
		p.pages[a.ask] = m
	}
	return m
}

// parseMarkup reads the tags of a page. The body is bounded; whatever cannot be read ends the page.
func parseMarkup(a answer) (m document) {
	base, err := resolve(a, "")
	if err != nil {
		return m
	}
	based := false
	z := html.NewTokenizer(strings.NewReader(a.body))
	for len(m.refs) < maxRefs {
		switch z.Next() {
		case html.ErrorToken: // the end
			return m
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			t := tag{name: string(name), value: map[string]string{}}
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				t.add(string(key), string(value))
			}
			if to, err := base.Parse(strings.TrimSpace(t.value["href"])); t.name == "base" && t.has("href") && !based && err == nil {
				base, based = to, true
			}
			m.add(t, base)
		}
	}
	return m
}

// tag is a start tag. Of an attribute that is doubled browsers take the first.
type tag struct {
	name  string
	value map[string]string
}

func (t *tag) add(key, value string) {
	if _, doubled := t.value[key]; !doubled {
		t.value[key] = value
	}
}

func (t tag) has(key string) bool { _, ok := t.value[key]; return ok }

// kinds says which attribute of which element holds an address, and what it is for.
var kinds = map[string][]struct {
	attribute string
	kind      refKind
}{
	"script": {{"src", refScript}},
	"iframe": {{"src", refFrame}},
	"frame":  {{"src", refFrame}},
	"embed":  {{"src", refFrame}},
	"object": {{"data", refFrame}},
	"img":    {{"src", refMedia}},
	"audio":  {{"src", refMedia}},
	"video":  {{"src", refMedia}, {"poster", refMedia}},
	"source": {{"src", refMedia}},
	"a":      {{"href", refLink}},
	"form":   {{"action", refForm}},
	"button": {{"formaction", refForm}},
	"input":  {{"formaction", refForm}},
}

func (m *document) add(t tag, base *url.URL) {
	for _, k := range kinds[t.name] {
		m.refer(t, k.kind, k.attribute, base)
	}
	switch t.name {
	case "link":
		switch rel := strings.Fields(strings.ToLower(t.value["rel"])); {
		case slices.Contains(rel, "stylesheet"):
			m.refer(t, refStyle, "href", base)
		case slices.Contains(rel, "modulepreload"), slices.Contains(rel, "preload") && strings.EqualFold(t.value["as"], "script"):
			m.refer(t, refScript, "href", base)
		case slices.Contains(rel, "icon"):
			m.refer(t, refIcon, "href", base)
		}
	case "meta":
		m.meta(t)
	case "input":
		switch strings.ToLower(strings.TrimSpace(t.value["type"])) {
		case "hidden":
			m.hidden = append(m.hidden, t.value["name"])
		case "password":
			m.password = true
		}
	}
}

func (m *document) refer(t tag, kind refKind, attribute string, base *url.URL) {
	text := strings.TrimSpace(t.value[attribute])
	if text == "" {
		return
	}
	to, err := base.Parse(text)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return // data:, blob: and what no browser understands either
	}
	m.refs = append(m.refs, ref{kind, to, strings.TrimSpace(t.value["integrity"]), t.has("crossorigin")})
}

func (m *document) meta(t tag) {
	content := t.value["content"]
	switch strings.ToLower(strings.TrimSpace(t.value["http-equiv"])) {
	case "content-security-policy":
		m.policies = append(m.policies, content)
	case "content-type":
		m.charset = m.charset || strings.Contains(strings.ToLower(content), "charset=")
	}
	switch strings.ToLower(strings.TrimSpace(t.value["name"])) {
	case "referrer":
		m.referrer = append(m.referrer, content)
	case "generator":
		m.generator = content
	}
	m.charset = m.charset || t.has("charset")
}

// own reports whether an address is on the site that is probed, scheme and port included.
func (p *prober) own(to *url.URL) bool {
	return to.Scheme == p.scheme() && sameAuthority(to.Scheme, to.Host, p.Host)
}

// sameAuthority compares two hosts with ports, of which the scheme's own may be left out.
func sameAuthority(scheme, a, b string) bool {
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.EqualFold(strings.TrimSuffix(a, port), strings.TrimSuffix(b, port))
}

// shown returns an address for evidence: without its query and what else may be somebody's, and short.
func shown(u *url.URL) string {
	s := u.Scheme + "://" + u.Host + u.EscapedPath()
	if len(s) > 120 {
		s = s[:117] + "..."
	}
	return s
}

// resolve returns the address that a text in an answer names.
func resolve(a answer, text string) (*url.URL, error) {
	base, err := url.Parse(a.scheme + "://" + a.host + a.path)
	if err != nil {
		return nil, err
	}
	return base.Parse(text)
}

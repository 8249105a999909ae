package probe

import (
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// Profile says what kind of site is judged, since some rules make sense for some kinds only.
type Profile string

// The profiles. The zero Profile is HTML.
const (
	HTML     Profile = "html"     // pages for people, made by a program
	API      Profile = "api"      // answers for programs, such as JSON
	Static   Profile = "static"   // files
	Redirect Profile = "redirect" // a name that only sends visitors on to another
)

// ParseProfile returns the profile that word names. The error lists the words.
func ParseProfile(word string) (Profile, error) {
	all := []Profile{HTML, API, Static, Redirect}
	if p := Profile(strings.ToLower(word)); slices.Contains(all, p) {
		return p, nil
	}
	return "", fmt.Errorf("unknown profile %q: use html, api, static or redirect", word)
}

// exempt says which rules do not count for a profile. What is not here counts for all.
var exempt = map[Profile][]string{
	// Programs do not render answers: they need no policy for scripts, windows and referrers. Sniffing and framing are left,
	// since a browser that is led to an answer shows it. Nobody logs in with a cookie and a form.
	API: {"probe.W010", "probe.W011", "probe.W012", "probe.W013", "probe.E014", "probe.W030", "probe.W017", "probe.W032",
		"probe.I037", "probe.W041"},

	// Nothing is changed by a POST to a file.
	Static: {"probe.E015", "probe.E016", "probe.W017"},

	// There is no page: what counts is https, HSTS, the certificate, and that the redirect is not made of what was asked.
	Redirect: {"probe.W008", "probe.W009", "probe.W010", "probe.W011", "probe.W012", "probe.W013", "probe.E014", "probe.W030",
		"probe.E015", "probe.E016", "probe.W017", "probe.W023", "probe.W032", "probe.I037", "probe.I039", "probe.W041",
		"probe.I062"},
}

// counting returns the checks that count for the profile. Those that do not are left out rather than passed: nothing has
// been looked at.
func (p Profile) counting(checks []check.Check) []check.Check {
	return slices.DeleteFunc(checks, func(c check.Check) bool { return slices.Contains(exempt[p], c.ID) })
}

// profileOf guesses what kind of site gives such a first answer. site is what belongs to the site.
func profileOf(a answer, same func(*url.URL) bool) Profile {
	if to, ok := location(a); ok && !same(to) {
		return Redirect
	}
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case kind == "text/html", kind == "application/xhtml+xml", kind == "":
		// What a file server sends of a file, and hardly any program of a page.
		if a.status == 200 && a.header.Get("Etag") != "" && a.header.Get("Last-Modified") != "" && a.header["Set-Cookie"] == nil {
			return Static
		}
		return HTML
	case kind == "application/json", strings.HasSuffix(kind, "+json"), kind == "application/xml", kind == "text/xml",
		strings.HasSuffix(kind, "+xml") && kind != "image/svg+xml", kind == "application/grpc":
		return API
	case a.status >= 400 && kind == "text/plain": // such as a program without a page at this path
		return API
	}
	return Static
}

// location returns where a redirect leads, made absolute.
func location(a answer) (*url.URL, bool) {
	if a.status < 300 || a.status > 399 || a.header.Get("Location") == "" {
		return nil, false
	}
	base, err := url.Parse(a.scheme + "://" + a.host + a.path)
	if err != nil {
		return nil, false
	}
	to, err := base.Parse(a.header.Get("Location"))
	return to, err == nil
}

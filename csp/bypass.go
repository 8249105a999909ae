package csp

import (
	"strings"
	"sync"
)

// bypass reports whether the host source s allows a script with which an attacker gets around the policy; eval says
// whether the policy lets scripts turn text into code, without which some of them are harmless. A source that ends in a
// file's path allows that file only; one that ends in a slash is taken for the host, whose other files are unknown.
func bypass(s Source, eval bool) bool {
	h := s.split()
	if h.name == "" || h.name == "*" {
		return false
	}
	file := h.path != "" && !strings.HasSuffix(h.path, "/")
	for _, b := range listed() {
		if h.allows(b.host) && (eval || !b.needsEval) && (!file || h.path == b.path) {
			return true
		}
	}
	if file {
		return false
	}
	for name := range public {
		if h.allows(string(name)) {
			return true
		}
	}
	return tenants[Source(strings.TrimPrefix(h.name, "*."))]
}

// allows reports whether the source's host, which may begin with a wildcard, is name or covers it.
func (h host) allows(name string) bool {
	suffix, wildcard := strings.CutPrefix(h.name, "*")
	return wildcard && strings.HasSuffix(name, suffix) || h.name == name
}

// listing is one script of the published lists in bypass_list.go.
type listing struct {
	host, path string
	needsEval  bool
}

var listed = sync.OnceValue(func() []listing {
	var all []listing
	add := func(list string, eval map[Source]bool) {
		for url := range strings.FieldsSeq(list) {
			name, path, _ := strings.Cut(strings.TrimPrefix(url, "//"), "/")
			all = append(all, listing{name, "/" + path, eval[Source(name)]})
		}
	}
	add(listedAngular, nil)
	add(listedJSONP, words(listedNeedsEval))
	return all
})

// public are hosts whose purpose it is to serve what anybody publishes, old AngularJS included: mirrors of npm, of
// GitHub and of collections of libraries, and storage. The published lists have examples of the kind; these are the
// others, from what the services say of themselves. The list is not complete, and cannot be: a host that is missing
// here is not thereby safe.
var public = words(`
	ajax.aspnetcdn.com cdn.bootcdn.net cdn.rawgit.com cdn.skypack.dev cdn.staticfile.org code.angularjs.org esm.run
	esm.sh fastly.jsdelivr.net ga.jspm.io gitcdn.xyz lib.baomitu.com libs.baidu.com raw.githack.com rawcdn.githack.com
	rawgit.com s3.amazonaws.com unpkg.com`)

// tenants are domains below which anybody gets a name, so that a wildcard there allows everybody.
var tenants = words(`
	amazonaws.com appspot.com azureedge.net azurewebsites.net blogspot.com cloudfront.net firebaseapp.com fly.dev
	github.io gitlab.io glitch.me herokuapp.com netlify.app ngrok.app ngrok.io onrender.com pages.dev
	r2.dev s3.amazonaws.com surge.sh vercel.app web.app workers.dev`)

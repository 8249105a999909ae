package csp

import "strings"

// bypass reports whether the host source s allows one of the hosts below. A source that ends in a file's path is the
// exception: it allows that file.
func bypass(s Source) bool {
	if strings.HasPrefix(string(s), "'") {
		return false
	}
	h := s.split()
	if h.name == "" || h.name == "*" || h.path != "" && !strings.HasSuffix(h.path, "/") {
		return false
	}
	suffix, wildcard := strings.CutPrefix(h.name, "*")
	if !wildcard {
		return bypassHosts[Source(h.name)] || anybodysHost(h.name)
	}
	for known := range bypassHosts {
		if strings.HasSuffix(string(known), suffix) {
			return true
		}
	}
	return tenants[Source(suffix[1:])]
}

// anybodysHost reports whether name is itself a place below which anybody gets a name.
func anybodysHost(name string) bool { return tenants[Source(name)] }

// bypassHosts serve scripts that an attacker can use: endpoints whose answer calls a function named in the query
// (JSONP), old versions of frameworks that evaluate markup (AngularJS), or files that anybody can upload.
//
// Written from public knowledge: the services' own documentation of their JSONP parameters and of what they host. The
// class of attack is that of Weichselbaum and others, "CSP Is Dead, Long Live CSP!" (2016). The list is not complete,
// and cannot be: a host that is missing here is not thereby safe.
var bypassHosts = words(`
	ajax.aspnetcdn.com ajax.googleapis.com cdn.bootcdn.net cdn.bootcss.com cdn.jsdelivr.net cdn.rawgit.com
	cdn.skypack.dev cdn.staticfile.org cdnjs.cloudflare.com code.angularjs.org esm.run esm.sh fastly.jsdelivr.net
	ga.jspm.io gitcdn.xyz lib.baomitu.com libs.baidu.com raw.githack.com rawcdn.githack.com rawgit.com unpkg.com
	yandex.st yastatic.net www.gstatic.com

	accounts.google.com clients1.google.com google.com www.google.com googleads.g.doubleclick.net
	maps.google.com maps.googleapis.com storage.googleapis.com translate.google.com translate.googleapis.com
	www.googleadservices.com www.googleapis.com www.googletagmanager.com www.youtube.com

	api.flickr.com api.github.com api.ipify.org api.instagram.com api.stackexchange.com api.twitter.com api.vk.com
	cdn.syndication.twimg.com commons.wikimedia.org de.wikipedia.org en.gravatar.com en.wikipedia.org gravatar.com
	graph.facebook.com ipinfo.io itunes.apple.com openexchangerates.org public-api.wordpress.com
	publish.twitter.com soundcloud.com suggestqueries.google.com syndication.twitter.com vimeo.com
	widgets.pinterest.com www.blogger.com www.flickr.com www.reddit.com www.wikidata.org`)

// tenants are domains below which anybody gets a name, so that a wildcard there allows everybody.
var tenants = words(`
	amazonaws.com appspot.com azureedge.net azurewebsites.net blogspot.com cloudfront.net firebaseapp.com fly.dev
	github.io gitlab.io glitch.me herokuapp.com netlify.app ngrok.app ngrok.io onrender.com pages.dev
	r2.dev s3.amazonaws.com surge.sh vercel.app web.app workers.dev`)

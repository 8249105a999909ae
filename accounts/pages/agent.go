package pages

import "strings"

// maxAgent bounds what is read of a User-Agent.
const maxAgent = 512

// named is what part of a User-Agent stands for. The first that is found counts: Edge and Opera say that they are Chrome,
// Chrome says that it is Safari.
type named struct{ part, name string }

var browsers = []named{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"HeadlessChrome/", "Chrome"}, {"CriOS/", "Chrome"},
	{"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	{"curl/", "curl"}, {"Wget/", "Wget"}, {"Go-http-client/", "a Go program"}, {"python", "a Python program"},
}

var systems = []named{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Macintosh", "macOS"}, {"Linux", "Linux"}, {"BSD", "BSD"},
}

// describe says in words which browser on which device sent a User-Agent. It says nothing that the client wrote.
func describe(agent string) string {
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	browser, system := find(browsers, agent), find(systems, agent)
	switch {
	case browser == "" && system == "":
		return "Unknown browser"
	case system == "":
		return strings.ToUpper(browser[:1]) + browser[1:]
	case browser == "":
		return "Browser on " + system
	}
	return strings.ToUpper(browser[:1]) + browser[1:] + " on " + system
}

func find(list []named, agent string) string {
	for _, n := range list {
		if strings.Contains(agent, n.part) {
			return n.name
		}
	}
	return ""
}

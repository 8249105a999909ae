package probe

import (
	"context"
	"mime"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// maxFiles is how many of the files that a page loads are looked at, each of another kind.
const maxFiles = 2

// maxFolders is how many folders are asked for, the page's own among them.
const maxFolders = 3

func (p *prober) fileRules() []check.Check {
	return []check.Check{{
		ID: "probe.W060", Level: check.Warning,
		Title: "A folder shows its list of files to everybody.",
		Hint:  "Turn listings off (nginx: autoindex off; Apache: Options -Indexes; Caddy: no browse; Go: a file system whose folders cannot be opened).",
		Why:   "Whoever reads the list finds files that nothing links to, such as backups, drafts and other people's uploads.",
		See:   "https://cwe.mitre.org/data/definitions/548.html",
		Find:  p.findListing,
	}, {
		ID: "probe.I064", Level: check.Info,
		Title: "The source that a script was made of is public, with its comments and names.",
		Hint:  "If the source is not meant for everybody, build without source maps, or serve them to colleagues alone.",
		Why: "A source map tells how the interface is built, which addresses of the server it knows, and what its " +
			"authors wrote beside the code.",
		See:  "https://owasp.org/www-project-web-security-testing-guide/v42/4-Web_Application_Security_Testing/01-Information_Gathering/05-Review_Webpage_Content_for_Information_Leakage",
		Find: p.findSourceMap,
	}, {
		ID: "probe.W065", Level: check.Warning,
		Title: "A script or stylesheet is sent as something else.",
		Hint:  "Send text/javascript for scripts and text/css for stylesheets. With nosniff browsers load nothing else.",
		Why: "Browsers that are told not to guess refuse the file and the page breaks; without nosniff they guess, and " +
			"a file that a visitor uploaded may run as a script.",
		See:  "https://fetch.spec.whatwg.org/#should-response-to-request-be-blocked-due-to-nosniff",
		Find: p.findWrongType,
	}, {
		ID: "probe.E071", Level: check.Error,
		Title: "The server hands out files from beside the folder that it serves.",
		Hint:  "In nginx, end location and alias alike: location /static/ { alias /srv/static/; }.",
		Why: "A location without its last slash lets /static../ climb one folder up: to the settings, the database and " +
			"the source beside the files.",
		See:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#alias",
		Find: p.findAlias,
	}}
}

// files returns the answers for files of the site's own that its first page loads: a script and a stylesheet, or an
// image in place of what the page has not.
func (p *prober) files(ctx context.Context) ([]answer, error) {
	asks, err := p.fileAsks(ctx)
	if err != nil {
		return nil, err
	}
	return p.all(ctx, asks...)
}

func (p *prober) fileAsks(ctx context.Context) (asks []ask, err error) {
	page, err := p.get(ctx, p.page())
	if err != nil {
		return nil, err
	}
	refs := p.read(page).refs
	for _, kind := range []refKind{refScript, refStyle, refMedia, refIcon} {
		i := slices.IndexFunc(refs, func(r ref) bool { return r.kind == kind && p.own(r.url) })
		if i < 0 || len(asks) == maxFiles {
			continue
		}
		if a := p.ask("GET", refs[i].url.RequestURI(), ""); !slices.Contains(asks, a) && a.path != p.Paths[0] {
			asks = append(asks, a)
		}
	}
	return asks, nil
}

// listings are how servers begin a list of a folder's files.
var listings = regexp.MustCompile(`<title>Index of /|<h1>Index of /|<title>Directory listing for /|<h1>Directory listing for |` +
	`\[To Parent Directory\]|^(?s:<!doctype html>\s*<meta name="viewport"[^>]*>\s*)?<pre>\s*(?:<a href="[^"]*">[^<]*</a>\s*)*</pre>\s*$|` +
	`^\s*(?:<\?xml[^>]*>\s*)?<ListBucketResult |<title>Folder listing|<h1 id="heading">listing directory|<title>listing directory `)

func (p *prober) findListing(ctx context.Context) ([]check.Finding, error) {
	asks, err := p.fileAsks(ctx)
	if err != nil {
		return nil, err
	}
	folders := []ask{p.page()}
	for _, a := range asks {
		file, _, _ := strings.Cut(a.path, "?")
		first, _, _ := strings.Cut(strings.TrimPrefix(file, "/"), "/")
		for _, folder := range []string{strings.TrimSuffix(path.Dir(file), "/") + "/", "/" + first + "/"} {
			if f := p.ask("GET", folder, ""); folder != file+"/" && folder != "/" && !slices.Contains(folders, f) && len(folders) < maxFolders {
				folders = append(folders, f)
			}
		}
	}
	answers, err := p.all(ctx, folders...)
	return wrong(answers, "", func(a answer) (string, bool) {
		return "", a.status == 200 && !plainText(a) && (listings.MatchString(a.body) || p.lists(a, asks))
	}), err
}

// lists reports whether a folder's page leads up and down as lists do, to one of the files or a folder on the way to it.
func (p *prober) lists(a answer, files []ask) bool {
	up, down := false, false
	for _, r := range p.read(a).refs {
		to := r.url.EscapedPath()
		if r.kind != refLink || !p.own(r.url) || a.path == p.Paths[0] {
			continue
		}
		up = up || to == strings.TrimSuffix(path.Dir(strings.TrimSuffix(a.path, "/")), "/")+"/"
		down = down || len(to) > len(a.path) && strings.HasPrefix(to, a.path) && slices.ContainsFunc(files, func(f ask) bool {
			file, _, _ := strings.Cut(f.path, "?")
			return file == to || strings.HasSuffix(to, "/") && strings.HasPrefix(file, to)
		})
	}
	return up && down
}

// typed are the media types that browsers load scripts and stylesheets as, whatever they are told not to guess.
var typed = map[refKind][]string{
	refScript: {
		"text/javascript", "application/javascript", "application/x-javascript", "application/ecmascript", "text/ecmascript",
		"text/jscript", "text/x-javascript",
	},
	refStyle: {"text/css"},
}

func (p *prober) findWrongType(ctx context.Context) ([]check.Finding, error) {
	page, err := p.get(ctx, p.page())
	if err != nil {
		return nil, err
	}
	answers, err := p.files(ctx)
	loaded := map[string]refKind{}
	for _, r := range p.read(page).refs {
		if p.own(r.url) && loaded[r.url.RequestURI()] == 0 {
			loaded[r.url.RequestURI()] = r.kind
		}
	}
	return wrong(answers, "", func(a answer) (string, bool) {
		want := typed[loaded[a.path]]
		kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
		if a.status != 200 || want == nil || slices.Contains(want, kind) {
			return "", false
		}
		return "want " + want[0], true
	}), err
}

var mapComment = regexp.MustCompile(`[#@] ?sourceMappingURL=(\S+)`)

func (p *prober) findSourceMap(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.files(ctx)
	if err != nil {
		return nil, err
	}
	var maps []answer
	for _, a := range answers {
		at := a.header.Get("Sourcemap")
		if found := mapComment.FindAllStringSubmatch(a.body, -1); len(found) > 0 {
			at = found[len(found)-1][1]
		}
		to, err := resolve(a, at)
		if at == "" || err != nil || a.status != 200 || !p.own(to) {
			continue
		}
		m, err := p.get(ctx, p.ask("GET", to.RequestURI(), ""))
		if err != nil {
			return nil, err
		}
		maps = append(maps, m)
	}
	return wrong(maps, "", func(a answer) (string, bool) {
		return "", a.status == 200 && (strings.Contains(a.body, `"mappings"`) || strings.Contains(a.body, `"sourcesContent"`))
	}), nil
}

// plainText reports whether browsers show the answer as text.
func plainText(a answer) bool {
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return kind == "text/plain"
}

// findAlias asks for a file by a way that leads up and down again, as nginx goes where location and alias end unlike.
func (p *prober) findAlias(ctx context.Context) ([]check.Finding, error) {
	answers, err := p.files(ctx)
	if err != nil {
		return nil, err
	}
	missing, err := p.get(ctx, p.missing())
	if err != nil {
		return nil, err
	}
	for _, file := range answers {
		prefix, rest, below := strings.Cut(strings.TrimPrefix(file.path, "/"), "/")
		if !below || file.status != 200 || file.body == "" || file.body == missing.body {
			continue
		}
		asks := []ask{p.ask("GET", "/"+prefix+"../"+prefix+"/"+rest, ""), p.ask("GET", "/"+prefix+"../staticfiles/"+rest, "")}
		answers, err := p.all(ctx, asks...)
		return wrong(answers, "", func(a answer) (string, bool) {
			return "which is " + shownPath(file.path), a.status == 200 && a.body == file.body
		}), err
	}
	return nil, nil
}

// shownPath returns a path without its query.
func shownPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return plainPath(path)
}

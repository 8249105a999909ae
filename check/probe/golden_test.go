package probe_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/check/probe"
)

// TestGolden runs testdata/checks: sites in files. A case holds one or both of two files.
//
// "site" says how the site differs from [safe], which does everything right, as curl -v would show it: lines that begin
// with ">" say which requests, lines with "<" what is different about the answers to them. A line with "#" is a comment.
//
//	# the page that is not there is sent without nosniff, and can be framed by some
//	> GET /airworthy-probe-lost*
//	< -X-Content-Type-Options
//	< X-Frame-Options: ALLOWALL
//
// A request is a method and a target, either of which can hold "*" for anything: "/about" is that path of the site itself
// over https, whatever the query; "http://*/*" is everything over http; "*" is every request there is. Patterns of a
// query follow a "?". More lines with ">" have to hold as well: "> Origin: https://*", and "> !Origin" for a header
// that must not be there.
//
// An answer is that of the safe site, changed line by line:
//
//	< 200                        the status
//	< Name: value                the header has this value alone
//	< +Name: value               the header has this value too
//	< -Name                      the header is not sent
//	< bare                       none of the safe site's headers, and no body
//	< as https://HOST/PATH       the safe site answers as if it had been asked this; PATH alone keeps scheme and host
//	< refused                    nobody listens
//	<                            the lines that follow are the body
//
// In values, targets and bodies ${host}, ${path} (with the query), ${method}, ${random} and ${Any-Request-Header} stand for what
// the request has, and ${padding} is many blanks. Every block that a request meets is applied, in the order of the file.
//
// "claims.json" is laid over what the safe site promises: {"Outside": true, "Paths": ["/"]}. With a file "live", whose lines are
// among servers, the site stands on two ports of this machine, and is looked at as any live site.
func TestGolden(t *testing.T) {
	checktest.Golden(t, "testdata/checks", func(t *testing.T, files fs.FS) []check.Check {
		blocks, claims, live := goldenSite(t, files)
		if live {
			return liveChecks(t, files, blocks)
		}
		return probe.Checks(&scripted{blocks: blocks, local: probe.InProcess(scriptedHandler(blocks))}, claims)
	})
}

// goldenSite reads a case.
func goldenSite(t *testing.T, files fs.FS) (blocks []block, claims probe.Claims, live bool) {
	t.Helper()
	claims = promises()
	text, err := fs.ReadFile(files, "claims.json")
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		err = dec.Decode(&claims)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("claims.json: %v", err)
	}
	site, err := fs.ReadFile(files, "site")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if blocks, err = parseSite(string(site)); err != nil {
		t.Fatalf("site: %v", err)
	}
	for _, name := range fileNames(t, files) {
		live = live || name == "live"
		if name != "site" && name != "claims.json" && name != "live" {
			t.Fatalf("%s is no file of a case: see TestGolden", name)
		}
	}
	return blocks, claims, live
}

func fileNames(t *testing.T, files fs.FS) (names []string) {
	t.Helper()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// block is some requests, and what is different about the answers.
type block struct {
	method, target *regexp.Regexp
	query          bool // the target says what the query is
	headers        []headerPattern
	changes        []change
	body           *string // nil to leave it
}

type headerPattern struct {
	name  string
	value *regexp.Regexp // nil if the header must not be there
}

// change is one line of an answer: '0' for the status, ':' to set, '+' to add, '-' to delete, 'b' for bare, 'a' for as,
// 'r' for refused.
type change struct {
	kind        byte
	name, value string
	status      int
}

// parseSite reads the file "site".
func parseSite(text string) ([]block, error) {
	var blocks []block
	answering, body := true, false
	for i, line := range strings.Split(text, "\n") {
		bad := func(what string) error { return fmt.Errorf("line %d: %s: %q", i+1, what, line) }
		kind, rest, _ := strings.Cut(strings.TrimRight(line, " "), " ")
		switch {
		case kind == "" && rest == "" || strings.HasPrefix(line, "#"):
		case kind == ">":
			if answering {
				b, err := parseRequest(rest)
				if err != nil {
					return nil, bad(err.Error())
				}
				blocks, answering, body = append(blocks, b), false, false
				continue
			}
			b := &blocks[len(blocks)-1]
			name, value, ok := strings.Cut(rest, ": ")
			absent := strings.HasPrefix(rest, "!")
			switch {
			case absent:
				b.headers = append(b.headers, headerPattern{name: rest[1:]})
			case ok:
				b.headers = append(b.headers, headerPattern{name, glob(value)})
			default:
				return nil, bad("no header")
			}
		case kind == "<" && len(blocks) > 0:
			answering = true
			b := &blocks[len(blocks)-1]
			switch {
			case body:
				_, rest, _ = strings.Cut(line, " ") // with blanks at its end
				*b.body += rest + "\n"
			case rest == "":
				body, b.body = true, new(string)
			default:
				c, err := parseChange(rest)
				if err != nil {
					return nil, bad(err.Error())
				}
				b.changes = append(b.changes, c)
			}
		default:
			return nil, bad("neither a request nor an answer")
		}
	}
	if !answering {
		return nil, errors.New("the last request has no answer")
	}
	return blocks, nil
}

func parseRequest(line string) (block, error) {
	method, target, ok := strings.Cut(line, " ")
	switch {
	case line == "*":
		method, target = "*", "*://*/*"
	case !ok:
		return block{}, errors.New("a request is a method and a target, or *")
	case strings.HasPrefix(target, "/"):
		target = "https://" + own + target
	case !strings.Contains(target, "://"):
		return block{}, errors.New("a target is a path, or an address with its scheme")
	}
	return block{method: glob(method), target: glob(target), query: strings.Contains(target, "?")}, nil
}

func parseChange(line string) (change, error) {
	name, value, ok := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	first, rest, _ := strings.Cut(line, " ")
	status, err := strconv.Atoi(line)
	switch {
	case err == nil && status >= 200 && status <= 599:
		return change{kind: '0', status: status}, nil
	case line == "bare":
		return change{kind: 'b'}, nil
	case line == "refused":
		return change{kind: 'r'}, nil
	case first == "as" && rest != "":
		return change{kind: 'a', value: rest}, nil
	case strings.HasPrefix(line, "-") && !ok:
		return change{kind: '-', name: line[1:]}, nil
	case strings.HasPrefix(line, "+") && ok:
		return change{kind: '+', name: name[1:], value: value}, nil
	case ok && !strings.ContainsAny(name, " +-\t") || ok && regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`).MatchString(name):
		return change{kind: ':', name: name, value: value}, nil
	}
	return change{}, errors.New("no change of an answer")
}

// glob compiles a pattern in which * is anything.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
}

// meets reports whether the block is about a request.
func (b block) meets(r *http.Request, scheme string) bool {
	path := r.URL.EscapedPath()
	if b.query {
		path = r.URL.RequestURI()
	}
	if !b.method.MatchString(r.Method) || !b.target.MatchString(scheme+"://"+r.Host+path) {
		return false
	}
	for _, h := range b.headers {
		value, has := r.Header[http.CanonicalHeaderKey(h.name)]
		if has != (h.value != nil) || has && !slices.ContainsFunc(value, h.value.MatchString) {
			return false
		}
	}
	return true
}

var placeholder = regexp.MustCompile(`\$\{[A-Za-z][A-Za-z-]*\}`)

// fill replaces the placeholders of a text.
func fill(text string, r *http.Request) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		switch name := p[2 : len(p)-1]; name {
		case "host":
			return r.Host
		case "path":
			return r.URL.RequestURI()
		case "method":
			return r.Method
		case "random":
			return rand.Text()
		case "padding":
			return strings.Repeat(" ", 5000)
		default:
			return r.Header.Get(name)
		}
	})
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// scriptedHandler is the safe site with the blocks laid over it.
func scriptedHandler(blocks []block) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, scheme := r, schemeOf(r)
		for _, b := range blocks {
			for _, c := range b.changes {
				if c.kind == 'a' && b.meets(r, scheme) {
					asked = as(asked, fill(c.value, r))
				}
			}
		}
		rec := httptest.NewRecorder()
		safe(rec, asked)
		status, body := rec.Code, rec.Body.String()
		for _, b := range blocks {
			if !b.meets(r, scheme) {
				continue
			}
			for _, c := range b.changes {
				status, body = c.apply(rec.Header(), r, status, body)
			}
			if b.body != nil {
				body = fill(*b.body, r)
			}
		}
		h := w.Header()
		for name, values := range rec.Header() {
			h[name] = values
		}
		w.WriteHeader(status)
		if _, err := w.Write([]byte(body)); err != nil && r.Method != http.MethodHead && status >= 200 && status != 204 && status != 304 {
			panic(err)
		}
	})
}

// as returns a request for another target.
func as(r *http.Request, target string) *http.Request {
	scheme, host := schemeOf(r), r.Host
	if before, rest, ok := strings.Cut(target, "://"); ok {
		scheme = before
		host, target, _ = strings.Cut(rest, "/")
		target = "/" + target
	}
	other := httptest.NewRequest(r.Method, scheme+"://"+host+target, http.NoBody)
	other.Header = r.Header.Clone()
	return other
}

func (c change) apply(h http.Header, r *http.Request, status int, body string) (int, string) {
	switch c.kind {
	case '0':
		return c.status, body
	case ':':
		h.Set(c.name, fill(c.value, r))
	case '+':
		h.Add(c.name, fill(c.value, r))
	case '-':
		h.Del(c.name)
	case 'b':
		clear(h)
		return status, ""
	}
	return status, body
}

// scripted refuses the connections that a site says nobody accepts.
type scripted struct {
	blocks []block
	local  http.RoundTripper
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, b := range s.blocks {
		if slices.ContainsFunc(b.changes, func(c change) bool { return c.kind == 'r' }) && b.meets(r, r.URL.Scheme) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
	}
	return s.local.RoundTrip(r)
}

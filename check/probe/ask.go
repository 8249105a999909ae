package probe

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	timeout = 10 * time.Second // for one answer
	maxBody = 256 << 10        // of an answer that is looked at

	// evil is a name that cannot exist (RFC 6761), hence one that no site answers to.
	evil = "airworthy-probe.invalid"

	// lost is a path that no site has. What follows the name must come back escaped, if at all.
	lost   = "/airworthy-probe-lost%22%3E%3Cairworthy%3E"
	markup = `"><airworthy>`
)

// ask is a request to send. It is comparable, so that none is sent twice.
type ask struct {
	method, scheme, host, path string
	headers                    string // lines, as on the wire
}

// answer is what came back, with as much of the body as is looked at.
type answer struct {
	ask
	status int
	header http.Header
	body   string
	repeat string // a command with which a stranger sees the same, if the site can be reached
}

// String says what was asked and answered, without anything that the server made up.
func (a answer) String() string { return fmt.Sprintf("%s: %d", a.ask, a.status) }

func (a ask) String() string {
	s := a.method + " " + a.scheme + "://" + a.host + a.path
	if a.headers != "" {
		s += " with " + strings.ReplaceAll(a.headers, "\n", ", ")
	}
	return s
}

// prober asks each thing once.
type prober struct {
	rt http.RoundTripper
	Claims

	mu      sync.Mutex
	answers map[ask]answer
	errs    map[ask]error
	pages   map[ask]document
}

func newProber(rt http.RoundTripper, claims Claims) *prober {
	p := &prober{rt: rt, Claims: claims.withDefaults(), answers: map[ask]answer{}, errs: map[ask]error{}, pages: map[ask]document{}}
	if l, ok := rt.(*Live); ok && l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		maps.Copy(p.answers, l.seen)
	}
	return p
}

// get returns the answer to a, asking if nobody has. Errors of a live site are kept: it is not asked again by every check
// what it did not answer to the first.
func (p *prober) get(ctx context.Context, a ask) (answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if got, ok := p.answers[a]; ok {
		return got, nil
	}
	if err, ok := p.errs[a]; ok {
		return answer{}, err
	}
	got, err := p.send(ctx, a)
	if err != nil && p.hangsUp(ctx, a, err) {
		got, err = answer{ask: a, status: hungUp, header: http.Header{}}, nil
	}
	if err == nil && p.Outside && got.status == http.StatusTooManyRequests {
		err = errors.New("the site answers 429: it limits how often we may ask; wait and probe more slowly")
	}
	if err != nil {
		err = fmt.Errorf("probe: %s: %w", a, plain(err))
		if p.Outside && ctx.Err() == nil {
			p.errs[a] = err
		}
		return answer{}, err
	}
	p.answers[a] = got
	return got, nil
}

// hungUp stands for the status of an answer that never came because the other side closed the connection. It is what
// nginx calls it when told to.
const hungUp = 444

// hangsUp reports whether an error is a live site's way to refuse a request: it closes the connection on this one, and
// answers the page.
func (p *prober) hangsUp(ctx context.Context, a ask, err error) bool {
	if !p.Outside || a.scheme != p.scheme() || a.harmless(p) {
		return false
	}
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		strings.HasSuffix(err.Error(), "EOF") || strings.Contains(err.Error(), "GOAWAY")
	if !closed {
		return false
	}
	if _, answered := p.answers[p.page()]; answered {
		return true
	}
	page, err := p.send(ctx, p.page())
	if err == nil {
		p.answers[p.page()] = page
	}
	return err == nil
}

// harmless reports whether the request is for one of the site's pages, as any visitor sends it.
func (a ask) harmless(p *prober) bool {
	return a.method == http.MethodGet && a.host == p.Host && a.headers == "" && slices.Contains(p.Paths, a.path)
}

// curl returns a command that sends the request.
func (p *prober) curl(a ask) string {
	var b strings.Builder
	b.WriteString("curl -si")
	switch a.method {
	case http.MethodGet:
	case http.MethodPost:
		b.WriteString(" -d ''")
	default:
		b.WriteString(" -X " + a.method)
	}
	if a.host != p.authority(a) {
		b.WriteString(" -H " + quoted("Host: "+a.host))
	}
	for line := range strings.Lines(a.headers) {
		b.WriteString(" -H " + quoted(strings.TrimSuffix(line, "\n")))
	}
	return b.String() + " " + quoted(a.scheme+"://"+p.authority(a)+a.path)
}

// quoted returns a text as one word of a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// all returns the answers to several.
func (p *prober) all(ctx context.Context, asks ...ask) ([]answer, error) {
	var out []answer
	var errs []error
	for _, a := range asks {
		got, err := p.get(ctx, a)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, got)
	}
	return out, errors.Join(errs...)
}

func (p *prober) send(ctx context.Context, a ask) (answer, error) {
	if p.Host == "" {
		return answer{}, errors.New("the claims name no host: set Claims.Host to a name that the site answers to")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	target := a.scheme + "://" + p.authority(a) + a.path
	r, err := http.NewRequestWithContext(ctx, a.method, target, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	r.Host = a.host
	r.Header.Set("User-Agent", "airworthy-probe")
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	if a.method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for line := range strings.Lines(a.headers) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		r.Header[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	}
	resp, err := p.rt.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	// A body that breaks off, or never ends, takes nothing from what its beginning and the header tell.
	packed, err := unpacked(resp)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(io.LimitReader(packed, maxBody))
	if err != nil && resp.StatusCode >= 500 {
		return answer{}, err
	}
	got := answer{a, resp.StatusCode, resp.Header, string(body), ""}
	if p.Outside {
		got.repeat = p.curl(a)
	}
	return got, nil
}

// opaque are compressions that we cannot undo. What servers write there besides, such as UTF-8, compresses nothing.
var opaque = []string{"br", "zstd", "deflate", "compress", "x-compress", "dcb", "dcz"}

// unpacked returns an answer's body without the compression that one request allows, and some servers use unasked. What is
// read of it is bounded, however much it grows. The error says that nobody can see what stands in it: it has not passed.
func unpacked(resp *http.Response) (io.Reader, error) {
	zipped := false
	for coding := range strings.SplitSeq(strings.ToLower(strings.Join(resp.Header["Content-Encoding"], ",")), ",") {
		coding = strings.TrimSpace(coding)
		again := zipped && strings.HasSuffix(coding, "gzip")
		if (again || slices.Contains(opaque, coding)) && !empty(resp) {
			return nil, fmt.Errorf("the answer is compressed (%s) although that was not asked for: its content cannot be looked at", coding)
		}
		zipped = zipped || coding == "gzip" || coding == "x-gzip"
	}
	if !zipped {
		return resp.Body, nil
	}
	body, err := gzip.NewReader(io.LimitReader(resp.Body, maxBody))
	if errors.Is(err, io.EOF) { // there is none, as in a 304
		return http.NoBody, nil
	}
	if err != nil {
		return nil, errors.New("the answer says that it is compressed with gzip, and cannot be unpacked")
	}
	return body, nil
}

// empty reports whether an answer has no body.
func empty(resp *http.Response) bool {
	n, err := io.ReadFull(resp.Body, make([]byte, 1))
	return n == 0 && errors.Is(err, io.EOF)
}

// authority is where a request is sent, whatever host it names.
func (p *prober) authority(a ask) string {
	if l, ok := p.rt.(*Live); ok && l.Same(&url.URL{Scheme: a.scheme, Host: a.host}) {
		return a.host // such as www.example.com, where example.com was asked for
	}
	if a.scheme == "http" {
		return p.PlainHost
	}
	return p.Host
}

// plain returns an error without the URL that net/http wraps around it, which get has told already.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// scheme is the one that the site is served over.
func (p *prober) scheme() string {
	if p.InsecureHTTP {
		return "http"
	}
	return "https"
}

// The requests. Those with a name are used by several rules.

func (p *prober) ask(method, path, headers string) ask {
	return ask{method, p.scheme(), p.Host, path, headers}
}

func (p *prober) page() ask    { return p.ask("GET", p.Paths[0], "") }
func (p *prober) missing() ask { return p.ask("GET", lost, "") }

// wrongMethod is a request that most routes answer with 405 and that changes nothing.
func (p *prober) wrongMethod() ask { return p.ask("OPTIONS", p.Paths[0], "") }

func (p *prober) forged(host string) ask {
	return ask{"GET", p.scheme(), host, p.Paths[0], ""}
}

func (p *prober) crossSite() ask {
	return p.ask("POST", p.PostPath, "Origin: https://"+evil+"\nSec-Fetch-Site: cross-site")
}

// again is the page once more, with a header that changes nothing.
func (p *prober) again() ask { return p.ask("GET", p.Paths[0], "Cache-Control: no-cache") }

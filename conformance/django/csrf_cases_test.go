package django_test

import (
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/airworthy-go/airworthy/conformance/django/oracle"
)

const (
	good       = "abcdefghijklmnopqrstuvwxyzABCDEF"
	goodMasked = "0123456789ABCDEFGHIJKLMNOPQRSTUV02468acegiKMOQSUWY02468acegikmoq"
)

var (
	badTokens = []string{goodMasked[:63] + "r", good[:31] + "x", good[:31], good + "a", goodMasked + "a", strings.Repeat("-", 32),
		strings.Repeat("é", 32), strings.Repeat("a", 31) + "\x00", "a", strings.Repeat("é", 16), strings.Repeat("_", 64), " " + good[1:], good[1:] + " "}
	trustedOrigins = []string{"https://trusted.com", "https://*.wild.com", "https://*.ported.com:8443", "http://plain.com",
		"http://*.plainwild.com", "https://[2001:db8::1]:8443", "https://sub.domain.trusted.com:444", "https://under_score.com"}
	csrfHosts = []string{"victim.com", "www.victim.com", "victim.com:8443", "victim.com:443", "victim.com:80", "Victim.com", "[::1]:8000",
		"victim.com.", "[::1]", "127.0.0.1", "other.com", "bad_host", "evil.com:99", ""}
	sites = []string{"victim.com", "www.victim.com", "victim.com:443", "victim.com:80", "victim.com:8443", "VICTIM.com", "Victim.com",
		"evil.com", "[::1]:8000", "[::1]", "127.0.0.1", "trusted.com", "TRUSTED.com", "trusted.com:443", "trusted.com:8443", "wild.com",
		"a.wild.com", "b.a.wild.com", "evilwild.com", "A.Wild.com", ".wild.com", "a..wild.com", "a.wild.com:443", "a.wild.com:8443",
		"a.ported.com:8443", "a.ported.com", "ported.com:8443", "plain.com", "x.plainwild.com", "under_score.com", "a_b.wild.com",
		"evil@victim.com", "evil@a.wild.com", "a.wild.com.evil.com", "victim.com.", "[2001:db8::1]:8443", "[2001:DB8::1]:8443", "[2001:db8::1]",
		"xvictim.com", "a.victim.com", "victim.com:", "victim.com:0443", "victim.com:x", "victim.com:99999", "victim.com\\evil.com", "vic tim.com",
		"victim.com%2eevil.com", "wild.com:8443", "[::1", "[::1]x", "é.wild.com", "a.wild.com\x00"}
	junkSites = []string{"null", "", "https://", "victim.com", "https//victim.com", "//victim.com", "about:blank", "https:/victim.com",
		"https:victim.com", "://victim.com", "https://victim.com https://victim.com", "file:///victim.com", "h\u00e9://victim.com", "1https://victim.com",
		"https:// victim.com", "null,null", "https://*.wild.com", "https://?victim.com", "https://#victim.com", "https:///victim.com"}
)

func pointer(s string) *string { return &s }

func randomCSRF(r *rand.Rand) csrfCase {
	c := csrfCase{
		csrfSettings: csrfSettings{
			Trusted: []string{}, HeaderName: "HTTP_X_CSRFTOKEN", Key: siteKey, UseSessions: r.IntN(5) == 0,
			Allowed: []string{".victim.com", "[::1]", "127.0.0.1", "evil.com"},
		},
		secure: r.IntN(10) < 7, path: "/", host: pickOften(r, csrfHosts), method: "POST",
	}
	if r.IntN(3) > 0 {
		c.Trusted = trustedOrigins
	}
	if r.IntN(3) == 0 {
		c.CookieDomain = oracle.Pick(r, []*string{pointer("victim.com"), pointer(".victim.com"), pointer("www.victim.com")})
		c.SessionDomain = oracle.Pick(r, []*string{nil, pointer("victim.com"), pointer(".victim.com")})
	}
	if r.IntN(8) == 0 {
		c.HeaderName = "HTTP_X_XSRF_TOKEN"
	}
	if r.IntN(3) == 0 {
		c.method = oracle.Pick(r, strings.Fields("PUT DELETE PATCH PROPFIND GET HEAD OPTIONS TRACE"))
	}
	own := map[bool]string{true: "https://", false: "http://"}[c.secure] + c.host
	if r.IntN(2) == 0 {
		c.headers = append(c.headers, [2]string{"Origin", randomSite(r, own)})
	}
	if r.IntN(5) > 0 {
		referer := randomSite(r, own)
		if strings.Contains(referer, "//") {
			referer += oracle.Pick(r, []string{"", "/", "/", "/form?x=1", "?x", "#y", ":80/", "/a@b", "/\\evil.com"})
		}
		c.headers = append(c.headers, [2]string{"Referer", referer})
	}
	c.addCookie(r)
	if r.IntN(2) == 0 {
		name := oracle.Pick(r, []string{"X-CSRFToken", "X-CSRFToken", "X-CSRFToken", "X-XSRF-Token", "X-CSRF-Token"})
		if r.IntN(4) > 0 && c.HeaderName == "HTTP_X_XSRF_TOKEN" {
			name = "X-XSRF-Token"
		}
		c.headers = append(c.headers, [2]string{name, strings.Trim(randomToken(r), " ")})
	}
	if r.IntN(3) > 0 {
		c.addForm(r)
	}
	if r.IntN(8) == 0 {
		c.oddly(r)
	}
	return c
}

// pickOften returns the first more often than not.
func pickOften(r *rand.Rand, values []string) string {
	if r.IntN(3) > 0 {
		return values[0]
	}
	return oracle.Pick(r, values)
}

func randomToken(r *rand.Rand) string {
	switch r.IntN(10) {
	case 0, 1, 2, 3, 4, 5:
		return goodMasked
	case 6, 7:
		return good
	case 8:
		return oracle.Pick(r, []string{"", goodMasked})
	}
	return oracle.Pick(r, badTokens)
}

func randomSite(r *rand.Rand, own string) string {
	switch n := r.IntN(20); {
	case n < 10:
		return own
	case n < 12:
		return oracle.Pick(r, junkSites)
	}
	return oracle.Pick(r, []string{"https", "https", "https", "https", "http", "HTTPS", "Https", "ftp", "wss"}) + "://" + oracle.Pick(r, sites)
}

func (c *csrfCase) addCookie(r *rand.Rand) {
	value := good
	switch n := r.IntN(20); {
	case n < 3:
		value = goodMasked
	case n < 6:
		value = oracle.Pick(r, append(badTokens[:8:8], strings.Repeat("_", 64), strings.Repeat("!", 32), good[1:]+"."))
	case n == 6:
		return
	}
	pair := "csrftoken=" + value
	if c.UseSessions {
		c.inSession, pair = value, "sessionid="+sessionWith(value)
	}
	line := oracle.Pick(r, []string{"%", "%", "%", "a=b; %", "%; a=b", "a=b;%;c=d", ";; %", "x; %", "CSRFTOKEN=x; %", "%;", "a=\"b\"; %", "xcsrftoken=y; %"})
	c.headers = append(c.headers, [2]string{"Cookie", strings.ReplaceAll(line, "%", pair)})
}

const boundary = "BoUnDaRy"

var formTypes = []string{"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded; charset=utf-8", "multipart/form-data; boundary=" + boundary,
	"multipart/form-data; boundary=\"" + boundary + "\"", "application/json", "text/plain", "application/x-www-form-urlencoded;", "multipart/form-data", ""}

func (c *csrfCase) addForm(r *rand.Rand) {
	kind := oracle.Pick(r, formTypes[:3])
	if r.IntN(4) == 0 {
		kind = oracle.Pick(r, formTypes)
	}
	if kind != "" {
		c.headers = append(c.headers, [2]string{"Content-Type", kind})
	}
	fields := [][2]string{{"title", "a b & é"}}
	for range oracle.Pick(r, []int{0, 1, 1, 1, 1, 2}) {
		fields = append(fields, [2]string{"csrfmiddlewaretoken", randomToken(r)})
	}
	r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	switch {
	case strings.HasPrefix(kind, "multipart"):
		c.body = multipartBody(fields)
	case kind == "application/json":
		c.body = `{"csrfmiddlewaretoken":"` + goodMasked + `"}`
	default:
		c.body = urlencodedBody(r, fields)
	}
}

func multipartBody(fields [][2]string) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + f[0] + "\"\r\n\r\n" + f[1] + "\r\n")
	}
	return b.String() + "--" + boundary + "--\r\n"
}

func urlencodedBody(r *rand.Rand, fields [][2]string) string {
	var pairs []string
	for _, f := range fields {
		name := f[0]
		if r.IntN(5) == 0 {
			name = strings.ReplaceAll(name, "m", "%6D")
		}
		pairs = append(pairs, name+"="+url.QueryEscape(f[1]))
	}
	return strings.Join(pairs, "&") + oracle.Pick(r, []string{"", "", "", "&", "&x", "&%zz=1", "&=y", "&a=%"})
}

// oddly makes c a request that no browser sends, or one to a site that is set up oddly.
func (c *csrfCase) oddly(r *rand.Rand) {
	pair := "csrftoken=" + good
	cookie := func(line string) { c.headers = append(without(c.headers, "Cookie"), [2]string{"Cookie", line}) }
	switch r.IntN(9) {
	case 0:
		c.method = oracle.Pick(r, []string{"get", "post", "Post", "options", "put"})
	case 1:
		c.listen = oracle.Pick(r, []string{"8000", "443", "80"})
	case 2:
		cookie(oracle.Pick(r, []string{pair + "; " + pair, pair + "; csrftoken=x", "csrftoken=; " + pair, "csrftoken; " + pair}))
	case 3:
		cookie(oracle.Pick(r, []string{"csrftoken=\"" + good + "\"", pair + "\xa0", "\xa0" + pair, "csrftoken\x1f=" + good, "csrftoken=\x85" + good,
			pair + ",", "csrftoken = " + good, "csrftoken =" + good, "csrftoken= " + good, "\t" + pair + " ", "csrftoken=\"\\141" + good[1:] + "\""}))
	case 4:
		c.headers = append(c.headers, [2]string{"Referer", oracle.Pick(r, []string{"https://victim.com/", "https://evil.com/"})})
	case 5:
		c.headers = append(c.headers, [2]string{"Origin", oracle.Pick(r, []string{"https://victim.com", "null"})})
	case 6:
		c.headers = append(c.headers, [2]string{"X-CSRFToken", goodMasked})
	case 7:
		c.headers = append(without(c.headers, "Content-Type"), [2]string{"Content-Type", oracle.Pick(r, formTypes) + "; charset=latin-1"})
	case 8:
		c.Trusted = append(c.Trusted[:len(c.Trusted):len(c.Trusted)], oracle.Pick(r, []string{"https://Upper.com:443", "trusted.com", "https://victim.com/"}))
		c.headers = append(without(c.headers, "Origin"), [2]string{"Origin", "https://upper.com"})
	}
}

func without(headers [][2]string, name string) (kept [][2]string) {
	for _, h := range headers {
		if h[0] != name {
			kept = append(kept, h)
		}
	}
	return kept
}

// vary returns c with more in it that does not matter.
func (c csrfCase) vary(r *rand.Rand) csrfCase {
	c.headers = append([][2]string{{"Accept", oracle.Pick(r, []string{"text/html", "*/*"})}}, c.headers...)
	if r.IntN(2) == 0 {
		c.headers = append(c.headers, [2]string{"User-Agent", "x"})
	}
	c.path = oracle.Pick(r, []string{"/", "/a", "/a/b/"})
	return c
}

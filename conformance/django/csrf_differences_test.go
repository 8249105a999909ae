package django_test

import (
	"regexp"
	"strings"

	"github.com/airworthy-go/airworthy/csrf"
)

// browserOrigin matches what a browser can send: a scheme, a name or an address, perhaps a port.
var browserOrigin = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?)(:[1-9][0-9]{0,4})?$`)

// browserCookie matches a pair as browsers write it.
var browserCookie = regexp.MustCompile(`^[\t ]*[!#$%&'*+.^_|~0-9A-Za-z-]+[\t ]*=[!#-+\x2d-:<-\[\]-~]*[\t ]*$`)

// wellFormed matches a secret, masked or not.
var wellFormed = regexp.MustCompile(`^([0-9A-Za-z]{32}|[0-9A-Za-z]{64})$`)

// pairs returns the cookies called name: a name is what is left when Python's strip has been at it.
func (c csrfCase) pairs(name string) (pairs []string) {
	for _, line := range c.header("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			have, _, _ := strings.Cut(pair, "=")
			if strings.Trim(have, "\x85\xa0\x1c\x1d\x1e\x1f\t\n\v\f\r ") == name {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

// hostPort returns the port that Host names, or nothing.
func (c csrfCase) hostPort() string {
	if i := strings.LastIndexByte(c.host, ':'); i >= 0 && !strings.HasSuffix(c.host, "]") {
		return c.host[i+1:]
	}
	return ""
}

// unusual returns a port that Django appends to a cookie domain, or nothing.
func unusual(port string) string {
	if port == "443" || port == "80" {
		return ""
	}
	return port
}

// bare returns the verdict without what it says of the cookie.
func bare(verdict string) string { return strings.TrimSuffix(verdict, ", sets the cookie") }

// shop is a request that both accept, to a site that trusts a few others; options change it.
func shop(options ...func(*csrfCase)) csrfCase {
	c := csrfCase{
		csrfSettings: csrfSettings{
			Trusted: []string{"https://*.wild.com"}, HeaderName: "HTTP_X_CSRFTOKEN", Key: siteKey, Allowed: []string{"victim.com"},
		},
		secure: true, method: "POST", host: "victim.com", path: "/",
		headers: [][2]string{{"Cookie", "csrftoken=" + good}, {"X-CSRFToken", goodMasked}, {"Origin", "https://victim.com"}},
	}
	for _, o := range options {
		o(&c)
	}
	return c
}

// with replaces a header, or removes it.
func with(name string, values ...string) func(*csrfCase) {
	return func(c *csrfCase) {
		c.headers = without(c.headers, name)
		for _, v := range values {
			c.headers = append(c.headers, [2]string{name, v})
		}
	}
}

func form(media, body string) func(*csrfCase) {
	return func(c *csrfCase) {
		with("Content-Type", media)(c)
		with("X-CSRFToken")(c)
		c.body = body
	}
}

func trusting(origins ...string) func(*csrfCase) {
	return func(c *csrfCase) { c.Trusted = origins }
}

const (
	badOrigin, badReferer, malformed = string(csrf.BadOrigin), string(csrf.BadReferer), string(csrf.MalformedReferer)
	noCookie, tokenMissing           = string(csrf.NoCookie), string(csrf.TokenMissing)
)

// csrfDifferences are in the order in which a request is looked at.
func csrfDifferences() []difference[csrfCase] {
	return []difference[csrfCase]{{
		id: "D9", kind: stricter, example: shop(trusting("victim.com")), ours: refusesToStart, django: "pass",
		is: func(_ csrfCase, ours, _ string) bool { return ours == refusesToStart },
	}, {
		id: "D10", kind: wider, example: shop(trusting("https://Upper.com:443"), with("Origin", "https://upper.com")), ours: "pass", django: badOrigin,
		is: func(c csrfCase, ours, django string) bool {
			return bare(django) == badOrigin && bare(ours) != badOrigin && strings.Join(c.header("Origin"), "") == "https://upper.com"
		},
	}, {
		id: "D11", kind: differs, example: shop(with("Cookie"), func(c *csrfCase) { c.method = "get" }), ours: noCookie, django: "pass",
		is: func(c csrfCase, _, _ string) bool { return c.method != strings.ToUpper(c.method) },
	}, {
		id: "D12", kind: stricter, example: shop(with("Origin", "https://evil@a.wild.com")), ours: badOrigin, django: "pass",
		is: func(c csrfCase, ours, django string) bool {
			return bare(ours) == badOrigin && bare(django) != badOrigin && !browserOrigin.MatchString(strings.Join(c.header("Origin"), ","))
		},
	}, {
		id: "D13", kind: stricter, example: shop(with("Origin"), with("Referer", "https://evil@a.wild.com/")), ours: badReferer, django: "pass",
		is: func(c csrfCase, ours, django string) bool {
			return bare(ours) == badReferer && bare(django) != badReferer && strings.Contains(strings.Join(c.header("Referer"), ","), "@")
		},
	}, {
		id: "D14", kind: stricter, example: shop(with("Origin"), with("Referer", "https://victim.com/", "https://victim.com/")), ours: malformed, django: "pass",
		is: func(c csrfCase, ours, _ string) bool { return bare(ours) == malformed && len(c.header("Referer")) > 1 },
	}, {
		id: "D15", kind: differs,
		example: shop(with("Origin"), with("Referer", "https://a.victim.com/"), func(c *csrfCase) {
			c.CookieDomain, c.listen = pointer(".victim.com"), "8000"
		}),
		ours: "pass", django: badReferer,
		is: func(c csrfCase, ours, django string) bool {
			return (bare(ours) == badReferer) != (bare(django) == badReferer) && (c.CookieDomain != nil || c.SessionDomain != nil) &&
				c.listen != "" && unusual(c.listen) != unusual(c.hostPort())
		},
	}, {
		id: "D23", kind: reason, example: shop(with("Origin"), with("Referer", "https://[::1/")), ours: badReferer, django: malformed,
		is: func(c csrfCase, ours, django string) bool {
			return bare(django) == malformed && strings.HasSuffix(bare(ours), "_REFERER") && strings.ContainsAny(strings.Join(c.header("Referer"), ","), "[]")
		},
	}, {
		id: "D16", kind: stricter, example: shop(with("Cookie", "csrftoken="+good+"; csrftoken="+good)), ours: noCookie, django: "pass",
		is: func(c csrfCase, ours, django string) bool {
			return len(c.pairs("csrftoken")) > 1 && (bare(ours) == noCookie || bare(ours) == bare(django))
		},
	}, {
		id: "D17", kind: stricter, example: shop(with("Cookie", `csrftoken="`+good+`"`)), ours: noCookie, django: "pass",
		is: func(c csrfCase, ours, django string) bool {
			pairs := c.pairs("csrftoken")
			return len(pairs) == 1 && !browserCookie.MatchString(pairs[0]) && (bare(ours) == noCookie || bare(ours) == bare(django))
		},
	}, {
		id: "D18", kind: stricter, example: shop(with("Cookie", "csrftoken=short"), func(c *csrfCase) { c.host = "evil.com" }), ours: "400", django: "400, sets the cookie",
		is: func(_ csrfCase, ours, django string) bool { return ours == "400" && django == "400, sets the cookie" },
	}, {
		id: "D19", kind: differs,
		example: shop(func(c *csrfCase) {
			c.UseSessions, c.inSession = true, "short"
			with("Cookie", "sessionid="+sessionWith("short"))(c)
		}),
		ours: string(csrf.CookieIncorrectLength), django: string(csrf.TokenIncorrect),
		is: func(c csrfCase, _, _ string) bool {
			return c.UseSessions && c.inSession != "" && !wellFormed.MatchString(c.inSession)
		},
	}, {
		id: "D24", kind: reason, example: shop(with("X-CSRFToken", strings.Repeat("é", 16))), ours: string(csrf.TokenIncorrectLength), django: string(csrf.TokenInvalidCharacters),
		is: func(c csrfCase, ours, django string) bool {
			return strings.HasPrefix(ours, "CSRF_TOKEN_IN") && strings.HasPrefix(django, "CSRF_TOKEN_IN") &&
				strings.ContainsFunc(strings.Join(append(c.header("X-Csrftoken"), c.header("X-Xsrf-Token")...), ""), func(r rune) bool { return r >= 0x80 })
		},
	}, {
		id: "D20", kind: differs, example: shop(form("multipart/form-data", multipartBody([][2]string{{csrf.FieldName, good}}))), ours: tokenMissing, django: "400",
		is: func(c csrfCase, ours, django string) bool {
			media := strings.ToLower(strings.Join(c.header("Content-Type"), ","))
			unreadable := strings.HasPrefix(media, "multipart/") && !strings.Contains(media, "boundary=") || strings.Contains(media, "charset=latin-1")
			return (bare(django) == "400" && ours != "400" || django == "500") && c.method == "POST" && (unreadable || strings.Count(c.body, "&") >= 1000)
		},
	}, {
		id: "D21", kind: stricter, example: shop(form(formTypes[0], strings.Repeat("x", 1<<20)+"&csrfmiddlewaretoken="+good)), ours: tokenMissing, django: "pass",
		is: func(c csrfCase, ours, _ string) bool { return ours == tokenMissing && len(c.body) > 1<<20 },
	}, {
		id: "D22", kind: stricter,
		example: shop(form(formTypes[2], "--"+boundary+"\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n"+
			"Content-Transfer-Encoding: base64\r\n\r\nYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXpBQkNERUY=\r\n--"+boundary+"--\r\n")),
		ours: string(csrf.TokenIncorrectLength), django: "pass",
		is: func(c csrfCase, _, _ string) bool {
			return strings.Contains(c.body, "Content-Transfer-Encoding: base64")
		},
	}}
}

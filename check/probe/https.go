package probe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/airworthy-go/airworthy/check"
)

// longEnough is what most who grade sites want to see of HSTS.
const longEnough = 180 * 24 * time.Hour

func (p *prober) httpsRules() []check.Check {
	checks := []check.Check{{
		ID: "probe.E004", Level: check.Error,
		Title: "Requests over http are not sent on to https.",
		Hint:  "Redirect every request to the same address over https, permanently (SECURE_SSL_REDIRECT).",
		Why: "Whoever types the name or follows an old link stays on http, where everybody on the way reads " +
			"passwords and sessions and can change the pages.",
		See:     "https://www.rfc-editor.org/rfc/rfc6797#section-7.2",
		Setting: "SECURE_SSL_REDIRECT",
		Find:    p.findRedirect,
	}, {
		ID: "probe.W005", Level: check.Warning,
		Title: "Answers over https lack Strict-Transport-Security.",
		Hint:  "Set SECURE_HSTS_SECONDS, a few minutes at first, and send the header once, with every answer over https.",
		Why: "Without it each first request may go over http, and whoever sits between a visitor and the site, as " +
			"in an open wireless network, can keep the visitor there and hide the redirect.",
		See:     "https://www.rfc-editor.org/rfc/rfc6797#section-7.1",
		Setting: "SECURE_HSTS_SECONDS",
		Find: p.each("SECURE_HSTS_SECONDS", func(a answer) (string, bool) {
			_, ok := maxAge(a)
			return "", !ok && a.scheme == "https" && a.host == p.Host
		}),
	}, {
		ID: "probe.W006", Level: check.Warning,
		Title: "Strict-Transport-Security is sent where it does not belong.",
		Hint:  "Send it over https only (RFC 6797 7.2), and never for a name that is not the site's: it would pin that name.",
		Why: "Browsers ignore it over http, so that it protects nobody there. For a name that is not the site's it " +
			"makes browsers refuse http at whatever else answers to that name.",
		See:  "https://www.rfc-editor.org/rfc/rfc6797#section-7.2",
		Find: p.findStrayHSTS,
	}, {
		ID: "probe.I007", Level: check.Info,
		Title: "Strict-Transport-Security lasts less than 180 days.",
		Hint:  "Once the site has worked over https for a while, raise SECURE_HSTS_SECONDS step by step to a year.",
		Why: "Whoever comes back after the time has run out is as unprotected as on the first visit. Preload lists and " +
			"auditors ask for a year.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Strict_Transport_Security_Cheat_Sheet.html",
		Setting: "SECURE_HSTS_SECONDS",
		Find: p.each("SECURE_HSTS_SECONDS", func(a answer) (string, bool) {
			age, ok := maxAge(a)
			return fmt.Sprintf("max-age=%.0f", age.Seconds()), ok && age < longEnough && a.ask == p.page()
		}),
	}}
	if p.InsecureHTTP {
		checks[0].Find = nothing
	}
	if p.InsecureHTTP || p.InsecureNoHSTS {
		checks[1].Find, checks[3].Find = nothing, nothing
	}
	if !p.Outside {
		checks[3].Find = nothing // what was set is known, and judged, without asking
	}
	return checks
}

// maxAge returns for how long the answer's HSTS lasts. It is not ok unless there is one header with a positive age:
// browsers look at the first only.
func maxAge(a answer) (age time.Duration, ok bool) {
	lines := a.header["Strict-Transport-Security"]
	if len(lines) != 1 {
		return 0, false
	}
	for directive := range strings.SplitSeq(lines[0], ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if strings.EqualFold(name, "max-age") {
			n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 32)
			return time.Duration(n) * time.Second, err == nil && n > 0
		}
	}
	return 0, false
}

// plain is the first page over http.
func (p *prober) plain(headers string) ask {
	return ask{"GET", "http", p.PlainHost, p.Paths[0], headers}
}

// marked is plain with a query that a redirect must keep.
func (p *prober) marked() ask {
	a := p.plain("")
	a.path += map[bool]string{true: "&", false: "?"}[strings.Contains(a.path, "?")] + "airworthy=probe"
	return a
}

// refused reports whether nobody listens, which for http is as safe as a redirect, or nobody may be asked.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, errElsewhere)
}

func (p *prober) findRedirect(ctx context.Context) ([]check.Finding, error) {
	a, err := p.get(ctx, p.marked())
	if refused(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	level, what := judgeRedirect(a)
	if level == 0 {
		return nil, nil
	}
	return []check.Finding{{Level: level, Setting: "SECURE_SSL_REDIRECT", Evidence: a.String() + ", " + what}}, nil
}

// judgeRedirect says what is wrong with the answer to a request over http: an error if it does not lead to https, a
// warning if it does in a way that HSTS, caches or links suffer from.
func judgeRedirect(a answer) (check.Level, string) {
	to, err := url.Parse(a.header.Get("Location"))
	switch {
	case a.status < 300 || a.status > 399 || err != nil || to.Scheme != "https" || to.Host == "":
		return check.Error, "want a redirect to https"
	case !strings.EqualFold(to.Hostname(), withoutPort(a.host)) && "["+to.Hostname()+"]" != withoutPort(a.host):
		return check.Warning, "which leads to another host"
	case to.RequestURI() != a.path:
		return check.Warning, "which leads to another path or drops the query"
	case a.status != 301 && a.status != 308:
		return check.Warning, "want 301 or 308"
	}
	return 0, ""
}

func (p *prober) findStrayHSTS(ctx context.Context) ([]check.Finding, error) {
	var answers []answer
	if !p.Outside {
		foreign, err := p.get(ctx, p.forged(evil))
		if err != nil {
			return nil, err
		}
		if foreign.status >= 400 { // otherwise the name is served, which E001 says
			answers = append(answers, foreign)
		}
	}
	redirect, err := p.get(ctx, p.plain(""))
	switch {
	case err == nil:
		answers = append(answers, redirect)
	case !refused(err):
		return nil, err
	}
	return wrong(answers, "", func(a answer) (string, bool) {
		return "", a.header.Get("Strict-Transport-Security") != ""
	}), nil
}

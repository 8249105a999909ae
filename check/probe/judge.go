package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/airworthy-go/airworthy/check"
)

// seen returns the answers that every header rule looks at: pages, files that they load, and what the site answers when
// it refuses or leads elsewhere.
func (p *prober) seen(ctx context.Context) ([]answer, error) {
	asks := []ask{p.missing(), p.wrongMethod()}
	for _, path := range slices.Backward(p.Paths) {
		asks = append([]ask{p.ask("GET", path, "")}, asks...)
	}
	if p.FailPath != "" {
		asks = append(asks, p.ask("GET", p.FailPath, ""))
	}
	if !p.Outside {
		asks = append(asks, p.forged(evil))
	}
	if !p.InsecureNoCSRF {
		asks = append(asks, p.crossSite())
	}
	answers, err := p.all(ctx, asks...)
	if !p.Outside && !p.InsecureHTTP { // what redirects on a live site is often not the site
		redirect, failed := p.get(ctx, p.plain(""))
		if failed == nil {
			answers = append(answers, redirect)
		} else if !refused(failed) {
			err = errors.Join(err, failed)
		}
	}
	files, failed := p.files(ctx)
	// A file that is refused is answered by whatever refuses, which the other answers show.
	files = slices.DeleteFunc(files, func(a answer) bool { return a.status >= 400 })
	answers = slices.DeleteFunc(append(answers, files...), func(a answer) bool { return a.status == hungUp })
	return answers, errors.Join(err, failed)
}

// each makes the Find of a rule that holds for every answer of seen.
func (p *prober) each(setting string, bad func(answer) (string, bool)) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		answers, err := p.seen(ctx)
		return wrong(answers, setting, bad), err
	}
}

// nothing is the Find of a rule whose promise is not made.
func nothing(context.Context) ([]check.Finding, error) { return nil, nil }

// wrong returns one finding whose evidence is the answers for which bad is true, with what bad says of each.
func wrong(answers []answer, setting string, bad func(answer) (what string, found bool)) []check.Finding {
	var evidence, keys []string
	repeat := ""
	for _, a := range answers {
		if what, found := bad(a); found {
			evidence = append(evidence, strings.TrimSuffix(a.String()+", "+what, ", "))
			keys = append(keys, a.key())
			repeat = cmp.Or(repeat, a.repeat)
		}
	}
	switch {
	case len(evidence) == 0:
		return nil
	case len(evidence) == len(answers) && len(evidence) > 2:
		evidence = []string{fmt.Sprintf("all %d answers, such as %s", len(evidence), evidence[0])}
		keys = []string{"all"}
	}
	if repeat != "" {
		evidence = append(evidence, "see "+repeat)
	}
	slices.Sort(keys)
	return []check.Finding{{
		Setting: setting, Evidence: strings.Join(evidence, "; "), Key: strings.Join(slices.Compact(keys), " "),
	}}
}

// digest is what a build puts into the names of files, and changes with each.
var digest = regexp.MustCompile(`[0-9A-Fa-f]{6,}`)

// key names the request in a way that stays the same from one run, and one release, to the next.
func (a ask) key() string {
	path, query, _ := strings.Cut(a.path, "?")
	if query != "" {
		path += "?"
	}
	return a.method + " " + a.scheme + "://" + a.host + digest.ReplaceAllString(path, "*") + " " + a.headers
}

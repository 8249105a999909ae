package django_test

import (
	"strings"
)

// odd returns a session of Django's that only Django reads, and how to make another.
func (s sessionSite) odd(values string, expiry any, ago float64) sessionCase {
	if s.o == nil { // it is the list that is asked for
		return sessionCase{}
	}
	again := func(keys signedKeys) sessionCase {
		return sessionCase{site: s, keys: keys, ago: ago, cookie: s.djangoSaves(keys, "", values, expiry, ago)}
	}
	c := again(signedKeys{siteKey, []string{}})
	c.again = again
	return c
}

// sessionDifferences are those of the site's backend.
func sessionDifferences(s sessionSite) []difference[sessionCase] {
	const end = ", with the browser false"
	notOurs := func(f func(c sessionCase, django string) bool) func(sessionCase, string, string) bool {
		return func(c sessionCase, ours, django string) bool {
			return ours == "empty" && strings.HasPrefix(django, "ok: ") && f(c, django)
		}
	}
	if s.engine == "db" {
		return []difference[sessionCase]{{
			id: "D33", kind: stricter, example: s.odd(`{"a": NaN, "b": 1}`, nil, 0), ours: "empty", django: `ok: {"a": NaN, "b": 1}`,
			is: notOurs(func(_ sessionCase, django string) bool { return strings.Contains(django, "NaN") }),
		}, {
			id: "D34", kind: stricter, example: s.odd(`{"a": "`+long+`"}`, nil, 0), ours: "empty", django: `ok: {"a":"` + long + `"}, ends in 1210000s` + end,
			is: notOurs(func(_ sessionCase, django string) bool { return len(django) > 1<<20 }),
		}}
	}
	values := `{"a":"` + noise(5000) + `"}`
	return []difference[sessionCase]{{
		id: "D35", kind: stricter, example: s.odd(`{"a": 1}`, []any{"seconds", 60}, 3600), ours: "empty", django: `ok: {"a":1}, ends` + end,
		is: notOurs(func(c sessionCase, _ string) bool { return c.ago > 0 && len(c.cookie) <= 4000 }),
	}, {
		id: "D36", kind: stricter, example: s.odd(values, nil, 0), ours: "empty", django: `ok: ` + values + `, ends` + end,
		is: notOurs(func(c sessionCase, _ string) bool { return len(c.cookie) > 4000 }),
	}}
}

// noise returns text that hardly gets shorter by compression.
func noise(n int) string {
	var b strings.Builder
	for x := uint64(1); b.Len() < n; x = x*6364136223846793005 + 1442695040888963407 {
		b.WriteString(base62(int64(x >> 34)))
	}
	return b.String()
}

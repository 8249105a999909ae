package errorpages

import (
	"net/http"
	"strings"
)

// form is what an error answer is written in.
type form int

const (
	asText form = iota
	asHTML
	asJSON
)

// maxAccept bounds what is read of the Accept header. A browser sends some 150 bytes; whoever sends megabytes gets
// text.
const maxAccept = 2 << 10

// accepted returns the form that the client prefers. HTML and JSON have to be asked for by name: */* is said by
// programs that will take anything, for which text is the least to misunderstand.
func accepted(h http.Header) form {
	var html, json, text int
	left := maxAccept
	for _, line := range h["Accept"] {
		if left -= len(line); left < 0 {
			return asText
		}
		for part := range strings.SplitSeq(line, ",") {
			media, params, _ := strings.Cut(part, ";")
			switch strings.ToLower(strings.TrimSpace(media)) {
			case "text/html", "application/xhtml+xml":
				html = max(html, weight(params))
			case "application/json", "application/problem+json":
				json = max(json, weight(params))
			case "text/plain":
				text = max(text, weight(params))
			}
		}
	}
	switch {
	case html > 0 && html >= json && html >= text:
		return asHTML
	case json > 0 && json >= text:
		return asJSON
	}
	return asText
}

// weight returns the q of a media range's parameters in thousandths (RFC 9110, section 12.4.2). What is not a weight
// counts as 0: not asked for.
func weight(params string) int {
	for p := range strings.SplitSeq(params, ";") {
		name, q, ok := strings.Cut(p, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		return thousandths(strings.TrimSpace(q))
	}
	return 1000
}

// thousandths parses 0, 1, 0.5, 0.123 or 1.000.
func thousandths(q string) int {
	whole, fraction, _ := strings.Cut(q, ".")
	if whole != "0" && whole != "1" || len(fraction) > 3 {
		return 0
	}
	n := int(whole[0]-'0') * 1000
	for i, unit := 0, 100; i < len(fraction); i, unit = i+1, unit/10 {
		if fraction[i] < '0' || fraction[i] > '9' {
			return 0
		}
		n += int(fraction[i]-'0') * unit
	}
	if n > 1000 {
		return 0
	}
	return n
}

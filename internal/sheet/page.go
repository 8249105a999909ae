package sheet

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"strings"
)

//go:embed page.css page.html
var files embed.FS

func file(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}

// policy forbids a page everything but its own style: whoever opens a report that holds hostile text runs nothing of it, and no
// request leaves.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// Page returns the template of a self-contained page, whose content is the templates that body defines: "title", "kind",
// which is said above the content, "main" and "foot". They know the functions line and lines, which are [Line] and [Lines],
// and count, which is [Count].
//
// A field that is a plain string is escaped, but may hold what reorders text: body writes line of it.
func Page(body string) *template.Template {
	style := file("page.css")
	t := template.New("page").Funcs(template.FuncMap{
		"line":   Line,
		"advice": Advice,
		"lines":  func(s string) string { return strings.Join(Lines(s, 40), "\n") },
		"count":  Count,
		"style":  func() template.CSS { return template.CSS(style) },
	})
	template.Must(t.Parse(strings.Replace(file("page.html"), "POLICY", policy(style), 1)))
	return template.Must(t.Parse(body))
}

package csp_test

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/airworthy-go/airworthy/csp"
)

func Example() {
	page := template.Must(template.New("page").Parse(`<script {{.Nonce}}>hello()</script>`))
	c, err := csp.New(csp.Config{})
	if err != nil {
		panic(err)
	}
	handler := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Attr is called before Execute writes the first byte.
		_ = page.Execute(w, struct{ Nonce template.HTMLAttr }{csp.Attr(r.Context())})
	}))

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	nonce := strings.Split(w.Body.String(), `"`)[1]
	show := strings.NewReplacer(nonce, "NONCE")
	fmt.Println(show.Replace(w.Body.String()))
	fmt.Println(show.Replace(strings.ReplaceAll(w.Header().Get("Content-Security-Policy"), "; ", ";\n")))
	fmt.Println(w.Header().Get("Cache-Control"))
	// Output:
	// <script nonce="NONCE">hello()</script>
	// default-src 'self';
	// script-src 'self' 'nonce-NONCE';
	// style-src 'self' 'nonce-NONCE';
	// object-src 'none';
	// base-uri 'none';
	// form-action 'self';
	// frame-ancestors 'none'
	// private, no-store
}

// show prints the policies of one answer under cfg.
func show(cfg csp.Config, h http.HandlerFunc) {
	c, err := csp.New(cfg)
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	c.Handler(h).ServeHTTP(w, httptest.NewRequest("GET", "http://shop.example/", nil))
	for _, name := range []string{"Content-Security-Policy", "Content-Security-Policy-Report-Only"} {
		if v := w.Header().Get(name); v != "" {
			fmt.Printf("%s: %s\n", name, v)
		}
	}
	fmt.Println(w.Code)
}

func ExampleParse() {
	_, err := csp.Parse("script-src self; frame-ancestor 'none'")
	fmt.Println(err)
	// Output:
	// csp: script-src: "self" is taken for a host: write it in single quotes
	// csp: "frame-ancestor" is no directive: correct its spelling
}

// One page embeds a video; the policy of all others stays as it is.
func ExampleExtend() {
	site := csp.Config{Enforce: csp.Policy{DefaultSrc: []csp.Source{csp.Self}}}
	show(site, func(w http.ResponseWriter, r *http.Request) {
		err := csp.Extend(r.Context(), csp.Policy{FrameSrc: []csp.Source{"https://www.youtube-nocookie.com"}})
		if err != nil {
			http.Error(w, "cannot extend the policy", http.StatusInternalServerError)
		}
	})
	// Output:
	// Content-Security-Policy: default-src 'self'; frame-src 'self' https://www.youtube-nocookie.com
	// 200
}

// A policy for some routes is compiled once.
func ExampleCompiled() {
	upload := csp.MustCompile(csp.Policy{DefaultSrc: []csp.Source{csp.None}, Sandbox: []csp.Source{}})
	download := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	show(csp.Config{}, upload.Handler(download).ServeHTTP)
	// Output:
	// Content-Security-Policy: default-src 'none'; sandbox
	// 200
}

// A site that grew without a policy begins by listening, and enforces when the reports have dried up.
func ExampleConfig_insecureReportOnly() {
	show(csp.Config{
		Enforce:            csp.Policy{DefaultSrc: []csp.Source{csp.Self}},
		ReportPath:         "/csp-reports",
		InsecureReportOnly: true,
	}, func(http.ResponseWriter, *http.Request) {})
	// Output:
	// Content-Security-Policy-Report-Only: default-src 'self'; report-uri /csp-reports
	// 200
}

// The policy of the site stays enforced while the next, stricter one is tried on the same visitors.
func ExampleConfig_reportOnly() {
	show(csp.Config{
		Enforce:    csp.Policy{DefaultSrc: []csp.Source{csp.Self}, ScriptSrc: []csp.Source{csp.Self, csp.UnsafeInline}},
		ReportOnly: csp.Policy{DefaultSrc: []csp.Source{csp.Self}},
		ReportPath: "/csp-reports",
	}, func(http.ResponseWriter, *http.Request) {})
	// Output:
	// Content-Security-Policy: default-src 'self'; script-src 'self' 'unsafe-inline'; report-uri /csp-reports
	// Content-Security-Policy-Report-Only: default-src 'self'; report-uri /csp-reports
	// 200
}

// The proxy in front sends the policy for all applications of the company.
func ExampleConfig_insecureOff() {
	show(csp.Config{InsecureOff: true}, func(http.ResponseWriter, *http.Request) {})
	// Output: 200
}

func ExampleGrade() {
	p, err := csp.Parse("script-src 'self' 'unsafe-inline' https://unpkg.com; object-src 'none'; base-uri 'none'; " +
		"form-action 'self'; frame-ancestors 'none'")
	if err != nil {
		panic(err)
	}
	for _, w := range csp.Grade(p) {
		fmt.Println(w.ID, w.Directive, w.Source)
	}
	// Output:
	// csp.W003 script-src 'unsafe-inline'
	// csp.W009 script-src https://unpkg.com
}

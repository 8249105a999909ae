package httpx_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// Bad input 26: one visitor's answer in a shared cache.
func TestPrivate(t *testing.T) {
	for _, row := range []struct {
		name       string
		have, want []string
	}{
		{"unset", nil, []string{"private"}},
		{"empty", []string{""}, []string{"private"}},
		{"private stays", []string{"private, max-age=60"}, []string{"private, max-age=60"}},
		{"no-store stays", []string{"no-store"}, []string{"no-store"}},
		{"public goes, its age stays", []string{"public, max-age=60"}, []string{"max-age=60, private"}},
		{"odd case and spaces", []string{" PUBLIC ,S-MaxAge = 60"}, []string{"private"}},
		{"two lines", []string{"max-age=60", "s-maxage=60"}, []string{"max-age=60, private"}},
		{"a comma in quotes parts nothing", []string{`no-cache="a, public"`}, []string{`no-cache="a, public", private`}},
		{"private for one header is not private", []string{`private="x", max-age=1`}, []string{"max-age=1, private"}},
		{"an age alone may be shared", []string{"max-age=60"}, []string{"max-age=60, private"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := http.Header{"Cdn-Cache-Control": {"max-age=60"}, "Surrogate-Control": {"max-age=60"}}
			if row.have != nil {
				h["Cache-Control"] = row.have
			}
			httpx.Private(h)
			if got := h["Cache-Control"]; !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if len(h) != 1 {
				t.Errorf("got %v, want Cache-Control alone", h)
			}
		})
	}
}

func TestVaryCookie(t *testing.T) {
	for _, row := range []struct{ have, want []string }{
		{nil, []string{"Cookie"}},
		{[]string{"Accept-Encoding"}, []string{"Accept-Encoding", "Cookie"}},
		{[]string{"Accept , cookie"}, []string{"Accept , cookie"}},
		{[]string{" * "}, []string{" * "}},
		{[]string{"Cookie-Consent"}, []string{"Cookie-Consent", "Cookie"}},
	} {
		h := http.Header{}
		if row.have != nil {
			h["Vary"] = row.have
		}
		httpx.VaryCookie(h)
		if got := h["Vary"]; !slices.Equal(got, row.want) {
			t.Errorf("%q: got %q, want %q", row.have, got, row.want)
		}
	}
	h := http.Header{}
	httpx.VaryCookie(h)
	h.Add("Vary", "Accept")
	other := http.Header{}
	if httpx.VaryCookie(other); !slices.Equal(other["Vary"], []string{"Cookie"}) {
		t.Errorf("one answer's Vary reached another: %q", other["Vary"])
	}
}

package nginx_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A header of 1 MB ends at nginx, and where nginx takes it, at the program. The next request is served as if nothing
// had been.
func TestLargeHeader(t *testing.T) {
	p := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), trusted)...)
	large := edit{"server_name example.com;", "server_name example.com; client_header_buffer_size 2m; large_client_header_buffers 4 2m;"}
	for _, row := range []struct {
		name   string
		edits  []edit
		size   int
		status int
	}{
		{"1 MB, nginx as it comes", nil, 1 << 20, http.StatusBadRequest},
		{"1 MB, nginx lets it through", []edit{large}, 1 << 20, http.StatusRequestHeaderFieldsTooLarge},
		{"60 KB, nginx lets it through", []edit{large}, 60 << 10, http.StatusOK},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := proxied(t, p.addr, row.edits...).client(t)
			c.Transport.(*http.Transport).ForceAttemptHTTP2 = false // where nginx would end the connection instead
			a := c.get("https://example.com/", "X-Large: "+strings.Repeat("x", row.size))
			c.want("the large request", a, row.status)
			c.want("the next request", c.get("https://example.com/"), http.StatusOK)
		})
	}
}

// The header of an answer, with a policy and a full session cookie, is larger than nginx expects unless it is told.
func TestLargeAnswerHeader(t *testing.T) {
	p := serve(t, w.lab, "127.0.0.1:0", append(production(t), trusted)...)
	for _, row := range []struct {
		name   string
		edits  []edit
		status int
	}{
		{"as the guide says", nil, http.StatusOK},
		{"without proxy_buffer_size", []edit{{"proxy_buffer_size 16k;", ""}, {"proxy_buffers 8 16k;", ""}}, http.StatusBadGateway},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := proxied(t, p.addr, row.edits...).client(t)
			c.want("a page that remembers much", c.get("https://example.com/remember"), row.status)
		})
	}
}

// A form of 2 MB ends at nginx, and where nginx takes it, at the form's own limit.
func TestLargeForm(t *testing.T) {
	p := serve(t, w.bulletin, "127.0.0.1:0", append(production(t), trusted)...)
	form := url.Values{"text": {strings.Repeat("x", 2<<20)}}.Encode()
	for _, row := range []struct {
		name   string
		edits  []edit
		status int
	}{
		{"nginx as it comes", nil, http.StatusRequestEntityTooLarge},
		{"nginx lets it through", []edit{{"server_name example.com;", "server_name example.com; client_max_body_size 4m;"}}, http.StatusBadRequest},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := proxied(t, p.addr, row.edits...).client(t)
			c.want("the form", c.do("POST", "https://example.com/notes", form, sameSite...), row.status)
			c.want("the next form", c.pin("a short one", sameSite), http.StatusSeeOther)
		})
	}
}

package rotation

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// visitor is one browser, without the headers by which new browsers vouch for a request: its posts need the token.
type visitor struct {
	name    string
	cookies map[string]string
	count   int    // what the session has to hold
	signed  string // made at the first visit, and good until its key is retired
	token   string
	client  *http.Client
}

// traffic is what all visitors did.
type traffic struct {
	requests, refused atomic.Int64
}

// ask sends a request to any of the instances; one that is dead is passed over, as a load balancer does.
func (v *visitor) ask(t *testing.T, tr *traffic, addresses []string, method, path string, form url.Values) (string, bool) {
	for _, n := range rand.Perm(len(addresses)) {
		r, err := http.NewRequest(method, "http://"+addresses[n]+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Error(err)
			return "", false
		}
		r.Host = "rotation.example"
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for name, value := range v.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		answer, err := v.client.Do(r)
		if err != nil {
			continue
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			continue // killed while it answered: whether a post counted is not known, see visit
		}
		for _, c := range answer.Cookies() {
			v.cookies[c.Name] = c.Value
		}
		tr.requests.Add(1)
		if answer.StatusCode != http.StatusOK {
			tr.refused.Add(1)
			t.Errorf("%s: %s %s: %s", v.name, method, path, answer.Status)
			return "", false
		}
		return string(body), true
	}
	t.Errorf("%s: no instance answers", v.name)
	return "", false
}

// visit does what visitors do, and compares.
func (v *visitor) visit(t *testing.T, tr *traffic, addresses []string) {
	if v.signed == "" {
		v.token, _ = v.ask(t, tr, addresses, "GET", "/token", nil)
		v.signed, _ = v.ask(t, tr, addresses, "GET", "/sign?v="+url.QueryEscape(v.name), nil)
	}
	// A signed cookie holds the count itself: an answer that was lost leaves the count before it.
	if got, ok := v.ask(t, tr, addresses, "POST", "/count", url.Values{"csrfmiddlewaretoken": {v.token}}); ok {
		if v.count++; got != strconv.Itoa(v.count) {
			t.Errorf("%s: the session counts %q, want %d: it was lost", v.name, got, v.count)
			v.count, _ = strconv.Atoi(got)
		}
	}
	if got, ok := v.ask(t, tr, addresses, "GET", "/count", nil); ok && got != strconv.Itoa(v.count) {
		t.Errorf("%s: the session holds %q, want %d: it was lost", v.name, got, v.count)
	}
	if got, ok := v.ask(t, tr, addresses, "GET", "/verify?v="+url.QueryEscape(v.signed), nil); ok && got != v.name {
		t.Errorf("%s: the signed value is %q", v.name, got)
	}
	if rand.IntN(8) == 0 {
		v.token, _ = v.ask(t, tr, addresses, "GET", "/token", nil)
	}
}

func newVisitor(n int) *visitor {
	return &visitor{name: fmt.Sprintf("visitor-%d", n), cookies: map[string]string{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}}
}

package admin_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/admin"
)

// lookUp is what a look-up costs in the test: busy, because sleeping is not exact.
const lookUp = 200 * time.Microsecond

func spin(r *http.Request) (admin.Visitor, error) {
	for start := time.Now(); time.Since(start) < lookUp; {
	}
	cookie, err := r.Cookie("sessionid")
	if err != nil {
		return admin.Visitor{}, nil
	}
	return people[cookie.Value], nil
}

// median returns the medians of the times that answers to two paths take, asked in turn.
func medians(s *site, a, b, cookie string) (time.Duration, time.Duration) {
	const runs = 201
	var times [2][]time.Duration
	for i := range 2 * runs {
		r := request("GET", []string{a, b}[i%2], vpnClient, cookie)
		w := httptest.NewRecorder()
		start := time.Now()
		s.ServeHTTP(w, r)
		times[i%2] = append(times[i%2], time.Since(start))
	}
	for _, all := range times {
		slices.Sort(all)
	}
	return times[0][runs/2], times[1][runs/2]
}

// An answer to an unknown path takes as long as that for the console: a quarter of a look-up is far more than what
// remains, and far less than the look-up that would tell. A busy machine gets three tries.
func TestSameTime(t *testing.T) {
	for _, cookie := range []string{"visitor", "x", ""} {
		s := newSite(t, func(c *admin.Config) { c.Who = spin })
		s.get(path, vpnClient, cookie) // the first refusal is logged
		var console, unknown time.Duration
		for range 3 {
			console, unknown = medians(s, path+"/first", "/qps-7f3k/first", cookie)
			if (console - unknown).Abs() < lookUp/4 {
				break
			}
		}
		t.Logf("cookie %q: the console %v, an unknown path %v", cookie, console, unknown)
		if (console - unknown).Abs() >= lookUp/4 {
			t.Errorf("cookie %q: the console takes %v, an unknown path %v: they can be told apart", cookie, console, unknown)
		}
		if looked := console >= lookUp; looked != (cookie != "") {
			t.Errorf("cookie %q: the console takes %v with look-ups of %v: the test measures nothing", cookie, console, lookUp)
		}
	}
}

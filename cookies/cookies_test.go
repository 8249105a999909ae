package cookies_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/airworthy-go/airworthy/cookies"
)

func TestRenderedCookie(t *testing.T) {
	for _, row := range []struct {
		name   string
		cfg    cookies.Config
		spec   cookies.Spec
		secure bool
		want   string
	}{
		{"on https the host prefix", cookies.Config{}, cookies.Spec{Name: "sid"}, true,
			"__Host-sid=v; HttpOnly; Path=/; SameSite=Lax; Secure"},
		{"on http the plain name", cookies.Config{}, cookies.Spec{Name: "sid"}, false,
			"sid=v; HttpOnly; Path=/; SameSite=Lax"},
		{"with a domain the secure prefix", cookies.Config{},
			cookies.Spec{Name: "sid", Domain: "example.com", MaxAge: time.Hour}, true,
			"__Secure-sid=v; Max-Age=3600; Domain=example.com; HttpOnly; Path=/; SameSite=Lax; Secure"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := cookies.New(row.cfg, row.spec)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			if err := c.Set(w, row.secure, "v"); err != nil {
				t.Fatal(err)
			}
			if got := w.Header()["Set-Cookie"]; len(got) != 1 || got[0] != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

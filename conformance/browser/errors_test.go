package browser_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// width is how wide the page's text is: the built-in and the bulletin's style limit it, an unstyled page does not.
const width = `parseFloat(getComputedStyle(document.body).maxWidth)`

// styled fails the test unless the page has its style and no policy stopped anything.
func (b *tab) styled(want float64) {
	b.t.Helper()
	if got := get[float64](b, width+` || 0`); got != want {
		b.t.Errorf("the page is %v px wide, want %v: its style is not there", got, want)
	}
	b.clean()
}

// says fails the test unless the page's visible text has all of want.
func (b *tab) says(want ...string) {
	b.t.Helper()
	got := get[string](b, `document.body.innerText`)
	for _, text := range want {
		if !strings.Contains(got, text) {
			b.t.Errorf("%q is not in the page:\n%s", text, got)
		}
	}
}

// TestErrorPages has each kind of error page under the strict policy.
func TestErrorPages(t *testing.T) {
	panics := w.lab.made.add(func(http.ResponseWriter, *http.Request) { panic("kept from visitors") })
	for _, row := range []struct {
		name, address string
		status        int64
		px            float64
		says          []string
	}{
		{"the bulletin's own 404", "https://bulletin.test/nowhere", 404, 42 * 16,
			[]string{"This note has fallen off the board", "Back to the board"}},
		{"the bulletin's 405, for which it has no page of its own", "https://bulletin.test/notes", 405, 34 * 16,
			[]string{"405", "Method Not Allowed"}},
		{"the built-in 404", w.lab.url("/nowhere"), 404, 34 * 16, []string{"404", "Not Found", "Go to the home page"}},
		{"the built-in 500", w.lab.url(panics), 500, 34 * 16, []string{"500", "Internal Server Error"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := open(t)
			if got := b.visit(row.address); got != row.status {
				t.Errorf("status %d, want %d", got, row.status)
			}
			b.styled(row.px)
			b.says(row.says...)
			if text := get[string](b, `document.documentElement.outerHTML`); strings.Contains(text, "kept from visitors") {
				t.Errorf("the page says why:\n%s", text)
			}
		})
	}
}

// TestForbiddenPage has the page that somebody sees whose form is refused.
func TestForbiddenPage(t *testing.T) {
	b := open(t)
	b.do(chromedp.Navigate(w.street.page("evil.test", document(forged("never")))))
	b.await(`document.title === "Forbidden · Bulletin"`)
	b.styled(42 * 16)
	b.legible("forbidden")
	b.says("This form could not be verified.")
}

// TestDevelopmentPage has the page that a developer sees, of the bulletin as development serves it.
func TestDevelopmentPage(t *testing.T) {
	site, err := serve(w.binary, w.dir, []string{"AIRWORTHY_ENV=development"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.stop(); err != nil {
			t.Error(err)
		}
	})
	b := open(t)
	if status := b.visit("http://" + site.addr + "/nowhere"); status != 404 {
		t.Errorf("status %d, want 404", status)
	}
	b.styled(62 * 16)
	b.screens("development")
	b.says("GET", "/nowhere", "404 Not Found", "SECRET_KEY", "DATABASE_URL")
	if strings.Contains(get[string](b, `document.documentElement.outerHTML`), site.key) {
		t.Error("the page shows SECRET_KEY")
	}
	if site.leaks() {
		t.Error("the log shows SECRET_KEY")
	}
	// The board works there too, with cookies that plain http can have.
	b.visit("http://" + site.addr + "/")
	b.do(b.pin("Ada", "in development")...)
	b.await(newest + ` === "in development"`)
	if b.cookies("http://" + site.addr)["sessionid"] == nil {
		t.Error("there is no cookie sessionid")
	}
	b.clean()
}

// TestDevelopmentPanic has the same page for a panic whose words hold a secret, on a request that carries more.
func TestDevelopmentPanic(t *testing.T) {
	key := keyring.Generate()
	dev, err := newLab("127.0.0.1", func(s *airworthy.Settings) {
		*s = airworthy.Development()
		s.Keyring.Key = secret.New(key.Reveal())
		s.Logs.Output = io.Discard
	})
	if err != nil {
		t.Fatal(err)
	}
	path := dev.made.add(func(_ http.ResponseWriter, r *http.Request) {
		panic(errors.New("signing with " + key.Reveal() + " failed"))
	})
	srv := serveInClear(t, dev)
	b := open(t)
	token := network.Headers{"Authorization": "Bearer the-visitors-token"}
	call(b, network.SetCookie, network.SetCookieParams{Name: "sessionid", Value: "the-visitors-session", URL: srv})
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: token})
	if status := b.visit(srv + path); status != 500 {
		t.Errorf("status %d, want 500", status)
	}
	b.styled(62 * 16)
	b.screens("development-panic")
	b.says("500 Internal Server Error", "signing with", "errors_test.go", "sessionid", "Authorization")
	text := get[string](b, `document.documentElement.outerHTML`)
	for name, value := range map[string]string{
		"the key": key.Reveal(), "the session": "the-visitors-session", "the token": "the-visitors-token",
	} {
		if strings.Contains(text, value) {
			t.Errorf("the page shows %s", name)
		}
	}
}

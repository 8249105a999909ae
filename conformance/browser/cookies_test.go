package browser_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/airworthy-go/airworthy/headers"
	"github.com/airworthy-go/airworthy/session"
	"github.com/chromedp/cdproto/network"
)

// TestTossedCookies has a subdomain give the visitor's browser the attacker's session, so that what the visitor does
// next is done in it. The cookie called by the name that the site uses must not be set, and others not be believed.
func TestTossedCookies(t *testing.T) {
	attacker := open(t)
	attacker.visit(home)
	attacker.do(attacker.pin("Mallory", "I was here first")...)
	attacker.await(newest + ` === "I was here first"`)
	sid := attacker.cookies(home)["__Host-sessionid"].Value

	const name = `document.querySelector("#author").value`
	for _, row := range []struct {
		name, cookie string // as evil.bulletin.test sets it
		kept         bool   // by the browser, for the site
	}{
		{"our plain name", "sessionid=" + sid + "; Domain=bulletin.test; Path=/; Secure", true},
		{"our name", "__Host-sessionid=" + sid + "; Domain=bulletin.test; Path=/; Secure", false},
		{"our name, for the subdomain alone", "__Host-sessionid=" + sid + "; Path=/; Secure", false},
		{"our name in capitals", "__HOST-SESSIONID=" + sid + "; Domain=bulletin.test; Path=/; Secure", false},
		{"no name, and ours in the value", "=__Host-sessionid=" + sid + "; Domain=bulletin.test; Path=/; Secure", false},
		{"our name after a blank", " __Host-sessionid=" + sid + "; Domain=bulletin.test; Path=/; Secure", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := open(t)
			b.visit(w.street.page("evil.bulletin.test", document(), "Set-Cookie", row.cookie))
			if got := len(b.cookies(home)) == 1; got != row.kept {
				t.Errorf("the browser keeps the cookie for the site: %v, want %v", got, row.kept)
			}
			b.visit(home)
			if got := get[string](b, name); got != "" {
				t.Errorf("the visitor is %q: the site believes the tossed cookie", got)
			}
			b.do(b.pin("Ada", "not in your session: "+row.name)...)
			b.await(newest + ` === ` + quote("not in your session: "+row.name))
		})
	}
	t.Run("the attacker's session works where the site itself has set it", func(t *testing.T) {
		b := open(t)
		call(b, network.SetCookie, network.SetCookieParams{
			Name: "__Host-sessionid", Value: sid, URL: home, Path: "/", Secure: new(true),
		})
		b.visit(home)
		if got := get[string](b, name); got != "Mallory" {
			t.Errorf("the visitor is %q, want Mallory: the rows above prove nothing", got)
		}
	})
}

// TestDuplicateCookies tosses a cookie at a site whose cookies have plain names, as those shared with Django have. The
// browser then sends two of one name, and the site believes neither.
func TestDuplicateCookies(t *testing.T) {
	visited := w.shared.made.add(func(rw http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		who := s.String("who")
		if r.URL.RawQuery != "" {
			if err := s.Set("who", r.URL.RawQuery); err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		_, _ = io.WriteString(rw, "visitor: "+who)
	})
	const body = `document.body.textContent`
	attacker := open(t)
	attacker.visit(w.shared.url(visited) + "?Mallory")
	sid := attacker.cookies(w.shared.url("/"))["sessionid"].Value

	b := open(t)
	b.visit(w.shared.url(visited) + "?Ada")
	b.visit(w.shared.url(visited))
	if got := get[string](b, body); got != "visitor: Ada" {
		t.Fatalf("%q, want Ada", got)
	}
	b.visit(w.street.page("evil.shared.test", document(), "Set-Cookie", "sessionid="+sid+"; Domain=shared.test; Path=/; Secure"))
	params := network.GetCookiesParams{URLs: []string{w.shared.url("/")}}
	if got := call(b, network.GetCookies, params).Cookies; len(got) != 2 || got[0].Name != got[1].Name {
		t.Fatalf("the browser has %d cookies for the site, want 2 of one name", len(got))
	}
	b.visit(w.shared.url(visited))
	if got := get[string](b, body); got != "visitor: " {
		t.Errorf("%q: one of two cookies of one name is believed", got)
	}
}

// TestClearSiteData logs somebody out with the header that makes the browser forget the site, and no other.
func TestClearSiteData(t *testing.T) {
	login := w.lab.made.add(func(rw http.ResponseWriter, r *http.Request) {
		if err := session.From(r.Context()).SetUser("ada"); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		writePage(rw, r, document(`<script nonce="NONCE">localStorage.setItem("draft", "secret")</script>`))
	})
	logout := w.lab.made.add(func(rw http.ResponseWriter, r *http.Request) {
		headers.ClearSiteData(rw)
		http.Redirect(rw, r, "/goodbye", http.StatusSeeOther)
	})
	elsewhere := w.street.page("friend.test", document(), "Set-Cookie", "kept=1; Path=/; Secure; HttpOnly")

	b := open(t)
	b.visit(elsewhere)
	b.visit(w.lab.url(login))
	if b.cookies(w.lab.url("/"))["__Host-sessionid"] == nil || get[int](b, `localStorage.length`) != 1 {
		t.Fatal("nobody is logged in, so nothing can be forgotten")
	}
	b.visit(w.lab.url(logout))
	if got := b.cookies(w.lab.url("/")); len(got) > 0 {
		t.Errorf("after the logout there are the cookies %v", got)
	}
	if got := get[int](b, `localStorage.length`); got != 0 {
		t.Errorf("after the logout the storage holds %d values", got)
	}
	if b.cookies(elsewhere)["kept"] == nil {
		t.Error("the cookies of another site are gone too")
	}
}

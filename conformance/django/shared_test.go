package django_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy"
	"github.com/airworthy-go/airworthy/conformance/django/oracle"
	"github.com/airworthy-go/airworthy/csrf"
	"github.com/airworthy-go/airworthy/drivers/sqlstore"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/session"
)

func besideDjango(ctx context.Context, s airworthy.Settings, driver string, dsn secret.Text) (airworthy.Settings, error) {
	ring, err := keyring.New(s.Keyring) // SECRET_KEY and SECRET_KEY_FALLBACKS are Django's
	if err != nil {
		return s, err
	}
	db, err := sqlstore.Open(ctx, driver, dsn) // the database that holds django_session
	if err != nil {
		return s, err
	}
	store, err := sqlstore.NewDjango(db, driver, ring, sqlstore.DjangoOptions{})
	if err != nil {
		return s, err
	}
	s.Ring = ring
	s.Session.Store = store
	s.Cookies.InsecurePlainNames = true // sessionid and csrftoken: Django knows no __Host- names
	s.CSRF.Django = true                // the token is demanded of everybody
	s.CSRF.CookieScriptReadable = true  // if scripts of the Django site read the cookie
	return s, nil
}

// The page's program is the function above.
func TestPageShowsTheProgram(t *testing.T) {
	page, err := os.ReadFile("../../docs/django.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("shared_test.go")
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(page)
	if program == nil || !strings.Contains(string(source), string(program[1])) {
		t.Error("the program on the page is not the one that is tested")
	}
}

// A whole application beside a Django site: a login and a form of Django's are good here, and what is added here is
// read there.
func TestSharedSite(t *testing.T) {
	o := oracle.ForTest(t)
	file := filepath.Join(t.TempDir(), "db.sqlite3")
	site, _ := database(t, o, sqlstore.SQLite, "file:"+file, map[string]any{"ENGINE": "django.db.backends.sqlite3", "NAME": file})
	keys := signedKeys{siteKey, []string{}}
	s := airworthy.Production()
	s.Keyring.Key = secret.New(siteKey)
	s.Hosts.Allowed = []string{"victim.com"}
	s, err := besideDjango(t.Context(), s, sqlstore.SQLite, secret.New("file:"+file))
	if err != nil {
		t.Fatal(err)
	}
	app, err := airworthy.New(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := session.From(r.Context()).Set("cart", []int{1, 2}); err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, session.From(r.Context()).User())
	}))
	if err != nil {
		t.Fatal(err)
	}

	form := shop(func(c *csrfCase) { c.method, c.path = "GET", "/token" }, with("Cookie"), with("Origin"), with("X-CSRFToken")).ask(t, o)
	cookie := site.djangoSaves(keys, "", `{"_auth_user_id":"7"}`, nil, 0)
	body := url.Values{csrf.FieldName: {form.Body}}.Encode()
	r := httptest.NewRequest("POST", "https://victim.com/", strings.NewReader(body))
	r.TLS = &tls.ConnectionState{}
	r.Header = http.Header{"Origin": {"https://victim.com"}, "Content-Type": {formTypes[0]},
		"Cookie": {form.cookie("csrftoken") + "; sessionid=" + cookie}}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.String() != "7" {
		t.Errorf("got status %d and the user %q, want 200 and 7", w.Code, w.Body)
	}
	var there struct{ Values string }
	if err := o.Call("session_load", map[string]any{"settings": keys, "engine": "db", "key": cookie}, &there); err != nil {
		t.Fatal(err)
	}
	var got struct {
		User string `json:"_auth_user_id"`
		Cart []int
	}
	if err := json.Unmarshal([]byte(there.Values), &got); err != nil || got.User != "7" || len(got.Cart) != 2 {
		t.Errorf("Django reads %s (%v), want the user 7 and a cart of two", there.Values, err)
	}
}

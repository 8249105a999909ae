package cookies_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy/cookies"
)

func Example() {
	theme, err := cookies.New(cookies.Config{}, cookies.Spec{Name: "theme"})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	fmt.Println(theme.Set(w, true, "dark"))
	fmt.Println(w.Header().Get("Set-Cookie"))

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", "__Host-theme=dark")
	fmt.Println(theme.Read(r, true))

	// Somebody else has managed to set one, too.
	r.Header.Set("Cookie", "__Host-theme=dark; __Host-theme=evil")
	fmt.Println(theme.Read(r, true))
	// Output:
	// <nil>
	// __Host-theme=dark; HttpOnly; Path=/; SameSite=Lax; Secure
	// dark <nil>
	//  cookies: the request has two cookies of that name; one was set by somebody else
}

// A site that shares its session cookie with a Django site calls it as Django does.
func ExampleConfig_insecurePlainNames() {
	session, err := cookies.New(cookies.Config{InsecurePlainNames: true}, cookies.Spec{Name: "sessionid"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(session.Name(true))
	// Output: sessionid
}

package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/admin"
)

func Example() {
	uptime := admin.Page{Path: "uptime", Title: "Uptime", Show: func(context.Context, *http.Request) (admin.View, error) {
		return admin.View{Sections: []admin.Section{{
			Title: "Servers", Columns: []string{"Name", "State"},
			Rows: []admin.Row{{Cells: []admin.Cell{{Text: "<web-1>"}, {Text: "up", Tone: admin.Good}}}},
		}}}, nil
	}}
	guard, err := admin.New(admin.Config{
		Path: "/ops-7f3k", VPNOnly: true, Pages: []admin.Page{uptime},
		Who: func(r *http.Request) (admin.Visitor, error) {
			if _, err := r.Cookie("sessionid"); err != nil {
				return admin.Visitor{}, nil // nobody
			}
			return admin.Visitor{Name: "alice", Staff: true, Factor: time.Now()}, nil
		},
	})
	if err != nil {
		panic(err)
	}
	site := guard.Handler(http.NewServeMux())

	ask := func(from, cookie string) {
		r := httptest.NewRequest("GET", "/ops-7f3k/uptime", nil)
		r.RemoteAddr = from
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.Contains(w.Body.String(), "&lt;web-1&gt;"))
	}
	ask("10.8.0.2:1234", "sessionid=x")
	ask("10.8.0.2:1234", "")
	ask("203.0.113.9:1234", "sessionid=x")
	// Output:
	// 200 true
	// 404 false
	// 404 false
}

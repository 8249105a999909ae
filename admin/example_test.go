package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// jobs is something that an application has.
type jobs struct{}

type job struct {
	ID, Name string
	Since    time.Time
}

func (jobs) Stuck(context.Context) ([]job, error)     { return []job{{"7", "newsletter", time.Now()}}, nil }
func (jobs) Retry(_ context.Context, id string) error { return nil }

// A page of an application's own: a table with a button in each row.
func ExamplePage() {
	var queue jobs
	page := admin.Page{
		Path: "queue", Title: "Queue",
		Show: func(ctx context.Context, r *http.Request) (admin.View, error) {
			jobs, err := queue.Stuck(ctx)
			table := admin.Section{Title: "Stuck", Columns: []string{"Job", "Since"}, Empty: "Nothing is stuck."}
			for _, j := range jobs {
				table.Rows = append(table.Rows, admin.Row{
					Cells:   []admin.Cell{{Text: j.Name}, {Time: j.Since}},
					Actions: []admin.Action{{Label: "Retry", About: "the job " + j.Name, Name: "retry", Values: url.Values{"id": {j.ID}}}},
				})
			}
			return admin.View{Sections: []admin.Section{table}}, err
		},
		Act: map[string]func(context.Context, *http.Request) (string, error){
			"retry": func(ctx context.Context, r *http.Request) (string, error) {
				return "The job runs again.", queue.Retry(ctx, r.PostForm.Get("id"))
			},
		},
	}
	view, err := page.Show(context.Background(), nil)
	fmt.Println(view.Sections[0].Rows[0].Actions[0].About, err)
	// Output: the job newsletter <nil>
}

// On a developer's machine, where nobody else can connect, a second factor would only be in the way.
func ExampleConfig_insecureNoFactor() {
	guard, err := admin.New(admin.Config{
		Path: "/ops", VPNOnly: true, InsecureNoFactor: true,
		Who: func(*http.Request) (admin.Visitor, error) { return admin.Visitor{Name: "developer", Staff: true}, nil },
		Pages: []admin.Page{{Path: "empty", Title: "Empty", Show: func(context.Context, *http.Request) (admin.View, error) {
			return admin.View{}, nil
		}}},
	})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest("GET", "/ops/empty", nil)
	r.RemoteAddr = "127.0.0.1:1234"
	r.Header.Set("Cookie", "sessionid=x")
	w := httptest.NewRecorder()
	guard.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 200
}
